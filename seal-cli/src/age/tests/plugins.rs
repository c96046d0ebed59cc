//! A plug-in of a few lines, on the PATH.

use std::iter;
use std::os::unix::fs::PermissionsExt as _;

use super::*;

/// A plug-in that "wraps" by writing the file key down, `STANZAS` times, and refuses when told so.
const PLUGIN: &str = r#"#!/bin/sh
reply() { read -r _; read -r _; }
finish() { printf -- '-> done\n\n'; exit; }
while read -r line; do
  case "$line" in
    '-> wrap-file-key'*) read -r key ;;
    '-> recipient-stanza 0 script'*) read -r key ;;
    '-> done'*) read -r _; break ;;
  esac
done
case "$1" in
  *recipient-v1)
    for _ in STANZAS; do
      printf -- '-> recipient-stanza 0 script\n%s\n' "$key"; reply
    done ;;
  *identity-v1)
    if [ -n "$REFUSE" ]; then
      printf -- '-> error identity 0\nbm8gY2FyZA\n'; reply; finish
    fi
    printf -- '-> file-key 0\n%s\n' "$key"; reply ;;
esac
finish
"#;

#[test]
fn plugins_wrap_and_open() {
    const TEST: &str = "age::tests::plugins::plugins_wrap_and_open";
    const INSIDE: &str = "SEAL_TEST_INSIDE";
    if std::env::var_os(INSIDE).is_some() {
        return inside_with_plugins();
    }
    // Plug-ins are looked for on the PATH of the process: this test again, in one of its own.
    let folder = TempDir::new().unwrap();
    for (name, stanzas) in [("once", "1"), ("twice", "1 2")] {
        let path = file(
            &folder,
            &format!("age-plugin-{name}"),
            &PLUGIN.replace("STANZAS", stanzas),
        );
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let path = iter::once(folder.path().to_owned()).chain(std::env::split_paths(&path));
    let path = std::env::join_paths(path).unwrap();
    for refuse in ["", "yes"] {
        let output = Command::new(std::env::current_exe().unwrap())
            .args([TEST, "--exact"])
            .env("PATH", &path)
            .env(INSIDE, "1")
            .env("REFUSE", refuse)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(
            output.status.success() && said.contains("1 passed"),
            "{said}"
        );
    }
}

fn inside_with_plugins() {
    let folder = TempDir::new().unwrap();
    let nobody: Arc<dyn Ask> = Person::answers(&[]);
    let twice = Recipient::parse(&bech32_of("age1twice", &[7; 20])).unwrap();
    let fault = twice.wrap(DATA_KEY, &nobody).unwrap_err().to_string();
    assert!(
        fault.contains("age-plugin-twice: the recipient gave 2 stanzas"),
        "{fault}"
    );

    let recipient = Recipient::parse(&bech32_of("age1once", &[7; 20])).unwrap();
    let wrap = recipient.wrap(DATA_KEY, &nobody).unwrap();
    let line = bech32_of("age-plugin-once-", &[7; 20]).to_uppercase();
    let path = file(&folder, "keys.txt", &line);
    let (identities, _) = discovered(&[&path], &Person::answers(&[]));
    let opened = identities.unwrap(recipient.name().as_str(), &wrap);
    if std::env::var("REFUSE").is_ok_and(|refuse| refuse.is_empty()) {
        assert_eq!(*opened.unwrap(), DATA_KEY);
        let mut ruined = wrap.clone();
        *ruined.last_mut().unwrap() ^= 1;
        let opened = identities.unwrap(recipient.name().as_str(), &ruined);
        assert_eq!(opened, Err(UnwrapFault::BadWrap), "no other wrap is tried");
    } else {
        let fault = opened.unwrap_err().to_string();
        assert!(
            fault.starts_with("age-plugin-once: ") && fault.contains("no card"),
            "{fault}"
        );
        assert!(fault.is_ascii(), "no marks for right-to-left: {fault}");
    }
}
