//! Values that stand in the file, whatever another program fills in.

use super::super::file::{Surroundings, check};
use super::found_in;

/// Fields in other capitals, in the wrong place, and parts of values.
#[test]
fn what_stays_of_a_secret() {
    for (secret, expected) in [
        ("StringData: {a: b}", &["2:plain-secret"][..]),
        ("Data: {a: b}", &["2:plain-secret"]),
        ("metadata:\n  stringData: {a: b}", &["3:plain-secret"]),
        ("stringData: {a: '${A:=hunter2}'}", &["2:plain-secret"]),
        ("data: {a: '${A:-aHVudGVyMg==}'}", &["2:plain-secret"]),
        ("stringData: {a: '${A:=}'}", &[]),
        ("stringData: {a: '${A}', user: '${USER:=app}'}", &[]),
        (
            "stringData: {a: '${A}', password: '${PASSWORD:=hunter2}'}",
            &["2:plain-secret"],
        ),
        (
            "stringData: {a: '${A}hunter2supersecret'}",
            &["2:plain-secret"],
        ),
        (
            "stringData: {a: '${A}', b: '${B}hunter2supersecret'}",
            &["2:plain-secret"],
        ),
        (
            "stringData: {password: 'hunter2-${A}'}",
            &["2:plain-secret"],
        ),
        ("stringData: {host: 'db1.${ENV}.svc.cluster.local'}", &[]),
        ("stringData: {host: 'app-${ENV}'}", &[]),
    ] {
        let found = found_in(&format!("kind: Secret\n{secret}\n"));
        assert_eq!(found, expected, "{secret}");
    }
}

/// Templates of Helm cannot be read before they are rendered, but what stands in them can.
#[test]
fn what_templates_hold_whatever_comes() {
    let head = "{{- if .Values.on }}\napiVersion: v1\nkind: Secret\nmetadata:\n  name: {{ .Release.Name }}\n  labels: {{- include \"l\" . | nindent 4 }}\n";
    for (rest, expected) in [
        (
            "stringData:\n  password: hunter2hunter2\n{{- end }}\n",
            &["7:plain-secret"][..],
        ),
        ("data:\n  a: aHVudGVyMg==\n", &["7:plain-secret"]),
        (
            "stringData:\n  a: {{ .Values.a | quote }}\n  user: app\n",
            &["0:no-sealed-secret"],
        ),
        (
            "stringData:\n  a: {{ .Values.a | quote }} # why\n  password: hunter2\n",
            &["7:plain-secret"],
        ),
        (
            "stringData:\n  a.yaml: |\n    host: {{ .Values.host }}\n    port: 5432\n",
            &["0:no-sealed-secret"],
        ),
        (
            "data:\n{{- range $k, $v := .Values.all }}\n  {{ $k }}: {{ $v | b64enc }}\n{{- end }}\n",
            &["0:no-sealed-secret"],
        ),
        (
            "stringData:\n  # seal:ignore plain-secret of a test\n  password: hunter2\n",
            &["7:plain-secret", "8:unused-ignore"],
        ),
        (
            "# seal:ignore plain-secret of a test\nstringData:\n  password: hunter2\n",
            &[],
        ),
    ] {
        assert_eq!(found_in(&format!("{head}{rest}")), expected, "{rest}");
    }
    let open = format!("{head}stringData: ''\n---\n{head}data:\n  a: b\n");
    let checked = check(open.as_bytes(), &Surroundings::default());
    assert!(checked.found.iter().all(|found| found.object.is_none()));
    assert_eq!(checked.found.len(), 1);
    let checked = check(
        format!("{head}data: {{{{ .Values.a }}}}\n").as_bytes(),
        &Surroundings::default(),
    );
    assert!(checked.is_nothing());
    assert!(!checked.found[0].message.contains("no Secret either"));
}
