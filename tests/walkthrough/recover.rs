//! docs/guide/recover-without-seal.md, done as it is written: what `seal` has sealed opens with
//! stock programs and `docs/recover.py`, by each kind of key.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use testkit::aws::{self, Emulator, Kind};
use testkit::{peers, skip};

use crate::desk::Desk;
use crate::document::blocks;

const GUIDE: &str = "docs/guide/recover-without-seal.md";
/// Bytes that text would not survive.
const PASSWORD: &[u8] = b"caf\xe9 \x00\xff\n";

/// Keys of all kinds, made by the programs that people make them with.
const KEYS: &str = r"
umask 077
for key in old tls; do
  openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=cluster -days 30 \
    -keyout $key.key -out $key.crt 2> /dev/null
done
age-keygen -o identity.txt 2> /dev/null
python3 - <<'END'
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

key = Ed25519PrivateKey.generate()
private = key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption())
public = key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)
open('id_ed25519', 'wb').write(private)
open('id_ed25519.pub', 'wb').write(public + b' someone@example\n')
END
";

/// For everybody whose key is at hand; what KMS keys there are is the rest of the line.
const SEAL: &str = r#"
seal --cert tls.crt -r "$(age-keygen -y identity.txt)" -r "$(cat id_ed25519.pub)" \
  -f secret.json -w db.sealed.yaml"#;

/// A desk with everybody's keys; `None`, and why, where that cannot be.
fn desk() -> Option<Desk> {
    if peers::openssl().is_none() {
        skip("no openssl on the PATH");
        return None;
    }
    let desk = Desk::new()?;
    let recover = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/recover.py");
    desk.write("recover.py", std::fs::read(recover).unwrap());
    desk.write("secret.json", secret().to_string());
    desk.run(KEYS, &[]);
    desk.write("sealing-keys.yaml", backup(&desk).to_string());
    Some(desk)
}

/// What `kubectl get secret -l … -o yaml` writes of a cluster's sealing keys.
fn backup(desk: &Desk) -> Value {
    let secrets = ["old", "tls"].map(|name| {
        let base64 = |file: String| STANDARD.encode(desk.read(&file));
        json!({
            "apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/tls",
            "metadata": {"name": format!("sealed-secrets-key-{name}"), "namespace": "kube-system"},
            "data": {
                "tls.crt": base64(format!("{name}.crt")),
                "tls.key": base64(format!("{name}.key")),
            },
        })
    });
    json!({"apiVersion": "v1", "kind": "List", "items": secrets})
}

fn secret() -> Value {
    json!({
        "apiVersion": "v1", "kind": "Secret", "type": "example.com/database",
        "metadata": {"name": "db", "namespace": "prod", "labels": {"app": "shop"}},
        "data": {"DB_PASSWORD": STANDARD.encode(PASSWORD), "EMPTY": ""},
    })
}

/// The guide's blocks with these labels, as one script.
fn script(labels: &[&str]) -> String {
    let blocks = blocks(GUIDE, "recover");
    let block = |label: &&str| {
        let found = blocks.iter().find(|(of, _)| of == label);
        let (_, script) = found.unwrap_or_else(|| panic!("{GUIDE}: no block `# recover {label}`"));
        script.as_str()
    };
    labels.iter().map(block).collect::<Vec<_>>().join("\n")
}

/// Two emulators, one for each kind of key.
struct Cloud {
    symmetric: Emulator,
    rsa: Emulator,
    key: String,
    rsa_key: String,
}

impl Cloud {
    fn start() -> Self {
        let symmetric = Emulator::start(Kind::Moto).unwrap();
        let rsa = Emulator::start(Kind::Ministack).unwrap();
        Self {
            key: symmetric.kms().create_symmetric_key().unwrap(),
            rsa_key: rsa.kms().create_rsa_key(2048).unwrap(),
            symmetric,
            rsa,
        }
    }

    /// Runs a script that talks to one of them.
    fn run(&self, desk: &Desk, script: &str, emulator: &Emulator) -> String {
        let endpoint = aws::environment(emulator.url());
        let mut variables: Vec<_> = endpoint
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        variables.extend([("KEY_ARN", &*self.key), ("RSA_KEY_ARN", &*self.rsa_key)]);
        desk.run(script, &variables)
    }
}

#[test]
fn each_kind_of_key_opens_with_the_guides_commands() {
    let Some(desk) = desk() else { return };
    let cloud = Cloud::start();
    let public = cloud.rsa.kms().public_key(&cloud.rsa_key).unwrap();
    desk.write("kms.der", public);
    desk.run(
        "openssl pkey -pubin -inform DER -in kms.der -out kms.pem",
        &[],
    );
    let seal = format!("{SEAL} -r \"$KEY_ARN\" -r rsa:kms.pem");
    cloud.run(&desk, &seal, &cloud.symmetric);
    let before = desk.files();
    let mut tried = vec!["", "one", "clean"];
    for (key, emulator) in [
        ("age", &cloud.symmetric),
        ("ssh", &cloud.symmetric),
        ("sealing-keys", &cloud.symmetric),
        ("openssl", &cloud.symmetric),
        ("kms", &cloud.symmetric),
        ("kms-rsa", &cloud.rsa),
    ] {
        let shown = cloud.run(&desk, &script(&["", key, "one"]), emulator);
        assert!(
            shown.starts_with("bound to strict/prod/db\nDB_PASSWORD: k"),
            "{key}: {shown}"
        );
        let password = std::fs::read(desk.file("password")).unwrap();
        assert_eq!(password, PASSWORD, "{key}");
        let opened: Value = serde_json::from_str(&desk.read("db.secret.json")).unwrap();
        assert_eq!(opened, secret(), "{key}");
        desk.run(&script(&["clean"]), &[]);
        // The object as JSON may stay: it is no secret.
        std::fs::remove_file(desk.file("db.json")).unwrap();
        assert_eq!(desk.files(), before, "{key}");
        tried.push(key);
    }
    // A block that is added to the guide is to be tried, too.
    let blocks = blocks(GUIDE, "recover");
    let mut labels: Vec<_> = blocks.iter().map(|(label, _)| label.as_str()).collect();
    labels.sort_unstable();
    tried.sort_unstable();
    assert_eq!(labels, tried);
}

#[test]
fn legacy_values_open_with_a_backup_of_the_sealing_keys() {
    let Some(desk) = desk() else { return };
    desk.run("seal --cert tls.crt -f secret.json -w db.sealed.yaml", &[]);
    let shown = desk.run(&script(&["", "sealing-keys", "one"]), &[]);
    assert!(shown.contains("DB_PASSWORD: legacy\n"), "{shown}");
    assert_eq!(std::fs::read(desk.file("password")).unwrap(), PASSWORD);
}

#[test]
fn a_recipient_that_was_exchanged_is_noticed() {
    let Some(desk) = desk() else { return };
    desk.run(SEAL, &[]);
    let sealed = desk.read("db.sealed.yaml");
    let own = desk.run("age-keygen -y identity.txt", &[]);
    let stranger = desk.run("age-keygen 2> /dev/null | age-keygen -y", &[]);
    let exchanged = sealed.replace(own.trim(), stranger.trim());
    assert_ne!(exchanged, sealed);
    desk.write("db.sealed.yaml", exchanged);
    let opened = script(&["", "sealing-keys"]);
    desk.run(&format!("if ({opened}) 2> said; then exit 9; fi"), &[]);
    let said = desk.read("said");
    assert!(said.contains("DB_PASSWORD: bad-mac: "), "{said}");
}
