//! `spec.template.data` (contract §2.1).

use k8s_openapi::api::core::v1::Secret;
use seal_api::{ConditionStatus, SealedSecret};
use suite::{condition, data, text};

use crate::scene;

/// What is told of all templates that fail on their items.
const RENDERING: &str = "a template failed while it was rendered; check its functions and limits";

/// Adds templates; `None` is a null value.
fn with(mut sealed: SealedSecret, templates: &[(&str, Option<&str>)]) -> SealedSecret {
    let template = sealed.spec.template.get_or_insert_default();
    let entries = templates
        .iter()
        .map(|(name, text)| ((*name).to_owned(), text.map(str::to_owned)));
    template.data = Some(entries.collect());
    sealed
}

#[test]
fn templates_render_from_items() {
    let (namespace, certificate) = scene("templates");
    let plain = namespace.plain("db").item("password", "hunter2");
    let plain = plain.item("user", "root").item("hidden", "pepper");
    let sealed = with(
        plain.seal(certificate),
        &[
            (
                "url",
                Some("mysql://{{ .user }}:{{ .password | b64enc }}@db/"),
            ),
            ("sibling", Some("{{ .plain }}")),
            ("plain", Some("as it is")),
            ("uses-hidden", Some("{{ len .hidden }}")),
            // A decrypted item wins over a template of its name.
            ("user", Some("template")),
            // Null leaves the item out of the Secret, not out of templates.
            ("hidden", None),
        ],
    );
    namespace.create(&sealed);
    let expected = text(&[
        ("password", "hunter2"),
        ("plain", "as it is"),
        ("sibling", "as it is"),
        ("url", "mysql://root:aHVudGVyMg==@db/"),
        ("user", "root"),
        ("uses-hidden", "6"),
    ]);
    assert_eq!(data(&namespace.wait_secret("db")), expected);
    namespace.wait_synced("db", ConditionStatus::True);
}

#[test]
fn templates_alone_are_enough() {
    let (namespace, certificate) = scene("templates-alone");
    let sealed = namespace.plain("motd").seal(certificate);
    namespace.create(&with(sealed, &[("motd", Some("{{ upper \"hello\" }}"))]));
    let secret = namespace.wait_secret("motd");
    assert_eq!(data(&secret), text(&[("motd", "HELLO")]));
}

#[test]
fn a_failing_template_fails_the_whole_and_tells_nothing() {
    let (namespace, certificate) = scene("templates-fail");
    for (name, template, expected) in [
        ("fails", "{{ fail .password }}", RENDERING),
        (
            "syntax",
            "{{ .password | marker-in-template }",
            "template: template syntax error at line 1, column",
        ),
        (
            "index",
            "{{ index .password \"marker-in-template\" }}",
            RENDERING,
        ),
        (
            "refused",
            "{{ .password }}\n{{ env \"PATH\" }}",
            "template: template function env at line 2, column 4 is not supported",
        ),
        (
            "unknown",
            "{{ marker }}{{ .password }}",
            "template: template calls an unknown function at line 1, column 4 (url)",
        ),
        (
            "endless",
            "{{ range until 1000000 }}{{ range until 1000000 }}marker-in-template{{ end }}{{ end }}",
            RENDERING,
        ),
    ] {
        let plain = namespace.plain(name).item("password", "marker-in-value");
        namespace.create(&with(plain.seal(certificate), &[("url", Some(template))]));
        let sealed = namespace.wait_synced(name, ConditionStatus::False);
        let condition = condition(&sealed);
        assert_eq!(condition.reason.as_deref(), Some("UnsealFailed"), "{name}");
        let event = namespace.wait_event(name, "ErrUnsealFailed");
        for message in [condition.message.unwrap(), event.message.unwrap()] {
            assert!(message.contains(expected), "{name}: {message}");
            let named = message.contains("(url)");
            assert_eq!(named, expected != RENDERING, "{name}: {message}");
            assert!(!message.contains("marker"), "{name}: {message}");
        }
        assert!(namespace.secret(name).is_none(), "{name}");
    }
}

/// A template that fails in another place for each value would spell values out.
#[test]
fn failures_look_the_same_whatever_the_value() {
    let (namespace, certificate) = scene("templates-alike");
    let lines = ["a", "b", "c"].map(|letter| {
        format!("{{{{ if hasPrefix \"{letter}\" .password }}}}{{{{ fail \"\" }}}}{{{{ end }}}}")
    });
    let told = ["a", "b", "c"].map(|password| {
        let plain = namespace.plain(password).item("password", password);
        let [one, two, three] = &lines;
        let templates = [
            ("first", Some(format!("{one}\n{two}"))),
            ("second", Some(three.clone())),
        ];
        let templates = templates.each_ref();
        let templates = templates.map(|(name, text)| (*name, text.as_deref()));
        namespace.create(&with(plain.seal(certificate), &templates));
        let sealed = namespace.wait_synced(password, ConditionStatus::False);
        let event = namespace.wait_event(password, "ErrUnsealFailed");
        (condition(&sealed).message.unwrap(), event.message.unwrap())
    });
    assert!(told[0].0.starts_with(RENDERING), "{}", told[0].0);
    assert_eq!(told[0], told[1]);
    assert_eq!(told[1], told[2]);
}

#[test]
fn a_mended_template_works() {
    let (namespace, certificate) = scene("templates-mended");
    let plain = namespace.plain("db").item("password", "hunter2");
    namespace.create(&with(plain.seal(certificate), &[("url", Some("{{"))]));
    namespace.wait_synced("db", ConditionStatus::False);
    namespace.edit("db", |sealed: &mut SealedSecret| {
        *sealed = with(sealed.clone(), &[("url", Some("{{ .password }}"))]);
    });
    namespace.wait_for("db", "to hold the rendered item", |secret: &Secret| {
        data(secret).get("url").is_some_and(|url| url == "hunter2")
    });
    namespace.wait_synced("db", ConditionStatus::True);
}
