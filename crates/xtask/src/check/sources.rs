//! Rules about the text of our sources.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

/// No source file is longer, in lines.
const LONGEST: usize = 700;

/// Without one of these the `rsa` crate's private key can do nothing: each of its private
/// operations takes a padding scheme, or is one of these functions.
const RSA_OPERATIONS: &[&str] = &[
    "Oaep",
    "PaddingScheme",
    "Pkcs1v15Encrypt",
    "Pkcs1v15Sign",
    "Pss",
    "decrypt_blinded",
    "hazmat",
    "rsa_decrypt",
    "sign_with_rng",
];

/// age's own SSH identities decrypt RSA with the crate `rsa`. One file may name them: it lets
/// ssh-ed25519 keys alone become one.
const SSH_IDENTITIES: &str = "ssh::Identity";
const MAY_NAME_SSH_IDENTITIES: &str = "seal-cli/src/age/ssh_key.rs";

/// Sources that are never shipped.
const TOOLS: &[&str] = &["crates/testkit/", "crates/xtask/", "tests/"];

/// Breaches in the files that git tracks.
///
/// # Errors
/// When git cannot be asked or a file cannot be read.
pub(crate) fn breaches(root: &Path) -> Result<Vec<String>> {
    let output = Command::new("git")
        .current_dir(root)
        .args(["ls-files", "-z", "--", "*.rs"])
        .output()
        .context("could not run git")?;
    if !output.status.success() {
        bail!(
            "git ls-files failed: {}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
    let mut breaches = Vec::new();
    for name in String::from_utf8(output.stdout)?.split_terminator('\0') {
        let path = root.join(name);
        // Tracked, but deleted in the work tree.
        if !path.exists() {
            continue;
        }
        let text = fs::read_to_string(&path).with_context(|| format!("could not read {name}"))?;
        breaches.extend(too_long(name, &text));
        breaches.extend(rsa_operation(name, &text));
        breaches.extend(ssh_identity(name, &text));
    }
    Ok(breaches)
}

fn too_long(name: &str, text: &str) -> Option<String> {
    let lines = text.lines().count();
    (lines > LONGEST).then(|| format!("{name} has {lines} lines; split it, {LONGEST} is the limit"))
}

fn rsa_operation(name: &str, text: &str) -> Option<String> {
    for (number, code) in shipped(name, text) {
        let mut words = code.split(|c: char| !c.is_alphanumeric() && c != '_');
        if let Some(word) = words.find(|word| RSA_OPERATIONS.contains(word)) {
            return Some(format!(
                "{name}:{number} names {word}: operations of the `rsa` crate are for tests only"
            ));
        }
    }
    None
}

fn ssh_identity(name: &str, text: &str) -> Option<String> {
    if name == MAY_NAME_SSH_IDENTITIES {
        return None;
    }
    // Imported in braces or renamed, it would slip through: `age::ssh` is imported as `ssh` only.
    let imported = |code: &str| code.contains("age::ssh::{") || code.contains("age::ssh as");
    let (number, _) =
        shipped(name, text).find(|(_, code)| code.contains(SSH_IDENTITIES) || imported(code))?;
    Some(format!(
        "{name}:{number} may name age's SSH identities: they decrypt with the `rsa` crate; {MAY_NAME_SSH_IDENTITIES} has ours"
    ))
}

/// The numbered lines of code that end up in a program.
fn shipped<'a>(name: &str, text: &'a str) -> impl Iterator<Item = (usize, &'a str)> {
    let is_test = TOOLS.iter().any(|folder| name.starts_with(folder))
        || name
            .split('/')
            .any(|part| matches!(part, "tests" | "benches" | "tests.rs"));
    // Unit tests stand at the bottom of the file.
    let lines = text
        .lines()
        .take_while(move |line| !is_test && line.trim() != "#[cfg(test)]");
    (1..).zip(lines.map(|line| line.split_once("//").map_or(line, |(code, _)| code)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_files_are_refused() {
        assert_eq!(too_long("a.rs", &"//\n".repeat(LONGEST)), None);
        let breach = too_long("a.rs", &"//\n".repeat(LONGEST + 1)).unwrap();
        assert!(breach.contains("a.rs has 701 lines"), "{breach}");
    }

    #[test]
    fn rsa_operations_are_for_tests() {
        let use_it = "use rsa::Oaep;\n";
        let decrypt = "// x\nlet plain = key.decrypt_blinded(&mut rng, padding, &data)?;\n";
        let pkcs1 = "key.decrypt(rsa::Pkcs1v15Encrypt, &data)";
        let name = "crates/seal-keys/src/rsa.rs";
        for text in [use_it, decrypt, pkcs1] {
            assert!(rsa_operation(name, text).is_some(), "{text}");
            for test in ["crates/seal-keys/tests/oracle.rs", "tests/interop/main.rs"] {
                assert_eq!(rsa_operation(test, text), None, "{test}");
            }
            let unit_test = format!("fn f() {{}}\n\n#[cfg(test)]\nmod tests {{\n{text}}}");
            assert_eq!(rsa_operation(name, &unit_test), None);
        }
        let breach = rsa_operation(name, decrypt).unwrap();
        assert!(
            breach.starts_with("crates/seal-keys/src/rsa.rs:2 "),
            "{breach}"
        );
    }

    #[test]
    fn what_aws_lc_rs_and_key_decoding_need_is_allowed() {
        for text in [
            "use aws_lc_rs::rsa::{OAEP_SHA256_MGF1SHA256, OaepPrivateDecryptingKey};",
            "let key = rsa::RsaPrivateKey::from_pkcs1_der(der)?;",
            "cipher.decrypt(nonce, payload)",
            "// never rsa::Oaep",
        ] {
            assert_eq!(
                rsa_operation("crates/seal-keys/src/rsa.rs", text),
                None,
                "{text}"
            );
        }
    }

    #[test]
    fn ssh_identities_of_the_library_stay_in_one_file() {
        for text in [
            "let key = age::ssh::Identity::from_buffer(text, None);",
            "use age::ssh::{Identity, Recipient};",
            "use age::ssh as keys;",
        ] {
            let breach = ssh_identity("seal-cli/src/age/other.rs", text);
            assert!(breach.is_some(), "{text}");
            assert_eq!(ssh_identity(MAY_NAME_SSH_IDENTITIES, text), None);
            assert_eq!(ssh_identity("seal-cli/src/age/tests.rs", text), None);
        }
        let recipient = "let key: age::ssh::Recipient = text.parse()?;";
        assert_eq!(ssh_identity("seal-cli/src/age/other.rs", recipient), None);
    }
}
