//! `cargo xtask order`: which functions the start of `seal` and one Secret run, for the linker (docs/decisions/006).
//! It needs valgrind.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};

use crate::bench::input;
use crate::repository;

/// What the linker reads, in the repository.
const ORDER: &str = "seal-cli/start.ld";

/// How callgrind calls an object that it can't tell.
const UNKNOWN: &str = "???";

/// What is run most often, as the rest of the command line behind the certificate.
const RUNS: [&[&str]; 5] = [
    &[],
    &["--format=yaml"],
    &["--scope=namespace-wide", "--namespace=bench"],
    &[
        "--raw",
        "--name=one",
        "--namespace=bench",
        "--from-file=/dev/stdin",
    ],
    &["--version"],
];

/// Builds `seal` with its symbols, runs it, and writes what it ran.
///
/// # Errors
/// When there is no valgrind, or a run fails.
pub(crate) fn run() -> Result<()> {
    let root = repository::root()?;
    let program = build(&root)?;
    let folder = tempfile::tempdir()?;
    let (_, certificate) = input::key(folder.path())?;
    let secret = input::secrets(folder.path(), "one", 1, 3)?;
    let mut patterns = BTreeSet::new();
    for rest in RUNS {
        let calls = folder.path().join("calls");
        let status = Command::new("valgrind")
            .args(["--quiet", "--tool=callgrind", "--demangle=no"])
            .arg(format!("--callgrind-out-file={}", calls.display()))
            .arg(&program)
            .arg("--cert")
            .arg(&certificate)
            .args(rest)
            .stdin(File::open(&secret)?)
            .stdout(Stdio::null())
            .status()
            .context("valgrind could not be run; install it")?;
        ensure!(status.success(), "seal {}: {status}", rest.join(" "));
        let calls = std::fs::read_to_string(&calls)?;
        patterns.extend(
            functions(&calls, &program)?
                .iter()
                .map(|name| pattern(name)),
        );
    }
    std::fs::write(root.join(ORDER), script(&patterns))?;
    Ok(())
}

/// The program as it is released, but with the names of its functions.
fn build(root: &Path) -> Result<PathBuf> {
    let status = repository::cargo_command()
        .args(["rustc", "--release", "--package=seal-cli", "--bin=seal"])
        .args(["--target-dir".as_ref(), root.join("target").as_os_str()])
        .args(["--", "-Cstrip=none"])
        .status()?;
    ensure!(status.success(), "cargo rustc: {status}");
    Ok(root.join("target").join("release").join("seal"))
}

/// The functions of `program` in a profile of callgrind, whose lines tell the object and the function that the
/// following costs are of; a name is written once, and is a number from then on
/// (<https://valgrind.org/docs/manual/cl-format.html>).
fn functions(profile: &str, program: &Path) -> Result<BTreeSet<String>> {
    let mut objects = BTreeMap::new();
    let mut names = BTreeMap::new();
    let mut ours = false;
    let mut found = BTreeSet::new();
    for line in profile.lines() {
        let Some((key, value)) = line.split_once('=') else {
            continue;
        };
        match key {
            "ob" => {
                let object = name(&mut objects, value)?;
                // It knows the names of most of our functions, and of none of these where they lie.
                ours = object == UNKNOWN || Path::new(object) == program;
            }
            "cob" => _ = name(&mut objects, value)?,
            "cfn" => _ = name(&mut names, value)?,
            "fn" => {
                let name = name(&mut names, value)?;
                // What calls itself has its depth behind its name.
                let name = name.split_once('\'').map_or(name, |(name, _)| name);
                if ours && !name.starts_with("0x") && !name.starts_with('(') {
                    found.insert(name.to_owned());
                }
            }
            _ => {}
        }
    }
    ensure!(
        !found.is_empty(),
        "valgrind saw no function of {}",
        program.display()
    );
    Ok(found)
}

/// The name of `(number) name`, or of `(number)`.
fn name<'a>(known: &'a mut BTreeMap<String, String>, value: &str) -> Result<&'a str> {
    let (number, name) = value.split_once(')').unwrap_or((value, ""));
    let name = name.trim_start();
    if !name.is_empty() {
        known.insert(number.to_owned(), name.to_owned());
    }
    match known.get(number) {
        Some(name) => Ok(name),
        None => bail!("a profile of callgrind that is not understood: {value}"),
    }
}

/// The name without what changes with the versions of dependencies and of the compiler: hashes, and AWS-LC's prefix.
fn pattern(name: &str) -> String {
    if let Some(rest) = base(name).strip_prefix("_R") {
        return format!("_R{}", without_disambiguators(rest));
    }
    if let Some(rest) = name.strip_prefix("aws_lc_") {
        let rest = rest.trim_start_matches(|it: char| it.is_ascii_digit() || it == '_');
        return format!("aws_lc_*_{}", base(rest));
    }
    match name.rfind("17h") {
        Some(at) if name.starts_with("_ZN") => format!("{}*", &name[..at + "17h".len()]),
        _ => base(name).to_owned(),
    }
}

/// A C compiler's name without what it puts behind that of a part of a function.
fn base(name: &str) -> &str {
    name.split_once('.').map_or(name, |(name, _)| name)
}

/// `Cs` and a number in base 62 up to `_`, in Rust's newer names (RFC 2603), stand for the version of a crate.
fn without_disambiguators(name: &str) -> String {
    let mut text = String::new();
    let mut rest = name;
    while let Some(at) = rest.find("Cs") {
        let (before, behind) = rest.split_at(at + "Cs".len());
        text.push_str(before);
        rest = match behind.split_once('_') {
            Some((number, behind)) if number.chars().all(|it| it.is_ascii_alphanumeric()) => {
                text.push_str("*_");
                behind
            }
            _ => behind,
        };
    }
    text + rest
}

/// A linker's script that adds to its own (<https://sourceware.org/binutils/docs/ld/Miscellaneous-Commands.html>,
/// `INSERT`).
fn script(patterns: &BTreeSet<String>) -> String {
    let mut text = String::from(
        "/* Written by `cargo xtask order`: what the start of seal and one Secret run (docs/decisions/006). */\n\
         SECTIONS\n{\n  .text.start :\n  {\n",
    );
    for pattern in patterns {
        _ = writeln!(text, "    *(.text.{pattern} .text.unlikely.{pattern})");
    }
    text.push_str("  }\n}\nINSERT BEFORE .text;\n");
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lose_what_changes() {
        let cases = [
            ("_ZN4seal4main17h0123456789abcdefE", "_ZN4seal4main17h*"),
            (
                "_ZN4seal4main17h0123456789abcdefE.llvm.77",
                "_ZN4seal4main17h*",
            ),
            (
                "_RNvNtCs9vKLQvq3v6f_4core3fmt5write",
                "_RNvNtCs*_4core3fmt5write",
            ),
            ("_RNvCs1_3std4main_Cs2_.7", "_RNvCs*_3std4main_Cs*_"),
            ("aws_lc_0_47_0_BN_free", "aws_lc_*_BN_free"),
            ("rand_bytes_impl.part.0", "rand_bytes_impl"),
            ("main", "main"),
        ];
        for (name, expected) in cases {
            assert_eq!(pattern(name), expected, "{name}");
        }
    }

    #[test]
    fn functions_of_the_program_are_found() {
        let profile = "ob=(1) /lib/ld.so\nfn=(1) start\n1 2\nob=(2) /bin/seal\nfn=(2) main\nfn=(5) (below main)\nob=(4) ???\ncfn=(3) run'2\n\
                       calls=1 0\n1 2\nfn=(3)\n3 4\nfn=(4) other\ncob=(1)\ncfn=(1)\ncalls=1 0\n\nob=(1)\nfn=(1)\n";
        let found = functions(profile, Path::new("/bin/seal")).expect("a profile");
        assert_eq!(found, ["main", "other", "run"].map(str::to_owned).into());
        assert!(functions("ob=(7)\n", Path::new("/bin/seal")).is_err());
    }
}
