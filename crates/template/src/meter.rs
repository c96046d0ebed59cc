//! What a render may still spend: steps of work and bytes of values.

use zeroize::Zeroizing;

use crate::error::Fault;
use crate::limits::Limits;
use crate::value::{Text, Value};

/// Bytes that one step of work may touch.
const BYTES_PER_STEP: usize = 256;

/// The budget of one render.
#[derive(Debug)]
pub(crate) struct Meter {
    steps: u64,
    bytes: usize,
}

impl Meter {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self {
            steps: limits.steps,
            bytes: limits.value_bytes,
        }
    }

    /// Spends `count` steps.
    pub(crate) fn steps(&mut self, count: usize) -> Result<(), Fault> {
        let count = u64::try_from(count).unwrap_or(u64::MAX);
        self.steps = self.steps.checked_sub(count).ok_or(Fault::TooManySteps)?;
        Ok(())
    }

    /// Spends the steps for reading `bytes`.
    pub(crate) fn reading(&mut self, bytes: usize) -> Result<(), Fault> {
        self.steps(bytes / BYTES_PER_STEP)
    }

    /// Spends `count` bytes of values, before they are allocated.
    pub(crate) fn bytes(&mut self, count: usize) -> Result<(), Fault> {
        self.bytes = self.bytes.checked_sub(count).ok_or(Fault::TooLarge)?;
        self.steps(count / BYTES_PER_STEP)
    }

    /// A buffer that may grow to what is left.
    pub(crate) fn buffer(&self) -> Buffer {
        Buffer::new(self.bytes)
    }

    /// Makes a value of a finished buffer and spends its bytes.
    pub(crate) fn text(&mut self, buffer: Buffer) -> Result<Value, Fault> {
        self.bytes(buffer.content.len())?;
        Ok(Value::Str(Text::new(buffer.content)))
    }

    /// Makes a value of text and spends its bytes.
    pub(crate) fn copy(&mut self, text: impl AsRef<[u8]>) -> Result<Value, Fault> {
        let text = text.as_ref();
        self.bytes(text.len())?;
        Ok(Value::Str(Text::from(text)))
    }

    /// Makes a value of owned text, which is wiped when the value is dropped.
    pub(crate) fn own(&mut self, text: impl Into<Vec<u8>>) -> Result<Value, Fault> {
        let text = Zeroizing::new(text.into());
        self.bytes(text.len())?;
        Ok(Value::Str(Text::new(text)))
    }
}

/// Bytes that are wiped when dropped or moved to a larger place, and that never exceed a limit.
pub(crate) struct Buffer {
    content: Zeroizing<Vec<u8>>,
    limit: usize,
}

impl Buffer {
    pub(crate) fn new(limit: usize) -> Self {
        Self {
            content: Zeroizing::new(Vec::new()),
            limit,
        }
    }

    pub(crate) fn push(&mut self, bytes: impl AsRef<[u8]>) -> Result<(), Fault> {
        let bytes = bytes.as_ref();
        let needed = self.content.len().saturating_add(bytes.len());
        if needed > self.limit {
            return Err(Fault::TooLarge);
        }
        if needed > self.content.capacity() {
            // A growing Vec would leave its old bytes behind, unwiped.
            let mut larger = Zeroizing::new(Vec::with_capacity(
                needed.max(2 * self.content.capacity()).max(64),
            ));
            larger.extend_from_slice(&self.content);
            self.content = larger;
        }
        self.content.extend_from_slice(bytes);
        Ok(())
    }

    pub(crate) fn push_char(&mut self, letter: char) -> Result<(), Fault> {
        self.push(letter.encode_utf8(&mut [0; 4]))
    }

    /// Pushes `bytes` `count` times; refused before anything is allocated when that is too much.
    pub(crate) fn repeat(&mut self, bytes: &[u8], count: usize) -> Result<(), Fault> {
        let total = bytes.len().checked_mul(count).ok_or(Fault::TooLarge)?;
        if self.content.len().saturating_add(total) > self.limit {
            return Err(Fault::TooLarge);
        }
        for _ in 0..if bytes.is_empty() { 0 } else { count } {
            self.push(bytes)?;
        }
        Ok(())
    }

    pub(crate) fn len(&self) -> usize {
        self.content.len()
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.content
    }

    pub(crate) fn into_bytes(self) -> Zeroizing<Vec<u8>> {
        self.content
    }
}
