//! Flags that cannot be meant together. kubeseal takes the one and forgets the other; under our own
//! name the pair is an error. What variables say counts for nothing here: a profile may set them for all.

use crate::args::Args;
use crate::environment;

/// Two things that were typed.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Contradiction {
    /// Two actions.
    #[error("{0} and {1} are two actions; give one of them")]
    Actions(&'static str, &'static str),
    /// A flag that the action does not look at.
    #[error("{flag} says nothing to {action}; leave one of them out")]
    Unused {
        action: &'static str,
        flag: &'static str,
    },
    /// A flag of an action that was not asked for.
    #[error("{flag} is for {action} alone, which was not given")]
    Alone {
        action: &'static str,
        flag: &'static str,
    },
    /// The name of the file says YAML.
    #[error(
        "--format json and --sealed-secret-file with a name that ends in .yaml or .yml contradict each other; change one of them"
    )]
    Format,
}

/// What the action does not look at, besides other actions. Who to ask and whom to seal for may stand in an alias.
const UNUSED: [(&str, &[&str]); 6] = [
    (
        "--recovery-unseal",
        &["--name", "--scope", "--allow-empty-data"],
    ),
    (
        "--validate",
        &[
            "--name",
            "--scope",
            "--allow-empty-data",
            "--format",
            "--sealed-secret-file",
        ],
    ),
    ("--re-encrypt", &["--name", "--scope", "--allow-empty-data"]),
    (
        "--fetch-cert",
        &[
            "--secret-file",
            "--name",
            "--scope",
            "--allow-empty-data",
            "--format",
        ],
    ),
    // --merge-into has an error of its own for --sealed-secret-file.
    ("--merge-into", &[]),
    (
        "--raw",
        &["--secret-file", "--allow-empty-data", "--format"],
    ),
];

/// Names the first pair of what was typed that cannot be meant.
///
/// # Errors
/// That pair.
pub(crate) fn check(typed: &Args) -> Result<(), Contradiction> {
    let actions = actions(typed);
    if let [one, other, ..] = actions.as_slice() {
        return Err(Contradiction::Actions(one, other));
    }
    let recovers = actions.contains(&"--recovery-unseal")
        // As kubeseal's actions, this one can be asked for by its variable.
        || environment::variable("recovery-unseal").is_some();
    if !typed.mode.recovery_private_key.is_empty() && !recovers {
        return Err(Contradiction::Alone {
            action: "--recovery-unseal",
            flag: "--recovery-private-key",
        });
    }
    let flags = flags(typed);
    let unused = UNUSED.iter().find(|(action, _)| actions.contains(action));
    if let Some((action, unused)) = unused
        && let Some(flag) = unused.iter().find(|flag| flags.contains(flag))
    {
        return Err(Contradiction::Unused { action, flag });
    }
    format(typed.format.as_deref(), typed.sealed_secret_file.as_deref())
}

/// JSON in a file whose name says YAML.
///
/// # Errors
/// [`Contradiction::Format`].
pub(crate) fn format(format: Option<&str>, file: Option<&str>) -> Result<(), Contradiction> {
    let json = format.is_some_and(|format| format.eq_ignore_ascii_case("json"));
    let extension = file
        .map(std::path::Path::new)
        .and_then(std::path::Path::extension);
    let yaml = extension.is_some_and(|extension| extension == "yaml" || extension == "yml");
    if json && yaml {
        return Err(Contradiction::Format);
    }
    Ok(())
}

/// Those that were typed, in kubeseal's order.
fn actions(typed: &Args) -> Vec<&'static str> {
    let on = |flag: Option<bool>| flag == Some(true);
    let mode = &typed.mode;
    let merge_into = mode.merge_into.as_ref();
    let asked = [
        ("--recovery-unseal", on(mode.recovery_unseal)),
        ("--validate", on(mode.validate)),
        ("--re-encrypt", on(mode.re_encrypt) || on(mode.rotate)),
        ("--fetch-cert", on(typed.fetch_cert)),
        (
            "--merge-into",
            merge_into.is_some_and(|file| !file.is_empty()),
        ),
        ("--raw", on(mode.raw)),
    ];
    given(&asked)
}

/// Flags that were typed and say something.
fn flags(typed: &Args) -> Vec<&'static str> {
    let says = |flag: &Option<String>| flag.as_deref().is_some_and(|text| !text.is_empty());
    given(&[
        ("--secret-file", says(&typed.secret_file)),
        ("--sealed-secret-file", says(&typed.sealed_secret_file)),
        ("--format", says(&typed.format)),
        ("--name", says(&typed.name)),
        ("--scope", says(&typed.scope)),
        ("--allow-empty-data", typed.allow_empty_data == Some(true)),
    ])
}

fn given(asked: &[(&'static str, bool)]) -> Vec<&'static str> {
    let given = asked.iter().filter(|(_, given)| *given);
    given.map(|(flag, _)| *flag).collect()
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;

    #[test]
    fn pairs() {
        for (typed, expected) in [
            ("", ""),
            ("--raw --from-file a --name b --scope strict -w c", ""),
            ("--validate=false --raw", ""),
            ("--rotate --re-encrypt -f a -w b.yaml -o yaml", ""),
            ("--fetch-cert --cert a -w b", ""),
            ("--merge-into= --raw", ""),
            ("--raw --scope=", ""),
            ("-o json -w a.json", ""),
            ("-o yaml -w a.json", ""),
            ("--raw --merge-into a", "--merge-into and --raw"),
            ("--validate --re-encrypt", "--validate and --re-encrypt"),
            ("--rotate --fetch-cert", "--re-encrypt and --fetch-cert"),
            ("--raw -f a", "--secret-file says nothing to --raw"),
            (
                "--validate -w a",
                "--sealed-secret-file says nothing to --validate",
            ),
            (
                "--fetch-cert -f a",
                "--secret-file says nothing to --fetch-cert",
            ),
            (
                "--recovery-unseal --name a",
                "--name says nothing to --recovery-unseal",
            ),
            (
                "--recovery-private-key a",
                "--recovery-private-key is for --recovery-unseal",
            ),
            ("-o JSON -w a.yml", "--format json and --sealed-secret-file"),
        ] {
            let words = ["seal"].into_iter().chain(typed.split_whitespace());
            let args = Args::try_parse_from(words).unwrap();
            let found = check(&args).map_or_else(|pair| pair.to_string(), |()| String::new());
            assert!(found.starts_with(expected), "{typed}: {found}");
            assert_eq!(found.is_empty(), expected.is_empty(), "{typed}: {found}");
        }
    }
}
