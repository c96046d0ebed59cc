//! `seal`: Secrets in, SealedSecrets out. Without a verb it takes kubeseal's flags.

mod address;
mod age;
mod args;
mod batch;
mod certificate;
mod cluster;
mod comma_list;
mod command;
mod config;
mod context;
mod data_key_change;
mod environment;
mod error;
mod exit;
mod fresh_bytes;
mod identity;
mod input;
mod kms_connection;
mod kubeconfig;
mod later;
mod mode;
mod output;
mod public_keys;
mod readers_error;
mod recipient;
mod report;
mod rules;
mod sealed_edit;
mod sealed_file;
mod sealed_values;
mod title;
mod turn;
mod ui;
mod verbs;
mod verified;
mod which;

use std::ffi::OsString;
use std::process::ExitCode;

use mode::Mode;

fn main() -> ExitCode {
    let words: Vec<OsString> = std::env::args_os().collect();
    let done = match verbs::parse(&words) {
        Some(typed) => typed.map(verbs::Verb::run),
        None => args::Args::parse(&words).map(run),
    };
    match done {
        Ok(Ok(())) => ExitCode::SUCCESS,
        Ok(Err(error)) => ui::fail(&error),
        Err(refusal) => ui::usage(&refusal),
    }
}

/// kubeseal's way: the flags decide what is done.
fn run(mut typed: args::Args) -> Result<(), error::CliError> {
    typed.refuse_what_is_not_there_yet(environment::variable)?;
    typed.complete_from(environment::variable);
    let context = context::Context::new(typed)?;
    if context.version {
        return command::version::run();
    }
    match &context.mode {
        Mode::RecoveryUnseal(keys) => command::recovery_unseal::run(&context, keys),
        Mode::Validate => command::validate::run(&context),
        Mode::ReEncrypt => command::re_encrypt::run(&context),
        Mode::FetchCert => command::fetch_cert::run(&context),
        Mode::MergeInto(file) => command::merge_into::run(&context, file),
        Mode::Raw(files) => command::raw::run(&context, files),
        Mode::Seal => command::seal::run(&context),
    }
}
