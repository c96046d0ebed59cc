//! Questions to the person at the terminal: passphrases, and what plug-ins want to know.

use std::fs::{File, OpenOptions};
use std::io::{BufRead as _, BufReader, Write as _};
use std::sync::Arc;

use age::secrecy::SecretString;

use crate::ui;

/// No message of a plug-in is longer, in characters.
const LONGEST: usize = 1000;

/// Someone who can be asked. `None` is no answer: nobody is there, or they would rather not.
pub(crate) trait Ask: Send + Sync {
    /// A secret, typed without an echo.
    fn passphrase(&self, prompt: &str) -> Option<SecretString>;
    /// Something that may be seen.
    fn text(&self, prompt: &str) -> Option<String>;
    /// One of two, or just a confirmation.
    fn choice(&self, question: &str, yes: &str, no: Option<&str>) -> Option<bool>;
    /// Something to know or to do now, such as touching a device.
    fn tell(&self, message: &str);
}

/// The terminal itself, whatever stdin and stdout are.
pub(crate) struct Terminal;

impl Ask for Terminal {
    fn passphrase(&self, prompt: &str) -> Option<SecretString> {
        let answer = rpassword::prompt_password(format!("{prompt}: ")).ok()?;
        (!answer.is_empty()).then(|| SecretString::from(answer))
    }

    fn text(&self, prompt: &str) -> Option<String> {
        answer(&format!("{prompt}: "))
    }

    fn choice(&self, question: &str, yes: &str, no: Option<&str>) -> Option<bool> {
        let no = no.unwrap_or("cancel");
        let answer = answer(&format!("{question}\n  y  {yes}\n  n  {no}\n[y/n]: "))?;
        Some(matches!(answer.as_str(), "y" | "Y"))
    }

    fn tell(&self, message: &str) {
        ui::hint(message);
    }
}

fn answer(prompt: &str) -> Option<String> {
    let (input, output) = if cfg!(windows) {
        ("CONIN$", "CONOUT$")
    } else {
        ("/dev/tty", "/dev/tty")
    };
    let mut output = OpenOptions::new().write(true).open(output).ok()?;
    output.write_all(prompt.as_bytes()).ok()?;
    output.flush().ok()?;
    let mut line = String::new();
    let length = BufReader::new(File::open(input).ok()?)
        .read_line(&mut line)
        .ok()?;
    (length > 0).then(|| line.trim_end_matches(['\r', '\n']).to_owned())
}

/// What the crate `age` hands to a plug-in: the plug-in's words are marked as such and cannot
/// steer the terminal.
#[derive(Clone)]
pub(super) struct OfPlugin {
    pub(super) plugin: String,
    pub(super) ask: Arc<dyn Ask>,
}

impl OfPlugin {
    fn said(&self, text: &str) -> String {
        format!("age-plugin-{}: {}", self.plugin, printable(text))
    }
}

impl age::Callbacks for OfPlugin {
    fn display_message(&self, message: &str) {
        self.ask.tell(&self.said(message));
    }

    fn confirm(&self, message: &str, yes: &str, no: Option<&str>) -> Option<bool> {
        let no = no.map(printable);
        self.ask
            .choice(&self.said(message), &printable(yes), no.as_deref())
    }

    fn request_public_string(&self, description: &str) -> Option<String> {
        self.ask.text(&self.said(description))
    }

    fn request_passphrase(&self, description: &str) -> Option<SecretString> {
        self.ask.passphrase(&self.said(description))
    }
}

/// Without control characters, and not endless. The library marks what it quotes for right-to-left
/// scripts, which terminals show as boxes.
pub(super) fn printable(text: &str) -> String {
    text.trim_end()
        .chars()
        .filter(|c| !matches!(c, '\u{2068}' | '\u{2069}'))
        .take(LONGEST)
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plugin_cannot_steer_the_terminal() {
        assert_eq!(printable("touch\x1b[2J\u{9b}1m it\r\n"), "touch [2J 1m it");
        assert_eq!(
            printable("for \u{2068}age-plugin-x\u{2069}"),
            "for age-plugin-x"
        );
        assert_eq!(printable(&"a".repeat(5000)).len(), LONGEST);
    }
}
