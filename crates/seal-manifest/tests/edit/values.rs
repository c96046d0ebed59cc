//! Values in `encryptedData`, as people lay them out.

use crate::case::{Case, check};

#[test]
fn values_are_replaced_where_they_stand() {
    check(VALUES);
}

const VALUES: &[Case] = &[
    Case {
        name: "replaced, comments, quotes and tabs around it",
        before: "\
# top
spec: # s
  encryptedData: # e
    # one
    A:   old \t# keep
    \"B\": 'old' # b
    'C':\t\"old\"

    D:
      old
  template: {} # t
",
        edits: "A=a B=b C=c D=d",
        after: "\
# top
spec: # s
  encryptedData: # e
    # one
    A:   a \t# keep
    \"B\": 'b' # b
    'C':\t\"c\"

    D:
      d
  template: {} # t
",
    },
    Case {
        name: "over several lines",
        before: "\
spec:
  encryptedData:
    A: |  # header
      x
      y

    # B's
    B: >-
      x

      y
    C: plain
      goes on # c
    D: 'a

      b' # d
    E: \"a\\
      b\"
    F:
      |
      x
kind: SealedSecret
",
        edits: "A=a B=b C=c D=d E=e F=f",
        after: "\
spec:
  encryptedData:
    A: a

    # B's
    B: b
    C: c # c
    D: 'd' # d
    E: \"e\"
    F: f
kind: SealedSecret
",
    },
    Case {
        name: "null values",
        before: "\
spec:
  encryptedData:
    A:
    B: # none
    C: ~
    D: null # x
    E:",
        edits: "A=a B=b C=c D=d E=e",
        after: "\
spec:
  encryptedData:
    A: a
    B: b # none
    C: c
    D: d # x
    E: e",
    },
    Case {
        name: "values that YAML would misread",
        before: "\
spec:
  encryptedData:
    A: x
",
        edits: "A=yes n=1e3 Z=#z E=",
        after: "\
spec:
  encryptedData:
    A: \"yes\"
    E: \"\"
    Z: '#z'
    \"n\": \"1e3\"
",
    },
    Case {
        name: "inserted in sorted places",
        before: "\
spec:
  encryptedData:
    # two
    a2: x # two
    # ten
    a10: x

  template:
    type: Opaque
",
        edits: "a1=1 a3=3 a11=11",
        after: "\
spec:
  encryptedData:
    a1: \"1\"
    # two
    a2: x # two
    a3: \"3\"
    # ten
    a10: x
    a11: \"11\"

  template:
    type: Opaque
",
    },
    Case {
        name: "sorted as bytes",
        before: "\
spec:
  encryptedData:
    a10: x
    a2: x
",
        edits: "a11=v",
        after: "\
spec:
  encryptedData:
    a10: x
    a11: v
    a2: x
",
    },
    Case {
        name: "not sorted at all",
        before: "\
spec:
  encryptedData:
    z: x
    b: x
    m: x
",
        edits: "c=v a=v",
        after: "\
spec:
  encryptedData:
    a: v
    z: x
    b: x
    c: v
    m: x
",
    },
    Case {
        name: "removed, comments stay",
        before: "\
spec:
  encryptedData:
    # about A
    A: x # a
    # about B
    B: |
      x

      # content
    # about C
    C: x",
        edits: "A- B-",
        after: "\
spec:
  encryptedData:
    # about A
    # about B
    # about C
    C: x",
    },
    Case {
        name: "the last one removed",
        before: "\
spec:
  encryptedData: # e
    A: x
  template: {}
",
        edits: "A-",
        after: "\
spec:
  encryptedData: {} # e
  template: {}
",
    },
    Case {
        name: "the last lines of a file without a last line break",
        before: "\
spec:
  encryptedData:
    A: x
    B: x",
        edits: "B- A=v",
        after: "\
spec:
  encryptedData:
    A: v",
    },
];
