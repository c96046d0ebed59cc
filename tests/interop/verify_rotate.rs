//! `/v1/verify` and `/v1/rotate` of both controllers, with the same keys and the same bodies.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use serde_json::{Value, json};
use suite::{Answer, Cluster, Controller, Plain, post};

use crate::{SCOPES, real};

const VERIFY: &str = "/v1/verify";
const ROTATE: &str = "/v1/rotate";
/// Theirs takes it apart, and tells labels and annotations that are sealed in it; ours stays one value.
const WHOLE: &str = "a whole Secret";

/// What is posted, and what it is for people; the statuses of both paths must be the same, unless ours are given.
/// 0 is a connection that ends without an answer.
struct Case {
    title: String,
    body: String,
    ours: Option<[u16; 2]>,
}

fn case(title: &str, body: &impl ToString) -> Case {
    Case {
        title: title.to_owned(),
        body: body.to_string(),
        ours: None,
    }
}

fn differs(title: &str, body: &impl ToString, ours: [u16; 2]) -> Case {
    Case {
        ours: Some(ours),
        ..case(title, body)
    }
}

fn sealed(controller: &Controller, title: &str, scope: seal_format::Scope) -> Value {
    let plain = Plain::new("prod", title).scope(scope).label("app", "shop");
    let sealed = plain.item("password", "hunter2").item("empty", "");
    serde_json::to_value(sealed.seal(&controller.certificate())).unwrap()
}

fn with(sealed: &Value, change: impl FnOnce(&mut Value)) -> Value {
    let mut sealed = sealed.clone();
    change(&mut sealed);
    sealed
}

/// Every scope at home, renamed and moved.
fn places(controller: &Controller) -> Vec<Case> {
    let cases = SCOPES.into_iter().flat_map(|(title, scope)| {
        let sealed = sealed(controller, title, scope);
        let renamed = with(&sealed, |sealed| {
            sealed["metadata"]["name"] = "other".into();
        });
        let moved = with(&sealed, |sealed| {
            sealed["metadata"]["namespace"] = "away".into();
        });
        let widened = with(&sealed, |sealed| {
            sealed["metadata"]["annotations"] =
                json!({"sealedsecrets.bitnami.com/cluster-wide": "true"});
        });
        [
            case(title, &sealed),
            case(&format!("{title}, renamed"), &renamed),
            case(&format!("{title}, moved"), &moved),
            case(&format!("{title}, widened"), &widened),
        ]
    });
    cases.collect()
}

/// What is not a SealedSecret that opens.
fn oddities(controller: &Controller) -> Vec<Case> {
    let [(title, scope), ..] = SCOPES;
    let good = sealed(controller, title, scope);
    let value = good["spec"]["encryptedData"]["password"].clone();
    let set = |field: &str, value: Value| with(&good, |sealed| sealed["spec"][field] = value);
    let yaml = "apiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\nmetadata:\n  name: db\n  namespace: prod\nspec:\n  encryptedData: {}\n";
    vec![
        case("nothing", &""),
        // It panics.
        differs("no JSON", &"{", [500, 500]),
        case("a word", &"hello"),
        case("a list", &"[]"),
        case(
            "another kind",
            &json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a"}}),
        ),
        case(
            "another version",
            &with(&good, |it| it["apiVersion"] = "bitnami.com/v1".into()),
        ),
        case("YAML without items", &yaml),
        // Rotating takes the first.
        differs("two documents", &format!("{yaml}---\n{yaml}"), [500, 500]),
        case("bad base64", &set("encryptedData", json!({"a": "%"}))),
        case("nothing sealed", &set("encryptedData", json!({"a": ""}))),
        case("a short value", &set("encryptedData", json!({"a": "AgA="}))),
        case(
            "one that opens and one that does not",
            &set("encryptedData", json!({"a": value, "b": "AgA="})),
        ),
        case(
            "a template that fails",
            &with(&good, |it| {
                it["spec"]["template"]["data"] = json!({"a": "{{ fail .password }}"});
            }),
        ),
        case("both formats", &set("data", value.clone())),
        // Nobody looks at what is in there.
        differs("a whole Secret that is none", &whole(&value), [200, 200]),
        case(WHOLE, &whole(&sealed_whole(controller))),
        differs(
            "a value that is no string",
            &set("encryptedData", json!({"a": 1})),
            [500, 500],
        ),
    ]
}

fn asked(url: &dyn Fn(&str) -> String, cases: &[Case]) -> Vec<[Option<Answer>; 2]> {
    let ask = |(number, case): (usize, &Case)| {
        [VERIFY, ROTATE].map(|path| post(&url(path), &format!("client-{number}"), &case.body))
    };
    cases.iter().enumerate().map(ask).collect()
}

/// The format before kubeseal 0.7.
fn whole(value: &Value) -> Value {
    json!({
        "apiVersion": "bitnami.com/v1alpha1", "kind": "SealedSecret",
        "metadata": {"name": "strict", "namespace": "prod"},
        "spec": {"data": value, "encryptedData": null},
    })
}

fn sealed_whole(controller: &Controller) -> Value {
    let secret = json!({
        "apiVersion": "v1", "kind": "Secret", "metadata": {"name": "strict"},
        "data": {"password": "aHVudGVyMg=="},
    });
    let plain = Plain::new("prod", "strict").item("all", secret.to_string());
    let sealed = plain.seal(&controller.certificate());
    sealed.spec.encrypted_data["all"].as_str().into()
}

#[test]
fn both_answer_alike() {
    let cluster = Cluster::start();
    let controller = Controller::start(&cluster);
    let mut cases = places(&controller);
    cases.extend(oddities(&controller));
    let ours = asked(&|path| controller.url(path), &cases);
    drop(controller);
    let Some(real) = real(&cluster, &[]) else {
        return;
    };
    let theirs = asked(
        &|path| format!("http://127.0.0.1:{}{path}", real.port()),
        &cases,
    );
    let status = |answer: &Option<Answer>| answer.as_ref().map_or(0, |answer| answer.status);
    let statuses = |answers: &[Option<Answer>; 2]| answers.each_ref().map(status);
    let mut wrong = Vec::new();
    for ((case, ours), theirs) in cases.iter().zip(&ours).zip(&theirs) {
        let (found, real) = (statuses(ours), statuses(theirs));
        // A difference that is none is as wrong as one that nobody knows of.
        if found != case.ours.unwrap_or(real) || case.ours == Some(real) {
            wrong.push(format!("{}: ours {found:?}, theirs {real:?}", case.title));
        }
        for (ours, theirs) in ours.iter().flatten().zip(theirs.iter().flatten()) {
            for header in [
                "x-ratelimit-limit",
                "x-ratelimit-remaining",
                "x-ratelimit-reset",
            ] {
                assert_eq!(
                    ours.headers[header], theirs.headers[header],
                    "{}",
                    case.title
                );
            }
        }
        if [found, real] == [[200; 2]; 2] && case.title != WHOLE {
            let [ours, theirs] = [ours, theirs].map(|answers| answers[1].as_ref().unwrap());
            same_shape(ours, theirs, &case.title);
        }
    }
    assert_eq!(wrong, [""; 0]);
}

/// Same fields, same place, same items; theirs has its own idea of the template.
fn same_shape(ours: &Answer, theirs: &Answer, title: &str) {
    let [ours, theirs] =
        [ours, theirs].map(|answer| -> Value { serde_json::from_str(&answer.body).unwrap() });
    let keys = |value: &Value| -> Vec<String> {
        let fields = value.as_object().unwrap().keys();
        fields.cloned().collect()
    };
    assert_eq!(keys(&ours), keys(&theirs), "{title}");
    assert_eq!(ours["metadata"], theirs["metadata"], "{title}");
    let items = |answer: &Value| keys(&answer["spec"]["encryptedData"]);
    assert_eq!(items(&ours), items(&theirs), "{title}");
    assert_eq!(theirs["spec"]["template"].get("data"), None, "{title}");
}

/// A deliberate difference: through the API server a GET needs another right than a POST. kubeseal posts, as
/// everything in `validate_rotate` shows.
#[test]
fn only_theirs_takes_what_is_not_posted() {
    let cluster = Cluster::start();
    let controller = Controller::start(&cluster);
    let [(title, scope), ..] = SCOPES;
    let body = sealed(&controller, title, scope).to_string();
    let ours = with_each_method(&controller.url(""), &body);
    drop(controller);
    assert_eq!(ours, [405; 8]);
    let Some(real) = real(&cluster, &[]) else {
        return;
    };
    let theirs = with_each_method(&format!("http://127.0.0.1:{}", real.port()), &body);
    assert_eq!(theirs, [200; 8]);
}

/// Statuses of both paths.
fn with_each_method(url: &str, body: &str) -> Vec<u16> {
    let address = url.strip_prefix("http://").unwrap();
    let methods = ["GET", "PUT", "PATCH", "DELETE"];
    let asked = methods.iter().flat_map(|method| {
        [VERIFY, ROTATE].map(|path| {
            let mut stream = TcpStream::connect(address).unwrap();
            let length = body.len();
            let request = format!(
                "{method} {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\nx-forwarded-for: {method}\r\ncontent-length: {length}\r\n\r\n{body}"
            );
            stream.write_all(request.as_bytes()).unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).unwrap();
            answer[9..12].parse().unwrap()
        })
    });
    asked.collect()
}

#[test]
fn both_limit_alike() {
    let cluster = Cluster::start();
    let controller = Controller::start(&cluster);
    let ours = limited(&controller.url(VERIFY));
    drop(controller);
    let Some(real) = real(&cluster, &[]) else {
        return;
    };
    let theirs = limited(&format!("http://127.0.0.1:{}{VERIFY}", real.port()));
    assert_eq!((ours.status, &ours.body), (theirs.status, &theirs.body));
    for header in [
        "x-ratelimit-limit",
        "x-ratelimit-remaining",
        "x-ratelimit-reset",
        "retry-after",
    ] {
        assert_eq!(ours.headers[header], theirs.headers[header], "{header}");
    }
}

/// The first answer to one request too many.
fn limited(url: &str) -> Answer {
    let answers = (0..200).map(|_| post(url, "10.0.0.1", "").unwrap());
    let mut limited = answers.into_iter().filter(|answer| answer.status == 429);
    limited.next().expect("a limit")
}
