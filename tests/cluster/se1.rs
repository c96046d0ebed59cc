//! Values in SE1, sealed for the cluster's certificate (docs/format.md).

use seal_api::{ConditionStatus, SealedSecret};
use seal_format::Scope;
use suite::{condition, data, text};

use crate::scene;

/// Takes over the items of `other` with all that they need.
fn join(sealed: &mut SealedSecret, other: SealedSecret) {
    sealed.spec.encrypted_data.extend(other.spec.encrypted_data);
    sealed.spec.data_keys.extend(other.spec.data_keys);
}

#[test]
fn values_open_within_their_scope() {
    let (home, certificate) = scene("se1-home");
    let (away, _) = scene("se1-away");
    let moved = "the data key was sealed for another object";
    for (scope, title, rename, moves) in [
        (Scope::Strict, "strict", Err(moved), Err(moved)),
        (Scope::NamespaceWide, "namespace-wide", Ok(()), Err(moved)),
        (Scope::ClusterWide, "cluster-wide", Ok(()), Ok(())),
    ] {
        let other_name = format!("{title}-renamed");
        for (namespace, name, opens) in [
            (&home, title, Ok(())),
            (&home, other_name.as_str(), rename),
            (&away, title, moves),
            (&away, other_name.as_str(), rename.and(moves)),
        ] {
            let plain = home.plain(title).item("password", "hunter2").scope(scope);
            let mut sealed = plain.item("empty", "").seal_se1(&[certificate]);
            sealed.metadata.name = Some(name.to_owned());
            namespace.create(&sealed);
            let Err(message) = opens else {
                namespace.wait_synced(name, ConditionStatus::True);
                let secret = namespace.wait_secret(name);
                let expected = text(&[("password", "hunter2"), ("empty", "")]);
                assert_eq!(data(&secret), expected, "{name}");
                continue;
            };
            let sealed = namespace.wait_synced(name, ConditionStatus::False);
            let condition = condition(&sealed);
            let said = condition.message.unwrap();
            assert!(said.starts_with(message), "{said}");
            assert!(said.contains("(spec.dataKeys.k"), "{said}");
            assert_eq!(condition.reason.as_deref(), Some("UnsealFailed"));
            namespace.wait_event(name, "ErrUnsealFailed");
            assert!(namespace.secret(name).is_none(), "{name}");
        }
    }
}

#[test]
fn formats_and_data_keys_mix_in_one_object() {
    let (namespace, certificate) = scene("se1-mixed");
    let plain = |item: &str, value: &str| namespace.plain("db").item(item, value);
    let mut sealed = plain("legacy", "1").seal(certificate);
    join(&mut sealed, plain("first", "2").seal_se1(&[certificate]));
    join(&mut sealed, plain("second", "3").seal_se1(&[certificate]));
    assert_eq!(sealed.spec.data_keys.len(), 2);
    let template = sealed.spec.template.get_or_insert_default();
    let rendered = Some("{{ .legacy }}{{ .first }}{{ .second }}".to_owned());
    template.data = Some([("all".to_owned(), rendered)].into());
    namespace.create(&sealed);
    namespace.wait_synced("db", ConditionStatus::True);
    let expected = [
        ("legacy", "1"),
        ("first", "2"),
        ("second", "3"),
        ("all", "123"),
    ];
    assert_eq!(data(&namespace.wait_secret("db")), text(&expected));

    // One value that fails, of either format, fails the object.
    for (item, message) in [
        ("legacy", "no key could decrypt secret (legacy)"),
        (
            "first",
            "the value was changed, or comes from another item or data key: seal it again from its source (first)",
        ),
    ] {
        let good = sealed.spec.encrypted_data[item].clone();
        let mut bad = plain(item, "x").scope(Scope::NamespaceWide);
        bad = bad.item(item, "other");
        let bad = if item == "legacy" {
            bad.seal(certificate).spec.encrypted_data[item].clone()
        } else {
            // The other item's value.
            sealed.spec.encrypted_data["second"].clone()
        };
        let set = |value: String| {
            namespace.edit("db", |sealed: &mut SealedSecret| {
                sealed
                    .spec
                    .encrypted_data
                    .insert(item.to_owned(), value.clone());
            })
        };
        set(bad);
        let failed = namespace.wait_synced("db", ConditionStatus::False);
        assert_eq!(condition(&failed).message.unwrap(), message);
        assert_eq!(data(&namespace.wait_secret("db")), text(&expected));
        set(good);
        namespace.wait_synced("db", ConditionStatus::True);
    }
}

#[test]
fn what_the_format_allows_to_a_writer_of_git_opens() {
    let (namespace, certificate) = scene("se1-allowed");
    let plain = |item: &str, value: &str| namespace.plain("db").item(item, value);
    let mut sealed = plain("a", "1").seal_se1(&[certificate]);
    namespace.create(&sealed);
    namespace.wait_synced("db", ConditionStatus::True);
    // A data key that no value names is not even unwrapped: this one is for nobody.
    let stranger = stranger();
    let planted = plain("b", "2").seal_se1(&[&stranger]);
    sealed.spec.data_keys.extend(planted.spec.data_keys);
    join(
        &mut sealed,
        plain("c", "3").seal_se1(&[certificate, &stranger]),
    );
    namespace.edit("db", |object: &mut SealedSecret| {
        object.spec = sealed.spec.clone();
    });
    namespace.wait_for("db", "to hold both", |secret| {
        data(secret) == text(&[("a", "1"), ("c", "3")])
    });
    namespace.wait_synced("db", ConditionStatus::True);
    // A value that is removed leaves its data key behind.
    namespace.edit("db", |object: &mut SealedSecret| {
        object.spec.encrypted_data.remove("c");
    });
    namespace.wait_for("db", "to lose one", |secret| {
        data(secret) == text(&[("a", "1")])
    });
    namespace.wait_synced("db", ConditionStatus::True);
}

#[test]
fn nobody_here_can_open_it() {
    let (namespace, certificate) = scene("se1-nobody");
    let stranger = stranger();
    let sealed = namespace.plain("db").item("b", "2").item("a", "1");
    let sealed = sealed.seal_se1(&[&stranger]);
    namespace.create(&sealed);
    let failed = namespace.wait_synced("db", ConditionStatus::False);
    let message = condition(&failed).message.unwrap();
    let lines: Vec<_> = message.lines().collect();
    assert_eq!(
        lines[0],
        "no wrap of the data key is for an identity of this reader (a, b)"
    );
    let (id, entry) = sealed.spec.data_keys.first_key_value().unwrap();
    let theirs = &entry.wraps[0].to;
    let ours = certificate.recipient(jiff::Timestamp::now()).unwrap();
    let ours = ours.name().as_str();
    let short = |name: &str| format!("{}…{}", &name[..16], &name[name.len() - 12..]);
    let expected = format!(
        "data key {id} is for {}; this controller is {}",
        short(theirs),
        short(ours)
    );
    assert_eq!(lines[1..], [expected]);
    assert!(namespace.secret("db").is_none());
}

/// Another cluster.
pub(crate) fn stranger() -> seal_keys::Certificate {
    let hour = jiff::SignedDuration::from_hours(1);
    let issued = seal_keys::issue(2048, "", jiff::Timestamp::now(), hour);
    issued.unwrap().certificate
}
