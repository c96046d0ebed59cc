//! Random edits of random files in JSON and in braces: the reader sees exactly the edits, and what
//! belongs to nothing that was edited is there as it was.

use crate::model;
use crate::step::{set, set_entry, unset, unset_key};
use proptest::prelude::*;
use seal_manifest::{BlockEdit, edit};
use serde_json::json;
use testkit::Dice;

const ITEMS: [&str; 4] = ["item1x", "item2x", "item3x", "item4x"];
const IDS: [&str; 3] = ["key1x", "key2x", "key3x"];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3_000))]

    #[test]
    fn only_what_is_named_changes(seed: u64) {
        let mut dice = Dice::new(seed);
        let file = File::new(&mut dice);
        replaces(&file, &mut dice);
        inserts(&file, &mut dice);
        changes(&file, &mut dice);
    }
}

/// Values in the place of values: all other bytes are as they were.
fn replaces(file: &File, dice: &mut Dice) {
    let (mut edits, mut expected) = (Vec::new(), file.text.clone());
    for item in file.items.iter().filter(|_| dice.is_one_in(2)) {
        edits.push(set(item, "NEW"));
        expected = expected.replace(&format!("old-{item}"), "NEW");
    }
    for id in file.ids.iter().filter(|_| dice.is_one_in(2)) {
        edits.push(set_entry(id, ITEMS[0], json!({"boundTo": "NEW"})));
        expected = expected.replace(&format!("old-{id}"), "NEW");
    }
    assert_eq!(file.edited(&edits), expected);
}

/// What comes and goes leaves nothing behind.
fn inserts(file: &File, dice: &mut Dice) {
    let mut edits = Vec::new();
    let (mut back, mut is_certain) = (Vec::new(), !file.items.is_empty());
    for item in ITEMS.iter().filter(|item| !file.items.contains(item)) {
        edits.push(set(item, "NEW"));
        back.push(unset(item));
    }
    if !file.ids.is_empty() && !file.items.is_empty() && dice.is_one_in(2) {
        edits.push(set_entry("key0x", file.items[0], json!({"boundTo": "NEW"})));
        back.push(unset_key("key0x"));
    }
    is_certain &= !edits.is_empty();
    let there = file.edited(&edits);
    if is_certain {
        assert_eq!(edit(&there, 1, &back).unwrap(), file.text, "{there}");
    }
}

/// Everything at once: words and comments that are nobody's business stand in their order, and where
/// there is one member a line, lines.
fn changes(file: &File, dice: &mut Dice) {
    let mut edits = Vec::new();
    let mut touched: Vec<&str> = Vec::new();
    for item in ITEMS {
        match dice.below(3) {
            0 if file.items.contains(&item) => edits.push(unset(item)),
            1 => edits.push(set(item, "NEW")),
            _ => continue,
        }
        touched.push(item);
    }
    let removed: Vec<_> = file.ids.iter().filter(|_| dice.is_one_in(2)).collect();
    edits.extend(removed.iter().map(|id| unset_key(id)));
    if !removed.is_empty() && removed.len() == file.ids.len() {
        touched.extend(["dataKeys", "key"]);
    } else {
        touched.extend(removed.into_iter().copied());
    }
    let is_kept = |word: &&str| !touched.iter().any(|name| word.contains(name));
    let is_new = |word: &str| word.contains("NEW") || touched.iter().any(|t| word.contains(t));
    let edited = file.edited(&edits);
    let context = || format!("{}\nbecame\n{edited}", file.text);
    let words = |text: &str| {
        let words = text.split([',', '{', '}', ':', ' ', '\t', '\r', '\n']);
        words
            .filter(|word| !word.is_empty() && !word.contains("boundTo"))
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    let old: Vec<_> = words(&file.text);
    let old: Vec<_> = old.iter().filter(|word| is_kept(&word.as_str())).collect();
    let new = words(&edited);
    let new: Vec<_> = new.iter().filter(|word| !is_new(word)).collect();
    assert_eq!(old, new, "{}", context());
    if file.is_spread {
        let lines = |text: &str| {
            let lines = text
                .split('\n')
                .filter(|line| !is_new(line) && !is_brackets(line));
            lines
                .map(|line| {
                    line.trim_end_matches([',', '\r', ' ', '{', '}'])
                        .replace(", #", " #")
                })
                .collect::<Vec<_>>()
        };
        assert_eq!(lines(&edited), lines(&file.text), "{}", context());
    }
    let breaks = edited.matches('\n').count();
    let windows = if file.line_break == "\r\n" { breaks } else { 0 };
    assert_eq!(edited.matches("\r\n").count(), windows, "{}", context());
}

fn is_brackets(line: &str) -> bool {
    line.trim().trim_matches(['{', '}', ',']).is_empty() || line.contains("boundTo")
}

/// A document of one SealedSecret.
struct File {
    text: String,
    items: Vec<&'static str>,
    ids: Vec<&'static str>,
    is_spread: bool,
    line_break: &'static str,
}

impl File {
    fn new(dice: &mut Dice) -> Self {
        let items = picked(&ITEMS, dice);
        let ids = picked(&IDS, dice);
        let is_json = dice.is_one_in(2);
        let is_spread = dice.is_one_in(2);
        let mut writer = Writer {
            is_json,
            is_spread,
            line_break: dice.pick(&["\n", "\r\n"]),
            unit: dice.pick(&["  ", " ", "    ", "\t"]),
            colon: dice.pick(&[": ", ":", " : "]),
            gap: dice.pick(&[" ", " ", ""]),
            pad: dice.pick(&["", " "]),
            quote: if is_json {
                "\""
            } else {
                dice.pick(&["\"", "'", ""])
            },
            comments: 0,
            dice,
        };
        if writer.quote.is_empty() {
            writer.colon = ": ";
        }
        if !is_json {
            // Flow mappings of YAML may not begin a line with a tab everywhere.
            writer.unit = writer.dice.pick(&["  ", "   ", "    "]);
        }
        let text = writer.document(&items, &ids);
        let line_break = writer.line_break;
        Self {
            text,
            items,
            ids,
            is_spread,
            line_break,
        }
    }

    /// The text after edits, which reads as it should.
    fn edited(&self, edits: &[BlockEdit]) -> String {
        let edited =
            edit(&self.text, 1, edits).unwrap_or_else(|error| panic!("{error}\n{}", self.text));
        let mut expected = model::document(&self.text, 1);
        model::apply(&mut expected, edits);
        assert_eq!(
            model::document(&edited, 1),
            expected,
            "{}\nbecame\n{edited}",
            self.text
        );
        edited
    }
}

fn picked(names: &[&'static str], dice: &mut Dice) -> Vec<&'static str> {
    let names = names.iter().filter(|_| !dice.is_one_in(3));
    names.copied().collect()
}

struct Writer<'d> {
    is_json: bool,
    is_spread: bool,
    line_break: &'static str,
    unit: &'static str,
    colon: &'static str,
    gap: &'static str,
    pad: &'static str,
    quote: &'static str,
    comments: usize,
    dice: &'d mut Dice,
}

impl Writer<'_> {
    fn document(&mut self, items: &[&str], ids: &[&str]) -> String {
        let depth = if self.is_json { 0 } else { self.dice.below(3) };
        let items: Vec<_> = items
            .iter()
            .map(|item| ((*item).to_owned(), self.quoted(&format!("old-{item}"))))
            .collect();
        let data_keys: Vec<_> = ids
            .iter()
            .map(|id| {
                let bound = [("boundTo".to_owned(), self.quoted(&format!("old-{id}")))];
                ((*id).to_owned(), self.on_one_line(&bound))
            })
            .collect();
        let items = self.mapping(&items, 3, "item");
        let mut spec = vec![("encryptedData".to_owned(), items)];
        if !data_keys.is_empty() || self.dice.is_one_in(3) {
            let data_keys = self.mapping(&data_keys, 3, "key");
            spec.insert(self.dice.below(2), ("dataKeys".to_owned(), data_keys));
        }
        let end = self.dice.pick(&["", self.line_break]);
        if depth == 2 {
            let lines = spec
                .iter()
                .map(|(key, value)| format!("  {key}: {value}{}", self.line_break));
            let lines: String = lines.collect();
            return format!("kind: X{0}spec:{0}{lines}# end{end}", self.line_break);
        }
        let spec = self.mapping(&spec, 2, "spec");
        if depth == 1 {
            return format!("kind: X{0}spec: {spec}{end}", self.line_break);
        }
        let kind = ("kind".to_owned(), self.quoted("X"));
        let document = self.mapping(&[kind, ("spec".to_owned(), spec)], 1, "root");
        format!("{document}{end}")
    }

    fn quoted(&self, text: &str) -> String {
        format!("{0}{text}{0}", self.quote)
    }

    fn on_one_line(&mut self, members: &[(String, String)]) -> String {
        let is_spread = std::mem::replace(&mut self.is_spread, false);
        let text = self.mapping(members, 4, "none");
        self.is_spread = is_spread;
        text
    }

    fn mapping(&mut self, members: &[(String, String)], depth: usize, about: &str) -> String {
        if members.is_empty() {
            return "{}".to_owned();
        }
        let inner = format!("{}{}", self.line_break, self.unit.repeat(depth));
        let mut text = "{".to_owned();
        for (place, (key, value)) in members.iter().enumerate() {
            if self.is_spread {
                self.comment(about, &inner, &mut text);
                text.push_str(&inner);
            } else {
                text.push_str(if place == 0 { self.pad } else { self.gap });
            }
            let is_last = place + 1 == members.len();
            text.extend([self.quoted(key).as_str(), self.colon, value.as_str()]);
            let ends_in_comma = self.is_spread && !self.is_json && self.dice.is_one_in(3);
            if !is_last || ends_in_comma {
                text.push(',');
            }
            if self.is_spread && !self.is_json && depth == 3 && self.dice.is_one_in(4) {
                text.extend([" #", key.as_str()]);
            }
        }
        if self.is_spread {
            self.comment(about, &inner, &mut text);
            text.extend([self.line_break, &self.unit.repeat(depth - 1)]);
        } else {
            text.push_str(self.pad);
        }
        text.push('}');
        text
    }

    /// A comment on a line of its own, which names what goes with it.
    fn comment(&mut self, about: &str, inner: &str, text: &mut String) {
        if self.is_json || !self.dice.is_one_in(4) {
            return;
        }
        self.comments += 1;
        let about = if about == "key" { "key" } else { "own" };
        let number = self.comments.to_string();
        text.extend([inner, "#", about, &number, ",{", about, "}"]);
    }
}
