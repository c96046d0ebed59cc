//! docs/guide/keys-in-kms.md, done as it is written: in a cluster whose controller has what the guide's
//! overlays say, with emulators in the place of AWS.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::Path;

use k8s_openapi::api::core::v1::Secret;
use kube::ResourceExt as _;
use seal_api::{ConditionStatus, KEY_LABEL, KEY_LABEL_ACTIVE, SealedSecret};
use seal_keys::Certificate;
use serde_json::Value;
use suite::{Cluster, Controller, Namespace, PATIENCE, condition, data, text};
use testkit::aws::{self, Emulator, Fault, FaultProxy, Kind};
use testkit::{eventually, netns, peers, skip};

use crate::desk::Desk;
use crate::document::{all, blocks, files, json};
use crate::{NAMESPACE, SERVICE, pretend_rolled_out, publish};

const GUIDE: &str = "docs/guide/keys-in-kms.md";

/// A half of the guide: an administrator's desk, a cluster, and AWS. People ask it themselves, the
/// controller through the proxy, which tells what it asked.
struct Half {
    desk: Desk,
    cluster: Cluster,
    emulator: Emulator,
    proxy: FaultProxy,
    controller: Option<Controller>,
    /// The shell variables that the guide names.
    named: BTreeMap<&'static str, String>,
    blocks: VecDeque<(String, String)>,
    overlay: String,
}

impl Half {
    /// With a controller whose keys are in the clear; `None`, and why, where that cannot be.
    fn begin(mark: &str, kind: Kind) -> Option<Self> {
        if !netns::is_inside() {
            skip("the service proxy needs a network namespace: run `cargo xtask test`");
            return None;
        }
        if peers::openssl().is_none() {
            skip("no openssl on the PATH");
            return None;
        }
        let desk = Desk::new()?;
        let deploy = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy");
        std::os::unix::fs::symlink(deploy.canonicalize().unwrap(), desk.file("deploy")).unwrap();
        let emulator = Emulator::start(kind).unwrap();
        let mut half = Self {
            desk,
            cluster: Cluster::start(),
            proxy: FaultProxy::start(emulator.url()).unwrap(),
            emulator,
            controller: None,
            named: BTreeMap::new(),
            blocks: blocks(GUIDE, mark).into(),
            overlay: format!("overlays/{mark}/kustomization.yaml"),
        };
        pretend_rolled_out(half.cluster.plane(), NAMESPACE, SERVICE);
        half.restart();
        Some(half)
    }

    /// The guide's next block, which must be this one.
    fn next(&mut self, title: &str) -> String {
        let (label, script) = self.blocks.pop_front().unwrap();
        assert_eq!(label, title, "{script}");
        self.run(&script)
    }

    fn run(&self, script: &str) -> String {
        let kubeconfig = self.cluster.plane().kubeconfig().display().to_string();
        let aws = aws::environment(self.emulator.url());
        let aws = aws.iter().map(|(name, value)| (*name, value.as_str()));
        let named = self.named.iter().map(|(name, value)| (*name, &**value));
        let mut variables: Vec<_> = aws.chain(named).collect();
        variables.push(("KUBECONFIG", &kubeconfig));
        self.desk.run(script, &variables)
    }

    /// Gives what a block has printed the name that the guide uses for it.
    fn name(&mut self, name: &'static str, printed: &str) {
        self.named.insert(name, printed.trim().to_owned());
    }

    /// The guide's overlay, with the keys of this half.
    fn write_overlay(&self) {
        let files = files(GUIDE);
        let (_, content) = files
            .iter()
            .find(|(name, _)| *name == self.overlay)
            .unwrap();
        self.desk.write(&self.overlay, self.filled(content));
    }

    fn filled(&self, content: &str) -> String {
        // `KEY` is part of other words, and stands in no overlay.
        let named = self.named.iter().filter(|(name, _)| **name != "KEY");
        named.fold(content.to_owned(), |text, (name, value)| {
            text.replace(name, value)
        })
    }

    /// As a person edits the one line of the overlay that has keys.
    fn replace_literals(&self, lines: &str) {
        let text = self.desk.read(&self.overlay);
        let old = text
            .lines()
            .filter(|line| line.contains("- SEALED_SECRETS_"));
        let old: Vec<_> = old.collect();
        let new: Vec<_> = lines.lines().map(|line| format!("  {line}")).collect();
        self.desk.write(
            &self.overlay,
            text.replace(&old.join("\n"), &new.join("\n")),
        );
    }

    /// What the Deployment gives its pods through the ConfigMap that an overlay made.
    fn configured(&self) -> Vec<(String, String)> {
        let get = |kind: &str, name: &str| -> Value {
            let plane = self.cluster.plane();
            let object = plane.run(&["get", kind, name, "-n", NAMESPACE, "-o", "json"]);
            serde_json::from_str(&object.unwrap()).unwrap()
        };
        let deployment = get("deployment", SERVICE);
        let container = &deployment["spec"]["template"]["spec"]["containers"][0];
        let Some(map) = container["envFrom"][0]["configMapRef"]["name"].as_str() else {
            return Vec::new();
        };
        let data = get("configmap", map)["data"].clone();
        let data: BTreeMap<String, String> = serde_json::from_value(data).unwrap();
        assert!(!data.is_empty());
        data.into_iter().collect()
    }

    /// A new pod, as a rollout makes it.
    fn restart(&mut self) {
        self.respawn();
        self.controller().wait_ready();
    }

    /// The same; it need not become ready.
    fn respawn(&mut self) {
        self.controller = None;
        let mut variables = aws::environment(self.proxy.url()).to_vec();
        let configured = self.configured();
        let configured = configured.iter();
        variables.extend(configured.map(|(name, value)| (name.as_str(), value.clone())));
        let (controller, port) = Controller::spawn_reachable(&self.cluster, &variables);
        publish(self.cluster.plane(), port);
        self.controller = Some(controller);
    }

    fn controller(&self) -> &Controller {
        self.controller.as_ref().unwrap()
    }

    fn certificate(&self) -> Certificate {
        self.controller().certificate()
    }

    /// The Secrets of sealing keys in use, and whether each shows its private half.
    fn keys(&self) -> Vec<(String, bool)> {
        let active = format!("{KEY_LABEL}={KEY_LABEL_ACTIVE}");
        let system = self.cluster.existing(NAMESPACE);
        let keys: Vec<Secret> = system.list(&active);
        let in_the_clear = |key: &Secret| {
            let key = key.data.as_ref().unwrap()["tls.key"].0.clone();
            !key.is_empty()
        };
        let keys = keys.iter();
        keys.map(|key| (key.name_any(), in_the_clear(key)))
            .collect()
    }

    /// The role that the guide grants allows what the controller has asked KMS for, and nothing else.
    fn role_fits(&self, policy: &Value) {
        let statement = &policy["Statement"][0];
        let actions: BTreeSet<String> =
            serde_json::from_value(statement["Action"].clone()).unwrap();
        let calls = self.proxy.all_calls().into_keys();
        let calls: BTreeSet<_> = calls.map(|call| format!("kms:{call}")).collect();
        assert_eq!(calls, actions);
        let conditions = statement["Condition"]["StringEquals"].as_object();
        for (name, value) in conditions.into_iter().flatten() {
            let field = name.strip_prefix("kms:EncryptionContext:").unwrap();
            let mut requests = self.proxy.requests("Encrypt");
            requests.extend(self.proxy.requests("Decrypt"));
            for request in requests {
                assert_eq!(request["EncryptionContext"][field], *value, "{request}");
            }
        }
    }

    fn is_over(&self) {
        assert!(self.blocks.is_empty(), "the guide goes on");
    }
}

/// Seals in both formats for a certificate, and waits until the Secrets are there.
fn opens(namespace: &Namespace<'_>, name: &str, certificate: &Certificate) {
    let plain = |name: &str| namespace.plain(name).item("password", "hunter2");
    let se1 = format!("{name}-se1");
    namespace.create(&plain(name).seal(certificate));
    namespace.create(&plain(&se1).seal_se1(&[certificate]));
    for name in [name, &se1] {
        namespace.wait_synced(name, ConditionStatus::True);
        namespace.wait_secret(name);
    }
}

#[test]
fn every_block_of_the_guide_is_for_a_test() {
    let kind = |block: String| {
        let mut lines = block.lines();
        let (language, first) = (lines.next().unwrap(), lines.next().unwrap());
        let mark = first.strip_prefix("# ").unwrap_or_default();
        let mark = mark.split(' ').next().unwrap();
        format!("{language} {mark}").trim().to_owned()
    };
    let found: BTreeSet<_> = all(GUIDE).into_iter().map(kind).collect();
    let expected = [
        "json",
        "sh in-kms",
        // By tests/lifecycle/cloud_keys_cli.rs.
        "sh recover",
        "sh wrapped",
        "yaml literals",
        "yaml overlays/in-kms/kustomization.yaml",
        "yaml overlays/wrapped/kustomization.yaml",
    ];
    assert_eq!(found, expected.map(str::to_owned).into());
}

#[test]
fn wrapped_keys_as_the_guide_has_them() {
    let Some(mut half) = Half::begin("wrapped", Kind::Moto) else {
        return;
    };
    let certificate = half.certificate();
    let namespace = half.cluster.namespace("prod").name().to_owned();
    opens(&half.cluster.existing(&namespace), "clear", &certificate);
    let printed = half.next("create-key");
    half.name("KEY_ARN", &printed);
    let printed = half.next("safe-key");
    half.name("SAFE_KEY", printed.lines().last().unwrap());
    half.write_overlay();
    half.next("apply");
    half.restart();
    assert_eq!(half.certificate().fingerprint(), certificate.fingerprint());
    let [(key, in_the_clear)] = half.keys().try_into().unwrap();
    assert!(in_the_clear, "wrapped already");
    half.next("convert");
    assert_eq!(half.keys(), [(key.clone(), false)]);
    eventually("the controller to open the wrapped key", PATIENCE, || {
        let log = half.controller().log();
        log.contains("sealing key unwrapped and in use")
            .then_some(())
    });
    assert_eq!(half.next("look"), "");
    half.restart();
    opens(&half.cluster.existing(&namespace), "wrapped", &certificate);

    // A key that KMS never opens again.
    half.proxy.fail("Decrypt", Fault::AccessDenied);
    half.respawn();
    let locked = format!("sealing key {key} cannot be unwrapped yet");
    eventually("the controller to say so", PATIENCE, || {
        let page = half.controller().get("/readyz")?;
        (page.status == 503 && page.body.contains(&locked)).then_some(())
    });
    half.name("KEY", &key);
    half.next("lost");
    half.proxy.clear();
    half.controller().wait_ready();
    assert_ne!(half.certificate().fingerprint(), certificate.fingerprint());
    half.role_fits(&json(GUIDE)[0]);

    let back = format!("- SEALED_SECRETS_KMS_KEYS={}", half.named["KEY_ARN"]);
    half.replace_literals(&back);
    half.next("back");
    half.restart();
    let [(_, in_the_clear)] = half.keys().try_into().unwrap();
    assert!(in_the_clear, "still wrapped");
    opens(
        &half.cluster.existing(&namespace),
        "back",
        &half.certificate(),
    );
    half.is_over();
}

#[test]
fn a_key_that_never_leaves_kms_as_the_guide_has_it() {
    let Some(mut half) = Half::begin("in-kms", Kind::Ministack) else {
        return;
    };
    half.cluster.namespace("prod");
    half.desk.write("password", "hunter2");
    // From before, as kubeseal left it.
    half.run(
        "kubeseal --fetch-cert > old.pem\n\
         kubectl create secret generic old -n prod --from-file=password --dry-run=client -o yaml \
         | kubeseal --cert old.pem -o yaml > old.sealed.yaml\n\
         kubectl apply -f old.sealed.yaml",
    );
    half.opens_anew(&["old"]);
    let printed = half.next("create-key");
    half.name("KEY_ARN", &printed);
    half.write_overlay();
    half.next("apply");
    half.restart();
    let shown = half.next("fetch");
    assert!(shown.contains("seal.kms-held"), "{shown}");
    half.run("kubeseal --fetch-cert | cmp - production.pem");
    half.opens_anew(&["old"]);
    half.next("seal");
    assert!(half.desk.read("db.sealed.yaml").contains("password: se1."));
    half.next("kubeseal");
    half.says_why_not();

    let [(key, _)] = half.keys().try_into().unwrap();
    half.name("KEY", &key);
    half.next("convert");
    half.next("retire");
    half.run("kubectl delete secret \"$KEY\" --namespace kube-system");
    half.restart();
    half.opens_anew(&["db", "mail", "old"]);
    let plane = half.cluster.plane();
    let secrets = plane.run(&["get", "secrets", "-A", "-o", "json"]).unwrap();
    assert!(!secrets.contains("tls.key"), "a private key is there");
    half.role_fits(&json(GUIDE)[1]);

    let new = half.emulator.kms().create_rsa_key(2048).unwrap();
    half.name("NEW_ARN", &new);
    let files = files(GUIDE);
    let (_, lines) = files.iter().find(|(name, _)| name == "literals").unwrap();
    let (_, lines) = lines.split_once('\n').unwrap();
    let before = half.certificate().fingerprint();
    half.replace_literals(&half.filled(lines));
    half.run("kubectl apply -k overlays/in-kms");
    half.restart();
    assert_ne!(half.certificate().fingerprint(), before);
    half.opens_anew(&["db", "mail", "old"]);

    let back = format!("- SEALED_SECRETS_KMS_RSA_KEYS={}", half.named["KEY_ARN"]);
    half.replace_literals(&back);
    half.next("back");
    half.restart();
    assert!(!half.certificate().is_kms_held());
    half.opens_anew(&["db", "mail", "old"]);
    half.next("open");
    let opened = half.desk.read("db.secret.yaml");
    assert!(opened.contains("password: aHVudGVyMg=="), "{opened}");
    half.is_over();
}

impl Half {
    /// The controller makes these Secrets again.
    fn opens_anew(&self, names: &[&str]) {
        let prod = self.cluster.existing("prod");
        for name in names {
            prod.wait_synced(name, ConditionStatus::True);
            prod.wait_secret(name);
            prod.delete::<Secret>(name);
            let secret = prod.wait_secret(name);
            assert_eq!(data(&secret), text(&[("password", "hunter2")]), "{name}");
        }
    }

    /// What kubeseal seals in another scope never opens, and the status says why, as the guide has it.
    fn says_why_not(&self) {
        self.run(
            "kubectl create secret generic strict -n prod --from-file=password --dry-run=client -o yaml \
             | kubeseal --cert production.pem -o yaml | kubectl apply -f -",
        );
        let prod = self.cluster.existing("prod");
        let refused = prod.wait_synced("strict", ConditionStatus::False);
        let message = condition(&refused).message.unwrap();
        assert!(message.contains("KMS takes no label"), "{message}");
        prod.delete::<SealedSecret>("strict");
    }
}
