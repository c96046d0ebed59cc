//! What people read. Rules: results go to stdout and nothing else does; everything else goes to
//! stderr, one line each where one will do, in lower case, with a prefix that can be searched for
//! (`error:`, `warning:`), without a full stop unless there are several sentences. No value of a
//! Secret is ever printed.

use std::fmt::Arguments;
use std::io::Write as _;
use std::process::ExitCode;

use crate::error::CliError;
use crate::exit;

/// An error ends the program.
pub(crate) fn fail(error: &CliError) -> ExitCode {
    self::error(error);
    ExitCode::from(error.exit_code())
}

/// An error that does not end the program: other files are worked on.
pub(crate) fn error(error: &CliError) {
    say(format_args!("error: {error}"));
}

/// Help goes to stdout and is a success; a usage error goes to stderr and is not.
pub(crate) fn usage(refusal: &clap::Error) -> ExitCode {
    let asked_for = !refusal.use_stderr();
    // A closed pipe behind --help is nobody's error.
    let _ = refusal.print();
    if asked_for {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(exit::USAGE)
    }
}

/// Something to know; the work goes on.
pub(crate) fn warn(text: &str) {
    say(format_args!("warning: {text}"));
}

/// What was done, one line for each thing.
pub(crate) fn say_done(text: &str) {
    say(format_args!("{text}"));
}

/// Said only to a person at a terminal.
pub(crate) fn hint(text: &str) {
    say(format_args!("{text}"));
}

/// Nobody can be told that telling failed (`eprintln!` would panic): the work and its exit code
/// stay what they are.
fn say(line: Arguments<'_>) {
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}
