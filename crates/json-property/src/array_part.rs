//! One component of a path, as it is read where the text has an array.

use super::object_part::Next;
use super::query::Query;

/// A component, and what follows it.
#[derive(Default)]
pub(crate) struct ArrayPart<'p> {
    pub(crate) part: &'p [u8],
    /// There is a `#` in it: it is no index.
    pub(crate) hash: bool,
    /// `#(…)` or `#[…]`.
    pub(crate) query: Option<Query<'p>>,
    pub(crate) next: Next<'p>,
}

impl<'p> ArrayPart<'p> {
    pub(crate) fn parse(path: &'p [u8]) -> Self {
        let mut parsed = Self {
            part: path,
            ..Self::default()
        };
        let mut at = 0;
        while let Some(byte) = path.get(at) {
            let rest = path.get(at + 1..).unwrap_or_default();
            match byte {
                b'|' | b'.' => {
                    parsed.part = path.get(..at).unwrap_or_default();
                    parsed.next = match byte {
                        b'|' => Next::Pipe(rest),
                        // After `#` a dot means each element.
                        _ if parsed.hash => Next::Within(rest),
                        _ => Next::after_dot(rest),
                    };
                    break;
                }
                b'#' => {
                    parsed.hash = true;
                    if at == 0 && matches!(rest.first(), Some(b'[' | b'(')) {
                        let Some((mut query, end)) = Query::parse(path) else {
                            parsed.query = Some(Query::default());
                            break;
                        };
                        query.all = path.get(end) == Some(&b'#');
                        parsed.query = Some(query);
                        at = end;
                        continue;
                    }
                }
                _ => {}
            }
            at += 1;
        }
        parsed
    }

    /// `#` alone, which counts, or takes a path into each element.
    pub(crate) fn is_each(&self) -> bool {
        self.part == b"#"
    }
}
