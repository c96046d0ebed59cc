use super::*;
use template::GoTemplate;

fn data(entries: &[(&str, &str)]) -> SecretData {
    let entries = entries.iter();
    entries
        .map(|(key, value)| ((*key).to_owned(), Zeroizing::new(value.as_bytes().to_vec())))
        .collect()
}

fn rendered(template: &str, sources: &Sources) -> Result<String, RenderError> {
    rendered_within(
        template,
        sources,
        &Bounds {
            is_late: &|| false,
            bytes: Bounds::BYTES,
        },
    )
}

fn rendered_within(
    template: &str,
    sources: &Sources,
    bounds: &Bounds<'_>,
) -> Result<String, RenderError> {
    let template: Option<Template> = serde_json::from_str(template).unwrap();
    let inherited = BTreeMap::from([("inherited".to_owned(), "1".to_owned())]);
    let none = BTreeMap::new();
    let values = data(&[("user", "u"), ("pass", "p:1")]);
    let secret = render(
        template.as_ref(),
        values,
        (&inherited, &none),
        sources,
        (&GoTemplate::default(), bounds),
    )?;
    let data = secret.data.iter();
    let data = data.map(|(key, value)| format!("{key}={}", String::from_utf8_lossy(value)));
    let labels = secret
        .labels
        .iter()
        .map(|(key, value)| format!("label {key}={value}"));
    let annotations = secret
        .annotations
        .iter()
        .map(|(key, value)| format!("note {key}={value}"));
    Ok(data
        .chain(labels)
        .chain(annotations)
        .collect::<Vec<_>>()
        .join(" "))
}

fn sources() -> Sources {
    let map = data(&[
        ("one", "<{{ .user }}>"),
        ("many", "a: {{ .user }}\nn: 1.50\nyes: on\n"),
    ]);
    let secret = data(&[("url", "{{ .user | b64enc }}")]);
    BTreeMap::from([
        ((SourceKind::ConfigMap, "cm".to_owned()), map),
        ((SourceKind::Secret, "s".to_owned()), secret),
    ])
}

/// Contract §9 and §0.1.13.
#[test]
fn what_wins_over_what() {
    for (template, expected) in [
        ("null", "pass=p:1 user=u label inherited=1"),
        ("{}", "pass=p:1 user=u"),
        (r#"{"data":{"url":"{{ .user }}@h"}}"#, "url=u@h"),
        (
            r#"{"mergePolicy":"Merge","data":{"user":"{{ .user | upper }}"}}"#,
            "pass=p:1 user=U",
        ),
        (
            r#"{"templateFrom":[{"configMap":{"name":"cm","items":[{"key":"one"}]}},
                {"secret":{"name":"s","items":[{"key":"url"}]}}]}"#,
            "one=<u> url=dQ==",
        ),
        (
            r#"{"data":{"a":"mine"},"templateFrom":[{"configMap":{"name":"cm",
                "items":[{"key":"many","templateAs":"KeysAndValues"}]}}]}"#,
            // A key `n` is a word of YAML 1.1, too.
            "a=mine false=1.5 true=true",
        ),
        (
            r#"{"templateFrom":[{"target":"annotations","literal":"x: {{ .user }}"},
                {"target":"Labels","literal":"w: '1'"}],"metadata":{"labels":{"z":"{{ .user }}"}}}"#,
            "label w=1 label z=u note x=u",
        ),
        (
            r#"{"templateFrom":[{"valuesDecodingStrategy":"Base64","secret":{"name":"s","items":[{"key":"url"}]}}]}"#,
            "url=u",
        ),
    ] {
        assert_eq!(
            rendered(template, &sources()).as_deref(),
            Ok(expected),
            "{template}"
        );
    }
}

#[test]
fn failures_say_where_and_nothing_of_values() {
    for (template, start) in [
        (
            r#"{"data":{"x":"{{ .user"}}"#,
            "spec.target.template.data.x: the template cannot be rendered: ",
        ),
        (
            r#"{"data":{"x":"{{ fail .pass }}"}}"#,
            "spec.target.template.data.x: the template fails on",
        ),
        (
            r#"{"templateFrom":[{"literal":"- {{ .pass }}"}]}"#,
            "spec.target.template.templateFrom[0]: the template makes no YAML object",
        ),
        (
            r#"{"templateFrom":[{"target":"spec","literal":"a: b"}]}"#,
            "spec.target.template.templateFrom[0]: target must be",
        ),
        (
            r#"{"templateFrom":[{"secret":{"name":"gone","items":[{"key":"x"}]}}]}"#,
            "spec.target.template.templateFrom[0]: Secret gone does not exist",
        ),
        (
            r#"{"templateFrom":[{"configMap":{"name":"cm","items":[{"key":"x"}]}}]}"#,
            "spec.target.template.templateFrom[0]: ConfigMap cm has no item x",
        ),
    ] {
        let error = rendered(template, &sources()).unwrap_err().to_string();
        assert!(
            error.starts_with(start) && !error.contains("p:1"),
            "{error}"
        );
    }
}

#[test]
fn sources_are_asked_for_once() {
    let template: Template = serde_json::from_str(
        r#"{"templateFrom":[{"configMap":{"name":"cm","items":[{"key":"a"}]}},
            {"configMap":{"name":"cm","items":[{"key":"b"}]}},{"secret":{"name":"s","items":[{"key":"c"}]}}]}"#,
    )
    .unwrap();
    let expected = [
        (SourceKind::ConfigMap, "cm".to_owned()),
        (SourceKind::Secret, "s".to_owned()),
    ];
    assert_eq!(super::sources(&template), expected);
}

#[test]
fn nobody_makes_a_token_by_a_template() {
    let account = r#""metadata":{"annotations":{"kubernetes.io/service-account.name":"admin"}}"#;
    let from = r#""templateFrom":[{"target":"Annotations","literal":"kubernetes.io/service-account.name: admin"}]"#;
    for (template, refused) in [
        (
            r#"{"type":"bootstrap.kubernetes.io/token"}"#.to_owned(),
            true,
        ),
        (
            r#"{"type":"kubernetes.io/service-account-token"}"#.to_owned(),
            false,
        ),
        (
            format!(r#"{{"type":"kubernetes.io/service-account-token",{account}}}"#),
            true,
        ),
        (
            format!(r#"{{"type":"kubernetes.io/service-account-token",{from}}}"#),
            true,
        ),
        (format!(r#"{{"type":"Opaque",{account}}}"#), false),
    ] {
        let rendered = rendered(&template, &Sources::new());
        assert_eq!(rendered == Err(RenderError::Token), refused, "{template}");
    }
}

#[test]
fn all_templates_together_are_bounded() {
    let template = r#"{"data":{"a":"{{ repeat 60 .user }}","b":"{{ repeat 60 .user }}"}}"#;
    let within = |is_late: bool, bytes| {
        rendered_within(
            template,
            &sources(),
            &Bounds {
                is_late: &|| is_late,
                bytes,
            },
        )
    };
    assert!(within(false, 122).is_ok());
    let place = |name: &str| format!("spec.target.template.data.{name}");
    let place = |name: &str, reason| {
        Err(RenderError::Exceeded {
            place: place(name),
            reason,
        })
    };
    assert_eq!(within(false, 121), place("b", Exceeded::Bytes));
    assert_eq!(within(true, 122), place("a", Exceeded::Time));
}
