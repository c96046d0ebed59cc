//! Names that say of what they name that it is secret.

/// Last words of names whose values are secrets, whatever they look like.
const CERTAIN: [&str; 22] = [
    "password",
    "passwords",
    "passwd",
    "passphrase",
    "passcode",
    "pwd",
    "pass",
    "dbpass",
    "userpass",
    "rootpass",
    "adminpass",
    "token",
    "tokens",
    "apitoken",
    "authtoken",
    "accesstoken",
    "apikey",
    "secretkey",
    "privatekey",
    "accesskey",
    "clientsecret",
    "psk",
];
/// The same of names that may say where a secret is, too: in Kubernetes a secret is an object with a name.
const PERHAPS: [&str; 5] = ["secret", "secrets", "credential", "credentials", "creds"];
/// What makes a secret of a word `key` behind it.
pub(super) const OF_KEY: [&str; 18] = [
    "api",
    "secret",
    "private",
    "access",
    "encryption",
    "encrypt",
    "signing",
    "shared",
    "account",
    "master",
    "auth",
    "session",
    "hmac",
    "webhook",
    "service",
    "license",
    "app",
    "deploy",
];
/// What makes the name of an object of a word `secret` behind it.
const OF_OBJECT: [&str; 4] = ["existing", "pull", "tls", "image"];
/// Last words that say how a value is written, not what it is.
const NOTATIONS: [&str; 9] = [
    "txt",
    "value",
    "base64",
    "b64",
    "raw",
    "plain",
    "plaintext",
    "text",
    "string",
];
/// How sure a name is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Says {
    Secret,
    /// Or where it is.
    Perhaps,
}

/// Whether a name says that its value is secret: by its last word, as `password` of `DB_PASSWORD`, and not of
/// `passwordPolicy`.
pub(super) fn says(name: &str) -> Option<Says> {
    let mut words = words(name);
    while let Some(last) = words.last_mut() {
        last.truncate(last.trim_end_matches(|c: char| c.is_ascii_digit()).len());
        if !last.is_empty() && !NOTATIONS.contains(&last.as_str()) {
            break;
        }
        words.pop();
    }
    let (last, before) = words.split_last()?;
    let before = before.last().map_or("", String::as_str);
    let ends = ["password", "passwd", "passphrase"];
    if CERTAIN.contains(&last.as_str()) || ends.iter().any(|end| last.ends_with(end)) {
        return Some(Says::Secret);
    }
    let is_key = matches!(last.as_str(), "key" | "keys") && OF_KEY.contains(&before);
    let is_secret = PERHAPS.contains(&last.as_str()) && !OF_OBJECT.contains(&before);
    (is_key || is_secret).then_some(Says::Perhaps)
}

/// The words of a name, in small letters: `apiKey`, `API-KEY` and `APIKey` have two.
pub(super) fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let letters: Vec<char> = name.chars().collect();
    for (index, letter) in letters.iter().enumerate() {
        let before = index.checked_sub(1).and_then(|before| letters.get(before));
        let after = letters.get(index + 1);
        let is_small = |letter: Option<&char>| letter.is_some_and(char::is_ascii_lowercase);
        let begins = letter.is_ascii_uppercase()
            && (is_small(before)
                || (before.is_some_and(char::is_ascii_uppercase) && is_small(after)));
        if begins || !letter.is_alphanumeric() {
            words.push(String::new());
        }
        if letter.is_alphanumeric()
            && let Some(word) = words.last_mut()
        {
            word.extend(letter.to_lowercase());
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_say_what_they_are() {
        let certain = "password DB_PASSWORD PGPASSWORD dbPassword spring.datasource.password admin-passwd \
            password.txt PASSWORD_2 pwd PASS db_pass token accessToken slack-token apikey x-api-token passphrase";
        let perhaps = "api_key apiKey APIKey aws_secret_access_key private-key client_secret credentials secret";
        let others = "secretName passwordPolicy tokenTTL token_url passwordFile imagePullSecret existingSecret \
            public_key key passwordKey author bypass tokenizer user _ 2";
        for (names, expected) in [
            (certain, Some(Says::Secret)),
            (perhaps, Some(Says::Perhaps)),
            (others, None),
        ] {
            for name in names.split(' ') {
                assert_eq!(says(name), expected, "{name}");
            }
        }
        assert_eq!(says(""), None);
    }
}
