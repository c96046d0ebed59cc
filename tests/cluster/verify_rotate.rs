//! `/v1/verify` and `/v1/rotate` (contract §5.2, §5.3).

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use seal_api::{ConditionStatus, SealedSecret};
use seal_format::Scope;
use serde_json::{Value, json};
use suite::{Answer, Plain, data, post, text};
use testkit::Canary;

use crate::{bed, scene};

const VERIFY: &str = "/v1/verify";
const ROTATE: &str = "/v1/rotate";
const SCOPES: [(&str, Scope, bool, bool); 3] = [
    ("strict", Scope::Strict, false, false),
    ("namespace-wide", Scope::NamespaceWide, true, false),
    ("cluster-wide", Scope::ClusterWide, true, true),
];

/// The body that kubeseal posts.
fn body(sealed: &SealedSecret) -> Value {
    serde_json::to_value(sealed).unwrap()
}

fn ask(path: &str, body: &Value) -> Answer {
    bed().controller.post(path, body.to_string())
}

fn verified(body: &Value) -> u16 {
    let answer = ask(VERIFY, body);
    assert!([200, 409].contains(&answer.status), "{answer:?}");
    assert_eq!(answer.body, "");
    answer.status
}

/// What `/v1/rotate` makes of a body, as a document again.
fn rotated(body: &Value) -> Value {
    let answer = ask(ROTATE, body);
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.headers["content-type"], "application/json");
    let mut rotated: Value = serde_json::from_str(&answer.body).unwrap();
    let fields: Vec<_> = rotated.as_object().unwrap().keys().collect();
    assert_eq!(fields, ["metadata", "spec"]);
    rotated["kind"] = body["kind"].clone();
    rotated["apiVersion"] = body["apiVersion"].clone();
    rotated
}

fn seal(plain: Plain, se1: bool) -> SealedSecret {
    let certificate = &bed().certificate;
    if se1 {
        plain.seal_se1(&[certificate])
    } else {
        plain.seal(certificate)
    }
}

#[test]
fn what_opens_is_told_within_each_scope() {
    for se1 in [false, true] {
        for (title, scope, renames, moves) in SCOPES {
            let plain = Plain::new("home", "db").item("a", "1").item("b", "");
            let sealed = body(&seal(plain.scope(scope), se1));
            let yaml = format!(
                "---\n{}",
                sealed
                    .to_string()
                    .replace("\"kind\":\"SealedSecret\"", "kind: SealedSecret")
            );
            assert_eq!(bed().controller.post(VERIFY, yaml).status, 200, "{title}");
            for (namespace, name, opens) in [
                ("home", "db", true),
                ("home", "renamed", renames),
                ("away", "db", moves),
            ] {
                let mut sealed = sealed.clone();
                sealed["metadata"]["namespace"] = namespace.into();
                sealed["metadata"]["name"] = name.into();
                let expected = if opens { 200 } else { 409 };
                assert_eq!(verified(&sealed), expected, "{title} {namespace}/{name}");
                let answer = ask(ROTATE, &sealed);
                let expected = if opens { 200 } else { 500 };
                assert_eq!(answer.status, expected, "{title} {namespace}/{name}");
            }
        }
    }
}

#[test]
fn rotating_changes_the_values_and_nothing_else() {
    let (namespace, _) = scene("rotated");
    for (title, scope, ..) in SCOPES {
        let plain = namespace.plain(title).scope(scope).kind("example.com/any");
        let plain = plain.label("app", "shop").item("user", "me");
        let mut sealed = body(&seal(plain.item("password", "hunter2"), false));
        let template = &mut sealed["spec"]["template"];
        template["data"] = json!({"url": "{{ .user }}:{{ .password }}@db", "user": null});
        template["immutable"] = false.into();
        let metadata = sealed["metadata"].as_object_mut().unwrap();
        metadata.insert("labels".to_owned(), json!({"team": "blue"}));
        let before = sealed.clone();
        // What someone gets from the cluster and posts as it is.
        let metadata = sealed["metadata"].as_object_mut().unwrap();
        metadata.extend([
            ("uid".to_owned(), "d5f1".into()),
            ("resourceVersion".to_owned(), "7".into()),
            ("generation".to_owned(), 2.into()),
            ("creationTimestamp".to_owned(), Value::Null),
            ("managedFields".to_owned(), json!([{"manager": "x"}])),
        ]);
        sealed["status"] = json!({"observedGeneration": 2});

        let once = rotated(&sealed);
        let twice = rotated(&once);
        for (from, to) in [(&before, &once), (&once, &twice)] {
            assert_eq!(to["metadata"], before["metadata"], "{title}");
            assert_eq!(to["spec"]["template"], before["spec"]["template"]);
            for item in ["user", "password"] {
                let (from, to) = (&from["spec"]["encryptedData"], &to["spec"]["encryptedData"]);
                assert_ne!(from[item], to[item], "{title} {item}");
            }
        }
        namespace.create(&serde_json::from_value::<SealedSecret>(twice).unwrap());
        let secret = namespace.wait_secret(title);
        let expected = [("password", "hunter2"), ("url", "me:hunter2@db")];
        assert_eq!(data(&secret), text(&expected), "{title}");
        assert_eq!(secret.type_.as_deref(), Some("example.com/any"));
    }
}

/// CVE-2026-22728.
#[test]
fn a_template_widens_no_scope() {
    for se1 in [false, true] {
        let sealed = seal(Plain::new("prod", "db").item("a", "1"), se1);
        let mut sealed = body(&sealed);
        sealed["spec"]["template"]["metadata"] = json!({
            "name": "other", "namespace": "other",
            "annotations": {"sealedsecrets.bitnami.com/cluster-wide": "true"},
        });
        let mut rotated = rotated(&sealed);
        assert_eq!(
            rotated["metadata"],
            json!({"name": "db", "namespace": "prod"})
        );
        assert_eq!(verified(&rotated), 200);
        for change in [
            json!({"name": "other", "namespace": "prod"}),
            json!({"name": "other", "namespace": "other"}),
            json!({
                "name": "db", "namespace": "prod",
                "annotations": {"sealedsecrets.bitnami.com/cluster-wide": "true"},
            }),
        ] {
            rotated["metadata"] = change;
            assert_eq!(verified(&rotated), 409, "{}", rotated["metadata"]);
            assert_eq!(ask(ROTATE, &rotated).status, 500);
        }
    }
}

#[test]
fn no_template_has_a_say() {
    for template in [
        "{{ if hasPrefix \"h\" .a }}{{ fail .a }}{{ end }}",
        "{{ if hasPrefix \"x\" .a }}{{ fail .a }}{{ end }}",
        "{{ if }}",
    ] {
        let mut sealed = body(&seal(Plain::new("prod", "db").item("a", "hunter2"), false));
        sealed["spec"]["template"]["data"] = json!({ "b": template });
        assert_eq!(verified(&sealed), 200, "{template}");
        let rotated = rotated(&sealed);
        assert_eq!(rotated["spec"]["template"]["data"]["b"], template);
    }
}

/// It stays one value: what is in there, labels and annotations too, is told to nobody, and need not be a Secret, as an
/// item of another object may have been put there.
#[test]
fn a_whole_secret_stays_whole() {
    for inside in [
        "{\"kind\":\"Secret\",\"data\":{\"a\":\"aHVudGVyMg==\"}}",
        "hunter2",
    ] {
        let mut sealed = body(&seal(Plain::new("prod", "db").item("all", inside), false));
        let whole = sealed["spec"]["encryptedData"]["all"].take();
        sealed["spec"] = json!({"data": whole, "encryptedData": {}, "template": {"type": "any"}});
        assert_eq!(verified(&sealed), 200, "{inside}");
        let rotated = rotated(&sealed);
        assert_ne!(rotated["spec"]["data"], sealed["spec"]["data"]);
        let mut expected = sealed.clone();
        expected["spec"]["data"] = rotated["spec"]["data"].clone();
        assert_eq!(rotated, expected);
        assert_eq!(verified(&rotated), 200);
        // The same bytes are in there.
        let mut item = sealed.clone();
        item["spec"] = json!({"encryptedData": {"all": rotated["spec"]["data"]}});
        assert_eq!(verified(&item), 200);
        sealed["metadata"]["name"] = "renamed".into();
        assert_eq!((verified(&sealed), ask(ROTATE, &sealed).status), (409, 500));
    }
    let mut both = body(&seal(Plain::new("prod", "db").item("a", "1"), false));
    both["spec"]["data"] = both["spec"]["encryptedData"]["a"].clone();
    assert_eq!((verified(&both), ask(ROTATE, &both).status), (409, 500));
}

/// Who may only see the certificate may send a GET through the API server, with a body too.
#[test]
fn nothing_but_a_post_is_looked_at() {
    let sealed = body(&seal(Plain::new("prod", "db").item("a", "1"), false)).to_string();
    let url = bed().controller.url("");
    for method in ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "post"] {
        for path in [VERIFY, ROTATE] {
            let mut stream = TcpStream::connect(url.strip_prefix("http://").unwrap()).unwrap();
            let length = sealed.len();
            let request = format!(
                "{method} {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{sealed}"
            );
            stream.write_all(request.as_bytes()).unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).unwrap();
            let answer = answer.to_lowercase();
            assert!(answer.starts_with("http/1.1 405 "), "{method}: {answer}");
            assert!(answer.contains("\r\nallow: post\r\n"), "{method}: {answer}");
            assert!(answer.ends_with("\r\n\r\n"), "{method}: {answer}");
        }
    }
}

#[test]
fn what_is_not_one_sealed_secret_is_told_in_one_constant_sentence() {
    let good = body(&seal(Plain::new("prod", "db").item("a", "1"), false)).to_string();
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let bombs: Vec<_> = (1..30)
        .map(|level| format!("a{level}: &a{level} [*a{0}, *a{0}]\n", level - 1))
        .collect();
    let bomb = format!("a0: &a0 x\n{}", bombs.concat());
    let long = "user-text".repeat(1_000);
    let many = "{}\n".repeat(200_000);
    for body in [
        "",
        "\n",
        "user-text",
        "{",
        "\0\0\0",
        "user-text: [",
        &long,
        &many,
        &deep,
        &bomb,
        "{\"kind\":\"Secret\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"user-text\"}}",
        &good.replace("SealedSecret", "user-text"),
        &good.replace("bitnami.com/v1alpha1", "bitnami.com/user-text"),
        &good.replacen("\"a\":", "\"a\":1,\"user-text\":", 1),
        &format!("{good}{good}"),
        &format!("{good}\n---\n{good}"),
    ] {
        for path in [VERIFY, ROTATE] {
            let answer = bed().controller.post(path, body);
            assert_eq!(answer.status, 500, "{path} {body}");
            let text = "the body must be one well-formed SealedSecret (bitnami.com/v1alpha1), in JSON or YAML\n";
            assert_eq!(answer.body, text, "{path}");
        }
    }
    // One byte too many.
    let padding = " ".repeat((2 << 20) + 1 - good.len());
    for (body, status) in [
        (format!("{good}{padding}"), 413),
        (format!("{good}{}", &padding[1..]), 200),
    ] {
        let answer = bed().controller.post(VERIFY, body);
        assert_eq!(answer.status, status, "{}", answer.body);
    }
}

#[test]
fn a_body_that_breaks_off_is_told_so() {
    let url = bed().controller.url("");
    let mut stream = TcpStream::connect(url.strip_prefix("http://").unwrap()).unwrap();
    let chunked = "POST /v1/verify HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\nno length\r\n";
    stream.write_all(chunked.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
    assert!(
        answer.ends_with("the body did not arrive in full and in time\n"),
        "{answer}"
    );
}

#[test]
fn values_that_do_not_open_are_told_apart_by_nothing() {
    let good = body(&seal(
        Plain::new("prod", "db").item("a", "1").item("b", "2"),
        false,
    ));
    let other = body(&seal(Plain::new("prod", "other").item("a", "1"), false));
    let se1 = body(&seal(Plain::new("prod", "db").item("a", "1"), true));
    let mut without_data_keys = se1.clone();
    without_data_keys["spec"]["dataKeys"].take();
    without_data_keys["spec"]
        .as_object_mut()
        .unwrap()
        .remove("dataKeys");
    let mut answers = Vec::new();
    for value in [
        "",
        "AgA=",
        "not base64",
        "se1.unknown",
        &"A".repeat(800),
        other["spec"]["encryptedData"]["a"].as_str().unwrap(),
    ] {
        for item in ["a", "b", "c"] {
            let mut bad = good.clone();
            bad["spec"]["encryptedData"][item] = value.into();
            answers.push((verified(&bad), ask(ROTATE, &bad).body));
        }
    }
    answers.push((
        verified(&without_data_keys),
        ask(ROTATE, &without_data_keys).body,
    ));
    answers.dedup();
    let text = "the SealedSecret does not open with the keys of this controller\n";
    assert_eq!(answers, [(409, text.to_owned())]);
}

#[test]
fn a_thousand_values_keep_no_object_waiting() {
    let (namespace, certificate) = scene("thousand");
    let items = (0..1_000).map(|number| (format!("item-{number}"), "value"));
    let plain = |name: &str| {
        items
            .clone()
            .fold(Plain::new("prod", name), |plain, (item, value)| {
                plain.item(&item, value)
            })
    };
    let sealed = body(&plain("db").seal(certificate)).to_string();
    let renamed = sealed.replace("\"name\":\"db\"", "\"name\":\"other\"");
    std::thread::scope(|scope| {
        let posts: Vec<_> = [VERIFY, ROTATE]
            .into_iter()
            .map(|path| scope.spawn(|| bed().controller.post(path, &sealed)))
            .collect();
        namespace.create(&namespace.plain("small").item("a", "1").seal(certificate));
        namespace.wait_synced("small", ConditionStatus::True);
        for post in posts {
            let answer = post.join().unwrap();
            assert_eq!(answer.status, 200, "{}", answer.body);
        }
    });
    assert_eq!(bed().controller.post(VERIFY, renamed).status, 409);
}

#[test]
fn each_client_has_a_rate_at_each_path() {
    let url = |path: &str| bed().controller.url(path);
    // Quicker than the rate, whatever the machine does besides: so many do not fit.
    let limited = |client: &str, path: &str| {
        let answers = (0..200).map(|_| post(&url(path), client, "").unwrap());
        answers.into_iter().find(|answer| answer.status == 429)
    };
    let answer = limited("10.0.0.1", VERIFY).expect("a limit");
    assert_eq!(answer.body, "limit exceeded\n");
    let number = |name: &str| {
        answer.headers[name]
            .to_str()
            .unwrap()
            .parse::<u32>()
            .unwrap()
    };
    assert_eq!(number("x-ratelimit-limit"), 3);
    assert_eq!(number("x-ratelimit-remaining"), 0);
    assert_eq!(number("x-ratelimit-reset"), 2);
    assert_eq!(number("retry-after"), 1);
    // With a header of one's own one stays who one is; the other path is another matter, and so is who else asks.
    assert!(limited("10.9.9.9, 10.0.0.1", VERIFY).is_some());
    for (client, path) in [("10.0.0.1", ROTATE), ("10.0.0.2", VERIFY)] {
        let answer = post(&url(path), client, "").unwrap();
        assert_eq!(answer.status, 500, "{client} {path}");
        assert_eq!(answer.headers["x-ratelimit-remaining"], "2");
        assert!(!answer.headers.contains_key("retry-after"));
    }
    let labels = [r#"path="/v1/verify""#, r#"code="429""#, r#"method="POST""#];
    let counted = "sealed_secrets_controller_http_requests_total{";
    assert!(bed().controller.metric(counted, &labels) >= 2.0);
}

#[test]
fn no_value_is_told() {
    let canary = Canary::new("value").unwrap();
    let template = Canary::new("template").unwrap();
    for se1 in [false, true] {
        let plain = Plain::new("prod", "db").item("a", canary.text());
        let mut sealed = body(&seal(plain, se1));
        sealed["spec"]["template"]["data"] = json!({"b": format!("{{{{ {} }}}}", template.text())});
        for name in ["db", "renamed"] {
            sealed["metadata"]["name"] = name.into();
            for path in [VERIFY, ROTATE] {
                let answer = ask(path, &sealed);
                canary.assert_absent("an answer", format!("{answer:?}"));
            }
        }
        let broken = sealed.to_string().replace("\"spec\"", template.text());
        let answer = bed().controller.post(ROTATE, broken);
        template.assert_absent("an answer", format!("{answer:?}"));
    }
    let log = bed().controller.log();
    canary.assert_absent("the log", &log);
    template.assert_absent("the log", &log);
}
