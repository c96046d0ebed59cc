//! Files as people lay them out, before and after.

/// What some edits make of a file. Edits are spelled `ITEM=VALUE`, `ITEM-` (removed), `ID<ITEM` (the
/// data key `ID` with the entry `boundTo: x`, under the item's line) and `ID<-`.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) before: &'static str,
    pub(crate) edits: &'static str,
    pub(crate) after: &'static str,
}

/// Values in `encryptedData`.
pub(crate) const VALUES: &[Case] = &[
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

/// Blocks that are missing, empty or in braces.
pub(crate) const FORMS: &[Case] = &[
    Case {
        name: "empty in braces",
        before: "\
spec:
  encryptedData: {}  # none yet
  template: {}
",
        edits: "A=a",
        after: "\
spec:
  encryptedData:  # none yet
    A: a
  template: {}
",
    },
    Case {
        name: "null",
        before: "\
spec:
    encryptedData:
    # nothing
    template: {}
",
        edits: "A=a",
        after: "\
spec:
    encryptedData:
        A: a
    # nothing
    template: {}
",
    },
    Case {
        name: "missing",
        before: "\
spec:
  # the template
  template:
    type: Opaque
",
        edits: "A=se1.k1.x k1<A",
        after: "\
spec:
  dataKeys:
    # A
    k1:
      boundTo: x
  encryptedData:
    A: se1.k1.x
  # the template
  template:
    type: Opaque
",
    },
    Case {
        name: "no spec to speak of",
        before: "\
kind: SealedSecret
spec: # later
metadata: {}
",
        edits: "A=se1.k1.x k1<A",
        after: "\
kind: SealedSecret
spec: # later
  dataKeys:
    # A
    k1:
      boundTo: x
  encryptedData:
    A: se1.k1.x
metadata: {}
",
    },
    Case {
        name: "in braces, over lines",
        before: "\
spec:
  encryptedData: {A: x,
    \"n\": 'y'} # e
  dataKeys: {k1: {boundTo: x}}",
        edits: "B=se1.k2.x k2<B",
        after: "\
spec:
  encryptedData: # e
    A: x
    B: se1.k2.x
    \"n\": \"y\"
  dataKeys:
    k1:
      boundTo: x
    # A
    # B
    k2:
      boundTo: x
    # n",
    },
    Case {
        name: "spec in braces",
        before: "\
spec: {encryptedData: {B: x, A: se1.k1.y}, dataKeys: {k1: {boundTo: x}}, template: {type: Opaque}} # s
kind: SealedSecret
",
        edits: "B- C=z",
        after: "\
spec: # s
  dataKeys:
    # A
    k1:
      boundTo: x
    # C
  encryptedData:
    A: se1.k1.y
    C: z
  template:
    type: Opaque
kind: SealedSecret
",
    },
    Case {
        name: "the whole document in braces",
        before: "\
---
{kind: SealedSecret, spec: {encryptedData: {B: x}}} # d
",
        edits: "A=a",
        after: "\
---
{
  \"kind\": \"SealedSecret\",
  \"spec\": {
    \"encryptedData\": {
      \"A\": \"a\",
      \"B\": \"x\"
    }
  }
} # d
",
    },
    Case {
        name: "JSON",
        before: "\
{\"spec\": {\"template\": {\"n\": 1.0}, \"encryptedData\": {\"B\": \"x\"}},
 \"kind\": \"SealedSecret\"}",
        edits: "A=se1.k1.y k1<A",
        after: "\
{
  \"spec\": {
    \"template\": {
      \"n\": 1
    },
    \"dataKeys\": {
      \"k1\": {
        \"boundTo\": \"x\"
      }
    },
    \"encryptedData\": {
      \"A\": \"se1.k1.y\",
      \"B\": \"x\"
    }
  },
  \"kind\": \"SealedSecret\"
}",
    },
    Case {
        name: "all data keys gone",
        before: "\
spec:
  dataKeys:
    # A
    k1:
      boundTo: x
    # B
    # C
  encryptedData: # e
    A: se1.k1.x
    B: y
    C: z
",
        edits: "k1<- A=x",
        after: "\
spec:
  encryptedData: # e
    A: x
    B: y
    C: z
",
    },
    Case {
        name: "everything gone",
        before: "\
spec:
  dataKeys:
    # A
    k1:
      boundTo: x
    # B
    # C
  encryptedData: # e
    A: se1.k1.x
    B: y
    C: z
",
        edits: "k1<- A- B- C-",
        after: "\
spec:
  encryptedData: {} # e
",
    },
];

/// Entries and item lines in `dataKeys`.
pub(crate) const DATA_KEYS: &[Case] = &[
    Case {
        name: "inserted with its item",
        before: "\
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
",
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
        before: "\
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
",
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
        before: "\
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
",
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
        before: "\
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
",
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
        before: "\
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
",
        edits: "A=se1.k1.x k1<A new=x new-",
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

    # D
    # TODO

  # the values
  encryptedData:
    A: se1.k1.x
    B: se1.k2.x
    D: old
",
    },
];
