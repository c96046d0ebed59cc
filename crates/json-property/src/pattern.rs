//! Keys by pattern: `*` for any characters, `?` for one.

use super::meter::{Exceeded, Meter};

/// One element of a pattern.
#[derive(Clone, Copy, PartialEq)]
enum Element {
    /// Any number of characters.
    Any,
    /// One character.
    One,
    This(char),
    /// A backslash at the end: nothing.
    Never,
}

/// Whether the whole text matches. Costs at most the product of the lengths.
pub(crate) fn matches(text: &[u8], pattern: &[u8], meter: &Meter) -> Result<bool, Exceeded> {
    let text: Vec<char> = characters(text).collect();
    let pattern = elements(pattern);
    // Backtracks to the last star only: what an earlier one took does not matter.
    let (mut at, mut of) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    loop {
        meter.charge(1)?;
        let here = text.get(at);
        match (pattern.get(of), here) {
            (Some(Element::Any), _) => {
                star = Some((at, of));
                of += 1;
                continue;
            }
            (Some(Element::One), Some(_)) => {
                (at, of) = (at + 1, of + 1);
                continue;
            }
            (Some(Element::This(wanted)), Some(is)) if wanted == is => {
                (at, of) = (at + 1, of + 1);
                continue;
            }
            (None, None) => return Ok(true),
            _ => {}
        }
        match &mut star {
            Some((from, after)) if *from < text.len() => {
                *from += 1;
                (at, of) = (*from, *after + 1);
            }
            _ => return Ok(false),
        }
    }
}

fn elements(pattern: &[u8]) -> Vec<Element> {
    let mut characters = characters(pattern);
    let mut elements = Vec::new();
    while let Some(character) = characters.next() {
        elements.push(match character {
            '*' if elements.last() == Some(&Element::Any) => continue,
            '*' => Element::Any,
            '?' => Element::One,
            '\\' => characters.next().map_or(Element::Never, Element::This),
            plain => Element::This(plain),
        });
    }
    elements
}

/// As Go decodes: each byte that is no UTF-8 is one replacement character.
fn characters(text: &[u8]) -> impl Iterator<Item = char> {
    text.utf8_chunks().flat_map(|chunk| {
        let bad = chunk.invalid().iter().map(|_| '\u{fffd}');
        chunk.valid().chars().chain(bad)
    })
}

#[cfg(test)]
mod tests {
    use super::super::meter::Limits;
    use super::*;

    #[test]
    fn patterns() {
        let meter = Meter::new(Limits::default());
        for (text, pattern, expected) in [
            ("", "*", true),
            ("abc", "a*c", true),
            ("abc", "a?c", true),
            ("abbbc", "a*b?c", true),
            ("abc", "a*d", false),
            ("a*c", r"a\*c", true),
            ("abc", r"a\*c", false),
            ("aé", "a?", true),
            ("a", r"a\", false),
            ("xaybzc", "*a*b*c", true),
        ] {
            let matched = matches(text.as_bytes(), pattern.as_bytes(), &meter);
            assert_eq!(matched, Ok(expected), "{text} {pattern}");
        }
    }

    #[test]
    fn stars_do_not_explode() {
        let meter = Meter::new(Limits::default());
        let (text, pattern) = ("a".repeat(2_000), "a*".repeat(50) + "b");
        assert_eq!(
            matches(text.as_bytes(), pattern.as_bytes(), &meter),
            Ok(false)
        );
    }
}
