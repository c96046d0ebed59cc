//! What cannot be written in full: the file that was there stays whole, whatever the way it was to be replaced.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    dead_code,
    reason = "a test fails by panicking, and says why"
)]

mod certificate_server;
mod kubeconfig;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

const VECTORS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/vectors");

/// Lines for a shell, each of which replaces a file. All files are far larger than what may be written.
const LINES: [&str; 11] = [
    "$seal seal --cert pub.pem -f more.yaml -w sealed.yaml",
    "$seal --cert pub.pem -f more.yaml -w sealed.yaml",
    "$seal merge sealed.yaml --cert pub.pem -f more.yaml",
    "$seal --merge-into sealed.yaml --cert pub.pem -f more.yaml",
    "$seal raw --cert pub.pem --name app -n demo --from-file big -w sealed.yaml",
    "$seal rotate sealed.yaml --kubeconfig kube.yaml",
    "$seal --re-encrypt -f sealed.yaml --kubeconfig kube.yaml",
    "$seal --re-encrypt -w plain.yaml --kubeconfig kube.yaml < sealed.yaml",
    "$seal recover sealed.yaml --private-key key.pem -w plain.yaml",
    "$seal --recovery-unseal --recovery-private-key key.pem -f sealed.yaml -w plain.yaml",
    "$seal set sealed.yaml extra --cert pub.pem < big",
];

/// A folder with everything that the lines name.
struct Desk(tempfile::TempDir);

impl Desk {
    fn new() -> Self {
        let desk = Self(tempfile::tempdir().unwrap());
        let read = |name: &str| std::fs::read_to_string(format!("{VECTORS}/{name}")).unwrap();
        let certificate = read("certificates/rsa-2048.pem");
        let server = certificate_server::start(certificate.clone().into());
        let big = "x".repeat(4_000);
        let secret = |item: &str| {
            format!(
                "apiVersion: v1\nkind: Secret\nmetadata: {{name: app, namespace: demo}}\nstringData: {{{item}: {big}}}\n"
            )
        };
        for (name, text) in [
            ("pub.pem", certificate),
            ("key.pem", read("keys/rsa-2048.pem")),
            ("kube.yaml", kubeconfig::of(&server)),
            ("secret.yaml", secret("password")),
            ("more.yaml", secret("more")),
            ("plain.yaml", secret("old")),
            ("big", big.clone()),
        ] {
            std::fs::write(desk.0.path().join(name), text).unwrap();
        }
        let sealed = desk.run("$seal seal --cert pub.pem -f secret.yaml > sealed.yaml");
        assert!(sealed.status.success(), "{sealed:?}");
        desk
    }

    fn run(&self, line: &str) -> Output {
        self.run_in(Command::new("sh"), line)
    }

    fn run_in(&self, mut shell: Command, line: &str) -> Output {
        shell
            .args(["-c", line])
            .current_dir(self.0.path())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap())
            .env("HOME", self.0.path())
            .env("seal", env!("CARGO_BIN_EXE_seal"))
            .stdin(Stdio::null())
            .output()
            .unwrap()
    }

    fn files(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let entries = std::fs::read_dir(self.0.path()).unwrap();
        let files = entries.map(|entry| entry.unwrap().path());
        files
            .filter(|path| path.is_file())
            .map(|path| (path.clone(), std::fs::read(path).unwrap()))
            .collect()
    }
}

/// Otherwise none of the others would show anything.
#[test]
fn every_line_replaces_a_file_where_that_is_possible() {
    for line in LINES {
        let desk = Desk::new();
        let before = desk.files();
        let output = desk.run(line);
        assert!(output.status.success(), "{line}: {output:?}");
        let after = desk.files();
        assert!(after.keys().eq(before.keys()), "{line}");
        assert_ne!(after, before, "{line}");
    }
}

/// As on a disk that is full: the first bytes are taken, the others are not.
#[test]
fn a_full_disk_leaves_everything_as_it_was() {
    for line in LINES {
        let desk = Desk::new();
        let before = desk.files();
        let output = desk.run(&format!("trap '' XFSZ; ulimit -f 1; {line}"));
        assert_eq!(output.status.code(), Some(1), "{line}: {output:?}");
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.contains("error: cannot write "), "{line}: {said}");
        assert!(said.contains(".yaml: "), "{line}: {said}");
        assert!(desk.files() == before, "{line}: {:?}", desk.files().keys());
    }
}

/// The system ends the process with a signal when it has written a part.
#[test]
fn a_process_that_is_killed_while_it_writes_leaves_the_old_file() {
    for line in LINES {
        let desk = Desk::new();
        let before = desk.files();
        let output = desk.run(&format!("ulimit -c 0; ulimit -f 1; exec {line}"));
        assert_eq!(output.status.code(), None, "{line}: {output:?}");
        let mut after = desk.files();
        after.retain(|path, _| before.contains_key(path) || !is_unfinished(path));
        assert!(after == before, "{line}: {:?}", after.keys());
    }
}

fn is_unfinished(path: &Path) -> bool {
    let name = path.file_name().unwrap().to_str().unwrap();
    name.starts_with(".seal-")
}

#[test]
fn a_folder_that_cannot_be_written_to_leaves_the_old_file() {
    for line in LINES {
        let desk = Desk::new();
        let before = desk.files();
        let Some(shell) = read_only(desk.0.path()) else {
            return testkit::skip("no mount namespaces here: root may write to every folder");
        };
        let output = desk.run_in(shell, line);
        std::fs::set_permissions(desk.0.path(), permissions(0o755)).unwrap();
        assert_eq!(output.status.code(), Some(1), "{line}: {output:?}");
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.contains("error: cannot write "), "{line}: {said}");
        assert!(desk.files() == before, "{line}");
    }
}

/// A shell for which nobody may write to the folder. Root needs a mount of its own for that.
fn read_only(folder: &Path) -> Option<Command> {
    std::fs::set_permissions(folder, permissions(0o555)).unwrap();
    let probe = folder.join("probe");
    if std::fs::write(&probe, "").is_err() {
        return Some(Command::new("sh"));
    }
    std::fs::remove_file(probe).unwrap();
    let mount = format!(
        "mount --bind '{0}' '{0}' && mount -o remount,bind,ro '{0}' && cd '{0}' && exec sh \"$@\"",
        folder.display()
    );
    let prefix = || {
        let mut shell = Command::new("unshare");
        shell.args(["-m", "--", "sh", "-c", &mount, "sh"]);
        shell
    };
    let trial = prefix().args(["-c", "! touch probe"]).output().ok()?;
    trial.status.success().then(prefix)
}

/// As kubeseal has it for `--merge-into`: who may not write to a file may not replace it either.
#[test]
fn a_read_only_file_is_not_changed_in_place() {
    for line in LINES.iter().filter(|line| !line.contains(" -w ")) {
        let desk = Desk::new();
        let file = desk.0.path().join("sealed.yaml");
        std::fs::set_permissions(&file, permissions(0o444)).unwrap();
        let before = desk.files();
        let Some(shell) = without_rights_of_root(&file) else {
            return testkit::skip("no user namespaces here: root may write to every file");
        };
        let output = desk.run_in(shell, line);
        assert_eq!(output.status.code(), Some(1), "{line}: {output:?}");
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(
            said.contains("sealed.yaml: Permission denied"),
            "{line}: {said}"
        );
        assert!(desk.files() == before, "{line}: {:?}", desk.files().keys());
    }
}

/// A shell that may not write to a file that is read-only, though it owns it.
fn without_rights_of_root(file: &Path) -> Option<Command> {
    if std::fs::OpenOptions::new().write(true).open(file).is_err() {
        return Some(Command::new("sh"));
    }
    // There root is nobody, but owns its files still.
    let prefix = || {
        let mut shell = Command::new("unshare");
        shell.args(["-U", "--", "sh"]);
        shell
    };
    let probe = format!("cat '{0}' && ! test -w '{0}'", file.display());
    let trial = prefix().args(["-c", &probe]).output().ok()?;
    trial.status.success().then(prefix)
}

fn permissions(mode: u32) -> std::fs::Permissions {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::Permissions::from_mode(mode)
}
