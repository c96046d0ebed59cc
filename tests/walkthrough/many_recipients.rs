//! docs/guide/many-recipients.md, done as it is written: a repository with three stages, two
//! maintainers and a recovery key in KMS, in real git.

use std::collections::{BTreeMap, VecDeque};

use serde_json::Value;
use testkit::aws::{self, Emulator, Kind};
use testkit::{peers, skip};

use crate::desk::Desk;
use crate::document::{blocks, files};
use crate::text;

const GUIDE: &str = "docs/guide/many-recipients.md";
const STAGES: [&str; 3] = ["development", "staging", "production"];
const PRODUCTION: &str = "overlays/production/db.sealed.yaml";

/// What `seal` says to someone whose keys open nothing (docs/reference/exit-codes.md).
const NOT_FOR_YOU: Option<i32> = Some(3);

/// The team's desk, and the part of the guide that is still to be done.
struct Team {
    desk: Desk,
    _cloud: Emulator,
    variables: Vec<(&'static str, String)>,
    blocks: VecDeque<(String, String)>,
}

impl Team {
    /// With what the guide takes for granted: certificates, a KMS key, an empty base.
    fn new() -> Option<Self> {
        if peers::openssl().is_none() {
            skip("no openssl on the PATH");
            return None;
        }
        let desk = Desk::new()?;
        let cloud = Emulator::start(Kind::Ministack).unwrap();
        let key = cloud.kms().create_rsa_key(4096).unwrap();
        let mut variables = Vec::from(aws::environment(cloud.url()));
        variables.push(("RECOVERY_KEY", key));
        desk.write("base/kustomization.yaml", "resources: []\n");
        desk.write("keys/README", "Public keys.\n");
        for stage in STAGES {
            desk.write(&format!("clusters/{stage}.pem"), "");
            let script = format!(
                "openssl req -x509 -newkey rsa:2048 -nodes -subj /CN={stage} -days 30 \
                 -keyout ~/{stage}.key -out clusters/{stage}.pem 2> /dev/null"
            );
            desk.run_as("clusters", &script, &[]);
        }
        desk.run("git init -q -b main", &[]);
        Some(Self {
            desk,
            _cloud: cloud,
            variables,
            blocks: blocks(GUIDE, "as").into(),
        })
    }

    /// The guide's next block, which must be for these people.
    fn next(&mut self, people: &str) -> String {
        let (label, script) = self.blocks.pop_front().unwrap();
        assert_eq!(label, people, "{script}");
        let shown = people
            .split(" and ")
            .map(|person| self.run(person, &script));
        shown.collect()
    }

    fn run(&self, person: &str, script: &str) -> String {
        self.desk.run_as(person, script, &self.variables())
    }

    /// How a script ends for someone.
    fn code(&self, person: &str, script: &str) -> (Option<i32>, String) {
        let output = self.desk.output_as(person, script, &self.variables());
        (output.status.code(), text(&output.stderr))
    }

    fn variables(&self) -> Vec<(&str, &str)> {
        let variables = self.variables.iter();
        variables.map(|(name, value)| (*name, &**value)).collect()
    }

    /// The files that the guide shows, with the keys of these people; one overlay stands for all.
    fn write_files(&self) {
        for (name, content) in files(GUIDE) {
            for stage in STAGES {
                let name = name.replace("production", stage);
                self.desk.write(&name, self.with_own_keys(&content));
            }
        }
    }

    fn with_own_keys(&self, content: &str) -> String {
        let line = |line: &str| match line.split_once(": age1") {
            Some((name, _)) => format!("{name}: {}\n", self.public_key(name.trim())),
            None => format!("{line}\n"),
        };
        content.lines().map(line).collect()
    }

    fn public_key(&self, person: &str) -> String {
        let key = "age-keygen -y ~/.config/sops/age/keys.txt";
        self.run(person, key).trim().to_owned()
    }

    /// Edits a file by hand.
    fn edit(&self, name: &str, from: &str, to: &str) {
        let text = self.desk.read(name);
        assert!(text.contains(from), "{name} has no {from}");
        self.desk.write(name, text.replace(from, to));
    }

    /// The lines of a file's values.
    fn values(&self, file: &str) -> BTreeMap<String, String> {
        let text = self.desk.read(file);
        let values = text.lines().filter_map(|line| line.split_once(": se1."));
        values
            .map(|(item, value)| (item.trim().to_owned(), value.to_owned()))
            .collect()
    }

    /// Items that differ between two states of a file.
    fn changed(&self, file: &str, before: &BTreeMap<String, String>) -> Vec<String> {
        let after = self.values(file);
        assert!(after.keys().eq(before.keys()));
        let changed = after
            .into_iter()
            .filter(|(item, value)| before[item] != *value);
        changed.map(|(item, _)| item).collect()
    }

    /// What a cluster makes of its file.
    fn secret_of(&self, stage: &str) -> Value {
        let script = format!(
            "seal open -o json --private-key ~/{stage}.key overlays/{stage}/db.sealed.yaml"
        );
        serde_json::from_str(&self.run("clusters", &script)).unwrap()
    }

    /// Nothing is wrong with the file as far as can be seen without a key, nor after kustomize.
    fn check(&self, file: &str) {
        let report = self.run("anyone", &format!("seal inspect {file}"));
        assert!(!report.contains("refused"), "{report}");
        let folder = file.rsplit_once('/').unwrap().0;
        let built = format!("kubectl kustomize {folder} | seal inspect -");
        let built = self.run("anyone", &built);
        assert!(built.contains("db in shop, strict"), "{built}");
        assert!(!built.contains("refused"), "{built}");
    }
}

#[test]
fn the_guide_for_many_recipients_works_as_it_is_written() {
    let Some(mut team) = Team::new() else { return };
    team.next("alice and bob");
    team.next("alice");
    team.write_files();
    let shown = team.next("anyone");
    for reader in ["production", "recovery", "alice", "bob"] {
        assert!(shown.contains(&format!("\n- {reader}: ")), "{shown}");
    }
    team.next("anyone");
    for stage in STAGES {
        team.check(&format!("overlays/{stage}/db.sealed.yaml"));
        assert_eq!(team.secret_of(stage)["data"].as_object().unwrap().len(), 3);
    }
    let foreign = format!("seal open --private-key ~/staging.key {PRODUCTION}");
    assert_eq!(team.code("clusters", &foreign).0, NOT_FOR_YOU);

    look(&mut team);
    change(&mut team);
    open(&mut team);
    someone_comes_and_someone_goes(&mut team);
    fold(&mut team);
    assert!(team.blocks.is_empty(), "the guide goes on");
}

fn look(team: &mut Team) {
    let shown = team.next("anyone");
    assert!(shown.contains("data key "), "{shown}");
    let shown = team.next("alice");
    for reader in ["production", "recovery", "alice", "bob"] {
        assert!(shown.contains(reader), "{shown}");
    }
}

fn change(team: &mut Team) {
    let staging = "overlays/staging/db.sealed.yaml";
    let before = team.values(staging);
    team.next("anyone");
    assert_eq!(team.changed(staging, &before), ["SMTP_PASSWORD"]);
    team.check(staging);

    let before = team.values(PRODUCTION);
    let old = team.secret_of("production");
    team.next("anyone");
    let both = ["API_TOKEN", "SMTP_PASSWORD"];
    assert_eq!(team.changed(PRODUCTION, &before), both);
    team.check(PRODUCTION);
    let new = team.secret_of("production");
    for item in ["API_TOKEN", "DB_PASSWORD", "SMTP_PASSWORD"] {
        let changed = new["data"][item] != old["data"][item];
        assert_eq!(changed, both.contains(&item), "{item}");
    }
}

fn open(team: &mut Team) {
    team.next("alice");
    let cluster = team.secret_of("production");
    let read = |person: &str, file: &str| {
        std::fs::read_to_string(team.desk.home(person).join(file)).unwrap()
    };
    let opened = read("alice", "production.secret.yaml");
    for item in ["API_TOKEN", "DB_PASSWORD", "SMTP_PASSWORD"] {
        let line = format!("{item}: {}\n", cluster["data"][item].as_str().unwrap());
        assert!(opened.contains(&line), "no {item}");
    }
    let password = team.run("alice", "base64 -w 0 < ~/password");
    assert_eq!(cluster["data"]["DB_PASSWORD"], password);
    assert_eq!(
        team.code("anyone", &format!("seal open {PRODUCTION}")).0,
        NOT_FOR_YOU
    );

    let (_, script) = &team.blocks[0];
    assert!(script.contains("--kms-key"), "{script}");
    team.next("anyone");
    let recovered = team.desk.home("anyone").join("recovered.secret.yaml");
    assert_eq!(std::fs::read_to_string(recovered).unwrap(), opened);
}

fn someone_comes_and_someone_goes(team: &mut Team) {
    let before = team.values(PRODUCTION);
    let keygen = "mkdir -p ~/.config/sops/age && age-keygen -o ~/.config/sops/age/keys.txt";
    team.run("carol", keygen);
    let open = format!("seal open {PRODUCTION}");
    assert_eq!(team.code("carol", &open).0, NOT_FOR_YOU);
    let carol = format!("\n  carol: {}\nrules:\n", team.public_key("carol"));
    team.edit(".seal.yaml", "\nrules:\n", &carol);
    team.edit(".seal.yaml", "alice, bob]", "alice, bob, carol]");
    // Whoever has used the rules before is told that they have grown.
    let set = format!("echo new | seal set {PRODUCTION} DB_PASSWORD");
    let (code, said) = team.code("anyone", &set);
    assert_eq!(code, Some(1), "{said}");
    assert!(
        said.contains("carol") && said.contains("--accept-new-recipients"),
        "{said}"
    );

    team.next("alice");
    assert_eq!(team.changed(PRODUCTION, &before), [""; 0]);
    let opened = team.run("carol", &open);
    assert_eq!(opened, team.run("bob", &open));

    team.edit(".seal.yaml", "alice, bob, carol]", "alice, carol]");
    team.next("alice");
    assert_eq!(
        team.changed(PRODUCTION, &before),
        ["API_TOKEN", "DB_PASSWORD", "SMTP_PASSWORD"]
    );
    assert_eq!(team.code("bob", &open).0, NOT_FOR_YOU);
    assert_eq!(team.run("carol", &open), opened);
    let history = format!("git show HEAD~1:{PRODUCTION} | seal open -");
    assert_eq!(team.run("bob", &history), opened, "what the guide warns of");
}

fn fold(team: &mut Team) {
    let set = "echo new | seal set --accept-new-recipients";
    team.run("anyone", &format!("{set} {PRODUCTION} DB_PASSWORD"));
    let before = team.secret_of("production");
    team.next("alice");
    let keys = team.desk.read(PRODUCTION).matches("boundTo: ").count();
    assert_eq!(keys, 1);
    team.check(PRODUCTION);
    assert_eq!(team.secret_of("production"), before);
    team.run("carol", &format!("seal open {PRODUCTION}"));
}
