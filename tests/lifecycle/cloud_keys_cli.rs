//! `seal keys wrap` and `unwrap`, beside the running controller.

use std::path::Path;
use std::process::{Command, Output, Stdio};

use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::Secret;
use kube::ResourceExt as _;
use seal_api::{AGE_IDENTITIES_LABEL, KEY_LABEL};
use serde_json::json;
use suite::{AgePair, Cluster, Controller, PATIENCE};
use testkit::aws::Fault;
use testkit::{eventually, peers, python, skip};

use crate::cloud_keys::{Aws, SMALL, assert_opens_nothing, data, keys, opens};

/// `seal keys`, as the cluster's administrator.
struct Seal<'a> {
    cluster: &'a Cluster,
    aws: &'a Aws,
    program: String,
}

impl<'a> Seal<'a> {
    /// `None`, and why, where there is none.
    fn find(cluster: &'a Cluster, aws: &'a Aws) -> Option<Self> {
        let Ok(program) = std::env::var("SEAL_BIN") else {
            skip("SEAL_BIN is not set: run `cargo xtask test`");
            return None;
        };
        Some(Self {
            cluster,
            aws,
            program,
        })
    }

    fn keys(&self, args: &[&str]) -> Output {
        Command::new(&self.program)
            .arg("keys")
            .args(args)
            .env("KUBECONFIG", self.cluster.plane().kubeconfig())
            .envs(self.aws.variables())
            .stdin(Stdio::null())
            .output()
            .unwrap()
    }

    /// What it says on success.
    #[track_caller]
    fn done(&self, args: &[&str]) -> String {
        let output = self.keys(args);
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success(), "{said}");
        assert!(output.stdout.is_empty() && !said.contains("PRIVATE KEY"));
        said
    }

    /// What it says when it cannot.
    #[track_caller]
    fn refused(&self, args: &[&str]) -> String {
        let output = self.keys(args);
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success(), "{said}");
        assert!(!said.contains("PRIVATE KEY"));
        said
    }
}

fn key(cluster: &Cluster, name: &str) -> Secret {
    cluster.existing("kube-system").get(name).unwrap()
}

/// As the log has it; the number tells one start, or one change, from the next.
fn wait_logged(controller: &Controller, text: &str, times: usize) {
    eventually(text, PATIENCE, || {
        (controller.log().matches(text).count() >= times).then_some(())
    });
}

/// A person with the age identity gets the key back as the guide says.
fn recovers(cluster: &Cluster, key: &str, person: &AgePair, expected: &[u8]) {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs");
    let guide = std::fs::read_to_string(docs.join("guide/keys-in-kms.md")).unwrap();
    let mut blocks = guide.split("```");
    let script = blocks.find(|block| block.starts_with("sh\n# recover wrapped-key\n"));
    let script = script.unwrap().trim_start_matches("sh\n");
    let folder = tempfile::tempdir().unwrap();
    std::fs::copy(docs.join("recover.py"), folder.path().join("recover.py")).unwrap();
    std::fs::write(folder.path().join("identity.txt"), &person.identity).unwrap();
    let plane = cluster.plane();
    let programs = [
        plane.assets().kubectl.clone(),
        python().unwrap(),
        peers::age().unwrap(),
        peers::age_keygen().unwrap(),
    ];
    let folders = programs.iter().filter_map(|program| program.parent());
    let inherited = std::env::var_os("PATH").unwrap();
    let path = folders
        .map(Path::to_owned)
        .chain(std::env::split_paths(&inherited));
    let output = Command::new("sh")
        .args(["-euc", script])
        .current_dir(folder.path())
        .env("PATH", std::env::join_paths(path).unwrap())
        .env("KUBECONFIG", plane.kubeconfig())
        .env("KEY", key)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{said}");
    let recovered = std::fs::read(folder.path().join("tls.key")).unwrap();
    assert!(recovered == expected, "another key, or none: {said}");
}

#[test]
fn keys_are_converted_under_a_running_controller_and_back() {
    let (cluster, aws, person) = (Cluster::start(), Aws::start(), AgePair::make());
    let Some(seal) = Seal::find(&cluster, &aws) else {
        return;
    };
    let allowed = format!("--kms-key={}", aws.arn);
    let mut controller = Controller::start_in(&cluster, &[SMALL, &allowed], &aws.variables());
    let certificate = controller.certificate();
    let namespace = cluster.namespace("convert");
    opens(&namespace, "plain", &certificate);
    let [before] = keys(&cluster).try_into().unwrap();
    let name = before.name_any();
    // As `kubectl apply` of a backup leaves it.
    let copy = json!({"data": {"tls.key": &before.data.as_ref().unwrap()["tls.key"]}}).to_string();
    let last_applied = "kubectl.kubernetes.io/last-applied-configuration";
    let annotations = json!({"metadata": {"annotations": {last_applied: copy}}});
    let system = cluster.existing("kube-system");
    let before: Secret = system.patch(&name, &annotations);

    let kms = format!("kms:{}", aws.arn);
    let for_both = ["--all", "-r", &kms, "-r", person.recipient.name()];
    let said = seal.done(&[&["wrap", "--dry-run"], &for_both[..]].concat());
    assert!(
        said.contains(&format!("{name}: would be wrapped for {}", aws.arn)),
        "{said}"
    );
    assert_eq!(key(&cluster, &name), before);
    let said = seal.done(&[&["wrap", &allowed], &for_both[..]].concat());
    assert!(said.contains("and opened again"), "{said}");
    wait_logged(&controller, "sealing key unwrapped and in use", 1);
    recovers(&cluster, &name, &person, &data(&before)["tls.key"]);
    let wrapped = key(&cluster, &name);
    assert_eq!(data(&wrapped)["tls.key"], b"");
    assert_eq!(data(&wrapped)["tls.crt"], data(&before)["tls.crt"]);
    assert!(!wrapped.annotations().contains_key(last_applied));
    assert_eq!(
        (wrapped.labels(), &wrapped.type_),
        (before.labels(), &before.type_)
    );
    assert_opens_nothing(&cluster);
    opens(&namespace, "wrapped", &certificate);
    controller.process().kill().unwrap();
    controller.process_mut().restart().unwrap();
    controller.wait_ready();
    opens(&namespace, "restarted", &certificate);

    // Again: nothing, unless it can be opened; then for new recipients, under a new data key.
    let for_kms = ["wrap", &name, "-r", &kms];
    let said = seal.done(&for_kms);
    assert!(said.contains("wrapped already, for age1"), "{said}");
    assert_eq!(key(&cluster, &name), wrapped);
    seal.done(&[&for_kms[..], &[&allowed]].concat());
    let anew = String::from_utf8(data(&key(&cluster, &name))["seal.se1"].clone()).unwrap();
    assert!(!anew.contains("age1") && anew.contains(&aws.arn), "{anew}");

    let said = seal.refused(&["unwrap", &name]);
    assert!(said.contains("no-identity"), "{said}");
    let said = seal.done(&["unwrap", &name, &allowed]);
    assert_eq!(said, format!("{name}: unwrapped\n"));
    assert_eq!(data(&key(&cluster, &name)), data(&before));
    assert_eq!(
        seal.done(&["unwrap", "--all"]),
        format!("{name}: not wrapped\n")
    );
    opens(&namespace, "back", &certificate);
    assert_eq!(keys(&cluster).len(), 1);
}

#[test]
fn nothing_is_written_that_would_lose_a_key() {
    let (cluster, aws) = (Cluster::start(), Aws::start());
    let Some(seal) = Seal::find(&cluster, &aws) else {
        return;
    };
    let controller = Controller::start(&cluster);
    let [before] = keys(&cluster).try_into().unwrap();
    let name = before.name_any();
    let certificate = cluster.plane().dir().join("own.pem");
    std::fs::write(&certificate, controller.certificate().to_pem()).unwrap();
    let own = format!("cert:{}", certificate.display());
    let (kms, allowed) = (format!("kms:{}", aws.arn), format!("--kms-key={}", aws.arn));
    let other = aws.emulator.kms().create_symmetric_key().unwrap();
    let other = format!("--kms-key={other}");
    for (args, said) in [
        (&[][..], "name with --recipient whom keys are wrapped for"),
        (&["-r", &own], "name one of these besides rsa:"),
        (&["-r", &own, "-r", &kms], "is a sealing key itself"),
        (&["-r", &kms, &other], "cannot be opened here"),
        (&["-r", "kms:alias/none"], "there is no such key"),
    ] {
        let all = [&["wrap", &name], args].concat();
        let text = seal.refused(&all);
        assert!(text.contains(said), "{args:?}: {text}");
    }
    aws.proxy.fail("Decrypt", Fault::AccessDenied);
    let text = seal.refused(&["wrap", &name, "-r", &kms, &allowed]);
    assert!(
        text.contains("kms:Decrypt") && text.contains("access denied"),
        "{text}"
    );
    aws.proxy.clear();
    assert_eq!(key(&cluster, &name), before);
    for (args, said) in [
        (
            ["wrap", "none", "-r", &kms, "-n=kube-system"],
            "no such Secret in namespace \"kube-system\"",
        ),
        (
            ["wrap", "--all", "-r", &kms, "-n=default"],
            "no Secret in namespace \"default\" has the label",
        ),
    ] {
        let text = seal.refused(&args);
        assert!(text.contains(said), "{text}");
    }
}

#[test]
fn what_is_no_key_keeps_no_other_from_being_wrapped() {
    let (cluster, aws) = (Cluster::start(), Aws::start());
    let Some(seal) = Seal::find(&cluster, &aws) else {
        return;
    };
    let _controller = Controller::start(&cluster);
    let [before] = keys(&cluster).try_into().unwrap();
    let (name, kms) = (before.name_any(), format!("kms:{}", aws.arn));
    let system = cluster.existing("kube-system");
    let labels = json!({"metadata": {"labels": {KEY_LABEL: "retired"}}});
    system.create_secret("empty", &labels);
    let mut foreign = before.clone();
    foreign.metadata = serde_json::from_value(labels["metadata"].clone()).unwrap();
    foreign.metadata.name = Some("foreign".to_owned());
    let now = jiff::Timestamp::now();
    let hour = jiff::SignedDuration::from_hours(1);
    let strange = seal_keys::issue(2048, "", now, hour).unwrap();
    let strange = ByteString(strange.certificate.to_pem().into_bytes());
    foreign
        .data
        .as_mut()
        .unwrap()
        .insert("tls.crt".to_owned(), strange);
    let foreign = system.create(&foreign);
    let text = seal.refused(&["wrap", "--all", "-r", &kms]);
    for said in [
        "empty: not changed: it is no key Secret: there is no tls.crt",
        "foreign: not changed: its private key holds another key",
        &format!("{name}: wrapped for {}", aws.arn),
        "error: 2 of 3 keys were not changed",
    ] {
        assert!(text.contains(said), "{text}");
    }
    assert_eq!(key(&cluster, "foreign"), foreign);
}

#[test]
fn a_controller_with_an_age_identity_opens_what_is_wrapped_for_it() {
    let (cluster, aws, pair) = (Cluster::start(), Aws::start(), AgePair::make());
    let Some(seal) = Seal::find(&cluster, &aws) else {
        return;
    };
    let controller = Controller::start(&cluster);
    let certificate = controller.certificate();
    let [before] = keys(&cluster).try_into().unwrap();
    seal.done(&["wrap", "--all", "--recipient", pair.recipient.name()]);
    // Nobody gave it the identity: it works on, and says that the next process will not.
    let system = cluster.existing("kube-system");
    let event = system.wait_event(&before.name_any(), "SealingKeyLocked");
    let message = event.message.unwrap();
    assert!(
        message.contains("works on in the memory of this process"),
        "{message}"
    );
    let namespace = cluster.namespace("memory");
    opens(&namespace, "memory", &certificate);
    let identities = json!({
        "metadata": {"labels": {AGE_IDENTITIES_LABEL: "active"}},
        "stringData": {"keys.txt": pair.identity},
    });
    system.create_secret("identities", &identities);
    system.wait_event(&before.name_any(), "SealingKeyUnwrapped");
    opens(&namespace, "unwrapped", &certificate);
}
