//! Flags that cannot be meant together. kubeseal takes the one and forgets the other; under our own
//! name the pair is an error. What variables say counts for nothing here: a profile may set them for all.

use std::path::Path;

use crate::args::{Args, ClusterArgs};
use crate::certificate::{CacheArgs, CacheTime};
use crate::environment;
use crate::output::Format;
use crate::recipient::RecipientArgs;

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
    /// Whoever is named by hand is not asked for.
    #[error(
        "{flag} says nothing beside --cert, as {whom} is not asked for a certificate then; leave one of them out"
    )]
    Cert {
        flag: &'static str,
        whom: &'static str,
    },
    /// An API server takes one.
    #[error("--token and --username are two ways to log in; give one of them")]
    Login,
}

/// What the action does not look at, besides other actions. Who to ask may stand in an alias.
const UNUSED: [(&str, &[&str]); 6] = [
    (
        "--recovery-unseal",
        &["--cert", "--name", "--scope", "--allow-empty-data"],
    ),
    (
        "--validate",
        &[
            "--cert",
            "--name",
            "--scope",
            "--allow-empty-data",
            "--format",
            "--sealed-secret-file",
        ],
    ),
    (
        "--re-encrypt",
        &["--cert", "--name", "--scope", "--allow-empty-data"],
    ),
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
    let name = file.and_then(|file| Format::of_name(Path::new(file)));
    if json && name == Some(Format::Yaml) {
        return Err(Contradiction::Format);
    }
    Ok(())
}

/// What a verb was told about asking a cluster, beside a certificate that was named by hand. The namespace may
/// come from the kubeconfig, so what chooses in that is no contradiction.
///
/// # Errors
/// [`Contradiction::Login`], [`Contradiction::Cert`].
pub(crate) fn asking(
    cert: Option<&str>,
    recipients: &RecipientArgs,
    cluster: &ClusterArgs,
    cache: &CacheArgs,
) -> Result<(), Contradiction> {
    let connecting = cluster.connection.only_for_connecting();
    if ["--token", "--username"].map(|flag| connecting.contains(&flag)) == [true; 2] {
        return Err(Contradiction::Login);
    }
    let Some(cert) = cert.filter(|cert| !cert.is_empty() && !recipients.may_be_clusters()) else {
        return Ok(());
    };
    let says = |flag: &Option<String>| flag.as_deref().is_some_and(|text| !text.is_empty());
    let kept = matches!(cache.cert_cache, Some(CacheTime(Some(_))));
    let of_controller = given(&[
        ("--controller-name", says(&cluster.controller_name)),
        (
            "--controller-namespace",
            says(&cluster.controller_namespace),
        ),
        ("--cert-cache", kept),
    ]);
    if let Some(flag) = of_controller.first() {
        let whom = "the controller";
        return Err(Contradiction::Cert { flag, whom });
    }
    match connecting
        .first()
        .filter(|_| !cert.starts_with("configmap:"))
    {
        Some(flag) => {
            let whom = "the cluster";
            Err(Contradiction::Cert { flag, whom })
        }
        None => Ok(()),
    }
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
        ("--cert", says(&typed.cert)),
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
    fn what_is_asked_for_nobody() {
        for (typed, expected) in [
            ("", ""),
            ("--cert a --kubeconfig b --context c --server d", ""),
            ("--cert= --cert-cache --token a", ""),
            ("--cert a --cert-cache=0", ""),
            ("--cert a -r cluster --controller-name b --token c", ""),
            ("--cert a -R b --controller-name b", ""),
            ("--cert configmap:a/b --token c --as d", ""),
            ("--cert a --cert-cache", "--cert-cache"),
            ("--cert configmap:a/b --cert-cache=8h", "--cert-cache"),
            ("--cert a -r age1 --controller-name q", "--controller-name"),
            (
                "--cert a --controller-namespace q",
                "--controller-namespace",
            ),
            ("--cert a --token b", "--token"),
            ("--cert a --as b", "--as"),
            ("--token a --username b --password c", "login"),
            ("--cert a --token b --username c", "login"),
        ] {
            let words = ["seal"].into_iter().chain(typed.split_whitespace());
            let args = Args::try_parse_from(words).unwrap();
            let cert = args.cert.as_deref();
            let found = asking(cert, &args.recipients, &args.cluster, &args.cache);
            let found = match found {
                Ok(()) => "",
                Err(Contradiction::Cert { flag, .. }) => flag,
                Err(_) => "login",
            };
            assert_eq!(found, expected, "{typed}");
        }
    }

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
            (
                "-o json -w a.YAML",
                "--format json and --sealed-secret-file",
            ),
            ("--validate --cert a", "--cert says nothing to --validate"),
            ("--validate --cert=", ""),
            (
                "--recovery-unseal --cert a",
                "--cert says nothing to --recovery-unseal",
            ),
            ("--rotate --cert a", "--cert says nothing to --re-encrypt"),
        ] {
            let words = ["seal"].into_iter().chain(typed.split_whitespace());
            let args = Args::try_parse_from(words).unwrap();
            let found = check(&args).map_or_else(|pair| pair.to_string(), |()| String::new());
            assert!(found.starts_with(expected), "{typed}: {found}");
            assert_eq!(found.is_empty(), expected.is_empty(), "{typed}: {found}");
        }
    }
}
