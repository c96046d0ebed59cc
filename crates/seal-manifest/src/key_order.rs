//! The order in which `yaml.v2` writes the keys of a mapping: numbers by value, words by letter.

use std::cmp::Ordering;

/// Sorts entries by key.
///
/// The order is not transitive in corners (`a10` < `a1b` < `a2` < `a10`), where Go's own output
/// changes from run to run. A merge sort over keys that are already in byte order always ends and
/// always gives the same answer; the standard sort may panic on such an order.
pub(crate) fn sort<T>(mut entries: Vec<(&str, T)>) -> Vec<(&str, T)> {
    if entries.len() < 2 {
        return entries;
    }
    let right = entries.split_off(entries.len() / 2);
    let mut left = sort(entries).into_iter().peekable();
    let mut right = sort(right).into_iter().peekable();
    let mut merged = Vec::with_capacity(left.len() + right.len());
    while let (Some((a, _)), Some((b, _))) = (left.peek(), right.peek()) {
        let next = if compare(b, a) == Ordering::Less {
            right.next()
        } else {
            left.next()
        };
        merged.extend(next);
    }
    merged.extend(left);
    merged.extend(right);
    merged
}

pub(crate) fn compare(a: &str, b: &str) -> Ordering {
    let same = a.chars().zip(b.chars()).take_while(|(x, y)| x == y).count();
    let (mut rest_a, mut rest_b) = (a.chars().skip(same), b.chars().skip(same));
    let (Some(x), Some(y)) = (rest_a.next(), rest_b.next()) else {
        return a.len().cmp(&b.len());
    };
    match (is_letter(x), is_letter(y)) {
        (true, true) => x.cmp(&y),
        (true, false) => Ordering::Greater,
        (false, true) => Ordering::Less,
        (false, false) => {
            let start = leading(a, same, x == '0' || y == '0');
            let (value_a, width_a) = digits(a, same, start);
            let (value_b, width_b) = digits(b, same, start);
            value_a
                .cmp(&value_b)
                .then(width_a.cmp(&width_b))
                .then(x.cmp(&y))
        }
    }
}

/// One, when the number that both keys are inside of has a digit other than zero before the
/// place where they differ: then a zero there has weight.
fn leading(key: &str, same: usize, zero: bool) -> i64 {
    if !zero {
        return 0;
    }
    let before: Vec<char> = key.chars().take(same).collect();
    let mut number = before.iter().rev().take_while(|c| c.is_ascii_digit());
    i64::from(number.any(|c| *c != '0'))
}

fn digits(key: &str, from: usize, start: i64) -> (i64, usize) {
    key.chars().skip(from).map_while(|c| c.to_digit(10)).fold(
        (start, 0),
        |(value, width), digit| {
            // Go's int64 wraps, and the order of very long numbers depends on it.
            (
                value.wrapping_mul(10).wrapping_add(i64::from(digit)),
                width + 1,
            )
        },
    )
}

/// Letters of any script, near enough: Kubernetes allows only ASCII in keys of Secrets.
fn is_letter(c: char) -> bool {
    c.is_alphabetic() && !c.is_numeric()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_sort_by_value() {
        let keys = [
            "a10", "a2", "a1", "b", "A", "_x", "1", "10", "2", "a01", ".dot", "tls.key", "tls.crt",
        ];
        let sorted: Vec<&str> = sort(keys.map(|k| (k, ())).to_vec())
            .into_iter()
            .map(|(k, ())| k)
            .collect();
        assert_eq!(
            sorted,
            [
                ".dot", "_x", "1", "2", "10", "A", "a1", "a01", "a2", "a10", "b", "tls.crt",
                "tls.key"
            ]
        );
    }

    #[test]
    fn a_circle_of_keys_ends() {
        let sorted = sort(vec![("a10", ()), ("a1b", ()), ("a2", ())]);
        assert_eq!(sorted.len(), 3);
    }
}
