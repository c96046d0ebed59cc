//! Templates, rendered by a program in Go: the corpus, the items, the questions and the answers.

use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use template::{Engine, GoTemplate, Items};
use zeroize::Zeroizing;

pub(crate) const ITEMS: &[(&str, &[u8])] = &[
    ("user", b"admin"),
    ("password", b"s3cr3t \"q\" & <p>"),
    ("host", b"db.example.org"),
    ("port", b"5432"),
    ("empty", b""),
    ("csv", b"a,b,c"),
    ("dotted.key", b"dotted"),
    ("multi", b"line one\nline two\n\nline four"),
    (
        "json",
        br#"{"db":{"host":"h","port":5432},"list":["x","y"],"n":1.5}"#,
    ),
    ("uni", "größe – ünï 😀".as_bytes()),
    (
        "url",
        b"postgres://app:p%40ss@db.internal:5432/main?sslmode=require",
    ),
    ("spaces", b"  a b\t\n"),
    ("bin", &[0, 1, 0xff, 0xfe, b'a', 0xc3, 0x28, 0x80]),
];

/// Keys, certificates and stores of both, made with OpenSSL. A template has those that it names.
const FILES: &[(&str, &[u8])] = &[
    ("leafCrt", include_bytes!("../keys/leaf.crt")),
    ("rootCrt", include_bytes!("../keys/root.crt")),
    ("bareCrt", include_bytes!("../keys/bare.crt")),
    ("chain", include_bytes!("../keys/chain.crt")),
    ("shuffled", include_bytes!("../keys/shuffled.crt")),
    ("disjunct", include_bytes!("../keys/disjunct.crt")),
    ("leafKey", include_bytes!("../keys/leaf.key")),
    ("leafPkcs1", include_bytes!("../keys/leaf-pkcs1.key")),
    ("rootKey", include_bytes!("../keys/root.key")),
    ("rootPkcs8", include_bytes!("../keys/root-pkcs8.key")),
    ("p384Key", include_bytes!("../keys/p384.key")),
    ("p521Key", include_bytes!("../keys/p521.key")),
    ("p224Key", include_bytes!("../keys/p224.key")),
    ("edKey", include_bytes!("../keys/ed25519.key")),
    ("xKey", include_bytes!("../keys/x25519.key")),
    ("rsa1024", include_bytes!("../keys/rsa1024.key")),
    ("modernP12", include_bytes!("../keys/modern.p12")),
    ("emptyP12", include_bytes!("../keys/empty.p12")),
    ("rc2P12", include_bytes!("../keys/rc2.p12")),
    ("rc2x128P12", include_bytes!("../keys/rc2-128.p12")),
    ("des3P12", include_bytes!("../keys/des3.p12")),
    ("aes128P12", include_bytes!("../keys/aes128.p12")),
    ("plainP12", include_bytes!("../keys/plain.p12")),
    ("nomacP12", include_bytes!("../keys/nomac.p12")),
    ("sha384P12", include_bytes!("../keys/sha384.p12")),
    ("ecP12", include_bytes!("../keys/ec.p12")),
    ("edP12", include_bytes!("../keys/ed25519.p12")),
    ("nokeyP12", include_bytes!("../keys/nokey.p12")),
    ("nocertP12", include_bytes!("../keys/nocert.p12")),
    ("oaepSha1", include_bytes!("../keys/oaep-sha1.bin")),
    ("oaepSha256", include_bytes!("../keys/oaep-sha256.bin")),
    ("oaepSha512", include_bytes!("../keys/oaep-sha512.bin")),
    ("rsaJwk", include_bytes!("../keys/rsa-private.jwk")),
    ("rsaPublicJwk", include_bytes!("../keys/rsa-public.jwk")),
    ("p256Jwk", include_bytes!("../keys/p256-private.jwk")),
    ("p256PublicJwk", include_bytes!("../keys/p256-public.jwk")),
    ("p384Jwk", include_bytes!("../keys/p384-private.jwk")),
    ("p384PublicJwk", include_bytes!("../keys/p384-public.jwk")),
    ("p521Jwk", include_bytes!("../keys/p521-private.jwk")),
    ("p521PublicJwk", include_bytes!("../keys/p521-public.jwk")),
    ("edJwk", include_bytes!("../keys/ed25519-private.jwk")),
    ("edPublicJwk", include_bytes!("../keys/ed25519-public.jwk")),
];

const FORGIVEN: &str = "the parser, gotmpl's, forgives it";

/// Where both dialects differ from Go on purpose: the template, and why.
const DIFFERENT: &[(&str, &str)] = &[
    ("{{ \"\\q\" }}", FORGIVEN),
    ("{{ \"a\nb\" }}", FORGIVEN),
    ("{{ /* a */ }}", FORGIVEN),
    ("{{ block \"t\" }}{{ end }}", FORGIVEN),
    ("{{ range $i $v := list 1 }}{{ end }}", FORGIVEN),
    ("{{/* a */ }}", FORGIVEN),
    ("{{upper(.user)}}", FORGIVEN),
    ("{{ 08 }}", FORGIVEN),
    ("{{ 1i }}", "there are no complex numbers"),
    (
        "{{ define \"item\" }}mine{{ end }}",
        "a template does not know the name of its own item",
    ),
    (
        "{{ b64dec \"%\" }}",
        "sprig renders the decoder's error text; a Secret of that helps nobody",
    ),
    ("{{ b32dec \"1\" }}", "as b64dec"),
    (
        "{{ htmlDate \"2024-01-01\" }}",
        "sprig takes text for the current time",
    ),
    (
        "{{ typeOf (semver \"1.2\").Major }}",
        "versions count in int64",
    ),
    (
        "{{ .user | }}",
        "Go 1.26 forgives an empty end of a pipeline, older ones and we do not",
    ),
    ("{{ printf \"%x\" 3.5 }}", "hexadecimal floats are refused"),
];

/// Renders every template and holds it against Go's answer; those in `own` and in the list
/// above must differ. An entry that ends in `…` stands for what begins with it.
pub(crate) fn compare(
    engine: &GoTemplate,
    corpus: &[String],
    answers: &[Result<Vec<u8>, String>],
    own: &[(&str, &str)],
) {
    let mut differing = Vec::new();
    for (template, answer) in corpus.iter().zip(answers) {
        let ours = engine.render(template, &items(template));
        let same = match (&ours, answer) {
            (Ok(ours), Ok(theirs)) => ours.as_slice() == theirs.as_slice(),
            (Err(_), Err(_)) => true,
            _ => false,
        };
        let known = own.iter().chain(DIFFERENT).any(|(known, _)| {
            known.strip_suffix('…').map_or_else(
                || known == template,
                |beginning| template.starts_with(beginning),
            )
        });
        if same == known {
            let ours = ours.map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
            let theirs = answer
                .as_ref()
                .map(|bytes| String::from_utf8_lossy(bytes).into_owned());
            differing.push(format!("{template}\n  ours {ours:?}\n  Go   {theirs:?}"));
        }
    }
    assert!(
        differing.is_empty(),
        "{} of {} differ:\n{}",
        differing.len(),
        corpus.len(),
        differing.join("\n")
    );
}

/// What the template sees.
pub(crate) fn items(template: &str) -> Items {
    let mut items = Items::new();
    for (name, value) in named(template) {
        items.insert(name, Zeroizing::new(value.to_vec()));
    }
    items
}

fn named(template: &str) -> impl Iterator<Item = (&str, &[u8])> {
    let files = FILES.iter().filter(|(name, _)| template.contains(name));
    ITEMS.iter().chain(files).copied()
}

/// The names that the program prints for the argument `functions`.
pub(crate) fn functions(oracle: &Path) -> Vec<String> {
    let names = Command::new(oracle)
        .arg("functions")
        .output()
        .unwrap()
        .stdout;
    let names = String::from_utf8(names).unwrap();
    names.lines().map(str::to_owned).collect()
}

/// `> ` begins a template, `| ` continues it on the next line, `#` is a comment.
pub(crate) fn corpus(folders: &[&str]) -> Vec<String> {
    let mut templates: Vec<String> = Vec::new();
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let mut files: Vec<PathBuf> = folders
        .iter()
        .flat_map(|folder| tests.join(folder).read_dir().unwrap())
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    for file in files {
        for line in std::fs::read_to_string(file).unwrap().lines() {
            if let Some(first) = line.strip_prefix("> ") {
                templates.push(first.to_owned());
            } else if let Some(next) = line.strip_prefix("| ") {
                let template = templates.last_mut().unwrap();
                template.push('\n');
                template.push_str(next);
            }
        }
    }
    // A line that holds many actions also tells them apart when one of them fails.
    let single: Vec<String> = templates
        .iter()
        .flat_map(|template| actions(template))
        .collect();
    templates.extend(single);
    templates.sort();
    templates.dedup();
    templates
}

/// The actions of a template that is nothing but independent actions.
fn actions(template: &str) -> Vec<String> {
    let keywords = [
        "if", "with", "range", "define", "block", "template", "end", "else", "$", "/*", "-",
    ];
    let parts: Vec<&str> = template.split("{{ ").skip(1).collect();
    if parts.len() < 2
        || parts
            .iter()
            .any(|part| keywords.iter().any(|word| part.starts_with(word)) || !part.contains(" }}"))
    {
        return Vec::new();
    }
    parts
        .iter()
        .map(|part| format!("{{{{ {} }}}}", part.rsplit_once(" }}").unwrap().0))
        .collect()
}

/// Each test has a binary of its own: they build at the same time. Nothing, and a line that says
/// so, where there is no Go.
pub(crate) fn build_oracle(module: &str, test: &str) -> Option<PathBuf> {
    let binary = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{module}-oracle-{test}"));
    let source = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../tests/oracles")
        .join(module);
    let build = Command::new("go")
        .args(["build", "-buildvcs=false", "-o"])
        .arg(&binary)
        .arg(".")
        .current_dir(source)
        .output();
    match build {
        Ok(output) => {
            let stderr = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "go build: {stderr}");
            Some(binary)
        }
        Err(error) if error.kind() == ErrorKind::NotFound => {
            testkit::skip("the comparison with Go needs the program `go`");
            None
        }
        Err(error) => panic!("go cannot be run: {error}"),
    }
}

/// A template, and more items for it than those of [`named`].
pub(crate) type Question<'q> = (&'q str, &'q [(&'q str, &'q [u8])]);

pub(crate) fn ask(oracle: &Path, corpus: &[String]) -> Vec<Result<Vec<u8>, String>> {
    let questions: Vec<Question<'_>> = corpus
        .iter()
        .map(|template| (&**template, &[][..]))
        .collect();
    answers(oracle, &questions)
}

pub(crate) fn answers(oracle: &Path, questions: &[Question<'_>]) -> Vec<Result<Vec<u8>, String>> {
    let mut child = Command::new(oracle)
        .env("TZ", "UTC")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    let requests: Vec<String> = questions
        .iter()
        .map(|(template, more)| {
            let items: serde_json::Map<String, serde_json::Value> = named(template)
                .chain(more.iter().copied())
                .map(|(name, value)| (name.to_owned(), STANDARD.encode(value).into()))
                .collect();
            serde_json::json!({"template": template, "items": items}).to_string()
        })
        .collect();
    let writer = std::thread::Builder::new()
        .spawn(move || writeln!(input, "{}", requests.join("\n")).unwrap())
        .unwrap();
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    let lines = std::str::from_utf8(&output.stdout).unwrap().lines();
    let answers: Vec<_> = lines.map(answer).collect();
    assert_eq!(answers.len(), questions.len());
    answers
}

fn answer(line: &str) -> Result<Vec<u8>, String> {
    let answer: serde_json::Value = serde_json::from_str(line).unwrap();
    match answer["error"].as_str() {
        Some(error) => Err(error.to_owned()),
        None => Ok(STANDARD
            .decode(answer["output"].as_str().unwrap_or_default())
            .unwrap()),
    }
}
