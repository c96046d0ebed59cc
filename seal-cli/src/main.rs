//! `seal`: Secrets in, SealedSecrets out. Without a verb it takes kubeseal's flags.

mod access;
mod address;
mod age;
mod args;
mod asked_files;
mod batch;
mod called_as;
mod certificate;
mod cluster;
mod comma_list;
mod command;
mod config;
mod connection;
mod context;
mod contradiction;
mod data_key_change;
mod environment;
mod error;
mod exec_plugin;
mod exit;
mod fresh_bytes;
mod help_value;
mod identity;
mod in_cluster;
mod input;
mod klog;
mod kms_connection;
mod kubeconfig;
mod mode;
mod object_name;
mod oidc;
mod other_words;
mod output;
mod page;
mod proxy;
mod public_keys;
mod readers_error;
mod recipient;
mod report;
mod rules;
mod sealed_edit;
mod sealed_file;
mod sealed_input;
mod sealed_values;
mod title;
mod turn;
mod ui;
mod unfinished;
mod verbs;
mod verified;
mod which;
mod wiped_json;

use std::ffi::OsString;
use std::process::ExitCode;

use called_as::CalledAs;
use mode::Mode;

fn main() -> ExitCode {
    let words: Vec<OsString> = std::env::args_os().collect();
    let called_as = CalledAs::of(&words);
    let words = verbs::without_help(words, called_as);
    let done = match verbs::parse(&words, called_as) {
        Some(typed) => typed.map(verbs::Verb::run),
        None => args::Args::parse(&words, called_as).map(|typed| run(typed, called_as)),
    };
    match done {
        Ok(Ok(())) => ExitCode::SUCCESS,
        Ok(Err(error)) => ui::fail(&error),
        Err(refusal) => ui::usage(&refusal),
    }
}

/// kubeseal's way: the flags decide what is done.
fn run(mut typed: args::Args, called_as: CalledAs) -> Result<(), error::CliError> {
    if !called_as.is_kubeseal() {
        contradiction::check(&typed)?;
    }
    // Scripts that call kubeseal know nothing of what is kept.
    let own = |flag: &str| flag == "cert-cache" && called_as.is_kubeseal();
    typed.complete_from(|flag| environment::variable(flag).filter(|_| !own(flag)));
    let mut context = context::Context::new(typed)?;
    context.called_as = called_as;
    if context.version {
        return command::version::run(called_as);
    }
    match &context.mode {
        Mode::RecoveryUnseal(keys) => command::recovery_unseal::run(&context, keys),
        Mode::Validate => command::validate::flag(&context),
        Mode::ReEncrypt => command::re_encrypt::flag(&context),
        Mode::FetchCert => command::fetch_cert::run(&context),
        Mode::MergeInto(file) => command::merge_into::run(&context, file),
        Mode::Raw(files) => command::raw::run(&context, files),
        Mode::Seal => command::seal::run(&context),
    }
}
