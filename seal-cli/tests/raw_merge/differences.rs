//! Where `--raw` and `--merge-into` differ from kubeseal 0.40.0 on purpose, and why. The only list.

use super::files::Files;
use super::merge::{INPUT, PLAIN, merge};
use crate::raw_merge::line;
use crate::rivals::Line;

/// One deliberate difference, as both programs show it.
pub(crate) struct Difference {
    pub(crate) what: &'static str,
    pub(crate) why: &'static str,
    pub(crate) line: Line,
    /// What is looked at: a file, or `stdout`.
    pub(crate) file: &'static str,
    pub(crate) ours: Seen,
    pub(crate) theirs: Seen,
}

/// What comes of a line.
#[derive(Default)]
pub(crate) struct Seen {
    pub(crate) code: i32,
    /// In the file.
    pub(crate) shown: Vec<&'static str>,
    pub(crate) hidden: Vec<&'static str>,
    pub(crate) stderr: &'static str,
    /// The file is as before, byte for byte.
    pub(crate) is_unchanged: bool,
}

fn done(shown: &[&'static str]) -> Seen {
    Seen {
        shown: shown.to_vec(),
        ..Seen::default()
    }
}

fn refused(stderr: &'static str) -> Seen {
    Seen {
        code: 1,
        stderr,
        is_unchanged: true,
        ..Seen::default()
    }
}

fn panic() -> Seen {
    Seen {
        code: 2,
        ..refused("panic: assignment to entry in nil map")
    }
}

impl Seen {
    fn without(mut self, hidden: &[&'static str]) -> Self {
        self.hidden = hidden.to_vec();
        self
    }

    fn saying(self, stderr: &'static str) -> Self {
        Self { stderr, ..self }
    }

    fn code(self, code: i32) -> Self {
        Self { code, ..self }
    }
}

const NEW: &str = "b: [SEALED strict demo/app \"new\"]";
const NEW_JSON: &str = "\"b\": \"[SEALED strict demo/app \"new\"]\"";
const ADDED: &str = "c: [SEALED strict demo/app \"third\"]";
const YAML: &[&str] = &["-o", "yaml"];

/// All of them.
pub(crate) fn all(files: &Files) -> Vec<Difference> {
    let mut all = notation(files);
    all.extend(scopes(files));
    all.extend(missing_maps(files));
    all.extend(several(files));
    all.extend(command_lines(files));
    all.extend(refusals(files));
    all.extend(raw());
    all.extend(raw_variables());
    all
}

fn merging(
    (what, why): (&'static str, &'static str),
    line: Line,
    ours: Seen,
    theirs: Seen,
) -> Difference {
    Difference {
        what,
        why,
        line,
        file: "t",
        ours,
        theirs,
    }
}

fn notation(files: &Files) -> Vec<Difference> {
    let spelled = "# of the shop\napiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\nmetadata: {name: app, namespace: demo, creationTimestamp: null}\nspec:\n  template:\n    metadata:\n      # who owns it\n      labels: {l: one}\n  encryptedData:\n    # the old one\n    z: AgA= # rotate\n    b: 'AgA='\n";
    let kept = "# of the shop\napiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\nmetadata: {name: app, namespace: demo, creationTimestamp: null}\nspec:\n  template:\n    metadata:\n      # who owns it\n      labels: {l: one}\n  encryptedData:\n    # the old one\n    z: AgA= # rotate\n    b: '[SEALED strict demo/app \"new\"]'\n    c: [SEALED strict demo/app \"third\"]\n";
    let json = "{\"spec\":{\"encryptedData\":{\"z\":\"AgA=\",\"b\":\"AgA=\"},\"template\":{\"type\":\"x\"}},\"metadata\":{\"namespace\":\"demo\",\"name\":\"app\"},\"kind\":\"SealedSecret\",\"apiVersion\":\"bitnami.com/v1alpha1\"}\n";
    let kept_json = "{\"spec\":{\"encryptedData\":{\"z\":\"AgA=\",\"b\":\"[SEALED strict demo/app \"new\"]\",\"c\":\"[SEALED strict demo/app \"third\"]\"},\"template\":{\"type\":\"x\"}},\"metadata\":{\"namespace\":\"demo\",\"name\":\"app\"},\"kind\":\"SealedSecret\",\"apiVersion\":\"bitnami.com/v1alpha1\"}\n";
    let braces = "# ours\n{ # of the shop\n    \"kind\": \"SealedSecret\", 'apiVersion': bitnami.com/v1alpha1,\n    metadata: {name: app, namespace: demo},\n    spec: {\n        encryptedData: {z: AgA=, b: 'AgA='}, # rotate\n    }\n}\n";
    let kept_braces = "# ours\n{ # of the shop\n    \"kind\": \"SealedSecret\", 'apiVersion': bitnami.com/v1alpha1,\n    metadata: {name: app, namespace: demo},\n    spec: {\n        encryptedData: {z: AgA=, b: '[SEALED strict demo/app \"new\"]', c: [SEALED strict demo/app \"third\"]}, # rotate\n    }\n}\n";
    vec![
        merging(
            (
                "a YAML file without -o",
                "a .yaml file with JSON in it is a surprise; the file keeps its format unless -o says otherwise",
            ),
            merge(&files.yaml, &[], PLAIN).line,
            done(&["---\napiVersion: ", NEW, ADDED]),
            done(&["{\n  \"kind\": \"SealedSecret\"", NEW_JSON]),
        ),
        merging(
            (
                "comments, order and notation",
                "who reads the diff sees what was merged, and nothing else",
            ),
            merge(spelled, YAML, PLAIN).line,
            done(&[kept]),
            done(&[NEW, ADDED]).without(&["#", "creationTimestamp"]),
        ),
        merging(
            ("order and white space of a JSON file", "the same"),
            merge(json, &[], PLAIN).line,
            done(&[kept_json]),
            done(&["{\n  \"kind\": \"SealedSecret\"", NEW_JSON]),
        ),
        merging(
            ("comments in braces", "the same"),
            merge(braces, YAML, PLAIN).line,
            done(&[kept_braces]),
            done(&[NEW, ADDED]).without(&["#"]),
        ),
        merging(
            (
                "fields that are not of the API",
                "merging items is no reason to lose them",
            ),
            merge(
                &files.yaml.replace(
                    "  name: app\n  namespace: demo\nspec:",
                    "  name: app\n  namespace: demo\n  zone: x\nspec:",
                ),
                YAML,
                PLAIN,
            )
            .line,
            done(&["  zone: x\n", NEW]),
            done(&[NEW]).without(&["zone"]),
        ),
    ]
}

fn scopes(files: &Files) -> Vec<Difference> {
    let annotated = PLAIN.replace(
        "demo}",
        "demo, annotations: {sealedsecrets.bitnami.com/cluster-wide: 'true'}}",
    );
    vec![
        merging(
            (
                "a namespace-wide file without --scope",
                "sealed for another scope than its file an item never opens, and the whole Secret with it",
            ),
            merge(&files.namespace_wide, YAML, PLAIN).line,
            done(&[
                "b: [SEALED namespace-wide demo \"new\"]",
                "a: [SEALED namespace-wide demo \"first\"]",
            ]),
            done(&["a: [SEALED namespace-wide demo \"first\"]"]).without(&["\"new\""]),
        ),
        merging(
            ("a cluster-wide file without --scope", "the same"),
            merge(&files.cluster_wide, YAML, PLAIN).line,
            done(&[
                "b: [SEALED cluster-wide \"new\"]",
                "a: [SEALED cluster-wide \"first\"]",
            ]),
            done(&["a: [SEALED cluster-wide \"first\"]"]).without(&["\"new\""]),
        ),
        merging(
            ("another --scope than the file's", "the same"),
            merge(&files.yaml, &["-oyaml", "--scope=cluster-wide"], PLAIN).line,
            refused("t: --scope cluster-wide was said, but the file is strict by its annotations"),
            done(&["a: [SEALED strict demo/app \"first\"]"]).without(&["\"new\""]),
        ),
        merging(
            ("--scope strict for a wider file", "the same"),
            merge(&files.cluster_wide, &["-oyaml", "--scope=strict"], PLAIN).line,
            refused("t: --scope strict was said, but the file is cluster-wide by its annotations"),
            done(&["a: [SEALED cluster-wide \"first\"]"]).without(&["\"new\""]),
        ),
        merging(
            ("another scope in the input's annotations", "the same"),
            merge(&files.yaml, YAML, &annotated).line,
            refused(
                "stdin: document 1: its annotations ask for the scope cluster-wide, but t is strict",
            ),
            done(&["a: [SEALED strict demo/app \"first\"]"]).without(&["\"new\""]),
        ),
    ]
}

fn missing_maps(files: &Files) -> Vec<Difference> {
    let head = files.plain.split("  encryptedData:").next().unwrap();
    let behind = files.plain.split("  template:").nth(1).unwrap();
    let empty = format!("{head}  template:{behind}");
    let null = format!("{head}  encryptedData:\n  template:{behind}");
    let bare = files.plain.split("  template:").next().unwrap().to_owned();
    let why = "a missing map is an empty one";
    let labelled = "    metadata:\n      annotations:\n        b: c\n        note: \"no\"\n      labels:\n        l: two\n        new: x\n";
    vec![
        merging(
            ("no labels and annotations in the template", why),
            merge(&files.plain, YAML, INPUT).line,
            done(&[NEW, ADDED, labelled]),
            panic(),
        ),
        merging(
            ("no encryptedData", why),
            merge(&empty, YAML, PLAIN).line,
            done(&["  encryptedData:\n    b: [SEALED", NEW, ADDED]),
            panic(),
        ),
        merging(
            ("nothing in encryptedData", why),
            merge(&null, YAML, PLAIN).line,
            done(&["  encryptedData:\n    b: [SEALED", NEW, ADDED]),
            panic(),
        ),
        merging(
            ("no template", why),
            merge(&bare, YAML, INPUT).line,
            done(&[NEW, labelled]),
            panic(),
        ),
        merging(
            (
                "no template, and nothing for it",
                "kubeseal writes an empty one",
            ),
            merge(&bare, YAML, PLAIN).line,
            done(&[NEW]).without(&["template"]),
            done(&[NEW, "  template:\n    metadata: {}\n"]),
        ),
    ]
}

fn several(files: &Files) -> Vec<Difference> {
    let other = files.yaml.replace("name: app", "name: other");
    let two = format!("{other}{}", files.yaml);
    let map = "---\nkind: ConfigMap # kept\nmetadata: {name: app}\n";
    let around = format!("{}{map}", files.yaml);
    let input_for_both = format!("{PLAIN}---\n{}", PLAIN.replace("app", "other"));
    let of_other = "c: [SEALED strict demo/other \"third\"]";
    vec![
        merging(
            ("several SealedSecrets in the file", "kubeseal merges into the first and drops the others"),
            merge(&two, YAML, PLAIN).line,
            done(&["name: other", "a: [SEALED strict demo/app \"first\"]", ADDED, NEW]).without(&[of_other]),
            done(&["name: other", of_other]).without(&["name: app"]),
        ),
        merging(
            ("several of them, and none of the input's name", "kubeseal merges into the first and drops the others"),
            merge(&two, YAML, &PLAIN.replace("app", "third")).line,
            refused("stdin: document 1: there is no SealedSecret third in t for namespace demo"),
            done(&[of_other]).without(&["name: app"]),
        ),
        merging(
            ("several of them, chosen by --name", "the same"),
            merge(&two, &["-oyaml", "--name=other"], PLAIN).line,
            done(&[of_other, "name: app"]),
            done(&[of_other]).without(&["name: app"]),
        ),
        merging(
            ("other documents in the file", "kubeseal drops them"),
            merge(&around, YAML, PLAIN).line,
            done(&[NEW, ADDED, "---\nkind: ConfigMap # kept\nmetadata: {name: app}\n"]),
            done(&[NEW]).without(&["ConfigMap"]),
        ),
        merging(
            ("several Secrets for a file of several", "each has its own; kubeseal merges the first and forgets the second"),
            merge(&two, YAML, &input_for_both).line,
            done(&[NEW, ADDED, of_other]),
            done(&[of_other]).without(&["name: app"]),
        ),
        merging(
            ("several Secrets for one SealedSecret", "kubeseal merges the first and forgets the second"),
            merge(&files.yaml, YAML, &input_for_both).line,
            refused("stdin: document 2: there is no SealedSecret other in t"),
            done(&[NEW]),
        ),
        merging(
            ("two Secrets of one name", "which value counts is not for us to guess"),
            merge(&files.yaml, YAML, &format!("{PLAIN}---\n{}", PLAIN.replace("new", "newer"))).line,
            refused("stdin: document 2: another Secret before it is for the SealedSecret app as well"),
            done(&[NEW]),
        ),
        merging(
            ("a List", "`kubectl get secrets -o yaml` prints one; kubeseal calls it empty"),
            merge(&files.yaml, YAML, "kind: List\nitems:\n- kind: Secret\n  metadata: {name: app}\n  stringData: {b: new}\n").line,
            done(&[NEW]),
            refused("secret.data is empty in input Secret"),
        ),
    ]
}

fn command_lines(files: &Files) -> Vec<Difference> {
    let mut written = Difference {
        file: "w.yaml",
        ..merging(
            (
                "-w beside --merge-into",
                "kubeseal leaves an empty file there, also if it is the same one",
            ),
            merge(&files.yaml, &["-w", "w.yaml"], PLAIN).line,
            refused("--merge-into changes its file in place, and --sealed-secret-file (-w,")
                .code(2),
            done(&[]).without(&["a"]),
        )
    };
    written.ours.is_unchanged = false;
    written.ours.shown = vec!["precious"];
    written.line.files.push(("w.yaml", "precious".to_owned()));
    vec![
        written,
        merging(
            (
                "--name beside --merge-into",
                "the file has a name; kubeseal ignores the flag without a word",
            ),
            merge(&files.yaml, &["-oyaml", "--name=other"], PLAIN).line,
            done(&[NEW]).saying("warning: --name other is not used"),
            done(&[NEW]),
        ),
        merging(
            (
                "an unknown format",
                "a mistake on the command line is told before anything is read, with its exit code",
            ),
            merge(&files.yaml, &["-o", "toml"], PLAIN).line,
            refused("unsupported output format: \"toml\"").code(2),
            refused("unsupported output format: toml"),
        ),
    ]
}

fn refusals(files: &Files) -> Vec<Difference> {
    let nameless = files.yaml.replace("kind: SealedSecret\n", "");
    let whole = files.yaml.replace("spec:\n", "spec:\n  data: AgA=\n");
    vec![
        merging(
            ("a file that does not say what it is", "it may be anything"),
            merge(&nameless, YAML, PLAIN).line,
            refused("t: there is no SealedSecret in this file"),
            done(&["kind: SealedSecret", NEW]),
        ),
        merging(
            (
                "a whole Secret as one value (spec.data)",
                "with items beside it, no controller takes it",
            ),
            merge(&whole, YAML, PLAIN).line,
            refused("t: it holds a whole Secret as one value (spec.data)"),
            done(&["data: AgA=", NEW]),
        ),
        merging(
            (
                "input of another kind",
                "kubeseal makes items of a ConfigMap's data, which nobody wanted",
            ),
            merge(&files.yaml, YAML, "kind: ConfigMap\ndata: {b: bmV3}\n").line,
            refused("expected a Secret, but this is kind \"ConfigMap\""),
            done(&[NEW]),
        ),
        merging(
            (
                "a name that no item of a Secret can have",
                "the API server would refuse the Secret",
            ),
            merge(&files.yaml, YAML, "stringData: {b: new, 'a b': x}\n").line,
            refused("\"a b\" cannot be the name of an item"),
            done(&[NEW, "a b: [SEALED strict demo/app \"x\"]"]),
        ),
    ]
}

fn raw() -> Vec<Difference> {
    let empty = Line {
        stdin: Vec::new(),
        ..with(&[])
    };
    vec![
        printing(
            (
                "no namespace, and no kubeconfig",
                "the flag is what is missing; kubeseal speaks of KUBERNETES_MASTER",
            ),
            line(&["--raw", "--name=app"], "hunter2"),
            nothing("must provide the --namespace flag with --raw and --scope strict"),
            nothing("invalid configuration: no configuration has been provided"),
        ),
        printing(
            (
                "--secret-file beside --raw",
                "kubeseal ignores it without a word, and seals what is on stdin",
            ),
            with(&["-f", "s.yaml"]),
            value().saying("warning: s.yaml is not read"),
            value(),
        ),
        printing(
            (
                "an empty value",
                "the command before the pipe may have failed",
            ),
            empty,
            value().saying("warning: the value from stdin is empty"),
            value(),
        ),
        printing(
            (
                "an unknown format",
                "kubeseal does not look at it here; a typing mistake is one everywhere",
            ),
            with(&["-o", "toml"]),
            nothing("unsupported output format: \"toml\"").code(2),
            value(),
        ),
    ]
}

fn raw_variables() -> Vec<Difference> {
    let set = |name, value: &str| Line {
        env: vec![(name, value.to_owned())],
        ..with(&[])
    };
    vec![
        printing(
            (
                "a variable with a list that cannot be read",
                "kubeseal passes over it, and seals what is on stdin",
            ),
            set("SEALED_SECRETS_FROM_FILE", "\""),
            nothing("--from-file takes a list").code(2),
            value(),
        ),
        printing(
            (
                "a variable with an unknown scope",
                "kubeseal passes over it: the value is strict, and was meant to be something else",
            ),
            set("SEALED_SECRETS_SCOPE", "namespace"),
            nothing("unknown scope \"namespace\"").code(2),
            value(),
        ),
    ]
}

fn printing(
    (what, why): (&'static str, &'static str),
    line: Line,
    ours: Seen,
    theirs: Seen,
) -> Difference {
    Difference {
        file: "stdout",
        ..merging((what, why), line, ours, theirs)
    }
}

fn with(args: &[&str]) -> Line {
    let place = ["--raw", "-n", "demo", "--name", "app"];
    let mut line = line(&[&place[..], args].concat(), "hunter2");
    line.files = vec![("s.yaml", PLAIN.to_owned())];
    line
}

fn value() -> Seen {
    done(&["AQ"])
}

fn nothing(stderr: &'static str) -> Seen {
    Seen {
        is_unchanged: false,
        hidden: vec!["A"],
        ..refused(stderr)
    }
}
