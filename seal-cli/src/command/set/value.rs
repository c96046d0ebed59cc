//! Where a value comes from. Never from an argument: shells remember them, and other users see them.

use std::io::IsTerminal as _;
use std::path::PathBuf;

use zeroize::Zeroizing;

use crate::error::CliError;
use crate::input;

/// Flags about the value.
#[derive(clap::Args, Debug)]
pub(super) struct ValueArgs {
    /// File with the value, byte for byte [default: stdin; at a terminal it is asked for]
    #[arg(long, value_name = "PATH")]
    from_file: Option<PathBuf>,

    /// Leave out a line break at the value's end
    #[arg(long)]
    trim_newline: bool,
}

impl ValueArgs {
    /// Reads it; `what` tells a person at a terminal what is about to be sealed for whom.
    pub(super) fn read(&self, what: &str) -> Result<Zeroizing<Vec<u8>>, CliError> {
        let (from, mut value) = match &self.from_file {
            Some(path) => (path.display().to_string(), input::bytes(Some(path))),
            None if std::io::stdin().is_terminal() => ("the terminal".to_owned(), typed(what)),
            None => ("stdin".to_owned(), input::bytes(None)),
        };
        if let Ok(value) = &mut value
            && self.trim_newline
        {
            trim(value);
        }
        let value = value.map_err(|reason| CliError::Input {
            from: from.clone(),
            reason,
        })?;
        // A command before the pipe that failed must not empty a Secret.
        if value.is_empty() && self.from_file.is_none() {
            return Err(CliError::EmptyValue(from));
        }
        Ok(value)
    }
}

fn typed(what: &str) -> std::io::Result<Zeroizing<Vec<u8>>> {
    let prompt = format!("sealing {what}\nvalue (not shown): ");
    let line = rpassword::prompt_password(prompt)?;
    Ok(Zeroizing::new(line.into_bytes()))
}

/// One line break.
fn trim(value: &mut Vec<u8>) {
    if value.last() == Some(&b'\n') {
        value.pop();
        if value.last() == Some(&b'\r') {
            value.pop();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_break_is_trimmed_if_asked_for() {
        for (text, trimmed) in [
            ("a\n", "a"),
            ("a\r\n", "a"),
            ("a\n\n", "a\n"),
            ("a\r", "a\r"),
            ("\n", ""),
            ("", ""),
        ] {
            let mut value = text.as_bytes().to_vec();
            trim(&mut value);
            assert_eq!(value, trimmed.as_bytes(), "{text:?}");
        }
    }
}
