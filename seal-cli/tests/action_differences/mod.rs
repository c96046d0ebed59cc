//! Where `--recovery-unseal`, `--validate` and `--re-encrypt` differ from kubeseal 0.40.0 on purpose, and
//! why. The first entry is true of every Secret that is recovered, and one is of every empty value.

use seal_format::{Envelope, Scope, SessionKey};
use seal_keys::{Certificate, Recipient as _};
use zeroize::Zeroizing;

use crate::reveal::VECTORS;
use crate::sealing_for_tests::{SECRET, seal};

/// One deliberate difference, as both programs show it.
pub(crate) struct Difference {
    pub(crate) what: &'static str,
    pub(crate) why: &'static str,
    pub(crate) args: Vec<&'static str>,
    pub(crate) stdin: String,
    pub(crate) ours: Seen,
    pub(crate) theirs: Seen,
}

/// Exit code, a part of stdout and of stderr, and what is not in stdout. Of lines with `-f` or `-w` stdout
/// is what the files hold afterwards, each after its name, and stdout itself.
pub(crate) struct Seen(
    pub(crate) i32,
    pub(crate) &'static str,
    pub(crate) &'static str,
    pub(crate) &'static str,
);

/// Those of `key_files` that stand in the list.
pub(crate) const KEY_FILES: &[&str] = &[
    "two.pem",
    "secret-list.json",
    "keyless-beside.json",
    "string-data.yaml",
];

const KEY: &str = "--recovery-private-key=certs/../keys/rsa-2048.pem";
/// `hunter2` in base64.
const PASSWORD: &str = "\"password\": \"aHVudGVyMg==\"";
const KUBECONFIG: &str = "--kubeconfig=kube.yaml";
const NOWHERE: &str = "(nowhere)";

/// All of them.
pub(crate) fn all() -> Vec<Difference> {
    let mut all: Vec<_> = [
        outputs(),
        inputs(),
        other_formats(),
        templates(),
        key_files(),
    ]
    .into_iter()
    .flatten()
    .collect();
    for difference in &mut all {
        difference.args.insert(0, "--recovery-unseal");
    }
    all.extend(validating());
    all.extend(re_encrypting());
    all.extend(other_controllers());
    all.extend(re_encrypting_formats());
    all
}

fn with(from: &str, to: &str) -> String {
    let sealed = seal(SECRET, &[]);
    assert!(sealed.contains(from), "{from:?} is not in {sealed}");
    sealed.replacen(from, to, 1)
}

fn outputs() -> Vec<Difference> {
    let metadata = "metadata:\n      uid: 1-2\n      resourceVersion: \"5\"\n      managedFields: [{manager: kubectl}]\n      ownerReferences: [{apiVersion: v1, kind: Pod, name: p, uid: u}]\n      annotations: {sealedsecrets.bitnami.com/skip-set-owner-references: \"true\"}\n";
    vec![
        Difference {
            what: "an owner",
            why: "kubeseal writes one without uid, so that the Secret cannot be applied",
            args: vec![KEY],
            stdin: seal(SECRET, &[]),
            ours: Seen(0, PASSWORD, "", "ownerReferences"),
            theirs: Seen(0, "\"uid\": \"\"", "", NOWHERE),
        },
        Difference {
            what: "what an API server wrote into the template's metadata, an owner of it too",
            why: "server-side apply refuses it, and the owner is one of another cluster",
            args: vec![KEY],
            stdin: with(
                "  template:\n    metadata:\n",
                &format!("  template:\n    {metadata}"),
            ),
            ours: Seen(0, PASSWORD, "", "\"uid\""),
            theirs: Seen(0, "\"managedFields\"", "", NOWHERE),
        },
        Difference {
            what: "several documents",
            why: "kubeseal opens the first and says nothing of the others",
            args: vec![KEY],
            stdin: seal(SECRET, &[]) + &seal(&SECRET.replace("app", "second"), &[]),
            ours: Seen(0, "\"name\": \"second\"", "", NOWHERE),
            theirs: Seen(0, "\"name\": \"app\"", "", "second"),
        },
        Difference {
            what: "--rotate beside it",
            why: "kubeseal's remark that it is called --re-encrypt now goes to stdout and spoils the output",
            args: vec![KEY, "--rotate"],
            stdin: seal(SECRET, &[]),
            ours: Seen(0, PASSWORD, "", "deprecated"),
            theirs: Seen(0, "Flag --rotate has been deprecated", "", NOWHERE),
        },
    ]
}

fn inputs() -> Vec<Difference> {
    let wide = seal(SECRET, &["--scope", "cluster-wide"]);
    vec![
        Difference {
            what: "empty input",
            why: "kubeseal makes a Secret without a name of it",
            args: vec![KEY],
            stdin: String::new(),
            ours: Seen(1, "", "no SealedSecrets found", "Secret"),
            theirs: Seen(0, "\"kind\": \"Secret\"", "", "\"name\": \"app\""),
        },
        Difference {
            what: "no apiVersion",
            why: "no API server would take the file",
            args: vec![KEY],
            stdin: with("apiVersion: bitnami.com/v1alpha1\n", ""),
            ours: Seen(
                1,
                "",
                "this is no SealedSecret of bitnami.com/v1alpha1",
                "Secret",
            ),
            theirs: Seen(0, PASSWORD, "", NOWHERE),
        },
        Difference {
            what: "no name, sealed for the whole cluster",
            why: "a Secret without a name cannot be applied",
            args: vec![KEY],
            stdin: wide.replacen("  name: app\n", "", 1),
            ours: Seen(1, "", "metadata.name is missing", "Secret"),
            theirs: Seen(0, PASSWORD, "", "\"name\": \"app\""),
        },
        Difference {
            what: "a value that is no string",
            why: "that, and where, says more than that no key opens it",
            args: vec![KEY],
            stdin: with("    user: ", "    user: 1\n    x: "),
            ours: Seen(1, "", "spec.encryptedData.user must be a string", "Secret"),
            theirs: Seen(1, "", "no key could decrypt secret (user)", "Secret"),
        },
        Difference {
            what: "a key given twice",
            why: "kubeseal takes the last one, silently",
            args: vec![KEY],
            stdin: with("    user: ", "    user: AAAA\n    user: "),
            ours: Seen(1, "", "already given on line", "Secret"),
            theirs: Seen(0, PASSWORD, "", NOWHERE),
        },
    ]
}

fn other_formats() -> Vec<Difference> {
    vec![
        Difference {
            what: "a whole Secret as one value (spec.data)",
            why: "kubeseal opens it nowhere but in the cluster, which is lost when one recovers",
            args: vec![KEY],
            stdin: whole(),
            ours: Seen(0, PASSWORD, "", NOWHERE),
            theirs: Seen(1, "", "using deprecated 'data' field", "Secret"),
        },
        Difference {
            what: "SE1",
            why: "kubeseal does not know it",
            args: vec![KEY],
            stdin: seal(SECRET, &["--format-version", "se1"]),
            ours: Seen(0, PASSWORD, "", NOWHERE),
            theirs: Seen(1, "", "illegal base64 data", "Secret"),
        },
    ]
}

fn templates() -> Vec<Difference> {
    let template = |text: &str| {
        with(
            "  template:\n",
            &format!("  template:\n    data:\n      a: {text}\n"),
        )
    };
    vec![
        Difference {
            what: "an empty value",
            why: "kubeseal writes null, and kubectl apply takes that for an item to remove",
            args: vec![KEY],
            stdin: seal(&SECRET.replace("hunter2", "''"), &[]),
            ours: Seen(0, "\"password\": \"\"", "", "null"),
            theirs: Seen(0, "\"password\": null", "", NOWHERE),
        },
        Difference {
            what: "a template that renders to nothing",
            why: "the same",
            args: vec![KEY],
            stdin: template("'{{ if false }}x{{ end }}'"),
            ours: Seen(0, "\"a\": \"\"", "", "null"),
            theirs: Seen(0, "\"a\": null", "", NOWHERE),
        },
        Difference {
            what: "a template function that our controller refuses",
            why: "the Secret would be another one at each pass",
            args: vec![KEY],
            stdin: template("'{{ now | date \"2006\" }}'"),
            ours: Seen(1, "", "now", "Secret"),
            theirs: Seen(0, PASSWORD, "", NOWHERE),
        },
        Difference {
            what: "a value in the message of a template that fails",
            why: "messages never hold values",
            args: vec![KEY],
            stdin: template("'{{ fail .password }}'"),
            ours: Seen(1, "", "a template failed while it was rendered", "hunter2"),
            theirs: Seen(1, "", "hunter2", NOWHERE),
        },
    ]
}

fn key_files() -> Vec<Difference> {
    let entry = |what, why, args, stderr| Difference {
        what,
        why,
        args,
        stdin: seal(SECRET, &[]),
        ours: Seen(0, PASSWORD, "", NOWHERE),
        theirs: Seen(1, "", stderr, "Secret"),
    };
    let missing = "secret must contain a 'tls.data' key";
    vec![
        entry(
            "several keys in one PEM file",
            "kubeseal reads the first, without a word",
            vec!["--recovery-private-key=two.pem"],
            "no key could decrypt secret",
        ),
        entry(
            "a SecretList",
            "it is what the API server gives; kubeseal knows only List",
            vec!["--recovery-private-key=secret-list.json"],
            missing,
        ),
        entry(
            "another Secret beside the keys in a backup",
            "the keys in it are keys all the same",
            vec!["--recovery-private-key=keyless-beside.json"],
            missing,
        ),
        entry(
            "a key in stringData",
            "kubectl would have made data of it",
            vec!["--recovery-private-key=string-data.yaml"],
            missing,
        ),
        entry(
            "a file without a usable key beside one that opens",
            "after a disaster what there is should open what it can; a warning names the file",
            vec!["--recovery-private-key=keyless.json,pkcs1.pem"],
            missing,
        ),
    ]
}

fn validating() -> Vec<Difference> {
    let renamed = |name: &str| seal(SECRET, &[]).replacen("name: app", name, 1);
    vec![
        Difference {
            what: "nothing to validate",
            why: "what should have made the input made nothing, and a pipeline should stop there",
            args: vec!["--validate", KUBECONFIG],
            stdin: String::new(),
            ours: Seen(1, "", "no SealedSecrets found in stdin", "."),
            theirs: Seen(0, "", "", "."),
        },
        Difference {
            what: "input that is no manifest",
            why: "kubeseal passes over it as if there were nothing",
            args: vec!["--validate", KUBECONFIG],
            stdin: "garbage\n".into(),
            ours: Seen(1, "", "expected a manifest", "."),
            theirs: Seen(0, "", "", "."),
        },
        Difference {
            what: "several that do not open",
            why: "kubeseal names the first",
            args: vec!["--validate", KUBECONFIG],
            stdin: renamed("name: one") + &renamed("name: two"),
            ours: Seen(1, "", "unable to decrypt sealed secret: one, two\n", "."),
            theirs: Seen(1, "", "unable to decrypt sealed secret: one\n", "."),
        },
        Difference {
            what: "the file of -w",
            why: "there is nothing to write; kubeseal empties it",
            args: vec!["--validate", KUBECONFIG, "-w", "out.yaml"],
            stdin: seal(SECRET, &[]),
            ours: Seen(0, "stdout:\n", "", "out.yaml"),
            theirs: Seen(0, "out.yaml:\nstdout:\n", "", NOWHERE),
        },
        Difference {
            what: "what is no SealedSecret",
            why: "what it is, and where, says more than the controller's refusal",
            args: vec!["--validate", KUBECONFIG],
            stdin: SECRET.to_owned(),
            ours: Seen(
                1,
                "",
                "stdin: document 1, line 1: this is no SealedSecret",
                ".",
            ),
            theirs: Seen(
                1,
                "",
                "cannot validate sealed secret: an error on the server",
                ".",
            ),
        },
    ]
}

fn re_encrypting() -> Vec<Difference> {
    let args = || vec!["--re-encrypt", KUBECONFIG, "-o", "yaml"];
    let template = "  # why\n  template:\n    data: {url: \"{{ .user }}@db\"}\n";
    vec![
        Difference {
            what: "spec.template.data and comments",
            why: "the controller drops the templates; only ciphertexts change in the text",
            args: args(),
            stdin: with("  template:\n", template),
            ours: Seen(0, template, "", NOWHERE),
            theirs: Seen(0, "encryptedData:", "", "url"),
        },
        Difference {
            what: "labels of the template and of the SealedSecret",
            why: "the same",
            args: args(),
            stdin: with(
                "  template:\n    metadata:\n",
                "  template:\n    metadata:\n      labels: {app: shop}\n",
            ),
            ours: Seen(0, "labels: {app: shop}", "", NOWHERE),
            theirs: Seen(0, "encryptedData:", "", "shop"),
        },
        Difference {
            what: "one of several that does not open",
            why: "all or nothing: kubeseal has printed the others by then",
            args: args(),
            stdin: seal(SECRET, &[]) + &with("name: app", "name: other"),
            ours: Seen(1, "", "cannot re-encrypt secret: stdin: document 2", "."),
            theirs: Seen(1, "kind: SealedSecret", "cannot re-encrypt secret", NOWHERE),
        },
        Difference {
            what: "nothing to re-encrypt",
            why: "as for --validate",
            args: args(),
            stdin: String::new(),
            ours: Seen(1, "", "no SealedSecrets found in stdin", "."),
            theirs: Seen(0, "", "", "."),
        },
        Difference {
            what: "input that is broken YAML",
            why: "as for --validate",
            args: args(),
            stdin: "kind: [SealedSecret\n".into(),
            ours: Seen(1, "", "a quote or bracket is opened and never closed", "."),
            theirs: Seen(0, "", "", "."),
        },
    ]
}

fn other_controllers() -> Vec<Difference> {
    vec![
        Difference {
            what: "a controller that leaves an item out",
            why: "the item would be lost",
            args: vec!["--re-encrypt", KUBECONFIG, "--controller-name=forgetful"],
            stdin: seal(SECRET, &[]),
            ours: Seen(1, "", "has no sealed value for \"password\"", "."),
            theirs: Seen(0, "[SEALED strict demo/app \"me\"]", "", "hunter2"),
        },
        Difference {
            what: "a controller that seals for a wider scope (CVE-2026-22728)",
            why: "the values would open where they are not meant to",
            args: vec!["--re-encrypt", KUBECONFIG, "--controller-name=widening"],
            stdin: seal(SECRET, &[]),
            ours: Seen(1, "", "for another place", "."),
            theirs: Seen(0, "cluster-wide", "", NOWHERE),
        },
        Difference {
            what: "a controller that renders templates (before 0.40)",
            why: "the template stays a template",
            args: vec!["--re-encrypt", KUBECONFIG, "--controller-name=rendering"],
            stdin: with(
                "  template:\n",
                "  template:\n    data: {url: \"{{ .user }}@db\"}\n",
            ),
            ours: Seen(0, "\"url\": \"{{ .user }}@db\"", "", "rendered"),
            theirs: Seen(0, "[SEALED strict demo/app \"rendered\"]", "", "{{"),
        },
    ]
}

fn re_encrypting_formats() -> Vec<Difference> {
    let other = format!("cert:{VECTORS}/certificates/rsa-4096.pem");
    vec![
        Difference {
            what: "in place, a file whose name tells no notation",
            why: "kubeseal makes JSON of it; it keeps its notation unless -o says otherwise",
            args: vec!["--re-encrypt", KUBECONFIG, "-f", "sealed"],
            stdin: seal(SECRET, &[]),
            ours: Seen(0, "sealed:\n---\napiVersion", "", NOWHERE),
            theirs: Seen(0, "sealed:\n{\n", "", NOWHERE),
        },
        Difference {
            what: "in place, broken YAML",
            why: "kubeseal empties the file",
            args: vec!["--re-encrypt", KUBECONFIG, "-f", "sealed"],
            stdin: "kind: [SealedSecret\n".into(),
            ours: Seen(1, "sealed:\nkind: [SealedSecret\n", "never closed", NOWHERE),
            theirs: Seen(0, "sealed:\nstdout:\n", "", "kind"),
        },
        Difference {
            what: "SE1 for the certificate that the controller serves",
            why: "there is nothing to do, and nobody is asked; kubeseal drops spec.dataKeys before it asks",
            args: vec!["--re-encrypt", KUBECONFIG, "-o", "yaml"],
            stdin: seal(SECRET, &["--format-version", "se1"]),
            ours: Seen(0, "  dataKeys:\n", "", NOWHERE),
            theirs: Seen(1, "", "cannot re-encrypt secret", "."),
        },
        Difference {
            what: "SE1 that the controller does not know",
            why: "what helps is said",
            args: vec!["--re-encrypt", KUBECONFIG],
            stdin: seal(SECRET, &["--format-version", "se1", "-r", &other]),
            ours: Seen(1, "", "seal rekey", "."),
            theirs: Seen(1, "", "cannot re-encrypt secret", "."),
        },
        Difference {
            what: "--rotate",
            why: "kubeseal's remark that it is called --re-encrypt now goes to stdout and spoils the output",
            args: vec!["--rotate", KUBECONFIG],
            stdin: seal(SECRET, &[]),
            ours: Seen(0, "[SEALED strict demo/app \"me\"]", "", "deprecated"),
            theirs: Seen(0, "Flag --rotate has been deprecated", "", NOWHERE),
        },
    ]
}

/// What kubeseal made before 0.7.
fn whole() -> String {
    let json = r#"{"kind":"Secret","apiVersion":"v1","metadata":{"name":"app","namespace":"demo"},"data":{"password":"aHVudGVyMg=="}}"#;
    let pem = std::fs::read(format!("{VECTORS}/certificates/rsa-2048.pem")).unwrap();
    let certificate = Certificate::from_pem(&pem).unwrap();
    let recipient = certificate.recipient(certificate.not_before()).unwrap();
    let key = SessionKey::from_fresh_bytes(Zeroizing::new([7; SessionKey::LEN]));
    let label = Scope::Strict.label("demo", "app");
    let envelope = Envelope {
        wrapped_key: recipient.wrap(key.expose(), &label).unwrap(),
        payload: key.seal(json.as_bytes()).unwrap(),
    };
    let value = envelope.to_text().unwrap();
    format!(
        "apiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\nmetadata:\n  name: app\n  namespace: demo\nspec:\n  data: {value}\n"
    )
}
