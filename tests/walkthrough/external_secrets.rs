//! docs/guide/external-secrets.md and docs/guide/from-eso.md, done as they are written, with an emulator in
//! the place of AWS.

use std::collections::{BTreeSet, VecDeque};
use std::path::Path;

use k8s_openapi::api::core::v1::Secret;
use kube::ResourceExt as _;
use seal_api::external_secrets::{ExternalSecret, ReadyStatus};
use serde_json::{Value, json};
use suite::{
    Cluster, CrdSet, EXTERNAL_SECRETS_NAMESPACE as NAMESPACE, ExternalSecretsController, data, text,
};
use testkit::aws::{self, Emulator, Fault, FaultProxy, Kind};
use testkit::{RealOperator, RealOperatorOptions};

use crate::desk::Desk;
use crate::document::{all, blocks, files};
use crate::pretend_rolled_out;

const GUIDE: &str = "docs/guide/external-secrets.md";
const FROM_ESO: &str = "docs/guide/from-eso.md";
const DEPLOYMENT: &str = "external-secrets";

/// An administrator's desk, a cluster, and AWS. People ask it themselves, the controller through the proxy.
struct Story {
    desk: Desk,
    cluster: Cluster,
    emulator: Emulator,
    proxy: FaultProxy,
    blocks: VecDeque<(String, String)>,
}

impl Story {
    fn begin(document: &str, mark: &str) -> Option<Self> {
        let desk = Desk::new()?;
        let deploy = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy");
        std::os::unix::fs::symlink(deploy.canonicalize().unwrap(), desk.file("deploy")).unwrap();
        for (name, content) in files(GUIDE) {
            desk.write(&name, content);
        }
        let emulator = Emulator::start(Kind::Moto).unwrap();
        Some(Self {
            desk,
            cluster: Cluster::bare(),
            proxy: FaultProxy::start(emulator.url()).unwrap(),
            emulator,
            blocks: blocks(document, mark).into(),
        })
    }

    /// The document's next block, which must be this one.
    fn next(&mut self, title: &str) -> String {
        let (label, script) = self.blocks.pop_front().unwrap();
        assert_eq!(label, title, "{script}");
        self.run(&script)
    }

    fn run(&self, script: &str) -> String {
        let kubeconfig = self.cluster.plane().kubeconfig().display().to_string();
        let aws = aws::environment(self.emulator.url());
        let aws = aws.iter().map(|(name, value)| (*name, value.as_str()));
        let variables: Vec<_> = aws.chain([("KUBECONFIG", &*kubeconfig)]).collect();
        self.desk.run(script, &variables)
    }

    /// What the Deployment asks for.
    fn start(&self) -> ExternalSecretsController {
        pretend_rolled_out(self.cluster.plane(), NAMESPACE, DEPLOYMENT);
        ExternalSecretsController::start(&self.cluster, self.proxy.url(), &[])
    }

    fn waits_for(&self, password: &str) -> Secret {
        let shop = self.cluster.existing("shop");
        shop.wait_for("database", "to have the password", |secret: &Secret| {
            data(secret) == text(&[("password", password)])
        })
    }

    fn is_over(&self) {
        assert!(self.blocks.is_empty(), "the document goes on");
    }
}

#[test]
fn every_block_of_the_guides_is_for_a_test() {
    let kinds = |document: &str| -> BTreeSet<String> {
        let kind = |block: String| {
            let mut lines = block.lines().map(str::trim);
            let (language, first) = (lines.next().unwrap(), lines.next().unwrap());
            let mark = first.strip_prefix("# ").unwrap_or_default();
            let mark = mark.split(' ').next().unwrap();
            format!("{language} {mark}").trim().to_owned()
        };
        all(document).into_iter().map(kind).collect()
    };
    let set = |expected: &[&str]| expected.iter().copied().map(str::to_owned).collect();
    assert_eq!(
        kinds(GUIDE),
        set(&[
            // Images, Prometheus, and a patch with NAME and NS in it.
            "",
            "json",
            "sh external-secrets",
            // The components: tests/external/manifests.rs.
            "yaml",
            "yaml overlays/definitions/kustomization.yaml",
            "yaml overlays/external-secrets/kustomization.yaml",
            "yaml shop.yaml",
        ])
    );
    assert_eq!(
        kinds(FROM_ESO),
        // Helm, which we do not have here.
        set(&[
            "",
            "sh from-eso",
            "yaml",
            "yaml overlays/external-secrets/class.yaml"
        ])
    );
}

#[test]
fn external_secrets_as_the_guide_has_them() {
    let Some(mut story) = Story::begin(GUIDE, "external-secrets") else {
        return;
    };
    // The smaller policy allows no more than this.
    story.proxy.fail("ListSecrets", Fault::AccessDenied);
    story.next("definitions");
    story.next("install");
    let controller = story.start();
    story.next("rollout");
    story.next("create");
    assert_eq!(story.next("apply").lines().last(), Some("the first one"));
    story.next("change");
    story.waits_for("the second one");
    let shown = story.next("status");
    assert!(shown.contains("SecretSynced"), "{shown}");
    within(&story.proxy, &policies()[0]);

    // The same with the right to sweep.
    story.proxy.clear();
    story.run(
        "aws secretsmanager put-secret-value --secret-id shop/database \
         --secret-string '{\"password\": \"the third one\"}'\n\
         kubectl annotate -n shop externalsecret/database --overwrite external-secrets.io/force-sync=again",
    );
    story.waits_for("the third one");
    within(&story.proxy, &policies()[1]);

    story.next("v1beta1");
    story.run("kubectl get externalsecrets.v1beta1.external-secrets.io -n shop database");
    drop(controller);
    story.next("uninstall");
    story.waits_for("the third one");
    story.is_over();
}

/// The guide's policies for the controller: with as little as it takes, and with everything.
fn policies() -> Vec<BTreeSet<String>> {
    let actions = |policy: &Value| -> BTreeSet<String> {
        let statements = policy["Statement"].as_array().into_iter().flatten();
        let actions = statements.flat_map(|statement| match &statement["Action"] {
            Value::Array(actions) => actions.clone(),
            action => vec![action.clone()],
        });
        actions
            .map(|action| action.as_str().unwrap().to_owned())
            .collect()
    };
    let documents = crate::document::json(GUIDE);
    let policies = documents.iter().map(actions);
    let policies = policies.filter(|actions| actions.contains("secretsmanager:GetSecretValue"));
    policies.collect()
}

/// Nothing was asked for but what a policy allows, and what was refused.
fn within(proxy: &FaultProxy, actions: &BTreeSet<String>) {
    let calls = proxy.all_calls().into_keys();
    // Everybody may ask who he is.
    let calls = calls.filter(|call| call != "GetCallerIdentity" && call != "ListSecrets");
    for call in calls {
        let action = format!("secretsmanager:{call}");
        assert!(actions.contains(&action), "{action} is not in {actions:?}");
    }
}

#[test]
fn the_take_over_as_the_guide_has_it() {
    let Some(mut story) = Story::begin(FROM_ESO, "from-eso") else {
        return;
    };
    story.cluster.external_secrets_crds(CrdSet::Upstream);
    story.cluster.namespace(NAMESPACE);
    story.cluster.namespace("shop");
    story.cluster.plane().apply(&theirs()).unwrap();
    let options = RealOperatorOptions {
        aws: story.proxy.url().to_owned(),
        args: Vec::new(),
    };
    let operator = RealOperator::start(story.cluster.plane(), &options).unwrap();
    let secrets = story.emulator.secrets();
    let value = r#"{"password": "theirs"}"#;
    secrets.create_secret("shop/database", value, &[]).unwrap();
    story.run("kubectl apply --server-side -f shop.yaml");
    let before = story.waits_for("theirs");

    // Its first try was before its store was ready.
    story.run("kubectl delete events --all --namespace shop");

    let shown = story.next("look");
    assert!(shown.contains("SecretsManager"), "{shown}");
    story.next("stop");
    operator.process().stop().unwrap();
    story.next("start");
    let ours = story.start();
    story.next("rollout");
    let shown = story.next("check");
    assert!(shown.contains("SecretSynced"), "{shown}");
    assert!(!shown.contains("UpdateFailed"), "{shown}");

    // Ours it is who follows now, and has written nothing before.
    assert_eq!(
        story.waits_for("theirs").resource_version(),
        before.resource_version()
    );
    let value = r#"{"password": "ours"}"#;
    secrets
        .put_secret_value("shop/database", value, &[])
        .unwrap();
    story.run("kubectl annotate -n shop externalsecret/database external-secrets.io/force-sync=1");
    story.waits_for("ours");

    story.next("back");
    drop(ours);
    let _operator = RealOperator::start(story.cluster.plane(), &options).unwrap();
    secrets
        .put_secret_value("shop/database", r#"{"password": "back"}"#, &[])
        .unwrap();
    story.run("kubectl annotate --overwrite -n shop externalsecret/database external-secrets.io/force-sync=2");
    story.waits_for("back");
    let shop = story.cluster.existing("shop");
    let external: ExternalSecret = shop.get("database").unwrap();
    let status = external.status.unwrap();
    assert_eq!(status.conditions[0].status, ReadyStatus::True);
    story.is_over();
}

/// The operator's Deployment, as far as it matters: its name, and a selector that is not ours.
fn theirs() -> Value {
    let labels = json!({"app.kubernetes.io/name": "external-secrets", "app.kubernetes.io/instance": "external-secrets"});
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": DEPLOYMENT, "namespace": NAMESPACE},
        "spec": {
            "selector": {"matchLabels": labels},
            "template": {
                "metadata": {"labels": labels},
                "spec": {"containers": [{"name": "external-secrets", "image": "external-secrets"}]},
            },
        },
    })
}
