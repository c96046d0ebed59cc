//! Which of kubeseal's actions the flags ask for (contract §3.1).

use std::path::PathBuf;

use crate::args::{go_bool, truth};

/// Flags that choose an action.
#[derive(clap::Args, Debug, Default)]
pub(crate) struct ModeArgs {
    /// Ask the controller whether it can open SealedSecrets; says nothing if it can.
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL", value_parser = truth, help_heading = "Other actions")]
    pub(crate) validate: Option<bool>,

    /// Have the controller seal values again for its newest key; with -f and without -w in place.
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL", value_parser = truth, help_heading = "Other actions")]
    pub(crate) re_encrypt: Option<bool>,

    /// As --re-encrypt, which it was called before.
    #[arg(long, hide = true, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL", value_parser = truth, help_heading = "Other actions")]
    pub(crate) rotate: Option<bool>,

    #[arg(long, hide = true, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL", value_parser = truth, help_heading = "Other actions")]
    pub(crate) raw: Option<bool>,

    /// For --raw.
    #[arg(
        long,
        hide = true,
        value_name = "[KEY=]FILE",
        help_heading = "Other actions"
    )]
    pub(crate) from_file: Vec<String>,

    #[arg(long, hide = true, value_name = "FILE", help_heading = "Other actions")]
    pub(crate) merge_into: Option<String>,

    /// Open SealedSecrets with private keys from a backup; no cluster is asked.
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL", value_parser = truth, help_heading = "Other actions")]
    pub(crate) recovery_unseal: Option<bool>,

    /// For --recovery-unseal: PEM, or key Secrets as kubectl prints them; commas part files, and the
    /// flag may be repeated.
    #[arg(long, value_name = "FILE", help_heading = "Other actions")]
    pub(crate) recovery_private_key: Vec<String>,
}

/// An action of kubeseal.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// `--recovery-unseal`, with private keys from these files.
    RecoveryUnseal(Vec<String>),
    Validate,
    /// `--re-encrypt`, or `--rotate` as it was called before.
    ReEncrypt,
    FetchCert,
    MergeInto(PathBuf),
    /// `--raw`, of what `--from-file` says, else stdin.
    Raw(Vec<String>),
    Seal,
}

impl ModeArgs {
    /// Fills what was not typed from variables; what cannot be read is passed over, as kubeseal
    /// does.
    pub(crate) fn complete_from(&mut self, variable: impl Fn(&str) -> Option<String>) {
        for (slot, flag) in [
            (&mut self.validate, "validate"),
            (&mut self.re_encrypt, "re-encrypt"),
            (&mut self.rotate, "rotate"),
            (&mut self.raw, "raw"),
            (&mut self.recovery_unseal, "recovery-unseal"),
        ] {
            if slot.is_none() {
                *slot = variable(flag).as_deref().and_then(go_bool);
            }
        }
        if self.merge_into.is_none() {
            self.merge_into = variable("merge-into");
        }
        for (slot, flag) in [
            (&mut self.from_file, "from-file"),
            (&mut self.recovery_private_key, "recovery-private-key"),
        ] {
            // Of lists, kubeseal adds what is typed to what the variable says.
            if let Some(listed) = variable(flag).filter(|value| !value.is_empty()) {
                slot.insert(0, listed);
            }
        }
    }

    /// Of several that were asked for the one that kubeseal would do.
    pub(crate) fn mode(self, fetch_cert: bool) -> Mode {
        let on = Option::unwrap_or_default;
        if on(self.recovery_unseal) {
            Mode::RecoveryUnseal(self.recovery_private_key)
        } else if on(self.validate) {
            Mode::Validate
        } else if on(self.re_encrypt) || on(self.rotate) {
            Mode::ReEncrypt
        } else if fetch_cert {
            Mode::FetchCert
        } else if let Some(file) = self.merge_into.filter(|file| !file.is_empty()) {
            Mode::MergeInto(file.into())
        } else if on(self.raw) {
            Mode::Raw(self.from_file)
        } else {
            Mode::Seal
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::args::Args;

    #[test]
    fn of_several_actions_the_first_in_kubeseals_order_is_done() {
        let keys = vec!["k".to_owned()];
        for (typed, variable, expected) in [
            (
                "--recovery-unseal --recovery-private-key k --validate",
                "",
                Mode::RecoveryUnseal(keys),
            ),
            ("--validate --rotate", "", Mode::Validate),
            ("--rotate --fetch-cert", "", Mode::ReEncrypt),
            ("--re-encrypt=false --fetch-cert --raw", "", Mode::FetchCert),
            ("--raw --merge-into a", "", Mode::MergeInto("a".into())),
            ("--raw --merge-into=", "merge-into", Mode::Raw(Vec::new())),
            ("--raw", "from-file", Mode::Raw(vec!["1".to_owned()])),
            ("", "raw", Mode::Raw(Vec::new())),
            ("--raw=false", "raw", Mode::Seal),
        ] {
            let words = ["seal"].into_iter().chain(typed.split_whitespace());
            let mut args = Args::try_parse_from(words).unwrap();
            args.complete_from(|flag| (flag == variable).then(|| "1".to_owned()));
            let fetch_cert = args.fetch_cert.unwrap_or_default();
            assert_eq!(args.mode.mode(fetch_cert), expected, "{typed} {variable}");
        }
    }
}
