//! Decisions on plain values.

use super::*;

fn owner(uid: &str) -> OwnerReference {
    OwnerReference {
        api_version: "bitnami.com/v1alpha1".into(),
        kind: "SealedSecret".into(),
        name: "db".into(),
        uid: uid.into(),
        controller: Some(true),
        block_owner_deletion: None,
    }
}

fn map<V>(entries: &[(&str, &str)], value: impl Fn(&str) -> V) -> BTreeMap<String, V> {
    entries
        .iter()
        .map(|(key, text)| ((*key).to_owned(), value(text)))
        .collect()
}

fn bytes(text: &str) -> ByteString {
    ByteString(text.as_bytes().to_vec())
}

fn desired() -> Desired {
    Desired {
        namespace: "prod".into(),
        name: "db".into(),
        data: map(&[("password", "hunter2")], bytes),
        labels: map(&[("app", "db")], str::to_owned),
        annotations: BTreeMap::new(),
        finalizers: vec![],
        secret_type: None,
        immutable: false,
        owner: owner("1"),
    }
}

/// What the API server keeps of what we create.
fn live() -> Secret {
    let mut secret = create(&desired());
    secret.type_ = Some("Opaque".into());
    secret.metadata.resource_version = Some("7".into());
    secret
}

fn annotate(secret: &mut Secret, key: &str) {
    secret
        .metadata
        .annotations
        .get_or_insert_default()
        .insert(key.into(), "true".into());
}

/// One word per decision, so that tables read well.
fn word(action: &Action) -> &'static str {
    match action {
        Action::Create(_) => "create",
        Action::Update(_) => "update",
        Action::UpToDate => "up-to-date",
        Action::Refuse(Refusal::Unmanaged) => "unmanaged",
        Action::Refuse(Refusal::Immutable) => "immutable",
        Action::Refuse(Refusal::TypeChange) => "type",
    }
}

type Change = fn(&mut Desired, &mut Secret);

const CASES: &[(&str, Extras, Change, &str)] = &[
    ("nothing changed", Extras::Remove, |_, _| {}, "up-to-date"),
    (
        "value changed",
        Extras::Keep,
        |d, _| d.data = map(&[("password", "new")], bytes),
        "update",
    ),
    (
        "item added by hand",
        Extras::Keep,
        |_, l| {
            l.data
                .get_or_insert_default()
                .insert("x".into(), bytes("y"));
        },
        "update",
    ),
    (
        "data deleted by hand",
        Extras::Keep,
        |_, l| l.data = None,
        "update",
    ),
    (
        "foreign annotation while repairing",
        Extras::Keep,
        |_, l| annotate(l, "other/tool"),
        "up-to-date",
    ),
    (
        "foreign annotation when new to us",
        Extras::Remove,
        |_, l| annotate(l, "other/tool"),
        "update",
    ),
    (
        "label changed by hand",
        Extras::Keep,
        |_, l| l.metadata.labels = Some(map(&[("app", "x")], str::to_owned)),
        "update",
    ),
    (
        "owner removed by hand",
        Extras::Keep,
        |_, l| l.metadata.owner_references = None,
        "unmanaged",
    ),
    (
        "someone else's",
        Extras::Remove,
        |_, l| l.metadata.owner_references = Some(vec![owner("2")]),
        "unmanaged",
    ),
    (
        "someone else's, managed",
        Extras::Remove,
        |_, l| {
            l.metadata.owner_references = None;
            annotate(l, MANAGED);
        },
        "update",
    ),
    (
        "managed must be true",
        Extras::Remove,
        |_, l| {
            l.metadata.owner_references = None;
            l.metadata.annotations = Some(map(&[(MANAGED, "yes")], str::to_owned));
        },
        "unmanaged",
    ),
    (
        "immutable, same data",
        Extras::Remove,
        |d, l| {
            d.immutable = true;
            l.immutable = Some(true);
        },
        "up-to-date",
    ),
    (
        "immutable, other data",
        Extras::Remove,
        |d, l| {
            d.immutable = true;
            l.immutable = Some(true);
            d.data = map(&[("password", "new")], bytes);
        },
        "immutable",
    ),
    (
        "immutable, new label",
        Extras::Remove,
        |d, l| {
            d.immutable = true;
            l.immutable = Some(true);
            d.labels = BTreeMap::new();
        },
        "update",
    ),
    (
        "made immutable",
        Extras::Remove,
        |d, _| d.immutable = true,
        "update",
    ),
    (
        "made mutable again",
        Extras::Remove,
        |_, l| l.immutable = Some(true),
        "immutable",
    ),
    (
        "type named as it is",
        Extras::Remove,
        |d, _| d.secret_type = Some("Opaque".into()),
        "up-to-date",
    ),
    (
        "type changed",
        Extras::Remove,
        |d, _| d.secret_type = Some("kubernetes.io/tls".into()),
        "type",
    ),
    (
        "ownerless, as its template asks",
        Extras::Remove,
        |d, l| {
            d.annotations = map(&[(SKIP_SET_OWNER_REFERENCES, "true")], str::to_owned);
            annotate(l, SKIP_SET_OWNER_REFERENCES);
            l.metadata.owner_references = None;
        },
        "up-to-date",
    ),
    (
        "ownerless template, foreign Secret",
        Extras::Remove,
        |d, l| {
            d.annotations = map(&[(SKIP_SET_OWNER_REFERENCES, "true")], str::to_owned);
            l.metadata.owner_references = None;
        },
        "unmanaged",
    ),
];

#[test]
fn decisions() {
    for (name, extras, change, expected) in CASES {
        let (mut desired, mut live) = (desired(), live());
        change(&mut desired, &mut live);
        assert_eq!(
            word(&decide(&desired, Some(&live), *extras)),
            *expected,
            "{name}"
        );
    }
}

#[test]
fn what_is_written_settles() {
    let mut changed = desired();
    changed.data = map(&[("password", "new")], bytes);
    let Action::Update(updated) = decide(&changed, Some(&live()), Extras::Remove) else {
        unreachable!("the value changed");
    };
    assert_eq!(updated.metadata.resource_version.as_deref(), Some("7"));
    assert_eq!(
        word(&decide(&changed, Some(&updated), Extras::Remove)),
        "up-to-date"
    );
    assert_eq!(word(&decide(&changed, None, Extras::Remove)), "create");
}

#[test]
fn patch_merges_and_owns_only_what_is_managed() {
    for (managed, owners) in [(false, 0), (true, 1)] {
        let mut live = live();
        live.metadata.owner_references = None;
        live.data = Some(map(&[("foreign", "stays"), ("password", "old")], bytes));
        annotate(&mut live, PATCH);
        if managed {
            annotate(&mut live, MANAGED);
        }
        let Action::Update(secret) = decide(&desired(), Some(&live), Extras::Remove) else {
            unreachable!("the password differs");
        };
        assert_eq!(
            secret.data,
            Some(map(&[("foreign", "stays"), ("password", "hunter2")], bytes))
        );
        assert_eq!(
            secret.metadata.owner_references.unwrap_or_default().len(),
            owners
        );
        assert!(is_true(secret.metadata.annotations.as_ref(), PATCH));
    }
}
