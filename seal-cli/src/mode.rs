//! Which of kubeseal's actions the flags ask for (contract §3.1).

use std::path::PathBuf;

use crate::args::{go_bool, truth};
use crate::comma_list;
use crate::command::raw::RawError;

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

    /// Seal one value, byte for byte, and print it bare, to be pasted into a SealedSecret of this
    /// --scope, --namespace and --name.
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL", value_parser = truth, help_heading = "Other actions")]
    pub(crate) raw: Option<bool>,

    /// For --raw: file with the value [default: stdin]
    #[arg(long, value_name = "[KEY=]FILE", help_heading = "Other actions")]
    pub(crate) from_file: Vec<String>,

    /// Seal the items of the Secret into a file with a SealedSecret, for its name, namespace and
    /// scope; its other items and comments stay.
    #[arg(long, value_name = "FILE", help_heading = "Other actions")]
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
    ///
    /// # Errors
    /// [`RawError::WithoutRaw`], [`RawError::List`].
    pub(crate) fn mode(self, fetch_cert: bool) -> Result<Mode, RawError> {
        let on = Option::unwrap_or_default;
        let from_file = comma_list::split(&self.from_file).ok_or(RawError::List)?;
        if !from_file.is_empty() && !on(self.raw) {
            return Err(RawError::WithoutRaw);
        }
        Ok(if on(self.recovery_unseal) {
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
            Mode::Raw(from_file)
        } else {
            Mode::Seal
        })
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
            (
                "--raw --from-file 2,k=3",
                "from-file",
                Mode::Raw(vec!["1".to_owned(), "2".to_owned(), "k=3".to_owned()]),
            ),
            ("--from-file=", "", Mode::Seal),
            ("", "raw", Mode::Raw(Vec::new())),
            ("--raw=false", "raw", Mode::Seal),
        ] {
            let words = ["seal"].into_iter().chain(typed.split_whitespace());
            let mut args = Args::try_parse_from(words).unwrap();
            args.complete_from(|flag| (flag == variable).then(|| "1".to_owned()));
            let fetch_cert = args.fetch_cert.unwrap_or_default();
            let mode = args.mode.mode(fetch_cert).unwrap();
            assert_eq!(mode, expected, "{typed} {variable}");
        }
    }
    #[test]
    fn a_file_is_only_for_raw() {
        for typed in ["--from-file a", "--from-file a --merge-into b --raw=false"] {
            let words = ["seal"].into_iter().chain(typed.split_whitespace());
            let args = Args::try_parse_from(words).unwrap();
            let error = args.mode.mode(false).unwrap_err();
            assert_eq!(error.to_string(), "--from-file requires --raw", "{typed}");
        }
    }
}
