//! What secrets look like.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use regex::bytes::Regex;
use seal_format::go_base64;
use zeroize::Zeroizing;

/// Secrets that say what they are, with what people call them.
const KINDS: [(&str, &str); 16] = [
    (
        "a private key",
        r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----",
    ),
    ("an age identity", r"AGE-SECRET-KEY-(?:PQ-)?1[0-9A-Z]{50,}"),
    ("an AWS access key", r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"),
    ("a token of GitHub", r"\bgh[pousr]_[A-Za-z0-9]{36,}"),
    ("a token of GitHub", r"\bgithub_pat_[A-Za-z0-9_]{50,}"),
    ("a token of GitLab", r"\bglpat-[A-Za-z0-9_-]{20,}"),
    ("a token of Slack", r"\bxox[abeoprs]-[A-Za-z0-9-]{10,}"),
    (
        "a web hook of Slack",
        r"\bhooks\.slack\.com/services/T[A-Za-z0-9_/]{20,}",
    ),
    ("a key of Google", r"\bAIza[0-9A-Za-z_-]{35}"),
    ("a key of Stripe", r"\b[rs]k_live_[0-9A-Za-z]{16,}"),
    ("a token of npm", r"\bnpm_[A-Za-z0-9]{36}"),
    ("a token of PyPI", r"\bpypi-AgEI[A-Za-z0-9_-]{50,}"),
    (
        "a key of an AI service",
        r"\bsk-(?:proj-|ant-)?[A-Za-z0-9_-]{32,}",
    ),
    (
        "a key of SendGrid",
        r"\bSG\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}",
    ),
    (
        "a JSON Web Token",
        r"\beyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{10,}",
    ),
    (
        "a URL with a password",
        r"\b[a-z][a-z0-9+.-]*://[A-Za-z0-9._%-]*:[A-Za-z0-9._~!%*+,;=-]{3,}@[A-Za-z0-9\[]",
    ),
];

static PATTERNS: LazyLock<Vec<(&'static str, Regex)>> = LazyLock::new(|| {
    let compiled = KINDS
        .iter()
        .map(|(name, pattern)| Some((*name, Regex::new(&format!("(?-u){pattern}")).ok()?)));
    compiled.flatten().collect()
});

/// What kind of secret stands somewhere in the text, if one does that says so.
pub(super) fn known_secret(text: &str) -> Option<&'static str> {
    let mut patterns = PATTERNS.iter();
    let found = patterns.find(|(_, pattern)| pattern.is_match(text.as_bytes()));
    found.map(|(name, _)| *name)
}

/// Fewer characters may be a name.
const SHORTEST: usize = 24;
/// Bits for each character. Random base64 has more from 24 characters on; names of people's making less.
const ENTROPY: f64 = 4.2;

/// Whether some word of the text looks random, as generated passwords and keys do. What is in
/// `{{ … }}`, certificates and public keys are passed over.
pub(super) fn looks_random(text: &str) -> bool {
    let mut in_public = false;
    for line in text.lines() {
        if line.contains("-----BEGIN ") {
            in_public = true;
        }
        if !in_public && words(line).any(is_random) {
            return true;
        }
        if line.contains("-----END ") {
            in_public = false;
        }
    }
    false
}

/// Words outside of `{{ … }}`.
fn words(line: &str) -> impl Iterator<Item = &str> {
    let ends = |c: char| {
        c.is_whitespace()
            || matches!(
                c,
                '"' | '\'' | '`' | '=' | ':' | ',' | ';' | '<' | '>' | '@'
            )
    };
    line.split("{{")
        .enumerate()
        .map(|(index, part)| match part.split_once("}}") {
            Some((_, after)) if index > 0 => after,
            None if index > 0 => "",
            _ => part,
        })
        .flat_map(move |part| part.split(ends))
}

fn is_random(word: &str) -> bool {
    let legal = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'-' | b'_');
    // SSH keys, certificates and digests are public.
    let public = ["AAAA", "MII", "sha1-", "sha256-", "sha384-", "sha512-"];
    let count = |is: fn(&u8) -> bool| word.bytes().filter(is).count();
    word.len() >= SHORTEST
        && word.bytes().all(legal)
        && !public.iter().any(|prefix| word.starts_with(prefix))
        && !word.starts_with('/')
        && count(u8::is_ascii_digit) > 1
        && count(u8::is_ascii_uppercase) > 1
        && count(u8::is_ascii_lowercase) > 1
        && entropy(word.as_bytes()) >= ENTROPY
}

/// Shannon's, in bits for each byte.
fn entropy(bytes: &[u8]) -> f64 {
    let mut counts: BTreeMap<u8, u32> = BTreeMap::new();
    for byte in bytes {
        *counts.entry(*byte).or_default() += 1;
    }
    let total = f64::from(u32::try_from(bytes.len()).unwrap_or(u32::MAX));
    let shares = counts.values().map(|count| f64::from(*count) / total);
    -shares.map(|share| share * share.log2()).sum::<f64>()
}

/// Whether this is base64 of a text that people can read.
pub(super) fn is_text_in_base64(text: &str) -> bool {
    let Ok(bytes) = go_base64::decode(text).map(Zeroizing::new) else {
        return false;
    };
    let printable = |c: char| !c.is_control() || c.is_whitespace();
    std::str::from_utf8(&bytes).is_ok_and(|text| !text.is_empty() && text.chars().all(printable))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pattern_is_one() {
        assert_eq!(PATTERNS.len(), KINDS.len());
    }

    /// In two parts, so that nobody takes this file for a leak.
    #[test]
    fn secrets_that_say_what_they_are() {
        for (head, tail, kind) in [
            ("AKIA", "IOSFODNN7EXAMPLE", Some("an AWS access key")),
            ("AKIA", "iosfodnn7example", None),
            (
                "x = \"gh",
                &format!("p_{}\"", "a1".repeat(18)),
                Some("a token of GitHub"),
            ),
            ("xo", "xb-123456789012-abc", Some("a token of Slack")),
            (
                "-----BEGIN RSA ",
                "PRIVATE KEY-----\n",
                Some("a private key"),
            ),
            ("-----BEGIN ", "PRIVATE KEY-----", Some("a private key")),
            ("-----BEGIN ", "PUBLIC KEY-----", None),
            (
                "postgres://app:hunter2",
                "@db/app",
                Some("a URL with a password"),
            ),
            ("postgres://app:{{ .password }}", "@db/app", None),
            ("postgres://app:$(PASSWORD)", "@db/app", None),
            ("https://example.com:8443/x", "@2", None),
            (
                "AGE-SECRET-",
                &format!("KEY-1{}", "Q".repeat(58)),
                Some("an age identity"),
            ),
        ] {
            let text = format!("{head}{tail}");
            assert_eq!(known_secret(&text), kind, "{text}");
        }
    }

    #[test]
    fn random_words_are_told_from_names() {
        for (text, random) in [
            ("Zx8vQ2mT7pLk4Rw9Ns3Bd6Yh", true),
            ("password = 'q7Gd/0bVt3mXw9Kz+P5rLh2NcYf8SjTa'", true),
            ("Zx8vQ2mT7pLk4Rw9Ns3B", false),
            (
                "1b4f0e9851971998e732078544c96b36c3d01cedf7caa332359d6f1d83567014",
                false,
            ),
            ("8f14e45f-ceea-467f-9d0b-1d3f5c7a9b2e", false),
            ("/opt/App1/SomeLongPathName2/ThatGoesOn3", false),
            ("OurServiceAccountTokenForTheSecondCluster2", false),
            ("{{ Zx8vQ2mT7pLk4Rw9Ns3Bd6Yh }}", false),
            ("a{{ .b }}Zx8vQ2mT7pLk4Rw9Ns3Bd6Yh", true),
            (
                "-----BEGIN CERTIFICATE-----\nZx8vQ2mT7pLk4Rw9Ns3Bd6Yh\n-----END CERTIFICATE-----",
                false,
            ),
            (
                "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABgQDZx8vQ2mT7pLk4Rw9",
                false,
            ),
            (
                "sha256:2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b",
                false,
            ),
        ] {
            assert_eq!(looks_random(text), random, "{text}");
        }
    }

    #[test]
    fn readable_text_in_base64_is_told() {
        for (text, is_text) in [
            ("aHVudGVyMg==", true),
            ("aHVudGVyMgo=", true),
            ("AgB=", false),
            ("", false),
            ("hunter2!", false),
        ] {
            assert_eq!(is_text_in_base64(text), is_text, "{text}");
        }
    }
}
