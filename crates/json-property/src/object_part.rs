//! One component of a path, as it is read where the text has an object.

use std::borrow::Cow;

use super::modifier;

/// A component, and what follows it.
#[derive(Default)]
pub(crate) struct ObjectPart<'p> {
    /// The key, or a pattern of keys.
    pub(crate) part: Cow<'p, [u8]>,
    /// `part` has wildcards.
    pub(crate) wild: bool,
    pub(crate) next: Next<'p>,
}

/// What follows a component.
#[derive(Clone, Copy, Default)]
pub(crate) enum Next<'p> {
    /// Nothing.
    #[default]
    End,
    /// After a dot: within each value.
    Within(&'p [u8]),
    /// After a pipe: in what was found, as a text of its own.
    Pipe(&'p [u8]),
}

impl<'p> ObjectPart<'p> {
    pub(crate) fn parse(path: &'p [u8]) -> Self {
        let mut parsed = Self::default();
        // Unescaped from the first backslash on; until then the part is the path's own bytes.
        let mut unescaped: Option<Vec<u8>> = None;
        let mut at = 0;
        while let Some(byte) = path.get(at) {
            match byte {
                b'|' | b'.' => {
                    let rest = path.get(at + 1..).unwrap_or_default();
                    parsed.next = if *byte == b'|' {
                        Next::Pipe(rest)
                    } else {
                        Next::after_dot(rest)
                    };
                    break;
                }
                b'*' | b'?' => parsed.wild = true,
                b'\\' => {
                    let part = unescaped
                        .get_or_insert_with(|| path.get(..at).unwrap_or_default().to_vec());
                    part.extend(path.get(at + 1));
                    at += 2;
                    continue;
                }
                _ => {}
            }
            if let Some(part) = &mut unescaped {
                part.push(*byte);
            }
            at += 1;
        }
        let plain = || Cow::Borrowed(path.get(..at).unwrap_or(path));
        parsed.part = unescaped.map_or_else(plain, Cow::Owned);
        parsed
    }
}

impl<'p> Next<'p> {
    /// A dot before a modifier or a selection is a pipe.
    pub(crate) fn after_dot(rest: &'p [u8]) -> Self {
        let pipes = match rest {
            [b'[' | b'{', ..] => true,
            [b'@', name @ ..] => {
                let length = name
                    .iter()
                    .position(|byte| matches!(byte, b'.' | b'|' | b':'));
                modifier::exists(name.get(..length.unwrap_or(name.len())).unwrap_or_default())
            }
            _ => false,
        };
        if pipes {
            Self::Pipe(rest)
        } else {
            Self::Within(rest)
        }
    }
}
