//! Words of other programs that people type here, with what does the same.

use clap::builder::StyledStr;
use clap::error::{ContextKind, ContextValue, ErrorKind};

/// Verbs: kubeseal's actions without their dashes, and those of SOPS, age and the like.
const VERBS: [(&str, &str); 25] = [
    ("validate", "seal verify"),
    ("re-encrypt", "seal rotate"),
    ("reencrypt", "seal rotate"),
    ("unseal", "seal open"),
    ("recovery-unseal", "seal recover"),
    ("merge-into", "seal merge"),
    ("fetch-cert", "seal cert fetch"),
    ("from-file", "seal raw --from-file"),
    ("encrypt", "seal seal"),
    ("create", "seal seal"),
    ("decrypt", "seal open"),
    ("cat", "seal open"),
    ("view", "seal open"),
    ("get", "seal open --key"),
    ("edit", "seal set"),
    ("add", "seal set"),
    ("rm", "seal unset"),
    ("remove", "seal unset"),
    ("delete", "seal unset"),
    ("updatekeys", "seal recipients sync"),
    ("rewrap", "seal recipients sync"),
    ("groups", "seal recipients list"),
    ("lint", "seal check"),
    ("status", "seal inspect"),
    ("version", "seal --version"),
];

/// Flags of SOPS and age.
const FLAGS: [(&str, &str); 6] = [
    ("-e", "seal seal"),
    ("--encrypt", "seal seal"),
    ("-d", "seal open"),
    ("--decrypt", "seal open"),
    ("-i", "seal set"),
    ("--in-place", "seal set"),
];

/// The refusal with what was probably meant.
pub(crate) fn explained(mut refusal: clap::Error) -> clap::Error {
    let (kind, known) = match refusal.kind() {
        ErrorKind::InvalidSubcommand => (ContextKind::InvalidSubcommand, &VERBS[..]),
        ErrorKind::UnknownArgument => (ContextKind::InvalidArg, &FLAGS[..]),
        _ => return refusal,
    };
    let Some(ContextValue::String(word)) = refusal.get(kind) else {
        return refusal;
    };
    let found = known.iter().find(|(theirs, _)| theirs == word);
    let tip = match found {
        Some((_, ours)) => format!("did you mean '{ours}'?"),
        None if is_file(word) => {
            "flags name files: 'seal -f FILE' seals one, 'seal open FILE' and 'seal check FILE' look into one".to_owned()
        }
        None => return refusal,
    };
    // What is spelled alike means something else.
    refusal.remove(ContextKind::SuggestedSubcommand);
    refusal.remove(ContextKind::SuggestedArg);
    let tip = ContextValue::StyledStrs(vec![StyledStr::from(tip)]);
    refusal.insert(ContextKind::Suggested, tip);
    refusal
}

fn is_file(word: &str) -> bool {
    let extension = std::path::Path::new(word).extension();
    extension.is_some_and(|it| ["yaml", "yml", "json"].iter().any(|known| it == *known))
}
