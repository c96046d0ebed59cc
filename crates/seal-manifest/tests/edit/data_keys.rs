//! Entries and item lines in `dataKeys`.

use crate::case::{Case, check};

#[test]
fn data_keys_stand_under_their_items() {
    check(DATA_KEYS);
}

/// Two data keys with comments, and an item without one.
const TWO_KEYS: &str = "\
spec:
  dataKeys: # keys
    # for people
    # A
    k1: # first
      boundTo: x
    # B
    # rotated in May
    k2:
      boundTo: y

    # D
    # TODO

  # the values
  encryptedData:
    A: se1.k1.x
    B: se1.k2.x
    D: old
";

const DATA_KEYS: &[Case] = &[
    Case {
        name: "inserted with its item",
        before: TWO_KEYS,
        edits: "C=se1.k3.x k3<C",
        after: "\
spec:
  dataKeys: # keys
    # for people
    # A
    k1: # first
      boundTo: x
    # B
    # rotated in May
    k2:
      boundTo: y
    # C
    k3:
      boundTo: x

    # D
    # TODO

  # the values
  encryptedData:
    A: se1.k1.x
    B: se1.k2.x
    C: se1.k3.x
    D: old
",
    },
    Case {
        name: "replaced",
        before: TWO_KEYS,
        edits: "A=se1.k3.x k3<A k1<- k2<B",
        after: "\
spec:
  dataKeys: # keys
    # for people
    # A
    k3:
      boundTo: x
    # B
    # rotated in May
    k2:
      boundTo: x

    # D
    # TODO

  # the values
  encryptedData:
    A: se1.k3.x
    B: se1.k2.x
    D: old
",
    },
    Case {
        name: "created above the values and their comments",
        before: "\
spec:
  # the values
  # of prod
  encryptedData:
    A: x
    B: x
",
        edits: "k3<A",
        after: "\
spec:
  dataKeys:
    # A
    k3:
      boundTo: x
    # B
  # the values
  # of prod
  encryptedData:
    A: x
    B: x
",
    },
    Case {
        name: "items removed with their lines, other lines stay",
        before: TWO_KEYS,
        edits: "A- k1<- D-",
        after: "\
spec:
  dataKeys: # keys
    # for people
    # B
    # rotated in May
    k2:
      boundTo: y

    # TODO

  # the values
  encryptedData:
    B: se1.k2.x
",
    },
    Case {
        name: "items inserted first and last",
        before: TWO_KEYS,
        edits: "0=x E=x",
        after: "\
spec:
  dataKeys: # keys
    # for people
    # 0
    # A
    k1: # first
      boundTo: x
    # B
    # rotated in May
    k2:
      boundTo: y

    # D
    # E
    # TODO

  # the values
  encryptedData:
    \"0\": x
    A: se1.k1.x
    B: se1.k2.x
    D: old
    E: x
",
    },
    Case {
        name: "an item whose line someone deleted",
        before: "\
spec:
  dataKeys:
    k1: {boundTo: x}
  encryptedData:
    A: x
    B: se1.k1.x
",
        edits: "A=se1.k2.x k2<A",
        after: "\
spec:
  dataKeys:
    k1: {boundTo: x}
    # A
    k2:
      boundTo: x
  encryptedData:
    A: se1.k2.x
    B: se1.k1.x
",
    },
    Case {
        name: "comment lines that look like content, and the other way round",
        before: "\
spec:
  dataKeys:
    # A
    k1:
      note: |
        x
    # A
        # B
    # B
    #B
    # B\x20
  encryptedData:
    A: x
    B: x
",
        edits: "B-",
        after: "\
spec:
  dataKeys:
    # A
    k1:
      note: |
        x
    # A
        # B
    #B
    # B\x20
  encryptedData:
    A: x
",
    },
    Case {
        name: "nothing to do",
        before: TWO_KEYS,
        edits: "A=se1.k1.x k1<A new=x new-",
        after: TWO_KEYS,
    },
];
