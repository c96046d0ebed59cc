use super::*;
use serde_json::{Value, json};

const MANAGER: &str = "externalsecrets.external-secrets.io/db";

struct Case {
    creation: CreationPolicy,
    immutable: bool,
    adopt: bool,
    data: &'static [(&'static str, &'static str)],
    labels: &'static [(&'static str, &'static str)],
    secret_type: Option<&'static str>,
}

impl Default for Case {
    fn default() -> Self {
        Self {
            creation: CreationPolicy::Owner,
            immutable: false,
            adopt: false,
            data: &[("a", "1")],
            labels: &[("app", "x")],
            secret_type: None,
        }
    }
}

impl Case {
    fn decide(&self, live: Option<&Secret>) -> Action {
        let data = self.data.iter();
        let data = data.map(|(key, value)| ((*key).to_owned(), value.as_bytes().to_vec().into()));
        let labels = self.labels.iter();
        let labels = labels.map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
        decide(
            &Desired {
                owner: &owner("db"),
                namespace: "ns",
                name: "db",
                creation: self.creation,
                immutable: self.immutable,
                data: &data.collect(),
                labels: &labels.collect(),
                annotations: &BTreeMap::new(),
                finalizers: &[],
                secret_type: self.secret_type,
                adopt: self.adopt,
            },
            live,
        )
    }
}

fn owner(name: &str) -> OwnerReference {
    OwnerReference {
        api_version: "external-secrets.io/v1".to_owned(),
        kind: "ExternalSecret".to_owned(),
        name: name.to_owned(),
        uid: "u".to_owned(),
        controller: Some(true),
        block_owner_deletion: Some(true),
    }
}

fn secret(text: Value) -> Secret {
    serde_json::from_value(text).unwrap()
}

/// What a controller, theirs or ours, left.
fn left_behind() -> Secret {
    let Action::Create(mut made) = Case::default().decide(None) else {
        panic!("not created");
    };
    made.metadata.managed_fields =
        secret(json!({"metadata": {"managedFields": [{"manager": MANAGER,
        "fieldsV1": {"f:data": {"f:a": {}}, "f:metadata": {
            "f:labels": {"f:app": {}, "f:reconcile.external-secrets.io/managed": {},
                "f:reconcile.external-secrets.io/created-by": {}},
            "f:annotations": {"f:reconcile.external-secrets.io/data-hash": {}}}}}]}}))
        .metadata
        .managed_fields;
    *made
}

fn updated(action: Action) -> Value {
    match action {
        Action::Update(secret) => serde_json::to_value(secret).unwrap(),
        Action::UpToDate => panic!("up to date"),
        Action::Refuse(refusal) => panic!("{refusal:?}"),
        _ => panic!("created or waits"),
    }
}

#[test]
fn a_new_secret_has_upstreams_marks() {
    let made = serde_json::to_value(left_behind()).unwrap();
    let labels = &made["metadata"]["labels"];
    assert_eq!(labels[MANAGED], "true");
    assert_eq!(labels[CREATED_BY], json!(owner_hash("ns", "db")));
    assert_eq!(labels["app"], "x");
    assert_eq!(made["data"]["a"], "MQ==");
    assert_eq!(made["metadata"]["ownerReferences"][0]["name"], "db");
    assert_eq!(state_of(Some(&left_behind())), TargetState::AsWritten);
}

#[test]
fn a_second_pass_writes_nothing() {
    let live = left_behind();
    assert!(matches!(
        Case::default().decide(Some(&live)),
        Action::UpToDate
    ));
}

#[test]
fn what_is_not_asked_for_any_more_goes() {
    let live = left_behind();
    let case = Case {
        data: &[("b", "2")],
        labels: &[],
        ..Case::default()
    };
    let updated = updated(case.decide(Some(&live)));
    assert_eq!(updated["data"], json!({"b": "Mg=="}));
    assert_eq!(updated["metadata"]["labels"]["app"], Value::Null);
    assert_eq!(updated["metadata"]["labels"][MANAGED], "true");
}

#[test]
fn edits_are_seen_and_repaired() {
    let mut live = left_behind();
    live.data
        .get_or_insert_default()
        .insert("z".to_owned(), ByteString(vec![1]));
    assert_eq!(state_of(Some(&live)), TargetState::Changed);
    assert_eq!(
        updated(Case::default().decide(Some(&live)))["data"],
        json!({"a": "MQ=="})
    );
    let mut live = left_behind();
    live.metadata.labels.get_or_insert_default().remove(MANAGED);
    assert_eq!(state_of(Some(&live)), TargetState::Changed);
    assert_eq!(state_of(None), TargetState::Missing);
}

#[test]
fn merging_keeps_what_is_others() {
    let live = secret(
        json!({"metadata": {"name": "db", "labels": {"theirs": "1"}, "managedFields": [
        {"manager": MANAGER, "fieldsV1": {"f:data": {"f:old": {}}}}]},
        "type": "Opaque", "data": {"theirs": "eA==", "old": "eA=="}}),
    );
    let case = Case {
        creation: CreationPolicy::Merge,
        ..Case::default()
    };
    let updated = updated(case.decide(Some(&live)));
    assert_eq!(updated["data"], json!({"a": "MQ==", "theirs": "eA=="}));
    assert_eq!(updated["metadata"]["labels"]["theirs"], "1");
    assert_eq!(updated["metadata"]["labels"][CREATED_BY], Value::Null);
    assert_eq!(updated["metadata"]["ownerReferences"], json!([]));
    assert!(matches!(case.decide(None), Action::Wait));
    let case = Case {
        creation: CreationPolicy::CreateOrMerge,
        ..Case::default()
    };
    assert!(matches!(case.decide(None), Action::Create(_)));
    let case = Case {
        creation: CreationPolicy::None,
        ..Case::default()
    };
    assert!(matches!(case.decide(None), Action::UpToDate));
}

#[test]
fn refusals() {
    let foreign = secret(json!({"metadata": {"name": "db"}, "data": {"theirs": "eA=="}}));
    let mut another = left_behind();
    another.metadata.owner_references = Some(vec![owner("other")]);
    let mut other = left_behind();
    other.metadata.owner_references = Some(vec![OwnerReference {
        api_version: "bitnami.com/v1alpha1".to_owned(),
        kind: "SealedSecret".to_owned(),
        ..owner("db")
    }]);
    let mut frozen = left_behind();
    frozen.immutable = Some(true);
    let same = Secret {
        data: frozen.data.clone(),
        ..Secret::default()
    };
    let merge = || Case {
        creation: CreationPolicy::Merge,
        ..Case::default()
    };
    for (case, live, refusal) in [
        (Case::default(), &foreign, Some(Refusal::Foreign)),
        (
            Case {
                adopt: true,
                ..Case::default()
            },
            &foreign,
            None,
        ),
        (merge(), &foreign, None),
        (Case::default(), &same, None),
        (Case::default(), &Secret::default(), None),
        (Case::default(), &another, Some(Refusal::OwnedByAnother)),
        (merge(), &another, Some(Refusal::OwnedByAnother)),
        (Case::default(), &other, Some(Refusal::ControlledByOther)),
        (merge(), &other, None),
        (
            Case {
                data: &[("a", "2")],
                ..Case::default()
            },
            &frozen,
            Some(Refusal::Immutable),
        ),
        (
            Case {
                secret_type: Some("x/y"),
                ..Case::default()
            },
            &left_behind(),
            Some(Refusal::TypeChange),
        ),
    ] {
        let decided = match case.decide(Some(live)) {
            Action::Refuse(refusal) => Some(refusal),
            _ => None,
        };
        assert_eq!(decided, refusal);
    }
}

#[test]
fn immutable_targets_stay_as_they_are() {
    let mut live = left_behind();
    live.immutable = Some(true);
    let case = Case {
        immutable: true,
        data: &[("a", "2")],
        labels: &[("new", "label")],
        ..Case::default()
    };
    assert!(matches!(case.decide(Some(&live)), Action::UpToDate));
}

#[test]
fn leaving_owner_takes_the_owner_reference_away() {
    let live = left_behind();
    let case = Case {
        creation: CreationPolicy::Orphan,
        ..Case::default()
    };
    let updated = updated(case.decide(Some(&live)));
    assert_eq!(updated["metadata"]["ownerReferences"], json!([]));
    assert_eq!(updated["metadata"]["labels"][CREATED_BY], Value::Null);
}
