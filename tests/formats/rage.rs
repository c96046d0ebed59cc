//! The other age program, in Rust, opens what we wrap.

use serde_json::Value;

use crate::desk::{Desk, SECRET, run};

#[test]
fn rage_opens_the_wraps_of_people_with_age_and_ssh_keys() {
    let Some(desk) = Desk::find() else { return };
    let rage = match testkit::peers::rage() {
        Ok(rage) => rage,
        Err(error) => return testkit::skip(&format!("there is no rage to open with: {error:#}")),
    };
    let alice = desk.person("alice.txt");
    let keys = suite::vectors().join("se1/keys");
    let ssh = std::fs::read_to_string(keys.join("ssh-ed25519.pem")).unwrap();
    let private = &ssh[ssh.find("-----BEGIN").unwrap()..];
    desk.write("id_ed25519", private);
    let public = age::ssh::Identity::from_buffer(private.as_bytes(), None).unwrap();
    let public = age::ssh::Recipient::try_from(public).unwrap().to_string();
    let both = ["-r", alice.recipient.name(), "-r", &public];
    desk.done(&[&["-w", "db.json"], &both[..]].concat(), SECRET);
    let object: Value = serde_json::from_str(&desk.read("db.json")).unwrap();
    let data_keys = object["spec"]["dataKeys"].as_object().unwrap();
    let entry = data_keys.values().next().unwrap();
    let mut opened = Vec::new();
    for wrap in entry["wraps"].as_array().unwrap() {
        let file = match wrap["to"].as_str().unwrap() {
            to if to.starts_with("age1") => "alice.txt",
            _ => "id_ed25519",
        };
        let enc = wrap["enc"].as_str().unwrap();
        let done = run(&mut desk.command(&rage, &["-d", "-i", file]), enc);
        assert_eq!(done.code, 0, "{file}: {}", done.said);
        opened.push(done.out);
    }
    let [one, other] = opened.as_slice() else {
        panic!("{} wraps", opened.len());
    };
    assert!(one == other && one.len() == 40, "one data key for both");
    assert!(one.starts_with(b"seal/se1"));
}
