//! Where `seal` differs from kubeseal 0.40.0 on purpose, and why.

/// One deliberate difference, as both programs show it.
pub(crate) struct Difference {
    pub(crate) what: &'static str,
    pub(crate) why: &'static str,
    pub(crate) args: &'static [&'static str],
    pub(crate) stdin: String,
    pub(crate) ours: Seen,
    pub(crate) theirs: Seen,
}

/// Exit code, and a part of stdout and of stderr.
pub(crate) struct Seen(
    pub(crate) i32,
    pub(crate) &'static str,
    pub(crate) &'static str,
);

const CERT: &str = "--cert=certs/rsa-2048.pem";
const GOOD: &str =
    "kind: Secret\nmetadata: {name: app, namespace: demo}\nstringData: {password: hunter2}\n";
const SEALED: &str = "[SEALED strict demo/app \"hunter2\"]";

/// All of them.
pub(crate) fn all() -> Vec<Difference> {
    let mut all = inputs();
    all.extend(notations());
    all.extend(command_lines());
    all
}

fn inputs() -> Vec<Difference> {
    vec![
        Difference {
            what: "another kind",
            why: "kubeseal makes a SealedSecret of a ConfigMap, which nobody wanted",
            args: &[CERT],
            stdin: GOOD.replace("Secret", "ConfigMap"),
            ours: Seen(1, "", "expected a Secret, but this is kind \"ConfigMap\""),
            theirs: Seen(0, SEALED, ""),
        },
        Difference {
            what: "sealed already",
            why: "kubeseal's answer (empty data) hides the mistake",
            args: &[CERT],
            stdin: GOOD.replace("Secret", "SealedSecret").replace("stringData", "spec"),
            ours: Seen(1, "", "sealed already"),
            theirs: Seen(1, "", "secret.data is empty in input Secret"),
        },
        Difference {
            what: "a List",
            why: "`kubectl get secrets -o yaml` prints one; kubeseal calls it empty",
            args: &[CERT],
            stdin: "kind: List\nitems:\n- kind: Secret\n  metadata: {name: app, namespace: demo}\n  stringData: {password: hunter2}\n".into(),
            ours: Seen(0, SEALED, ""),
            theirs: Seen(1, "", "secret.data is empty in input Secret"),
        },
        Difference {
            what: "a key given twice",
            why: "kubeseal keeps the last and says nothing: a lost password",
            args: &[CERT],
            stdin: GOOD.replace("{password:", "{password: old, password:"),
            ours: Seen(1, "", "this key was already given on line 3"),
            theirs: Seen(0, SEALED, ""),
        },
        Difference {
            what: "the second document is bad",
            why: "all or nothing: half a result in a file looks like a whole one",
            args: &[CERT],
            stdin: format!("{GOOD}---\nkind: Secret\nmetadata: {{name: app, namespace: demo}}\n"),
            ours: Seen(1, "", "document 2: secret.data is empty in input Secret"),
            theirs: Seen(1, "\"kind\": \"SealedSecret\"", "secret.data is empty in input Secret"),
        },
        Difference {
            what: "no base64",
            why: "the item, the line and what to do; kubeseal names a byte",
            args: &[CERT],
            stdin: "kind: Secret\nmetadata: {name: app, namespace: demo}\ndata: {a: 'b!'}\n".into(),
            ours: Seen(1, "", "line 3: data.a is not valid base64; plain text belongs under stringData"),
            theirs: Seen(1, "", "illegal base64 data at input byte 1"),
        },
        Difference {
            what: "an unknown context",
            why: "kubeseal calls it a missing namespace",
            args: &[CERT, "--kubeconfig=kube.yaml", "--context=nope"],
            stdin: GOOD.replace(", namespace: demo", ""),
            ours: Seen(1, "", "the kubeconfig has no context \"nope\""),
            theirs: Seen(1, "", "secret must declare a namespace"),
        },
    ]
}

fn notations() -> Vec<Difference> {
    let annotated = |text: &str| {
        GOOD.replace(
            "demo}",
            &format!("demo, annotations: {{note: \"{text}\"}}}}"),
        )
    };
    let managed = "demo, managedFields: [{operation: Update, manager: kubectl}]}";
    vec![
        Difference {
            what: "managed fields in JSON",
            why: "the same content; their keys are sorted, not in the order of Go's struct",
            args: &[CERT],
            stdin: GOOD.replace(
                "demo}",
                &managed.replace("operation", "apiVersion: v1, operation"),
            ),
            ours: Seen(
                0,
                "\"apiVersion\": \"v1\",\n            \"manager\": \"kubectl\"",
                "",
            ),
            theirs: Seen(
                0,
                "\"manager\": \"kubectl\",\n            \"operation\": \"Update\"",
                "",
            ),
        },
        Difference {
            what: "a line separator (U+2028) in YAML",
            why: "Go writes it raw between quotes, where YAML 1.1 reads a line break",
            args: &[CERT, "-o", "yaml"],
            stdin: annotated("\\u2028"),
            ours: Seen(0, "note: \"\\L\"", ""),
            theirs: Seen(0, "note: '\u{2028}'", ""),
        },
        Difference {
            what: "an item called <<",
            why: "Go writes it bare and then reads it as a merge: the file is broken",
            args: &[CERT, "-o", "yaml"],
            stdin: GOOD.replace("password", "\"<<\""),
            ours: Seen(0, "\"<<\": [SEALED strict demo/app \"hunter2\"]", ""),
            theirs: Seen(0, "    <<: AQ", ""),
        },
    ]
}

fn command_lines() -> Vec<Difference> {
    vec![
        Difference {
            what: "an unknown format",
            why: "a mistake on the command line is told before anything is read, with its exit code",
            args: &[CERT, "-o", "toml"],
            stdin: GOOD.into(),
            ours: Seen(2, "", "unsupported output format: \"toml\""),
            theirs: Seen(1, "", "unsupported output format: toml"),
        },
        Difference {
            what: "an RSA key under 2048 bits",
            why: "such a key can be broken; aws-lc-rs does not take it",
            args: &["--cert=certs/rsa-1024.pem"],
            stdin: GOOD.into(),
            ours: Seen(1, "", "RSA key is not of 2048 to 8192 bits"),
            theirs: Seen(0, "\"kind\": \"SealedSecret\"", ""),
        },
        Difference {
            what: "an indented certificate",
            why: "it can be read all the same",
            args: &["--cert=indented.pem"],
            stdin: GOOD.into(),
            ours: Seen(0, SEALED, ""),
            theirs: Seen(
                1,
                "",
                "data does not contain any valid RSA or ECDSA certificates",
            ),
        },
        Difference {
            what: "a certificate in a ConfigMap",
            why: "clusters publish it where everybody may read it; kubeseal takes the mark for a scheme of a URL",
            args: &["--cert=configmap:infra/sealing", "--kubeconfig=/dev/null"],
            stdin: GOOD.into(),
            ours: Seen(1, "", "there is no kubeconfig"),
            theirs: Seen(1, "", "unsupported protocol scheme \"configmap\""),
        },
        Difference {
            what: "a certificate that is kept",
            why: "only if the user asks for it: who seals often need not ask the cluster each time",
            args: &[CERT, "--cert-cache=1h"],
            stdin: GOOD.into(),
            ours: Seen(0, SEALED, ""),
            theirs: Seen(2, "unknown flag: --cert-cache", ""),
        },
    ]
}

/// Those of flags, where the program is called by kubeseal's name.
pub(crate) fn called_as_kubeseal() -> Vec<Difference> {
    let mut all = usage();
    all.extend(places());
    all
}

fn usage() -> Vec<Difference> {
    vec![
        Difference {
            what: "an unknown flag",
            why: "stdout is for results: a file that was to hold a SealedSecret held 60 lines of usage",
            args: &[CERT, "--nope"],
            stdin: GOOD.into(),
            ours: Seen(2, "", "unexpected argument '--nope' found"),
            theirs: Seen(2, "unknown flag: --nope", "Usage of kubeseal:"),
        },
        Difference {
            what: "words that belong to no flag",
            why: "they are ignored all the same, but `--fetch-cert true` or a missing -f deserve a word",
            args: &[CERT, "in.yaml"],
            stdin: GOOD.into(),
            ours: Seen(0, SEALED, "warning: 1 of the words belong to no flag"),
            theirs: Seen(0, SEALED, ""),
        },
        Difference {
            what: "version",
            why: "the version that ours stands for, with ours behind a plus, as semantic versions have it",
            args: &["--version"],
            stdin: String::new(),
            ours: Seen(0, "kubeseal version: 0.40.0+seal.", ""),
            theirs: Seen(0, "kubeseal version: 0.40.0\n", ""),
        },
        Difference {
            what: "--help beside another flag",
            why: "who asks for help gets it",
            args: &["--help", "--version"],
            stdin: String::new(),
            ours: Seen(0, "Usage: kubeseal", ""),
            theirs: Seen(0, "kubeseal version: 0.40.0", ""),
        },
    ]
}

fn places() -> Vec<Difference> {
    let nowhere = || GOOD.replace(", namespace: demo", "");
    vec![
        Difference {
            what: "-n= and nothing behind it",
            why: "an empty value is none; kubeseal seals for a namespace called =",
            args: &[CERT, "-n="],
            stdin: nowhere(),
            ours: Seen(1, "", "secret must declare a namespace"),
            theirs: Seen(0, "\"namespace\": \"=\"", ""),
        },
        Difference {
            what: "a relative path behind file://",
            why: "it can be read all the same",
            args: &["--cert=file://certs/rsa-2048.pem"],
            stdin: GOOD.into(),
            ours: Seen(0, SEALED, ""),
            theirs: Seen(1, "", "404 Not Found"),
        },
        Difference {
            what: "an unknown user, where only the namespace is looked up",
            why: "a mistake on the command line is told",
            args: &[CERT, "--kubeconfig=kube.yaml", "--user=nope"],
            stdin: nowhere(),
            ours: Seen(1, "", "the kubeconfig has no user \"nope\""),
            theirs: Seen(0, "\"namespace\": \"from-context\"", ""),
        },
        Difference {
            what: "nobody to be at the API server",
            why: "kubeseal asks for a name and a password, on stdout, and reads the answer from there; ours asks the server, which says who it wants",
            args: &["--fetch-cert", "--server=https://127.0.0.1:1"],
            stdin: String::new(),
            ours: Seen(
                1,
                "",
                "the API server https://127.0.0.1:1/ cannot be reached",
            ),
            theirs: Seen(1, "Please enter Username: ", ""),
        },
    ]
}
