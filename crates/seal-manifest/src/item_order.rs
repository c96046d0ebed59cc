//! The order in which items stand in a file.

use crate::key_order;
use std::cmp::Ordering;

/// How the keys of a block are sorted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ItemOrder {
    /// `a2` before `a10`: what kubeseal, kubectl and we write in YAML.
    Natural,
    /// `a10` before `a2`: the same in JSON, and what many formatters make of YAML.
    Bytes,
}

impl ItemOrder {
    /// The order that these keys keep; the `usual` one, if they keep none or both.
    pub(crate) fn of(keys: &[&str], usual: Self) -> Self {
        let is_sorted = |order: &Self| keys.is_sorted_by(|a, b| order.compare(a, b).is_le());
        let orders = [usual, Self::Natural, Self::Bytes];
        orders.into_iter().find(is_sorted).unwrap_or(usual)
    }

    pub(crate) fn compare(self, a: &str, b: &str) -> Ordering {
        match self {
            Self::Natural => key_order::compare(a, b),
            Self::Bytes => a.cmp(b),
        }
    }
}

/// Where a new key belongs: behind the greatest of the smaller keys, which in a sorted file is
/// the sorted place, and in any other file is beside a relative.
pub(crate) fn place_of<'k>(
    key: &str,
    keys: impl Iterator<Item = &'k str>,
    order: ItemOrder,
) -> usize {
    let mut greatest: Option<(usize, &str)> = None;
    for (place, other) in keys.enumerate() {
        let is_smaller = order.compare(other, key).is_lt();
        if is_smaller && greatest.is_none_or(|(_, best)| order.compare(other, best).is_ge()) {
            greatest = Some((place, other));
        }
    }
    greatest.map_or(0, |(place, _)| place + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_show_their_order() {
        for (keys, natural, bytes) in [
            (&["a"][..], ItemOrder::Natural, ItemOrder::Bytes),
            (&["a2", "a10"], ItemOrder::Natural, ItemOrder::Natural),
            (&["a10", "a2"], ItemOrder::Bytes, ItemOrder::Bytes),
            (&["b", "a"], ItemOrder::Natural, ItemOrder::Bytes),
        ] {
            assert_eq!(ItemOrder::of(keys, ItemOrder::Natural), natural, "{keys:?}");
            assert_eq!(ItemOrder::of(keys, ItemOrder::Bytes), bytes, "{keys:?}");
        }
    }

    #[test]
    fn new_keys_find_their_place() {
        let table: [(&[&str], &str, usize); 8] = [
            (&[], "A", 0),
            (&["B", "C"], "A", 0),
            (&["A", "C"], "B", 1),
            (&["A", "B"], "C", 2),
            (&["a2", "a10"], "a3", 1),
            (&["a10", "a2"], "a3", 2),
            (&["a1", "a10", "a2"], "a3", 3),
            (&["Z", "A", "M"], "B", 2),
        ];
        for (keys, key, place) in table {
            let order = ItemOrder::of(keys, ItemOrder::Natural);
            assert_eq!(
                place_of(key, keys.iter().copied(), order),
                place,
                "{keys:?}"
            );
        }
    }
}
