//! Whoever opens with a key in AWS KMS can do what others can: add and take readers, fold, rekey.

use testkit::aws::{self, Emulator, Fault, FaultProxy, Kind};

use crate::desk::{Desk, SECRET, certificate};

/// A desk with KMS behind a proxy, and a file for a certificate and a key there.
struct Cloud {
    desk: Desk,
    proxy: FaultProxy,
    _emulator: Emulator,
    key: String,
    /// Carol's recipient.
    carol: String,
    old: String,
    new: String,
}

const CAROL: [&str; 2] = ["-i", "carol.txt"];

impl Cloud {
    fn start() -> Option<Self> {
        let desk = Desk::find()?;
        let emulator = Emulator::start(Kind::Moto).unwrap();
        let proxy = FaultProxy::start(emulator.url()).unwrap();
        let desk = desk.with(aws::environment(proxy.url()));
        let carol = desk.person("carol.txt").recipient.name().to_owned();
        let cloud = Self {
            key: emulator.kms().create_symmetric_key().unwrap(),
            old: certificate("rsa-2048.pem"),
            new: certificate("rsa-4096.pem"),
            desk,
            proxy,
            _emulator: emulator,
            carol,
        };
        let readers = ["-w", "db.yaml", "--cert", &cloud.old, "-r", &cloud.key];
        cloud.desk.done(&readers, SECRET);
        Some(cloud)
    }

    fn by_kms(&self) -> [&str; 2] {
        ["--kms-key", &self.key]
    }

    /// With the key in KMS.
    #[track_caller]
    fn done(&self, args: &[&str]) {
        self.desk.done(&[args, &self.by_kms()].concat(), "");
    }

    /// The lines of the values.
    fn values(&self) -> Vec<String> {
        let text = self.desk.read("db.yaml");
        let lines = text.lines().filter(|line| line.contains(": se1."));
        let lines: Vec<_> = lines.map(str::to_owned).collect();
        assert!(!lines.is_empty(), "{text}");
        lines
    }

    #[track_caller]
    fn is_shut_for(&self, keys: &[&str]) {
        let shut = self.desk.seal(&[&["open", "db.yaml"], keys].concat(), "");
        assert_eq!(shut.code, 3, "{}", shut.said);
    }
}

fn private(name: &str) -> String {
    let path = suite::vectors().join("keys").join(name);
    path.to_str().unwrap().to_owned()
}

#[test]
fn a_key_in_kms_is_enough_to_change_readers() {
    let Some(cloud) = Cloud::start() else { return };
    troubles_change_nothing(&cloud);
    somebody_is_added(&cloud);
    the_certificate_is_renewed(&cloud);
    data_keys_are_folded(&cloud);
    let remove = ["recipients", "remove", "db.yaml", "-r", &cloud.carol];
    cloud.done(&[&remove[..], &["--cert", &cloud.new]].concat());
    assert_eq!(cloud.desk.value("db.yaml", "A", &cloud.by_kms()), "first");
    cloud.is_shut_for(&CAROL);
}

fn troubles_change_nothing(cloud: &Cloud) {
    let add = ["recipients", "add", "db.yaml", "-r", &cloud.carol];
    let refused = |code, keys: &[&str]| {
        let args = [&add[..], keys].concat();
        cloud.desk.refused("db.yaml", code, &args)
    };
    let said = refused(3, &[]);
    assert!(said.contains("[no-identity]"), "{said}");
    let elsewhere = cloud.key.replace(":123456789012:", ":111122223333:");
    assert_ne!(elsewhere, cloud.key, "an account");
    refused(3, &["--kms-key", &elsewhere]);
    let calls = cloud.proxy.calls("Decrypt");
    assert_eq!(
        calls, 0,
        "neither a file nor another key makes anybody call"
    );
    for (fault, reason) in [
        (Fault::AccessDenied, "access denied"),
        (Fault::ExpiredToken, "expired"),
    ] {
        cloud.proxy.fail("Decrypt", fault);
        let said = refused(5, &cloud.by_kms());
        assert!(said.contains("[unavailable]"), "{said}");
        assert!(said.contains(reason), "{said}");
        cloud.proxy.clear();
    }
}

fn somebody_is_added(cloud: &Cloud) {
    let before = cloud.values();
    cloud.proxy.fail_next("Decrypt", 1, Fault::Throttling);
    cloud.proxy.forget_calls();
    cloud.done(&["recipients", "add", "db.yaml", "-r", &cloud.carol]);
    assert_eq!(cloud.values(), before, "no value changes");
    assert_eq!(cloud.proxy.calls("Decrypt"), 2, "tried again");
    assert_eq!(cloud.proxy.calls("Encrypt"), 0, "that wrap keeps its bytes");
    assert_eq!(cloud.desk.value("db.yaml", "B", &CAROL), "second");
}

fn the_certificate_is_renewed(cloud: &Cloud) {
    let before = cloud.values();
    let (old, new) = (&cloud.old, &cloud.new);
    cloud.done(&["rekey", "db.yaml", "--cert", new, "--old-cert", old]);
    assert_eq!(cloud.values(), before, "no value changes");
    assert_eq!(cloud.proxy.calls("Encrypt"), 0);
    let key = private("rsa-4096.pem");
    let opened = cloud.desk.value("db.yaml", "A", &["--private-key", &key]);
    assert_eq!(opened, "first");
    cloud.is_shut_for(&["--private-key", &private("rsa-2048.pem")]);
}

fn data_keys_are_folded(cloud: &Cloud) {
    let readers = ["-r", &cloud.key, "-r", &cloud.carol, "--cert", &cloud.new];
    let set = [&["set", "db.yaml", "C"], &readers[..]].concat();
    cloud.desk.done(&set, "third");
    cloud.proxy.forget_calls();
    cloud.done(&["compact", "db.yaml", "--cert", &cloud.new]);
    assert_eq!(cloud.proxy.calls("Decrypt"), 2, "one for each data key");
    assert_eq!(cloud.proxy.calls("Encrypt"), 1, "one for the fresh one");
    assert_eq!(cloud.desk.read("db.yaml").matches("boundTo:").count(), 1);
    let key = private("rsa-4096.pem");
    for keys in [cloud.by_kms(), CAROL, ["--private-key", &key]] {
        assert_eq!(cloud.desk.value("db.yaml", "C", &keys), "third", "{keys:?}");
    }
}
