//! What people read. Rules: results go to stdout and nothing else does; everything else goes to
//! stderr, one line each where one will do, in lower case, with a prefix that can be searched for
//! (`error:`, `warning:`; in colour on a terminal, unless `NO_COLOR` is set), without a full stop unless there are several sentences. No value of a
//! Secret is ever printed.

use std::ffi::OsString;
use std::fmt::Arguments;
use std::io::{IsTerminal as _, Write as _};
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
    prefixed("error:", RED, &error.to_string());
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
    prefixed("warning:", YELLOW, text);
}

/// What was done, one line for each thing.
pub(crate) fn say_done(text: &str) {
    say(format_args!("{text}"));
}

/// Said only to a person at a terminal.
pub(crate) fn hint(text: &str) {
    say(format_args!("{text}"));
}

/// Bold, as clap has it for usage errors.
const RED: &str = "\u{1b}[1;31m";
const YELLOW: &str = "\u{1b}[1;33m";
const PLAIN: &str = "\u{1b}[0m";

fn prefixed(prefix: &str, colour: &str, text: &str) {
    let text = printable(text);
    let mut stderr = std::io::stderr().lock();
    let _ = if has_colours(stderr.is_terminal(), |name| std::env::var_os(name)) {
        writeln!(stderr, "{colour}{prefix}{PLAIN} {text}")
    } else {
        writeln!(stderr, "{prefix} {text}")
    };
}

/// <https://no-color.org>: whatever is set and not empty forbids them.
fn has_colours(is_terminal: bool, variable: impl Fn(&str) -> Option<OsString>) -> bool {
    let is_set = |name: &str| variable(name).is_some_and(|value| !value.is_empty());
    is_terminal && !is_set("NO_COLOR") && variable("TERM").is_none_or(|term| term != "dumb")
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
    fn colours_are_for_terminals_that_want_them() {
        for (is_terminal, no_color, term, expected) in [
            (true, None, "xterm", true),
            (true, Some(""), "xterm", true),
            (true, Some("1"), "xterm", false),
            (true, Some("0"), "xterm", false),
            (true, None, "dumb", false),
            (false, None, "xterm", false),
        ] {
            let found = has_colours(is_terminal, |name| match name {
                "NO_COLOR" => no_color.map(OsString::from),
                _ => Some(term.into()),
            });
            assert_eq!(found, expected, "{is_terminal} {no_color:?} {term}");
        }
    }

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
