//! The same paths into the same texts, here and by GJSON itself.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test that runs the program it compares with"
)]

use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use json_property::{Limits, get};

const TEXTS: &[&str] = &[
    r#"{"name":{"first":"Tom","last":"Anderson"},"age":37,"children":["Sara","Alex","Jack"],
        "fav.movie":"Deer Hunter","friends":[
        {"first":"Dale","last":"Murphy","age":44,"nets":["ig","fb","tw"]},
        {"first":"Roger","last":"Craig","age":68,"nets":["fb","tw"]},
        {"first":"Jane","last":"Murphy","age":47,"nets":["ig","tw"]}]}"#,
    r#"{"vals":[{"a":1,"b":"data"},{"a":2,"b":true},{"a":3,"b":false},{"a":4,"b":"0"},{"a":5,"b":0},
        {"a":6,"b":"1"},{"a":7,"b":1},{"a":8,"b":"true"},{"a":9,"b":false},{"a":10,"b":null},{"a":11}]}"#,
    r#"{"n":1.50,"big":12345678901234567890,"e":1e21,"neg":-0.0,"small":1e-9,"t":true,"f":false,"z":null,
        "s":"a\"b\\c\u00e9\ud83d\ude00\n","empty":"","o":{},"l":[],"deep":{"a":{"b":{"c":[[1,[2,[3]]],4]}}}}"#,
    r##"{"a":1,"a":2,"b":{"c":1},"b":{"c":2,"d":3},"":"no name","x.y":"dotted","x":{"y":"nested"},
        "a*":"star","a?":"mark","p|q":"pipe","#":"hash","@this":"at","!x":"bang","{k}":"brace","[k]":"bracket",
        "k\\":"back","\"q\"":"quote","{abc.z,ABC}":1,"é":"accent"}"##,
    "[1,\"two\",[3,4],{\"five\":5},true,false,null,6.0]",
    "[[1,2],[3,[4,5]],[],[[6]]]",
    "{\"a\": [ {\"id\":1,\"t\":[\"x\",\"y\"]} , {\"id\":2} ,\n {\"id\":\"3\",\"t\":[]} ], \"b\" : { \"c\" : 1 }}  trailing",
    "{\"a\":1}\n{\"a\":2}\n{\"a\":3,\"b\":[1,2]}\n",
    "{\"cut\":{\"off\":[1,2,{\"x\":\"y",
    "{\"cut\":\"off",
    "\"just a text\"",
    "42",
    "",
    "null",
    "plain text {\"a\":1}",
    "{\"ids\":{\"a\":[1,2],\"b\":[3,4,5],\"c\":7}}",
    "{\"html\":\"<a href='x'>&</a>\",\"ls\":\"\u{2028}\",\"json\":\"{\\\"in\\\":[1,2]}\"}",
    "[{\"k\":1},{\"k\":2,\"j\":[{\"k\":3}]},{\"k\":{\"k\":4}}]",
    "{\"bad\": nan, \"inf\": inf, \"plus\": +1, \"x\": tru, \"y\": 1e, \"q\": 0x10}",
    "{\"wide\":[\"aaaaaaaaaaaaaaaaaaaaaaaaaaa\",\"bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb\",\"ccccccccccccccccccccccccc\"],\"b\":{\"z\":1,\"y\":[1,{\"q\":2}]},\"a\":[[],{}]}",
];

const PATHS: &[&str] = &[
    "",
    ".",
    "a",
    "name",
    "name.last",
    "name.first",
    "age",
    "age.x",
    "children",
    "children.0",
    "children.1",
    "children.3",
    "children.-1",
    "children.01",
    "children.#",
    "children.99999999999999999999",
    "child*.2",
    "c?ildren.0",
    "*",
    "*.last",
    "?ame.last",
    "n*e.f*t",
    r"fav\.movie",
    "fav.movie",
    "friends.1",
    "friends.1.first",
    "friends.#.first",
    "friends.#.age",
    "friends.#.nets.0",
    "friends.#.nets.#",
    "friends.#.nets.#.x",
    r#"friends.#(last=="Murphy").first"#,
    r#"friends.#(last=="Murphy")#.first"#,
    r#"friends.#(last="Murphy")#"#,
    "friends.#(age>45)#.last",
    "friends.#(age>=47)#.last",
    "friends.#(age<45).last",
    "friends.#(age<=44).last",
    "friends.#(age!=44)#.first",
    r#"friends.#(first%"D*").last"#,
    r#"friends.#(first!%"D*").last"#,
    r#"friends.#(first%"?a*")#.last"#,
    r#"children.#(!%"*a*")"#,
    r#"children.#(%"*a*")#"#,
    r#"children.#(=="Alex")"#,
    r#"friends.#(nets.#(=="fb"))#.first"#,
    r#"friends.#(nets.#(=="fb")#|#>0)#.first"#,
    "friends.#(age)",
    "friends.#(x)",
    "friends.#(",
    "friends.#()",
    "friends.#()#",
    "friends.#[last=Craig].first",
    "friends.#(last==Craig).first",
    r#"friends.#(last=="Mur\u0070hy")#|#"#,
    "friends|0|first",
    "friends.0|first",
    "friends|0.first",
    "friends|#",
    r#"friends.#(last="Murphy")#|first"#,
    r#"friends.#(last="Murphy")#.0"#,
    r#"friends.#(last="Murphy")#|0"#,
    r#"friends.#(last="Murphy")#.#"#,
    r#"friends.#(last="Murphy")#|#"#,
    r#"friends.#(last="Murphy")#|0.first"#,
    "friends.#.first|0",
    "friends.#.nets|1",
    "friends.#.nets|@flatten",
    "friends.#.first|@reverse",
    "vals.#(b==~true)#.a",
    "vals.#(b==~false)#.a",
    "vals.#(b==~null)#.a",
    "vals.#(b==~*)#.a",
    "vals.#(b!=~*)#.a",
    "vals.#(b!=~true)#.a",
    "vals.#(b==~x)#.a",
    "vals.#(b==true)#.a",
    "vals.#(b>false)#.a",
    "vals.#(b>=false)#.a",
    "vals.#(b<true)#.a",
    "vals.#(b<=x)#.a",
    "vals.#(b!=false)#.a",
    "vals.#.b",
    "vals.#.c",
    "vals.3.b",
    "vals.#(a=11).b",
    "n",
    "big",
    "e",
    "neg",
    "small",
    "t",
    "f",
    "z",
    "s",
    "empty",
    "o",
    "l",
    "l.#",
    "o.x",
    "deep.a.b.c.0.1.1.0",
    "deep.*.*.c.1",
    "deep.a.b.c.#",
    "deep.a.b.c.@flatten",
    r#"deep.a.b.c.@flatten:{"deep":true}"#,
    "z.x",
    "t.x",
    "s.0",
    "b.c",
    "b.d",
    "x.y",
    r"x\.y",
    r"a\*",
    r"a\?",
    r"p\|q",
    "p|q",
    "#",
    r"\#",
    "@this",
    r"\@this",
    "!x",
    r"\!x",
    "{k}",
    r"\{k\}",
    r"\{k}",
    "[k]",
    r"\[k]",
    r"k\\",
    r#""q""#,
    "{abc.z,ABC}",
    r"{abc\.z,ABC}",
    "é",
    "?",
    "??",
    "a.*",
    "0",
    "1",
    "2.0",
    "2.1",
    "3.five",
    "4",
    "5",
    "6",
    "7",
    "8",
    "#.five",
    "#.0",
    "#(>0)",
    "#(>0)#",
    "#(=two)",
    r#"#(="two")"#,
    "#(==true)",
    "#(five)",
    "#(five=5).five",
    "#.#",
    "#.#.#",
    "1.1.0",
    "..",
    "..0",
    "..#",
    "..#.a",
    "..#(a>1).a",
    "..#(a>1)#.a",
    "..1.a",
    "..2.b.1",
    "...a",
    "cut",
    "cut.off",
    "cut.off.0",
    "cut.off.2",
    "cut.off.2.x",
    "cut.off.#",
    "@keys",
    "@values",
    "@reverse",
    "@ugly",
    "@pretty",
    "@valid",
    "@flatten",
    "@join",
    "@group",
    "@tostr",
    "@fromstr",
    "@dig:a",
    "@dig:k",
    "@dig:0",
    "@nope",
    "@this.a",
    "@this|a",
    "@this|@this|a",
    "@ugly|@valid|a",
    "@reverse.0",
    "@reverse|0",
    "a.@keys",
    "b.@keys",
    "b.@values.0",
    "name.@keys",
    "name.@keys.#",
    "name.@reverse",
    "name|@reverse|@keys",
    "name.@this.last",
    "name.@nope",
    "name.@nope.x",
    "name.@tostr",
    "name.@tostr|@fromstr",
    "name.@tostr.@fromstr.last",
    "json.@fromstr",
    "json.@fromstr.in",
    "json.@fromstr|in.1",
    "html.@tostr",
    "ls.@tostr",
    "@tostr|@tostr",
    r#"@pretty:{"sortKeys":true}"#,
    r#"@pretty:{"indent":"\t","prefix":" "}"#,
    r#"@pretty:{"width":0}"#,
    r#"@pretty:{"width":20}"#,
    r#"@pretty:{"width":-1}"#,
    r#"@pretty:{"sortKeys":true,"width":10}|@ugly"#,
    "wide.@pretty",
    "b.@pretty",
    r#"b.@pretty:{"sortKeys":true}"#,
    "@pretty|@ugly",
    "@ugly|@pretty",
    "ids.@group",
    "ids.@group.1",
    "ids|@group|#",
    r#"@join:{"preserve":true}"#,
    "@join|k",
    "friends.@join",
    r#"friends.@join:{"preserve":true}|age"#,
    "friends.#.@keys",
    "friends.#.@this",
    "a.#.t",
    "a.#.t|0",
    "a.#.t.0",
    "a.#(id=2).id",
    "a.#(id==3).id",
    r#"a.#(id=="3").t"#,
    "{name.first,age}",
    r#"{name.first,age,"the_murphys":friends.#(last="Murphy")#.first}"#,
    "[name.first,age]",
    "[name.first,nope,age]",
    "{nope}",
    "[nope]",
    "{a,b}",
    "[a,b.c]",
    "{a,b}.a",
    "{a,b}|a",
    "[a,b].0",
    "[a,b]|#",
    "{a,b}x",
    "{a",
    "[a",
    "{}",
    "[]",
    "{a:b}",
    r#"{"x":a}"#,
    r#"{x:a,"y":b.c}"#,
    r#"{"x\"y":a}"#,
    "{a.@this}",
    "{a.@pretty:{\"width\":1}}",
    "{b.#.c}",
    "{friends.#.first}",
    "{friends|#}",
    r#"{"n":friends.#}"#,
    "friends.{a,b}",
    "friends.0.{first,last}",
    "friends.#.{first,age}",
    "friends.#.[first,age]",
    "friends.#.{first,age}|1",
    "friends.#.{first,age}|#.first",
    r#"friends.#(age>45)#.{first,"n":nets.#}"#,
    "name.[first,last].@reverse",
    "[[a,b],{c:b}]",
    "[@this.a,!1]",
    r#"!"x""#,
    r#"!"x.y""#,
    "!true",
    "!false",
    "!null",
    "!nan",
    "!inf",
    "!Inf",
    "!1",
    "!-1.5",
    "!{\"a\":1}",
    "!{\"a\":1}.a",
    "!{\"a\":1}|a",
    "![1,2]",
    "![1,2].#",
    "![1,2]|1",
    "!x.y",
    "!true|@this",
    "!true.@this",
    "!",
    "@",
    "|",
    "||",
    "a|",
    "a.",
    ".a",
    "a..b",
    r#"{"company":!"Happysoft","employed":!true}"#,
    r#"[!"a",!1,!{"b":2}]"#,
    r"\",
    r"a\",
    r"\a",
    "a|@keys",
    "nope|@keys",
    "nope|@values",
    "nope|@tostr",
    "nope|@this",
    "nope|[a]",
    "nope|{a}",
    "nope|!1",
    "nope.@keys",
    "children|@reverse",
    "children.@reverse.0",
    "children|@reverse|0",
    "children.@reverse:x|0",
    "children.@reverse:{\"a\":1}.0",
    "@dig:#.first",
    "@dig:{k}",
    "@dig:nets|0",
    "friends.@dig:first",
    "@flatten:{\"deep\":true}",
    "@flatten|#",
    "@flatten.0",
    "bad",
    "inf",
    "plus",
    "x",
    "y",
    "q",
    "1#",
    "#1",
    "a#",
    "children.#x",
    "#.a#",
    "vals.#.a|@join",
    "*.*",
    "*.0",
    "*.#",
    "**",
    "*a*",
    "?*?",
    "a.#.{id,t}",
    "a.#(t.#(=\"x\")).id",
    "a.#(t.0=\"y\").id",
    "a.#(t.#>1).id",
    "a.#(t|#>1).id",
    "a.@this.#",
    "a.@this|#.id",
];

/// What differs on purpose.
const DELIBERATE: &[(&str, &str)] = &[];

#[test]
fn every_path_into_every_text() {
    let Some(oracle) = build_oracle("table") else {
        return;
    };
    let probes: Vec<(Vec<u8>, String)> = TEXTS
        .iter()
        .flat_map(|text| {
            PATHS
                .iter()
                .map(|path| (text.as_bytes().to_vec(), (*path).to_owned()))
        })
        .collect();
    compare(&oracle, &probes);
}

/// Paths and texts put together from pieces at random, the same at every run.
#[test]
fn random_paths_into_random_texts() {
    let Some(oracle) = build_oracle("random") else {
        return;
    };
    let mut random = Random(0x5ea1);
    let probes: Vec<(Vec<u8>, String)> = (0..20_000)
        .map(|_| (random.text(), random.path()))
        .collect();
    compare(&oracle, &probes);
}

fn compare(oracle: &Path, probes: &[(Vec<u8>, String)]) {
    let answers = ask(oracle, probes);
    let mut different = Vec::new();
    for ((text, path), theirs) in probes.iter().zip(answers) {
        let ours = match get(text, path, Limits::default()) {
            Ok(Some(found)) => format!(
                "some {} {}",
                STANDARD.encode(found.text()),
                STANDARD.encode(found.raw())
            ),
            Ok(None) => "none".to_owned(),
            Err(exceeded) => exceeded.to_string(),
        };
        let text = String::from_utf8_lossy(text);
        if ours.trim() != theirs.trim() && !DELIBERATE.contains(&(&text, path)) {
            different.push(format!(
                "{path}\n  in {text}\n  ours   {}\n  theirs {}",
                shown(&ours),
                shown(&theirs)
            ));
        }
    }
    let count = different.len();
    different.truncate(20);
    assert!(
        count == 0,
        "{count} of {} differ:\n{}",
        probes.len(),
        different.join("\n")
    );
}

fn shown(answer: &str) -> String {
    let decoded = answer.split(' ').map(|word| {
        let bytes = STANDARD
            .decode(word)
            .ok()
            .filter(|_| word != "some" && word != "none");
        bytes.map_or_else(
            || word.to_owned(),
            |bytes| format!("{:?}", String::from_utf8_lossy(&bytes)),
        )
    });
    decoded.collect::<Vec<_>>().join(" ")
}

fn build_oracle(test: &str) -> Option<PathBuf> {
    let binary = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("go-json-oracle-{test}"));
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/oracles/go-json");
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

fn ask(oracle: &Path, probes: &[(Vec<u8>, String)]) -> Vec<String> {
    let mut child = Command::new(oracle)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    let requests: Vec<String> = probes
        .iter()
        .map(|(text, path)| format!("{} {}", STANDARD.encode(text), STANDARD.encode(path)))
        .collect();
    let writer = std::thread::Builder::new()
        .spawn(move || writeln!(input, "{}", requests.join("\n")).unwrap())
        .unwrap();
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    let lines: Vec<String> = String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .map(str::to_owned)
        .collect();
    assert_eq!(lines.len(), probes.len());
    lines
}

/// Numbers that look random.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % bound
    }

    fn of<'a>(&mut self, pieces: &[&'a str]) -> &'a str {
        pieces[self.below(pieces.len())]
    }

    fn path(&mut self) -> String {
        const PIECES: &[&str] = &[
            "a",
            "b",
            "c",
            "0",
            "1",
            "#",
            "*",
            "?",
            "a*",
            "#.a",
            "#.b",
            "#(a)",
            "#(a=1)#",
            "#(b>1)",
            "#(=1)#",
            "#(a%\"x*\")#",
            "@this",
            "@keys",
            "@values",
            "@reverse",
            "@flatten",
            "@join",
            "@ugly",
            "@tostr",
            "@fromstr",
            "@dig:a",
            "@group",
            "@pretty",
            "{a,b}",
            "[a,b.c]",
            "{\"x\":a}",
            "!1",
            "!\"s\"",
            r"a\.b",
            r"\a",
            "(",
            ")",
            "[",
            "{",
            "\"",
            "",
        ];
        const BETWEEN: &[&str] = &[".", ".", ".", "|", "|", "", ":", "..", r"\"];
        let mut path = String::new();
        for part in 0..=self.below(4) {
            if part > 0 {
                path.push_str(self.of(BETWEEN));
            }
            path.push_str(self.of(PIECES));
        }
        path
    }

    fn text(&mut self) -> Vec<u8> {
        let mut text = String::new();
        self.value(&mut text, 0);
        let mut text = text.into_bytes();
        match self.below(8) {
            0 => {
                let length = self.below(text.len() + 1);
                text.truncate(length);
            }
            1 if !text.is_empty() => {
                let at = self.below(text.len());
                text[at] = b"{}[]\",:x\\ \xff"[self.below(11)];
            }
            2 => text.extend_from_slice(b"\n{\"a\":1}"),
            _ => {}
        }
        text
    }

    fn value(&mut self, text: &mut String, depth: usize) {
        let kind = if depth > 3 {
            2 + self.below(4)
        } else {
            self.below(6)
        };
        match kind {
            0 => {
                text.push('{');
                for member in 0..self.below(4) {
                    if member > 0 {
                        text.push_str(self.of(&[",", ", ", ",\n"]));
                    }
                    text.push_str(self.of(&[
                        "\"a\"",
                        "\"b\"",
                        "\"c\"",
                        "\"a.b\"",
                        "\"\"",
                        "\"\\u0061\"",
                    ]));
                    text.push_str(self.of(&[":", ": ", " : "]));
                    self.value(text, depth + 1);
                }
                text.push('}');
            }
            1 => {
                text.push('[');
                for element in 0..self.below(4) {
                    if element > 0 {
                        text.push_str(self.of(&[",", ", ", " ,\n"]));
                    }
                    self.value(text, depth + 1);
                }
                text.push(']');
            }
            2 => text.push_str(self.of(&["1", "2", "1.50", "-3", "1e3", "0"])),
            3 => text.push_str(self.of(&["true", "false", "null"])),
            _ => text.push_str(self.of(&[
                "\"x\"",
                "\"xy\"",
                "\"\"",
                "\"\\\"q\\\"\"",
                "\"{\\\"a\\\":1}\"",
                "\"é\"",
            ])),
        }
    }
}
