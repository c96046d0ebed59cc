//! Blocks that are missing, empty or in braces.

use crate::case::{Case, check};

#[test]
fn blocks_in_other_forms_become_blocks() {
    check(FORMS);
}

const ONE_KEY: &str = "\
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
";

const FORMS: &[Case] = &[
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
  encryptedData: {A: x,
    B: se1.k2.x,
    \"n\": 'y'} # e
  dataKeys: {k1: {boundTo: x}, k2: {boundTo: x}}",
    },
    Case {
        name: "spec in braces",
        before: "\
spec: {encryptedData: {B: x, A: se1.k1.y}, dataKeys: {k1: {boundTo: x}}, template: {type: Opaque}} # s
kind: SealedSecret
",
        edits: "B- C=z",
        after: "\
spec: {encryptedData: {A: se1.k1.y, C: z}, dataKeys: {k1: {boundTo: x}}, template: {type: Opaque}} # s
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
{kind: SealedSecret, spec: {encryptedData: {A: a, B: x}}} # d
",
    },
    Case {
        name: "JSON",
        before: "\
{\"spec\": {\"template\": {\"n\": 1.0}, \"encryptedData\": {\"B\": \"x\"}},
 \"kind\": \"SealedSecret\"}",
        edits: "A=se1.k1.y k1<A",
        after: "\
{\"spec\": {\"template\": {\"n\": 1.0}, \"dataKeys\": {\"k1\": {\"boundTo\": \"x\"}}, \"encryptedData\": {\"A\": \"se1.k1.y\", \"B\": \"x\"}},
 \"kind\": \"SealedSecret\"}",
    },
    Case {
        name: "all data keys gone",
        before: ONE_KEY,
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
        before: ONE_KEY,
        edits: "k1<- A- B- C-",
        after: "\
spec:
  encryptedData: {} # e
",
    },
];
