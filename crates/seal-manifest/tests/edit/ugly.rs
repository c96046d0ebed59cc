//! Files as nobody should write them, and who owns each of their lines.

use testkit::Dice;

/// Whose line it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Owner {
    Item(String),
    ItemLine(String),
    DataKey(String),
    /// No edit may touch it.
    Nobody,
}

/// A file of several documents, the last but one of which is a SealedSecret.
pub(crate) struct Ugly {
    /// Line breaks included.
    pub(crate) lines: Vec<(Owner, String)>,
    pub(crate) document: usize,
    pub(crate) items: Vec<String>,
    pub(crate) data_keys: Vec<String>,
}

impl Ugly {
    pub(crate) fn text(&self) -> String {
        self.lines.iter().map(|(_, line)| line.as_str()).collect()
    }
}

const ITEMS: [&str; 9] = ["A", "B", "C1", "C2", "C10", "d.e", "n", "x_y", "1"];

/// A file from a seed.
pub(crate) fn ugly(dice: &mut Dice) -> Ugly {
    let mut page = Page {
        lines: Vec::new(),
        line_break: dice.pick(&["\n", "\r\n"]),
        remarks: 0,
    };
    let document = 1 + dice.below(3);
    for other in 1..document {
        page.other_document(other, dice);
    }
    let items: Vec<String> = picked(&ITEMS, dice);
    let data_keys: Vec<String> = picked(&["k1", "k2", "k3"], dice);
    page.sealed_secret(&items, &data_keys, dice);
    if dice.is_one_in(2) {
        page.line("---");
        page.other_document(9, dice);
    } else if dice.is_one_in(3) {
        page.line("...");
    }
    if dice.is_one_in(2)
        && let Some((_, last)) = page.lines.last_mut()
    {
        last.truncate(last.trim_end_matches(['\r', '\n']).len());
    }
    Ugly {
        lines: page.lines,
        document,
        items,
        data_keys,
    }
}

/// Some of the names, in order or not.
fn picked(names: &[&str], dice: &mut Dice) -> Vec<String> {
    let mut picked: Vec<String> = Vec::new();
    for name in names {
        if !dice.is_one_in(3) {
            let sorted = picked.len();
            let place = if dice.is_one_in(6) {
                dice.below(sorted + 1)
            } else {
                sorted
            };
            picked.insert(place, (*name).to_owned());
        }
    }
    picked
}

struct Page {
    lines: Vec<(Owner, String)>,
    line_break: &'static str,
    remarks: usize,
}

impl Page {
    fn line(&mut self, text: &str) {
        self.owned(&Owner::Nobody, text);
    }

    fn owned(&mut self, owner: &Owner, text: &str) {
        self.lines
            .push((owner.clone(), format!("{text}{}", self.line_break)));
    }

    /// Comments and blank lines, each comment another.
    fn remarks(&mut self, column: usize, dice: &mut Dice) {
        while dice.is_one_in(4) {
            self.remarks += 1;
            let indent = " ".repeat(column + dice.below(2));
            let text = match dice.below(4) {
                0 => String::new(),
                1 => " ".to_owned(),
                _ => format!("{indent}# remark {}", self.remarks),
            };
            self.line(&text);
        }
    }

    fn other_document(&mut self, number: usize, dice: &mut Dice) {
        self.remarks(0, dice);
        match dice.below(3) {
            0 => self.line(&format!(
                "{{\"spec\": {{\"encryptedData\": {{\"A\": \"{number}\"}}}}}}"
            )),
            1 => {
                self.line("spec:");
                self.line("  encryptedData: &a");
                self.line(&format!("    A: other {number}"));
                self.line("  dataKeys: *a");
            }
            _ => self.line("kind: ConfigMap"),
        }
        if number < 9 {
            self.line("--- # next");
        }
    }

    fn sealed_secret(&mut self, items: &[String], data_keys: &[String], dice: &mut Dice) {
        let step = 1 + dice.below(5);
        self.remarks(0, dice);
        self.line("kind: SealedSecret  ");
        self.line("spec: # spec");
        let mut blocks = vec![0, 1];
        if dice.is_one_in(3) {
            blocks.reverse();
        }
        if dice.is_one_in(2) {
            let place = dice.below(3);
            blocks.insert(place, 2);
        }
        for block in blocks {
            self.remarks(step, dice);
            match block {
                0 => self.data_keys(data_keys, items, step, dice),
                1 => self.encrypted_data(items, step, dice),
                _ => {
                    let indent = " ".repeat(step);
                    self.line(&format!("{indent}template:"));
                    self.line(&format!("{indent}  note: |"));
                    self.line(&format!("{indent}    # A"));
                    self.line(&format!("{indent}    A: no item"));
                }
            }
        }
        self.line("metadata: {name: db}");
    }

    fn encrypted_data(&mut self, items: &[String], step: usize, dice: &mut Dice) {
        let (indent, column) = (" ".repeat(step), step + 1 + dice.below(3));
        if items.is_empty() {
            let form = dice.pick(&["", " {}", " # none", " null", " { } # none"]);
            self.line(&format!("{indent}encryptedData:{form}"));
            return;
        }
        self.line(&format!("{indent}\"encryptedData\" :"));
        for item in items {
            self.remarks(column, dice);
            self.item(item, column, dice);
        }
        self.remarks(column, dice);
    }

    fn item(&mut self, item: &str, column: usize, dice: &mut Dice) {
        let owner = Owner::Item(item.to_owned());
        let indent = " ".repeat(column);
        let quote = if matches!(item, "n" | "1") {
            "'"
        } else {
            dice.pick(&["", "'", "\""])
        };
        let key = format!("{indent}{quote}{item}{quote}:");
        let remark = dice.pick(&["", " ", "\t", " # kept", "\t# kept"]);
        let forms: &[&[&str]] = &[
            &[" old"],
            &["\told"],
            &["  'old'"],
            &[" \"old\""],
            &[" old", " goes on"],
            &["", "  old"],
            &[" 'old", "", " goes on'"],
            &[" |", "  old", "  # old"],
            &[" >- # kept", "  old", "", "  goes on"],
            &[" |+", "  old", ""],
            &[""],
            &[" ~"],
        ];
        let form = dice.pick(forms);
        let is_block = form[0].contains(['|', '>']);
        for (place, part) in form.iter().enumerate() {
            let start = if place == 0 {
                key.as_str()
            } else if part.is_empty() {
                ""
            } else {
                &indent
            };
            let is_last = place + 1 == form.len();
            let end = if is_last && !is_block { remark } else { "" };
            self.owned(&owner, &format!("{start}{part}{end}"));
        }
        if form[0].contains('+') {
            // Else blank lines behind it would be its own.
            self.line("# end");
        }
    }

    fn data_keys(&mut self, ids: &[String], items: &[String], step: usize, dice: &mut Dice) {
        if ids.is_empty() && dice.is_one_in(2) {
            return;
        }
        let (indent, column) = (" ".repeat(step), step + 1 + dice.below(3));
        if ids.is_empty() {
            self.line(&format!(
                "{indent}dataKeys: {}",
                dice.pick(&["", "{}", "# none", "~"])
            ));
            return;
        }
        self.line(&format!("{indent}dataKeys:"));
        let mut ids = ids.iter();
        if dice.is_one_in(3) {
            self.data_key(ids.next(), column, dice);
        }
        for item in items {
            self.remarks(column, dice);
            if !dice.is_one_in(4) {
                let owner = Owner::ItemLine(item.clone());
                self.owned(&owner, &format!("{}# {item}", " ".repeat(column)));
            }
            if dice.is_one_in(2) {
                self.remarks(column, dice);
                self.data_key(ids.next(), column, dice);
            }
        }
        for id in ids {
            self.data_key(Some(id), column, dice);
        }
        self.remarks(column, dice);
    }

    fn data_key(&mut self, id: Option<&String>, column: usize, dice: &mut Dice) {
        let Some(id) = id else { return };
        let owner = Owner::DataKey(id.clone());
        let indent = " ".repeat(column);
        let forms: &[&[&str]] = &[
            &[": {boundTo: x, wraps: []} # gone"],
            &[
                ": # gone",
                " # gone",
                " boundTo: x",
                "",
                " wraps:",
                " - to: y",
                "   enc: |",
                "    z",
                "",
                "    # A",
            ],
            &[
                ":",
                "  wraps:",
                "    -",
                "      enc: 'z",
                "",
                "        z' # gone",
            ],
            &[": {boundTo: x,", "  # gone", "  wraps: [", "  ] } # gone"],
        ];
        let form = dice.pick(forms);
        for (place, part) in form.iter().enumerate() {
            let name = if place == 0 { id.as_str() } else { "" };
            let start = if part.is_empty() { "" } else { &indent };
            self.owned(&owner, &format!("{start}{name}{part}"));
        }
    }
}
