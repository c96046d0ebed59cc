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
    say(format_args!("error: {error}"));
    ExitCode::from(error.exit_code())
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

/// Said only to a person at a terminal.
pub(crate) fn hint(text: &str) {
    say(format_args!("{text}"));
}

/// Nobody can be told that telling failed (`eprintln!` would panic): the work and its exit code
/// stay what they are.
fn say(line: Arguments<'_>) {
    let text = line.to_string();
    let mut stderr = std::io::stderr().lock();
    for line in text.split('\n') {
        let _ = writeln!(stderr, "{}", visible(line));
    }
}

/// Names come from files of others, and must not steer the terminal: control characters, and those
/// that turn the direction of text, are spelled out.
pub(crate) fn visible(text: &str) -> String {
    let steers = |letter: char| {
        let turns = matches!(letter, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        letter.is_control() || turns
    };
    let mut shown = String::with_capacity(text.len());
    for letter in text.chars() {
        if steers(letter) {
            shown.extend(letter.escape_default());
        } else {
            shown.push(letter);
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    #[test]
    fn what_steers_a_terminal_is_spelled_out() {
        for (text, shown) in [
            ("db in prod …", "db in prod …"),
            ("a\u{1b}[2Jb", "a\\u{1b}[2Jb"),
            ("one\ntwo\r", "one\\ntwo\\r"),
            ("\u{202e}x\u{9b}", "\\u{202e}x\\u{9b}"),
        ] {
            assert_eq!(super::visible(text), shown);
        }
    }
}
