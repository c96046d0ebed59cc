//! Text that is written bit by bit, and may be secret: what it outgrows is wiped.

use std::io;
use zeroize::Zeroizing;

/// Room at the beginning, in bytes.
const ROOM: usize = 1024;

/// A text that grows without leaving copies of itself behind, as a `String` does.
pub(crate) struct WipedText(Zeroizing<String>);

impl WipedText {
    pub(crate) fn new() -> Self {
        Self(Zeroizing::new(String::with_capacity(ROOM)))
    }

    pub(crate) fn push_str(&mut self, text: &str) {
        let needed = self.0.len() + text.len();
        if needed > self.0.capacity() {
            let mut larger = String::with_capacity(needed.max(2 * self.0.capacity()));
            larger.push_str(&self.0);
            self.0 = Zeroizing::new(larger);
        }
        self.0.push_str(text);
    }

    pub(crate) fn push(&mut self, c: char) {
        self.push_str(c.encode_utf8(&mut [0; 4]));
    }

    /// The text; whoever takes it wipes it.
    pub(crate) fn into_text(mut self) -> String {
        std::mem::take(&mut *self.0)
    }
}

/// Takes whole characters only, as JSON is written.
impl io::Write for WipedText {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.push_str(std::str::from_utf8(bytes).map_err(io::Error::other)?);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use io::Write as _;

    #[test]
    fn grows_and_keeps_what_was_written() {
        let mut text = WipedText::new();
        let mut expected = String::new();
        for number in 0..ROOM {
            text.push_str(&number.to_string());
            text.push('é');
            text.write_all(b"\n").unwrap();
            expected.push_str(&number.to_string());
            expected.push_str("é\n");
        }
        assert!(text.write_all(b"\xff").is_err());
        assert!(text.0.capacity() < 3 * expected.len());
        assert_eq!(text.into_text(), expected);
    }
}
