//! A control plane and Secrets Manager with everything that the cases need, for one controller.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use k8s_openapi::api::core::v1::Secret;
use seal_api::external_secrets::{ExternalSecret, FORCE_SYNC};
use serde_json::{Value, json};
use suite::Cluster;
use testkit::aws::{Emulator, FaultProxy, Kind, SecretsManager};
use testkit::eventually;

use crate::case::{self, Call, Case, Round};
use crate::record::{Facts, facts};

/// Where the keys of the shared store are.
const SHARED: &str = "shared";
/// Everything has settled when nothing changed for so long: a controller that has work to do is faster.
const QUIET: Duration = Duration::from_secs(6);
const PATIENCE: Duration = Duration::from_mins(3);
/// Kinds that facts are about, by the path of their list.
const LISTS: [(&str, &str); 4] = [
    ("Secret", "/api/v1/secrets"),
    (
        "ExternalSecret",
        "/apis/external-secrets.io/v1/externalsecrets",
    ),
    ("SecretStore", "/apis/external-secrets.io/v1/secretstores"),
    (
        "ClusterSecretStore",
        "/apis/external-secrets.io/v1/clustersecretstores",
    ),
];

/// What became of each case, by its id and the number of the round.
pub(crate) type Records = BTreeMap<(String, usize), Facts>;

/// The bed.
pub(crate) struct Bed {
    pub(crate) cluster: Cluster,
    pub(crate) proxy: FaultProxy,
    secrets: SecretsManager,
    // Dropped last.
    _emulator: Emulator,
}

impl Bed {
    /// Starts it; in the cluster there is nothing yet.
    pub(crate) fn start() -> Self {
        let emulator = Emulator::start(Kind::Moto).unwrap();
        let secrets = emulator.secrets();
        for (number, call) in case::fixtures().into_iter().enumerate() {
            make(&secrets, call, number);
        }
        Self {
            cluster: Cluster::bare(),
            proxy: FaultProxy::start(emulator.url()).unwrap(),
            secrets,
            _emulator: emulator,
        }
    }

    /// Takes all cases through all their rounds. A controller is running.
    pub(crate) fn run(&self, cases: &[Case]) -> Records {
        let mut records = self.begin(cases);
        let rounds = cases.iter().map(|case| case.then.len()).max().unwrap_or(0);
        for number in 1..=rounds {
            let has_round = |case: &&Case| case.then.len() >= number;
            for case in cases.iter().filter(has_round) {
                self.happen(case, &case.then[number - 1], number);
            }
            let mut round = self.record(cases, number);
            round.retain(|(id, _), _| {
                cases
                    .iter()
                    .any(|case| case.id() == *id && has_round(&case))
            });
            records.extend(round);
        }
        records
    }

    /// Applies all cases, and waits until they have settled.
    pub(crate) fn begin(&self, cases: &[Case]) -> Records {
        self.apply_surroundings(cases);
        self.apply(cases.iter().map(|case| self.with_arns(case.manifest())));
        self.record(cases, 0)
    }

    /// Resource versions of the Secrets and the ExternalSecrets, by kind, namespace and name: they tell whether
    /// anybody wrote.
    pub(crate) fn versions(&self) -> BTreeMap<String, String> {
        let objects = LISTS[..2]
            .iter()
            .flat_map(|(kind, path)| self.list(kind, path));
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        objects
            .map(|object| {
                let [namespace, name, version] = ["namespace", "name", "resourceVersion"]
                    .map(|field| text(&object["metadata"][field]));
                let kind = text(&object["kind"]);
                (format!("{kind} {namespace}/{name}"), version)
            })
            .collect()
    }

    /// All but the cases' own ExternalSecrets, until it is in use.
    fn apply_surroundings(&self, cases: &[Case]) {
        let shared = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": SHARED}});
        self.apply(cases.iter().map(Case::namespace).chain([shared]));
        let before: Vec<Value> = cases.iter().flat_map(Case::objects_before).collect();
        let is_external = |object: &Value| object["kind"] == "ExternalSecret";
        let is_store = |object: &Value| object["spec"]["provider"].is_object();
        let refers = |object: &Value| object.to_string().contains("${uid:");
        let of = |pick: &dyn Fn(&Value) -> bool| {
            let picked = before.iter().filter(|object| pick(object));
            picked.cloned().collect::<Vec<_>>()
        };
        let plain = of(&|it| !is_external(it) && !is_store(it) && !refers(it));
        let keys = cases.iter().filter_map(Case::own_keys);
        self.apply(plain.into_iter().chain(keys).chain([case::keys(SHARED)]));
        let referring = of(&refers).into_iter().map(|it| self.with_uids(it));
        let stores = cases.iter().filter_map(Case::own_store);
        let stores = stores
            .chain(of(&is_store))
            .chain([case::shared_store(SHARED)]);
        self.apply(stores.chain(referring));
        self.wait_stores();
        self.apply(of(&is_external).into_iter());
        self.settled(&[]);
    }

    /// One round of a case.
    fn happen(&self, case: &Case, round: &Round, number: usize) {
        for call in &round.aws {
            make(&self.secrets, call.clone(), 1000 + number);
        }
        let namespace = self.cluster.existing(&case.id());
        if let Some(patch) = &round.secret {
            namespace.patch::<Secret>(case.target(), patch);
        }
        if round.delete_secret {
            namespace.delete::<Secret>(case.target());
        }
        if round.delete {
            namespace.delete::<ExternalSecret>(&case.external);
        }
        if let Some(patch) = &round.patch {
            namespace.patch::<ExternalSecret>(&case.external, patch);
        }
        for object in &round.objects {
            let mut object = object.clone();
            object["metadata"]["namespace"] = json!(case.id());
            self.apply([object].into_iter());
        }
        if round.force {
            let forced = json!({"metadata": {"annotations": {FORCE_SYNC: number.to_string()}}});
            namespace.patch::<ExternalSecret>(&case.external, &forced);
        }
    }

    fn record(&self, cases: &[Case], round: usize) -> Records {
        let mut settled = self.settled(cases);
        let records = cases.iter().map(|case| {
            let facts = settled.remove(&case.id()).unwrap_or_default();
            ((case.id(), round), facts)
        });
        records.collect()
    }

    /// Waits until everything is as it stays, and everybody has heard something.
    fn settled(&self, cases: &[Case]) -> BTreeMap<String, Facts> {
        let mut last = (Instant::now(), BTreeMap::new());
        eventually("everything to settle", PATIENCE, || {
            let state = self.state(cases);
            if state != last.1 {
                last = (Instant::now(), state);
                return None;
            }
            let heard = cases.iter().all(|case| {
                let facts = &last.1[&case.id()];
                let external = format!("ExternalSecret {}", case.external);
                let ready = facts.contains_key(&format!("{external} Ready"));
                case.silent || ready || !facts.contains_key(&external)
            });
            let collected = !last.1.values().any(has_orphans);
            let settled = heard && collected && last.0.elapsed() >= QUIET;
            settled.then(|| std::mem::take(&mut last.1))
        })
    }

    /// Facts of each namespace, and of the cluster's stores in that of the case who made them.
    fn state(&self, cases: &[Case]) -> BTreeMap<String, Facts> {
        let mut objects: BTreeMap<String, Vec<Value>> = BTreeMap::new();
        for object in LISTS.iter().flat_map(|(kind, path)| self.list(kind, path)) {
            let maker = |case: &&Case| {
                let same = |one: &Value| {
                    one["kind"] == object["kind"]
                        && one["metadata"]["name"] == object["metadata"]["name"]
                };
                case.before.iter().any(same)
            };
            let namespace = match object["metadata"]["namespace"].as_str() {
                Some(namespace) => namespace.to_owned(),
                None => cases.iter().find(maker).map(Case::id).unwrap_or_default(),
            };
            objects.entry(namespace).or_default().push(object);
        }
        let nothing = cases.iter().map(|case| (case.id(), Facts::new()));
        let some = objects.iter();
        let some = some.map(|(namespace, objects)| (namespace.clone(), facts(objects.iter())));
        nothing.chain(some).collect()
    }

    fn list(&self, kind: &str, path: &str) -> Vec<Value> {
        let text = self.cluster.plane().run(&["get", "--raw", path]).unwrap();
        let mut list: Value = serde_json::from_str(&text).unwrap();
        let items = list["items"].as_array_mut().unwrap();
        for item in &mut *items {
            item["kind"] = json!(kind);
        }
        std::mem::take(items)
    }

    /// Waits until each store that is ours to look at has been looked at.
    fn wait_stores(&self) {
        eventually("the stores", PATIENCE, || {
            let mut stores = LISTS[2..]
                .iter()
                .flat_map(|(kind, path)| self.list(kind, path));
            let all = stores.all(|store| {
                let spec = &store["spec"];
                let ours = spec["provider"]["aws"].is_object() && spec["controller"].is_null();
                !ours || store["status"]["conditions"].is_array()
            });
            all.then_some(())
        });
    }

    /// Applies objects, in a few processes at once.
    fn apply(&self, objects: impl Iterator<Item = Value>) {
        let objects: Vec<Value> = objects.collect();
        let size = objects.len().div_ceil(4).max(1);
        std::thread::scope(|scope| {
            for part in objects.chunks(size) {
                let list = json!({"apiVersion": "v1", "kind": "List", "items": part});
                scope.spawn(move || self.cluster.plane().apply(&list).unwrap());
            }
        });
    }

    /// `${arn:NAME}` is the ARN of a secret.
    fn with_arns(&self, object: Value) -> Value {
        substituted(object, "arn:", |name| {
            let secret = self
                .secrets
                .call("DescribeSecret", &json!({"SecretId": name}));
            secret.unwrap()["ARN"].as_str().unwrap().to_owned()
        })
    }

    /// `${uid:kind/name}` is the id of an object in the same namespace.
    fn with_uids(&self, object: Value) -> Value {
        let namespace = object["metadata"]["namespace"].as_str();
        let namespace = namespace.unwrap().to_owned();
        substituted(object, "uid:", |name| {
            let path = "jsonpath={.metadata.uid}";
            let get = ["get", name, "-n", &namespace, "-o", path];
            self.cluster.plane().run(&get).unwrap()
        })
    }
}

/// Whether the garbage collector has something to do: it learns within 30 seconds what new definitions define.
fn has_orphans(facts: &Facts) -> bool {
    let owned = facts.iter().filter(|(fact, _)| fact.ends_with(" owners"));
    let mut owners = owned.flat_map(|(_, owners)| owners.as_array().into_iter().flatten());
    owners.any(|owner| {
        let name = owner["name"].as_str().unwrap_or_default();
        owner["kind"] == "ExternalSecret" && !facts.contains_key(&format!("ExternalSecret {name}"))
    })
}

/// Makes a call; versions that it makes have ids of their own, the same in every run.
fn make(secrets: &SecretsManager, call: Call, number: usize) {
    for (operation, request) in call {
        let mut request = substituted(request, "64KiB", |_| "0123456789abcde\n".repeat(4096));
        if ["CreateSecret", "PutSecretValue"].contains(&&*operation)
            && request["ClientRequestToken"].is_null()
        {
            let token = format!("00000000-0000-4000-8000-{number:012}");
            request["ClientRequestToken"] = json!(token);
        }
        secrets.call(&operation, &request).unwrap();
    }
}

/// Replaces `${KINDname}` by what `find` finds for the name, in every text.
fn substituted(mut value: Value, kind: &str, find: impl Copy + Fn(&str) -> String) -> Value {
    match &mut value {
        Value::String(text) => {
            let pattern = format!("${{{kind}");
            while let Some((before, rest)) = text.split_once(&pattern) {
                let (name, after) = rest.split_once('}').unwrap();
                *text = format!("{before}{}{after}", find(name));
            }
        }
        Value::Array(items) => {
            for item in items {
                *item = substituted(item.take(), kind, find);
            }
        }
        Value::Object(members) => {
            for member in members.values_mut() {
                *member = substituted(member.take(), kind, find);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
    value
}
