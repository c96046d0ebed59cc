//! A folder in which nothing can be written: every verb says so and leaves the file.

use std::fs::Permissions;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;

use crate::desk::{Desk, SECRET, certificate, run};

/// `nobody`, whom permissions bind; root's they do not.
const NOBODY: u32 = 65534;

#[test]
fn a_read_only_folder_is_told_and_stays() {
    let Some(desk) = Desk::find() else { return };
    let (alice, bob) = (desk.person("alice.txt"), desk.person("bob.txt"));
    let (alice, bob) = (alice.recipient.name(), bob.recipient.name());
    desk.write("sub/here", "");
    desk.done(&["-w", "sub/db.yaml", "-r", alice, "-r", bob], SECRET);
    desk.done(&["set", "sub/db.yaml", "C", "-r", alice], "third");
    let before = desk.read("sub/db.yaml");
    let mode = |path: &str, mode| {
        std::fs::set_permissions(desk.path(path), Permissions::from_mode(mode)).unwrap();
    };
    mode("sub", 0o555);
    let is_bound = std::fs::write(desk.path("sub/mine"), "").is_err();
    let mut program = desk.program().to_owned();
    if !is_bound {
        std::fs::remove_file(desk.path("sub/mine")).unwrap();
        // Where we built it, others may not look.
        program = desk.path("seal");
        std::fs::copy(desk.program(), &program).unwrap();
        mode("", 0o755);
        mode("alice.txt", 0o644);
        chown(desk.path("sub"), Some(NOBODY), Some(NOBODY)).unwrap();
    }
    let certificate = certificate("rsa-2048.pem");
    let carol = [
        "-r",
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHsKLqeplhpW+uObz5dvMgjz1OxfM/XXUB+VHtZ6isGN",
    ];
    let identity = ["-i", "alice.txt"];
    for verb in [
        &[&["recipients", "add", "sub/db.yaml"][..], &carol, &identity].concat()[..],
        &[&["recipients", "remove", "sub", "-r", bob][..], &identity].concat(),
        &[&["compact", "--drop-readers", "sub/db.yaml"][..], &identity].concat(),
        &["set", "sub/db.yaml", "A", "-r", alice],
        &["unset", "sub/db.yaml", "A"],
        &["-w", "sub/new.yaml", "--cert", &certificate],
        &["-w", "sub/db.yaml", "--cert", &certificate],
    ] {
        let mut command = desk.command(&program, verb);
        if !is_bound {
            command.uid(NOBODY).gid(NOBODY);
        }
        let done = run(&mut command, if verb[0] == "set" { "new" } else { SECRET });
        assert_eq!(done.code, 1, "{verb:?}: {}", done.said);
        assert!(done.said.contains("cannot write sub/"), "{}", done.said);
        assert_eq!(desk.read("sub/db.yaml"), before, "{verb:?}");
        let left = std::fs::read_dir(desk.path("sub")).unwrap().count();
        assert_eq!(left, 2, "{verb:?} leaves nothing behind");
    }
    mode("sub", 0o755);
}
