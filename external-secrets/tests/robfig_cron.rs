//! Schedules of sync windows, here and in the Go library that upstream reads them with.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use external_secrets::sync_window::{is_open, next_change, unreadable};
use jiff::Timestamp;
use seal_api::external_secrets::{SyncWindow, SyncWindowKind, SyncWindows};
use testkit::{Dice, GoOracle};

const RANDOM: usize = 5000;

/// What is easily read in another way.
const SCHEDULES: &[&str] = &[
    "* * * * *",
    "0 22 * * 1-5",
    "30 9 1,15 * 5",
    "0 0 1 * */2",
    "0 0 */3 * 1",
    "0 0 */1 * 1",
    "0 0 ? * 1",
    "0 0 29 2 *",
    "0 0 29 2 1",
    "0 0 31 2 *",
    "0 0 31 4,6 *",
    "0 0 * * 7",
    "0 0 * * sun",
    "0 0 * * SUN-tue",
    "0 0 * * fri-mon",
    "0 0 1 JAN *",
    "0 0 1 january *",
    "0 0 jan 1 *",
    "5/20 * * * *",
    "5-30/7 * * * *",
    "*/100 * * * *",
    "*/9223372036854775807 * * * *",
    "*/9223372036854775808 * * * *",
    "*/0 * * * *",
    "*/-1 * * * *",
    "*-5 * * * *",
    "*-1-2 * * * *",
    "1-2-3 * * * *",
    "1/2/3 * * * *",
    ", * * * *",
    ",5, * * * *",
    "5, * , * *",
    "+5 * * * *",
    "05 007 * * *",
    "60 * * * *",
    "0 24 * * *",
    "0 0 0 * *",
    "0 0 32 * *",
    "0 0 * 0 *",
    "0 0 * 13 *",
    "- * * * *",
    "/ * * * *",
    "5- * * * *",
    "-5 * * * *",
    "a * * * *",
    "* * * *",
    "* * * * * *",
    "  0\t0 *  * * ",
    "0 0 L * *",
    "0 0 15W * *",
    "0 0 * * 1#2",
    "@hourly",
    "@daily",
    "@midnight",
    "@weekly",
    "@monthly",
    "@yearly",
    "@annually",
    "@Hourly",
    " @hourly",
    "@hourly ",
    "@reboot",
    "@every 1h",
    "@every 90m",
    "@every 0s",
    "@every -1h",
    "@every 1h30m0.5s",
    "@every 1m1h",
    "@every .5h",
    "@every 1 h",
    "@every  1h",
    "@every 1d",
    "@every",
    "@every ",
    "@every 1h ",
    "",
    " ",
];

struct Probe {
    schedule: String,
    seconds: i64,
    at: i64,
}

#[test]
fn schedules_are_go_s() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let Some(oracle) = GoOracle::build("robfig-cron", "schedules", folder) else {
        return;
    };
    let mut dice = Dice::new(6452);
    let mut probes = Vec::new();
    for schedule in SCHEDULES {
        probes.extend((0..20).map(|_| probe(&mut dice, (*schedule).to_owned())));
    }
    probes.extend((0..RANDOM).map(|_| {
        let schedule = schedule(&mut dice);
        probe(&mut dice, schedule)
    }));
    let questions: Vec<_> = probes.iter().map(question).collect();
    let (mut good, mut open) = (0, 0);
    for (probe, theirs) in probes.iter().zip(oracle.ask(&questions)) {
        let ours = answer(probe, &theirs);
        let Probe {
            schedule,
            seconds,
            at,
        } = probe;
        assert_eq!(ours, theirs, "{schedule:?} for {seconds} s at {at}");
        good += usize::from(ours.starts_with("ok"));
        open += usize::from(ours.ends_with("true"));
    }
    // Enough of each to mean something.
    assert!(
        good > 3000 && open > 500 && good - open > 500,
        "{good} {open}"
    );
}

fn question(probe: &Probe) -> String {
    let schedule = STANDARD.encode(&probe.schedule);
    format!("{schedule} {} {}", probe.seconds, probe.at)
}

/// In the oracle's words; its own where ours has none.
fn answer(probe: &Probe, theirs: &str) -> String {
    let at = Timestamp::from_second(probe.at).unwrap();
    let lasting = |seconds: i64| SyncWindows {
        kind: SyncWindowKind::Allow,
        windows: vec![SyncWindow {
            schedule: probe.schedule.clone(),
            duration: format!("{seconds}s"),
        }],
    };
    if !unreadable(&lasting(probe.seconds)).is_empty() {
        return "bad".to_owned();
    }
    let open = is_open(Some(&lasting(probe.seconds)), at);
    // The next time is that of a window of one moment, which is none of the half minutes asked for.
    let next = next_change(Some(&lasting(0)), at)
        .map_or_else(|| "never".to_owned(), |next| next.as_second().to_string());
    let next = if probe.schedule.starts_with("@every") {
        theirs.split(' ').nth(1).unwrap_or_default().to_owned()
    } else {
        next
    };
    format!("ok {next} {open}")
}

/// Half a minute past something in two leap cycles, and a window of minutes to weeks.
fn probe(dice: &mut Dice, schedule: String) -> Probe {
    let minute = i64::try_from(dice.below(8 * 366 * 24 * 60)).unwrap();
    let longest = [2, 60, 24 * 60, 40 * 24 * 60][dice.below(4)];
    Probe {
        schedule,
        // Whole minutes: within a second of its interval an @every window depends on fractions of now.
        seconds: i64::try_from(60 * (1 + dice.below(longest))).unwrap(),
        at: 1_600_000_000 / 60 * 60 + minute * 60 + 30,
    }
}

fn schedule(dice: &mut Dice) -> String {
    let bounds = [(0, 59), (0, 23), (1, 31), (1, 12), (0, 6)];
    let fields = bounds.map(|(least, most)| field(dice, least, most));
    fields.join(" ")
}

fn field(dice: &mut Dice, least: usize, most: usize) -> String {
    let parts = if dice.is_one_in(4) {
        1 + dice.below(3)
    } else {
        1
    };
    let parts: Vec<_> = (0..parts).map(|_| part(dice, least, most)).collect();
    parts.join(",")
}

fn part(dice: &mut Dice, least: usize, most: usize) -> String {
    // Now and then outside of what is allowed.
    let slack = usize::from(dice.is_one_in(40));
    let value = |dice: &mut Dice| match (most, dice.below(4)) {
        (12, 0) => dice.pick(&["jan", "Feb", "MAR", "dec", "sep"]).to_owned(),
        (6, 0) => dice.pick(&["sun", "Mon", "SAT", "wed"]).to_owned(),
        _ => (least + dice.below(most - least + 1 + slack)).to_string(),
    };
    let range = match dice.below(5) {
        0 | 1 => dice.pick(&["*", "*", "*", "?"]).to_owned(),
        2 => format!("{}-{}", value(dice), value(dice)),
        _ => value(dice),
    };
    if dice.is_one_in(4) {
        return format!("{range}/{}", dice.below(most + 2));
    }
    range
}
