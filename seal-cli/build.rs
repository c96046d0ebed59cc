//! Puts what the start of a program and one Secret run beside each other in the program, where the linker can
//! (docs/decisions/006): `start.ld` names the functions, and `cargo xtask order` writes it.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The order of the functions, for the linker.
const ORDER: &str = "start.ld";

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed={ORDER}");
    watch_the_linker();
    let Some(argument) = argument() else { return };
    // GNU's ld and LLVM's lld can, others can't; the order of functions is nothing to fail for.
    if links(&argument) == Some(true) {
        println!("cargo::rustc-link-arg-bin=seal={argument}");
    }
}

/// Where another one may be chosen; cargo itself does not look at that.
fn watch_the_linker() {
    let target = env::var("TARGET").unwrap_or_default();
    let target = target.to_uppercase().replace(['-', '.'], "_");
    println!("cargo::rerun-if-env-changed=CARGO_TARGET_{target}_LINKER");
    let manifest = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default());
    let beside = manifest.ancestors().map(|folder| folder.join(".cargo"));
    let home = env::var_os("CARGO_HOME").map(PathBuf::from);
    for folder in beside.chain(home) {
        let settings = folder.join("config.toml");
        // One that is not there would count as changed.
        if settings.is_file() {
            println!("cargo::rerun-if-changed={}", settings.display());
        }
    }
}

/// For the compiler that links; none where the program is for its developers, or not for Linux.
fn argument() -> Option<String> {
    let is = |name, value| env::var(name).is_ok_and(|it| it == value);
    if !is("PROFILE", "release") || !is("CARGO_CFG_TARGET_OS", "linux") {
        return None;
    }
    let order = Path::new(&env::var_os("CARGO_MANIFEST_DIR")?).join(ORDER);
    Some(format!("-Wl,-T,{}", order.to_str()?))
}

/// Whether a program can be linked so, with the compiler, the linker and the flags of this build.
fn links(argument: &str) -> Option<bool> {
    let folder = PathBuf::from(env::var_os("OUT_DIR")?);
    let source = folder.join("trial.rs");
    std::fs::write(&source, "fn main() {}\n").ok()?;
    let mut rustc = Command::new(env::var_os("RUSTC")?);
    rustc
        .arg(&source)
        .arg("-o")
        .arg(folder.join("trial"))
        .args(["--target".into(), env::var_os("TARGET")?])
        .args(env::var_os("RUSTC_LINKER").map(linker))
        .args(flags())
        .args(["-C".into(), format!("link-arg={argument}")])
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    rustc.status().ok().map(|status| status.success())
}

fn linker(program: OsString) -> OsString {
    let mut argument = OsString::from("-Clinker=");
    argument.push(program);
    argument
}

/// `RUSTFLAGS` and what configuration files add to it, as cargo hands them on.
fn flags() -> Vec<String> {
    let flags = env::var("CARGO_ENCODED_RUSTFLAGS").unwrap_or_default();
    let separated = flags.split('\u{1f}').filter(|flag| !flag.is_empty());
    separated.map(str::to_owned).collect()
}
