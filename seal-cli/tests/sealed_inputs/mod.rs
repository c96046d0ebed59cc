//! SealedSecrets that open with the test key, and inputs that do not.

use crate::reveal;
use crate::sealing_for_tests::{SECRET, seal};

/// Name and text of each.
pub(crate) fn all() -> Vec<(&'static str, String)> {
    [places(), values(), templates(), others()].concat()
}

fn changed(args: &[&str], from: &str, to: &str) -> String {
    let sealed = seal(SECRET, args);
    assert!(sealed.contains(from), "{from:?} is not in {sealed}");
    sealed.replacen(from, to, 1)
}

fn places() -> Vec<(&'static str, String)> {
    let (renamed, moved) = (
        ("name: app", "name: other"),
        ("namespace: demo", "namespace: other"),
    );
    let nowhere = ("  namespace: demo\n", "");
    let edits = [
        ("renamed", "strict", renamed),
        ("moved", "strict", moved),
        ("without namespace", "strict", nowhere),
        ("renamed, namespace-wide", "namespace-wide", renamed),
        ("moved, namespace-wide", "namespace-wide", moved),
        ("renamed, cluster-wide", "cluster-wide", renamed),
        ("moved, cluster-wide", "cluster-wide", moved),
        ("without namespace, cluster-wide", "cluster-wide", nowhere),
    ];
    let edits = edits.into_iter();
    edits
        .map(|(name, scope, (from, to))| (name, changed(&["--scope", scope], from, to)))
        .collect()
}

fn values() -> Vec<(&'static str, String)> {
    let edits = [
        ("no base64", "    user: ", "    user: \"*\"\n    x: "),
        ("an empty value", "    user: ", "    user: \"\"\n    x: "),
        ("another item broken", "    user: A", "    user: B"),
        ("an item renamed", "    user: ", "    owner: "),
        ("both formats", "spec:\n", "spec:\n  data: AAAA\n"),
    ];
    let edits = edits.into_iter();
    edits
        .map(|(name, from, to)| (name, changed(&[], from, to)))
        .collect()
}

fn templates() -> Vec<(&'static str, String)> {
    let edits = [
        (
            "a template",
            "      url: https://{{ .user }}:{{ .password }}@db\n",
        ),
        ("sprig", "      up: '{{ .user | upper | quote }}'\n"),
        (
            "a sibling",
            "      host: db\n      url: '{{ .user }}@{{ .host }}'\n",
        ),
        (
            "a null item",
            "      password: null\n      url: 'p={{ .password }}'\n",
        ),
        ("of the name of an item", "      user: other\n"),
        ("a missing item", "      a: '{{ .nope }}'\n"),
        ("one that fails", "      a: '{{ fail \"no\" }}'\n"),
        ("one that is none", "      a: '{{ .user'\n"),
    ];
    let edits = edits.into_iter();
    edits
        .map(|(name, data)| {
            let template = format!("  template:\n    data:\n{data}");
            (name, changed(&[], "  template:\n", &template))
        })
        .collect()
}

fn others() -> Vec<(&'static str, String)> {
    let good = seal(SECRET, &[]);
    let json = serde_json::to_string(&reveal::objects(&good)[0]).unwrap();
    let map = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n";
    vec![
        ("broken JSON", json[..json.len() / 2].to_owned()),
        ("JSON", json),
        ("no line break at the end", good.trim_end().to_owned()),
        ("comments", good.replace("spec:\n", "# a\nspec: # b\n")),
        ("CRLF", good.replace('\n', "\r\n")),
        (
            "status",
            format!("{good}status:\n  observedGeneration: 1\n"),
        ),
        ("another version", good.replace("v1alpha1", "v1beta1")),
        ("another group", good.replace("bitnami.com", "example.com")),
        ("a Secret", SECRET.to_owned()),
        ("a ConfigMap", map.to_owned()),
        ("garbage", "garbage\n".to_owned()),
        ("broken YAML", "kind: [SealedSecret\n".to_owned()),
    ]
}
