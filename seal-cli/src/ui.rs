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
    let _ = writeln!(std::io::stderr().lock(), "{}", printable(&line.to_string()));
}

/// Without what would steer a terminal or turn the direction of writing: names come from files that
/// anybody may have written, and must not hide for whom something is sealed.
pub(crate) fn printable(text: &str) -> String {
    let steers = |c: char| {
        (c.is_control() && !matches!(c, '\n' | '\t'))
            || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    text.replace(steers, "\u{fffd}")
}

/// The same for a name within a line: it must not begin a line of its own.
pub(crate) fn in_line(name: &str) -> String {
    printable(name).replace(['\n', '\t', '\u{2028}', '\u{2029}'], "\u{fffd}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_steer_the_terminal() {
        for (text, shown) in [
            ("sealed a of\n\tdb", "sealed a of\n\tdb"),
            ("db\u{1b}[1K\rx", "db\u{fffd}[1K\u{fffd}x"),
            ("a\u{202e}b\u{9b}2J", "a\u{fffd}b\u{fffd}2J"),
        ] {
            assert_eq!(printable(text), shown);
        }
        assert_eq!(
            in_line("db\n  post-quantum: yes\tx"),
            "db\u{fffd}  post-quantum: yes\u{fffd}x"
        );
    }
}
