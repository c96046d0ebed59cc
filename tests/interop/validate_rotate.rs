//! `--validate` and `--re-encrypt`: the real kubeseal and ours, through the API server's service proxy,
//! against the controller that has the keys.

use crate::proxied::{Bed, TEMPLATE, Whose, without_values};

const NO_LIMIT: &[&str] = &["--rate-limit=1000", "--rate-limit-burst=1000"];

fn validates(whose: Whose) {
    let Some(bed) = Bed::start(whose, NO_LIMIT) else {
        return;
    };
    let good = bed.templated();
    bed.write("good.yaml", &good);
    bed.write("renamed.yaml", &good.replace("name: app", "name: other"));
    let wide = bed.sealed("app", "cluster-wide");
    bed.write("wide.yaml", &wide.replace("name: app", "name: other"));
    bed.write("several.yaml", &format!("{good}{wide}"));
    let renamed = good.replace("name: app", "name: other");
    bed.write("one-of-several.yaml", &format!("{wide}---\n{renamed}"));
    bed.write(
        "secret.yaml",
        "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\n",
    );
    bed.write("empty.yaml", "");
    let shut = "unable to decrypt sealed secret: other";
    for (file, code, said) in [
        ("good.yaml", 0, ""),
        ("wide.yaml", 0, ""),
        ("several.yaml", 0, ""),
        ("renamed.yaml", 1, shut),
        ("one-of-several.yaml", 1, shut),
        ("secret.yaml", 1, ""),
        ("nope.yaml", 1, ""),
    ] {
        for name in ["kubeseal", "seal"] {
            for input in ["-f", "<"] {
                let found = bed.run(name, &format!("\"$program\" --validate {input} {file}"));
                // The shell says that a file for stdin is not there, in its own way.
                assert!(
                    found.0 == code || input == "<" && found.0 != 0,
                    "{name} {file}: {}",
                    found.2
                );
                assert!(found.2.contains(said), "{name} {file}: {}", found.2);
                assert_eq!(found.1, "", "{name} {file}");
            }
        }
    }
    // A deliberate difference: what should have made the input made nothing.
    let line = "\"$program\" --validate -f empty.yaml";
    assert_eq!(bed.kubeseal(line).0, 0);
    let ours = bed.seal(line);
    assert!(
        ours.0 == 1 && ours.2.contains("no SealedSecrets found"),
        "{}",
        ours.2
    );
}

fn rotates(whose: Whose) {
    let Some(bed) = Bed::start(whose, NO_LIMIT) else {
        return;
    };
    let before = bed.templated();
    for name in ["kubeseal", "seal"] {
        bed.write("app.yaml", &before);
        let found = bed.run(name, "\"$program\" --re-encrypt -f app.yaml");
        assert_eq!((found.0, found.1.as_str()), (0, ""), "{name}: {}", found.2);
        assert_eq!(bed.recovered("app.yaml", "old.yaml"), None, "{name}");
        let secret = bed.recovered("app.yaml", "new.yaml").unwrap();
        // A deliberate difference: the stock controller drops templates, and kubeseal takes what it gives.
        let is_lost = name == "kubeseal" && whose == Whose::Stock;
        assert_eq!(!bed.read("app.yaml").contains("url:"), is_lost, "{name}");
        assert!(secret.contains("\"user\": \"bWU=\""), "{name}: {secret}");
        assert_eq!(
            bed.seal("\"$program\" --validate -f app.yaml").0,
            0,
            "{name}"
        );
    }
    // A deliberate difference: the comments and the template are as they were.
    let after = bed.read("app.yaml");
    assert_eq!(without_values(&after), without_values(&before));
    let changed = after.lines().zip(before.lines()).filter(|(a, b)| a != b);
    assert_eq!(changed.count(), 2, "{after}");
    let secret = bed.recovered("app.yaml", "new.yaml").unwrap();
    assert!(
        secret.contains("\"url\"") && !secret.contains("\"password\""),
        "{secret}"
    );

    // Into another file, and what is not there for a controller to take away is the same for both.
    let plain = bed.sealed("app", "namespace-wide");
    bed.write("app.yaml", &plain);
    for line in [
        "\"$program\" --re-encrypt -f app.yaml -w out.yaml && cat out.yaml",
        "\"$program\" --re-encrypt -o yaml < app.yaml",
        "\"$program\" --re-encrypt < app.yaml",
        "\"$program\" --rotate -w out.json < app.yaml >&2 && cat out.json",
    ] {
        let (ours, theirs) = (bed.seal(line), bed.kubeseal(line));
        assert_eq!((ours.0, theirs.0), (0, 0), "{line}: {}{}", ours.2, theirs.2);
        assert_eq!(without_values(&ours.1), without_values(&theirs.1), "{line}");
        assert!(ours.1.contains("[SEALED]") || ours.1.len() > 600, "{line}");
        bed.write("made.yaml", &ours.1);
        assert!(bed.recovered("made.yaml", "new.yaml").is_some(), "{line}");
        assert_eq!(bed.read("app.yaml"), plain, "{line}");
    }
    refuses_to_rotate(&bed, &plain);
    rotates_what_needs_it(&bed, whose);
    rotates_data_keys(&bed, whose);
    rotates_a_whole_secret(&bed, whose);
}

/// Our controller knows which key opened a value; Sealed Secrets' seals all of them again.
fn rotates_what_needs_it(bed: &Bed, whose: Whose) {
    bed.write("app.yaml", &bed.templated());
    let rotate = "\"$program\" rotate app.yaml";
    assert_eq!(bed.seal(rotate).0, 0);
    let (once, inode) = (bed.read("app.yaml"), bed.inode("app.yaml"));
    assert!(bed.recovered("app.yaml", "new.yaml").is_some());
    assert_eq!(bed.seal(rotate).0, 0);
    let stays = (bed.read("app.yaml") == once, bed.inode("app.yaml") == inode);
    assert_eq!(stays, (whose == Whose::Ours, whose == Whose::Ours));

    // Of several files each is replaced, or left as it is, by itself.
    bed.write("files/a.yaml", &bed.templated());
    bed.write("files/b.yaml", &once.replace("name: app", "name: other"));
    bed.write("files/c.yaml", &once);
    let before = bed.read("files/a.yaml");
    let outcome = bed.seal("\"$program\" rotate files");
    assert_eq!(outcome.0, 1, "{}", outcome.2);
    let failed = "cannot re-encrypt secret: files/b.yaml: document 1: ";
    assert!(outcome.2.contains(failed), "{}", outcome.2);
    let reason =
        "the controller says: the SealedSecret does not open with the keys of this controller";
    assert_eq!(
        outcome.2.contains(reason),
        whose == Whose::Ours,
        "{}",
        outcome.2
    );
    let changed = if whose == Whose::Ours { 1 } else { 2 };
    let summary = format!(
        "rotate: {changed} files changed, {} unchanged, 1 failed",
        2 - changed
    );
    assert!(outcome.2.contains(&summary), "{}", outcome.2);
    let after = bed.read("files/a.yaml");
    assert!(after != before && without_values(&after) == without_values(&before));
    assert_eq!(
        bed.read("files/b.yaml"),
        once.replace("name: app", "name: other")
    );
    assert_eq!(bed.read("files/c.yaml") == once, whose == Whose::Ours);
}

/// SE1: values stay, and of the readers nobody but the old key makes room for the newest.
fn rotates_data_keys(bed: &Bed, whose: Whose) {
    let age = suite::AgePair::make().recipient;
    let age = age.name();
    let made = bed.seal(&format!(
        "printf 'kind: Secret\nmetadata: {{name: app, namespace: shop}}\nstringData: {{user: me, password: hunter2}}\n' | \"$seal\" --cert old.pem -r {age} -o yaml --format-version se1"
    ));
    assert_eq!(made.0, 0, "{}", made.2);
    let start = made.1.find("  template:\n").unwrap();
    let before = format!("# the shop's\n{}{TEMPLATE}", &made.1[..start]);
    let legacy = bed.templated();
    bed.write("se1.yaml", &format!("{before}{legacy}"));
    let rotate = "\"$program\" rotate se1.yaml";
    let outcome = bed.seal(rotate);
    if whose == Whose::Stock {
        assert_eq!(outcome.0, 1);
        assert!(outcome.2.contains("seal rekey"), "{}", outcome.2);
        assert_eq!(bed.read("se1.yaml"), format!("{before}{legacy}"));
        return;
    }
    assert_eq!(outcome.0, 0, "{}", outcome.2);
    let after = bed.read("se1.yaml");
    let recover = |key: &str| {
        bed.seal(&format!(
            "\"$program\" recover --private-key {key} se1.yaml"
        ))
    };
    assert_ne!(recover("old.yaml").0, 0);
    let recovered = recover("new.yaml");
    assert!(
        recovered.1.matches("user: bWU=").count() == 2,
        "{}{}",
        recovered.1,
        recovered.2
    );
    // The certificate's name, its wrap, the list's MAC, and two values of the other document.
    let lines = |text: &str| {
        text.lines()
            .map(str::to_owned)
            .collect::<std::collections::BTreeSet<_>>()
    };
    let (old, new) = (lines(&format!("{before}{legacy}")), lines(&after));
    assert_eq!(
        (old.difference(&new).count(), new.difference(&old).count()),
        (5, 5),
        "{after}"
    );
    assert!(after.contains(age) && after.contains("url: \"{{ .user }}@db\" # a template"));

    let inode = bed.inode("se1.yaml");
    assert_eq!(bed.seal(rotate).0, 0);
    assert_eq!(
        (bed.read("se1.yaml"), bed.inode("se1.yaml")),
        (after, inode)
    );
}

/// `spec.data`, which kubeseal wrote before 0.7.
fn rotates_a_whole_secret(bed: &Bed, whose: Whose) {
    let sealed = bed.seal("printf '{\"kind\":\"Secret\",\"metadata\":{\"labels\":{\"a\":\"b\"}},\"data\":{\"user\":\"bWU=\"}}' | \"$seal\" --raw --cert old.pem --name app --namespace shop --from-file /dev/stdin");
    assert_eq!(sealed.0, 0, "{}", sealed.2);
    let before = format!(
        "# very old\napiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\nmetadata: {{name: app, namespace: shop}}\nspec:\n  data: {} # all of it\n",
        sealed.1.trim()
    );
    bed.write("whole.yaml", &before);
    assert_eq!(bed.seal("\"$program\" verify whole.yaml").0, 0);
    let outcome = bed.seal("\"$program\" rotate whole.yaml");
    if whose == Whose::Stock {
        assert_eq!(outcome.0, 1);
        assert!(
            outcome.2.contains("takes the whole Secret"),
            "{}",
            outcome.2
        );
        assert_eq!(bed.read("whole.yaml"), before);
        return;
    }
    assert_eq!(outcome.0, 0, "{}", outcome.2);
    let after = bed.read("whole.yaml");
    let around = |text: &str| -> Vec<String> {
        text.split(' ')
            .filter(|word| word.len() < 300)
            .map(str::to_owned)
            .collect()
    };
    assert!(
        after != before && around(&after) == around(&before),
        "{after}"
    );
    let recovered = bed.seal("\"$program\" recover --private-key new.yaml whole.yaml");
    assert!(
        recovered.1.contains("user: bWU="),
        "{}{}",
        recovered.1,
        recovered.2
    );
    assert!(recovered.1.contains("a: b"), "{}", recovered.1);
    // Real kubeseal takes what our controller gives.
    bed.write("whole.yaml", &before);
    let theirs = bed.kubeseal("\"$program\" --re-encrypt -o yaml < whole.yaml");
    assert_eq!(theirs.0, 0, "{}", theirs.2);
    bed.write("theirs.yaml", &theirs.1);
    let recovered = bed.seal("\"$program\" recover --private-key new.yaml theirs.yaml");
    assert!(
        recovered.1.contains("user: bWU="),
        "{}{}",
        theirs.1,
        recovered.2
    );
}

/// One document that does not open: no document is changed.
fn refuses_to_rotate(bed: &Bed, good: &str) {
    let strict = bed.sealed("app", "strict");
    let renamed = strict.replace("name: app", "name: other");
    let several = format!("{good}{renamed}");
    for name in ["kubeseal", "seal"] {
        bed.write("several.yaml", &several);
        let found = bed.run(name, "\"$program\" --re-encrypt -f several.yaml");
        assert_eq!((found.0, found.1.as_str()), (1, ""), "{name}: {}", found.2);
        assert!(
            found.2.contains("cannot re-encrypt secret: "),
            "{name}: {}",
            found.2
        );
        assert_eq!(bed.read("several.yaml"), several, "{name}");
    }
    bed.write("several.yaml", &format!("{good}{strict}"));
    let found = bed.seal("\"$program\" --re-encrypt -f several.yaml");
    assert_eq!(found.0, 0, "{}", found.2);
    let after = bed.read("several.yaml");
    assert_eq!(
        without_values(&after),
        without_values(&format!("{good}{strict}"))
    );
    let kept = good.lines().filter(|line| line.len() > 300);
    assert!(
        kept.into_iter().all(|line| !after.contains(line)),
        "{after}"
    );
}

/// A controller takes two requests a second, unless it is told otherwise.
fn bears_the_rate_limit(whose: Whose) {
    let Some(bed) = Bed::start(whose, &[]) else {
        return;
    };
    let several = bed.sealed("app", "strict").repeat(6);
    bed.write("several.yaml", &several);
    for name in ["kubeseal", "seal"] {
        let found = bed.run(name, "\"$program\" --validate -f several.yaml");
        assert_eq!(found.0, 0, "{name}: {}", found.2);
    }
    let found = bed.seal("\"$program\" --re-encrypt -f several.yaml");
    assert_eq!(found.0, 0, "{}", found.2);
    assert_ne!(bed.read("several.yaml"), several);
}

#[test]
fn the_stock_controller_validates() {
    validates(Whose::Stock);
}

#[test]
fn the_stock_controller_rotates() {
    rotates(Whose::Stock);
}

#[test]
fn the_stock_controllers_rate_limit() {
    bears_the_rate_limit(Whose::Stock);
}

#[test]
fn our_controller_validates() {
    validates(Whose::Ours);
}

#[test]
fn our_controller_rotates() {
    rotates(Whose::Ours);
}
