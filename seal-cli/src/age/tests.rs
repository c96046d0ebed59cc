//! Keys as their own programs make them: `ssh-keygen`, `age`, `age-keygen`.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};

use age::secrecy::{ExposeSecret as _, SecretString};
use age::x25519;
use tempfile::TempDir;

use super::plugin::PluginFault;
use super::warning::Warning;
use super::*;

#[cfg(unix)]
mod plugins;

const DATA_KEY: &[u8] = b"seal/se1 and thirty-two random bytes....";

/// Someone with an answer to every question, who counts them.
#[derive(Default)]
struct Person {
    answers: Mutex<Vec<&'static str>>,
    asked: Mutex<Vec<String>>,
}

impl Person {
    fn answers(answers: &[&'static str]) -> Arc<Self> {
        let mut answers = answers.to_vec();
        answers.reverse();
        Arc::new(Self {
            answers: answers.into(),
            ..Self::default()
        })
    }

    fn asked(&self) -> usize {
        self.asked.lock().unwrap().len()
    }
}

impl Ask for Person {
    fn passphrase(&self, prompt: &str) -> Option<SecretString> {
        self.asked.lock().unwrap().push(prompt.to_owned());
        let answer = self.answers.lock().unwrap().pop()?;
        Some(SecretString::from(answer.to_owned()))
    }

    fn text(&self, _: &str) -> Option<String> {
        None
    }

    fn choice(&self, _: &str, _: &str, _: Option<&str>) -> Option<bool> {
        None
    }

    fn tell(&self, _: &str) {}
}

fn sources(files: &[&Path], variables: &'static [(&'static str, &'static str)]) -> Sources {
    Sources {
        files: files.iter().map(PathBuf::from).collect(),
        variable: Box::new(|name| {
            let found = variables.iter().find(|(variable, _)| *variable == name);
            found.map(|(_, value)| value.into())
        }),
        home: None,
    }
}

fn discovered(files: &[&Path], person: &Arc<Person>) -> (Identities, Vec<Warning>) {
    let ask: Arc<dyn Ask> = person.clone();
    Identities::discover(&sources(files, &[]), ask).unwrap()
}

fn wrapped_for(recipient: &str) -> Vec<u8> {
    let nobody: Arc<dyn Ask> = Person::answers(&[]);
    let recipient = Recipient::parse(recipient).unwrap();
    recipient.wrap(DATA_KEY, &nobody).unwrap()
}

fn file(folder: &TempDir, name: &str, text: &str) -> PathBuf {
    let path = folder.path().join(name);
    fs::write(&path, text).unwrap();
    path
}

/// A new native key: the line of a file, and the recipient.
fn native() -> (String, String) {
    let key = x25519::Identity::generate();
    let line = key.to_string().expose_secret().to_owned();
    (line, key.to_public().to_string())
}

/// A new SSH key: the private file, and the line of the public one. `None` without `ssh-keygen`.
fn ssh(folder: &TempDir, name: &str, options: &[&str]) -> Option<(PathBuf, String)> {
    let path = folder.path().join(name);
    let made = Command::new("ssh-keygen")
        .args(["-q", "-C", "me@host and more", "-f"])
        .arg(&path)
        .args(options)
        .stdin(Stdio::null())
        .status();
    let Ok(status) = made else {
        testkit::skip("no ssh-keygen on the PATH");
        return None;
    };
    assert!(status.success(), "ssh-keygen {options:?}");
    let public = fs::read_to_string(path.with_extension("pub")).unwrap();
    Some((path, public))
}

const SSH_KINDS: &[&[&str]] = &[
    &["-t", "ed25519"],
    &["-t", "rsa", "-b", "2048"],
    &["-t", "rsa", "-b", "3072", "-m", "PEM"],
];

#[test]
fn ssh_keys_open_what_is_wrapped_for_them() {
    let folder = TempDir::new().unwrap();
    for (number, kind) in SSH_KINDS.iter().enumerate() {
        let options = [kind, ["-N", ""].as_slice()].concat();
        let Some((private, public)) = ssh(&folder, &format!("id{number}"), &options) else {
            return;
        };
        let recipient = Recipient::parse(&public).unwrap();
        let to = recipient.name().as_str();
        assert!(public.starts_with(to) && to.split(' ').count() == 2, "{to}");
        let person = Person::answers(&[]);
        let (identities, warnings) = discovered(&[&private], &person);
        assert_eq!(warnings, []);
        assert_eq!(identities.names(), [to]);
        assert_eq!(identities.effort(to), Some(Effort::Silent));
        let opened = identities.unwrap(to, &wrapped_for(&public)).unwrap();
        assert_eq!(*opened, DATA_KEY, "{kind:?}");
        let theirs = wrapped_for(&native().1);
        assert_eq!(identities.unwrap(to, &theirs), Err(UnwrapFault::BadWrap));
    }
}

#[test]
fn a_locked_ssh_key_asks_once_and_only_for_its_own() {
    let folder = TempDir::new().unwrap();
    for (number, kind) in SSH_KINDS.iter().take(2).enumerate() {
        let options = [kind, ["-N", "right"].as_slice()].concat();
        let Some((private, public)) = ssh(&folder, &format!("id{number}"), &options) else {
            return;
        };
        let to = Recipient::parse(&public).unwrap().name().to_string();
        let wrap = wrapped_for(&public);
        let person = Person::answers(&["wrong", "right"]);
        let (identities, _) = discovered(&[&private], &person);
        let (_, other) = native();
        assert_eq!(
            identities.unwrap(&other, &wrapped_for(&other)),
            Err(UnwrapFault::NoIdentity)
        );
        assert_eq!(person.asked(), 0);
        assert_eq!(identities.effort(&to), Some(Effort::Asks));
        for _ in 0..2 {
            assert_eq!(*identities.unwrap(&to, &wrap).unwrap(), DATA_KEY);
        }
        assert_eq!(person.asked(), 2, "one was mistyped");
        assert_eq!(identities.effort(&to), Some(Effort::Silent));

        let silent = Person::answers(&[]);
        let (identities, _) = discovered(&[&private], &silent);
        for _ in 0..2 {
            let fault = identities.unwrap(&to, &wrap).unwrap_err();
            assert!(matches!(fault, UnwrapFault::Locked { .. }), "{fault}");
        }
        assert_eq!(silent.asked(), 1, "no answer is an answer");
        assert_eq!(identities.effort(&to), Some(Effort::Searches));
    }
}

#[test]
fn a_locked_file_is_opened_when_nothing_else_fits() {
    let folder = TempDir::new().unwrap();
    let (open_line, open) = native();
    let (locked_line, locked) = native();
    let mut passphrase = age::scrypt::Recipient::new(SecretString::from("right".to_owned()));
    passphrase.set_work_factor(2);
    let text = format!("# mine\n{locked_line}\n");
    let armored = age::encrypt_and_armor(&passphrase, text.as_bytes()).unwrap();
    let files = [
        file(&folder, "open", &format!("{open_line}\n")),
        file(&folder, "locked", &armored),
    ];
    let files: Vec<_> = files.iter().map(PathBuf::as_path).collect();

    let person = Person::answers(&["right"]);
    let (identities, _) = discovered(&files, &person);
    assert_eq!(identities.names(), [open.as_str()]);
    assert_eq!(identities.effort(&open), Some(Effort::Silent));
    assert_eq!(identities.effort(&locked), Some(Effort::Searches));
    assert_eq!(
        *identities.unwrap(&open, &wrapped_for(&open)).unwrap(),
        DATA_KEY
    );
    assert_eq!(person.asked(), 0);
    for _ in 0..2 {
        let opened = identities.unwrap(&locked, &wrapped_for(&locked)).unwrap();
        assert_eq!(*opened, DATA_KEY);
    }
    assert_eq!(person.asked(), 1);
    let mut both = [open, locked.clone()];
    both.sort();
    assert_eq!(identities.names(), both);

    let stranger = Person::answers(&["wrong", "wrong", "wrong", "right"]);
    let (identities, _) = discovered(&files, &stranger);
    for _ in 0..2 {
        let fault = identities
            .unwrap(&locked, &wrapped_for(&locked))
            .unwrap_err();
        assert!(
            fault.to_string().ends_with("has another passphrase"),
            "{fault}"
        );
    }
    assert_eq!(stranger.asked(), 3);
    assert_eq!(identities.effort(&locked), Some(Effort::Searches));
}

#[test]
fn lines_that_cannot_be_used_leave_the_others_usable() {
    let folder = TempDir::new().unwrap();
    let (line, to) = native();
    let text = format!("# created: now\r\n\nAGE-SECRET-KEY-PQ-1QQQQ\n  {line} \r\njunk\n");
    let path = file(&folder, "keys.txt", &text);
    let person = Person::answers(&[]);
    let (identities, warnings) = discovered(&[&path], &person);
    assert_eq!(identities.names(), [to.as_str()]);
    assert_eq!(
        *identities.unwrap(&to, &wrapped_for(&to)).unwrap(),
        DATA_KEY
    );
    let said: Vec<_> = warnings.iter().map(ToString::to_string).collect();
    assert_eq!(said.len(), 2);
    assert!(
        said[0].contains("line 3: AGE-SECRET-KEY-PQ-1… is"),
        "{}",
        said[0]
    );
    assert!(
        said[1].contains("line 5: is no age identity"),
        "{}",
        said[1]
    );
    assert!(!said[0].contains("QQQQ") && !said[1].contains("junk"));
}

#[test]
fn what_was_named_for_seal_must_be_there() {
    let folder = TempDir::new().unwrap();
    let missing = folder.path().join("missing");
    let empty = file(&folder, "empty", "# nothing\n");
    let hybrid = file(&folder, "hybrid", "AGE-SECRET-KEY-PQ-1QQQQ\n");
    for (path, part) in [
        (&missing, "cannot read the age identities in"),
        (&empty, "it is empty"),
        (&hybrid, "line 1: AGE-SECRET-KEY-PQ-1"),
    ] {
        let nobody: Arc<dyn Ask> = Person::answers(&[]);
        let error = Identities::discover(&sources(&[path], &[]), nobody)
            .err()
            .unwrap();
        assert!(error.to_string().contains(part), "{error}");
    }
}

#[test]
fn keys_are_looked_for_in_their_usual_places() {
    let home = TempDir::new().unwrap();
    let keys: Vec<_> = (0..5).map(|_| native()).collect();
    for (place, (line, _)) in [".config/seal/age", ".config/sops/age"].iter().zip(&keys) {
        let folder = home.path().join(place);
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("keys.txt"), line).unwrap();
    }
    fs::create_dir(home.path().join(".ssh")).unwrap();
    fs::write(
        home.path().join(".ssh/id_rsa"),
        "-----BEGIN OPENSSH PRIVATE KEY-----",
    )
    .unwrap();
    let named = home.path().join("named");
    fs::write(&named, &keys[2].0).unwrap();
    let variables = [
        ("SEAL_AGE_KEY", keys[3].0.clone()),
        ("SOPS_AGE_KEY", format!("# c\n{} {}", keys[4].0, keys[4].0)),
        (
            "SOPS_AGE_KEY_FILE",
            home.path().join("gone").display().to_string(),
        ),
        ("SEAL_AGE_KEY_FILE", named.display().to_string()),
        ("SOPS_AGE_SSH_PRIVATE_KEY_FILE", String::new()),
    ];
    let sources = Sources {
        files: Vec::new(),
        variable: Box::new(move |name| {
            let found = variables.iter().find(|(variable, _)| *variable == name);
            found.map(|(_, value)| value.into())
        }),
        home: Some(home.path().to_owned()),
    };
    let (identities, warnings) = Identities::discover(&sources, Person::answers(&[])).unwrap();
    let mut expected: Vec<_> = keys.into_iter().map(|(_, to)| to).collect();
    expected.sort();
    assert_eq!(identities.names(), expected);
    let of: Vec<_> = warnings
        .iter()
        .map(|warning| (warning.from.rsplit('/').next().unwrap(), warning.named))
        .collect();
    assert_eq!(of, [("gone", true), ("id_rsa", false)]);
}

#[test]
fn a_command_is_run_once_per_recipient_when_nothing_else_fits() {
    let folder = TempDir::new().unwrap();
    let (line, to) = native();
    let printed = file(&folder, "printed", &line);
    let log = folder.path().join("log");
    let command = format!(
        "sh -c 'echo \"$SOPS_AGE_RECIPIENT\" >> \"$1\"; cat \"$2\"' sh '{}' '{}'",
        log.display(),
        printed.display()
    );
    let sources = |command: String| Sources {
        files: Vec::new(),
        variable: Box::new(move |name| {
            (name == "SOPS_AGE_KEY_CMD").then(|| command.clone().into())
        }),
        home: None,
    };
    let (identities, _) = Identities::discover(&sources(command), Person::answers(&[])).unwrap();
    assert!(!log.exists(), "not before it is needed");
    assert_eq!(identities.effort(&to), Some(Effort::Searches));
    for _ in 0..2 {
        assert_eq!(
            *identities.unwrap(&to, &wrapped_for(&to)).unwrap(),
            DATA_KEY
        );
    }
    assert_eq!(fs::read_to_string(&log).unwrap(), format!("{to}\n"));
    for (command, part) in [
        ("false", "false failed with exit status: 1"),
        ("/nowhere/at-all", "cannot run /nowhere/at-all"),
        ("echo junk", "echo printed no identity"),
    ] {
        let (identities, _) =
            Identities::discover(&sources(command.into()), Person::answers(&[])).unwrap();
        let fault = identities.unwrap(&to, &wrapped_for(&to)).unwrap_err();
        assert!(fault.to_string().contains(part), "{fault}");
    }
}

#[test]
fn a_missing_plugin_is_named() {
    let prefix = |prefix| bech32_of(prefix, &[7; 20]);
    let recipient = Recipient::parse(&prefix("age1nonesuch")).unwrap();
    let nobody: Arc<dyn Ask> = Person::answers(&[]);
    let fault = recipient.wrap(DATA_KEY, &nobody).unwrap_err();
    assert!(
        fault
            .to_string()
            .contains("age-plugin-nonesuch is not on the PATH")
    );

    let folder = TempDir::new().unwrap();
    let line = prefix("age-plugin-nonesuch-").to_uppercase();
    let path = file(&folder, "keys.txt", &line);
    let (identities, warnings) = discovered(&[&path], &Person::answers(&[]));
    assert_eq!(warnings, []);
    let to = recipient.name().as_str();
    assert_eq!(identities.effort(to), Some(Effort::Asks));
    let missing = PluginFault::Missing("nonesuch".to_owned());
    let (_, other) = native();
    let wrap = wrapped_for(&other);
    assert_eq!(identities.unwrap(to, &wrap), Err(missing.into()));
    assert_eq!(
        identities.unwrap(&other, &wrap),
        Err(UnwrapFault::NoIdentity)
    );
}

fn bech32_of(prefix: &str, bytes: &[u8]) -> String {
    let prefix = bech32::Hrp::parse(prefix).unwrap();
    age_core::primitives::bech32_encode(prefix, bytes)
}

#[test]
fn recipients_that_cannot_be_used_are_refused_by_name() {
    let ecdsa = "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBHwf2HMM5TRXvo2SQJjsNkiDD5KqiiNjrGVv3UUh+mMT5RHxiRtOnlqvjhQtBq0VpmpCV/PwUdhOig4vkbqAcEc=";
    for (text, part) in [
        ("", "is no age recipient"),
        ("ssh-ed25519", "is a damaged SSH public key"),
        ("ssh-ed25519 AAAA", "is a damaged SSH public key"),
        (ecdsa, "of type ecdsa-sha2-nistp256"),
        ("age1pq1qqqq", "post-quantum hybrid recipient"),
        ("age1nonesuch1qqqq", "age1nonesuch1… is damaged"),
        (
            "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
            "no private key belongs to",
        ),
    ] {
        let error = Recipient::parse(text).err().unwrap();
        assert!(error.to_string().contains(part), "{text}: {error}");
    }
}

/// Runs a program with bytes on its stdin.
fn run(program: &Path, arguments: &[&str], input: &[u8]) -> Vec<u8> {
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{program:?} {arguments:?}");
    output.stdout
}

#[test]
fn stock_age_opens_our_wraps_and_we_open_its() {
    let stock = testkit::peers::age().unwrap();
    let folder = TempDir::new().unwrap();
    let (line, to) = native();
    let mut keys = vec![(file(&folder, "native", &line), to)];
    for (number, kind) in SSH_KINDS.iter().enumerate() {
        let options = [kind, ["-N", ""].as_slice()].concat();
        keys.extend(ssh(&folder, &format!("id{number}"), &options));
    }
    for (private, public) in keys {
        let path = private.display().to_string();
        let wrap = wrapped_for(&public);
        assert_eq!(
            run(&stock, &["-d", "-i", &path], &wrap),
            DATA_KEY,
            "{public}"
        );
        let theirs = run(&stock, &["-r", public.trim()], DATA_KEY);
        let (identities, _) = discovered(&[&private], &Person::answers(&[]));
        let to = Recipient::parse(&public).unwrap().name().to_string();
        assert_eq!(
            *identities.unwrap(&to, &theirs).unwrap(),
            DATA_KEY,
            "{public}"
        );
    }
}
