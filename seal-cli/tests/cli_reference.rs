//! `docs/reference/cli.md` is what `--help` says; completions and man pages know all verbs. `BLESS=1` writes the
//! page.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking, and says why"
)]

use std::fmt::Write as _;
use std::process::Command;

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/reference/cli.md");

fn seal(args: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_seal"));
    command.args(args).env_clear().env("COLUMNS", "100");
    let output = command.output().unwrap();
    assert!(output.status.success(), "{args:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// The verbs, and what is below them, in the order of the help.
fn verbs(of: &[&str]) -> Vec<String> {
    let help = seal(&[of, &["--help"]].concat());
    let is_list = |line: &str| line.starts_with("Verbs,") || line == "Commands:";
    let lines = help.lines().skip_while(|line| !is_list(line)).skip(1);
    let lines = lines.take_while(|line| !line.is_empty());
    // Tasks are between the program and its verbs; what is indented further goes on with a description.
    let indent = if of.is_empty() { 4 } else { 2 };
    let verb = |line: &str| -> Option<String> {
        let words = line.trim_start();
        let first = words.split_whitespace().next()?;
        let listed = line.len() - words.len() == indent && first != "help";
        listed.then(|| first.to_owned())
    };
    lines.filter_map(verb).collect()
}

fn page() -> String {
    let mut page = "# Command line of `seal`\n\nMade from `--help`; what verbs promise stands in \
                    [verbs](verbs.md), exit codes in [exit codes](exit-codes.md).\n"
        .to_owned();
    section(&mut page, &[]);
    for verb in verbs(&[]) {
        section(&mut page, &[&verb]);
        for below in verbs(&[&verb]) {
            section(&mut page, &[&verb, &below]);
        }
    }
    page
}

fn section(page: &mut String, verb: &[&str]) {
    let help = seal(&[verb, &["--help"]].concat());
    let help: Vec<_> = help.lines().map(str::trim_end).collect();
    let name = ["seal"].iter().chain(verb).copied().collect::<Vec<_>>();
    let name = name.join(" ");
    write!(page, "\n## `{name}`\n\n```text\n{}\n```\n", help.join("\n")).unwrap();
}

#[test]
fn the_reference_is_what_help_says() {
    let page = page();
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(PAGE, &page).unwrap();
    }
    let written = std::fs::read_to_string(PAGE).unwrap_or_default();
    for (number, (line, expected)) in written.lines().zip(page.lines()).enumerate() {
        assert_eq!(
            line,
            expected,
            "line {}; BLESS=1 writes the page",
            number + 1
        );
    }
    assert_eq!(written.lines().count(), page.lines().count());
}

#[test]
fn shells_know_verbs_and_flags() {
    for shell in ["bash", "zsh", "fish", "powershell"] {
        let script = seal(&["completions", shell]);
        for word in ["fetch-cert", "recipients", "allow-other-readers"] {
            assert!(script.contains(word), "{shell} does not know {word}");
        }
    }
}

/// Every shell that is installed reads its script.
#[test]
fn scripts_of_shells_have_no_syntax_error() {
    let folder = tempfile::tempdir().unwrap();
    let parse = "$e = $null; $null = [System.Management.Automation.Language.Parser]::ParseFile((Resolve-Path script).Path, [ref]$null, [ref]$e); exit $e.Count";
    for (shell, program, args) in [
        ("bash", "bash", &["-n", "script"][..]),
        ("zsh", "zsh", &["-n", "script"]),
        ("fish", "fish", &["-n", "script"]),
        ("powershell", "pwsh", &["-NoProfile", "-Command", parse]),
        ("elvish", "elvish", &["-compileonly", "script"]),
    ] {
        let script = seal(&["completions", shell]);
        std::fs::write(folder.path().join("script"), script).unwrap();
        let mut command = Command::new(program);
        let Ok(output) = command.args(args).current_dir(folder.path()).output() else {
            testkit::skip(&format!("there is no {program}"));
            continue;
        };
        assert!(output.status.success(), "{shell}: {output:?}");
    }
}

/// kubeseal has no verbs.
#[test]
fn kubeseals_flags_are_completed_under_its_names() {
    for name in ["kubeseal", "kubectl-seal"] {
        for (shell, registration) in [
            ("bash", format!("-o default {name}\n")),
            ("zsh", format!("#compdef {name}\n")),
            ("fish", format!("complete -c {name} ")),
        ] {
            let script = seal(&["completions", shell, "--name", name]);
            assert!(script.contains(&registration), "{shell} {name}");
            assert!(script.contains("merge-into"), "{shell} {name}");
            assert!(!script.contains("recipients list"), "{shell} {name}");
        }
    }
}

/// By the shell itself, where there is one.
#[test]
fn bash_completes_verbs_and_values() {
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("seal.bash");
    std::fs::write(&script, seal(&["completions", "bash"])).unwrap();
    std::fs::write(folder.path().join("db.yaml"), "").unwrap();
    for (typed, expected) in [
        ("recip", "recipients"),
        ("--scope ", "strict namespace-wide cluster-wide"),
        ("-o ", "yaml json"),
        ("--format-version s", "se1"),
        ("--validate ", "true false"),
        ("-f d", "db.yaml"),
        ("check -o s", "sarif"),
        ("inspect -o ", "text json"),
        ("open -o ", "yaml json"),
        ("seal --scope n", "namespace-wide"),
        ("recover --private-key d", "db.yaml"),
        ("recipients list -o t", "text"),
    ] {
        let words: Vec<_> = typed.split(' ').collect();
        let (last, before) = words.split_last().unwrap();
        let (at, previous) = (words.len(), before.last().unwrap_or(&"seal"));
        let ask = format!(
            "source seal.bash; COMP_WORDS=(seal {} '{last}'); COMP_CWORD={at}; _seal seal '{last}' '{previous}'; echo ${{COMPREPLY[@]}}",
            before.join(" ")
        );
        let mut bash = Command::new("bash");
        bash.args(["--norc", "-c", &ask]).current_dir(folder.path());
        let Ok(output) = bash.output() else {
            testkit::skip("there is no bash");
            return;
        };
        let found = String::from_utf8_lossy(&output.stdout);
        assert_eq!(found.trim(), expected, "{typed}: {output:?}");
    }
}

/// On a terminal, which `script` makes.
#[test]
fn colours_are_for_terminals_without_no_color() {
    let binary = env!("CARGO_BIN_EXE_seal");
    for line in ["--scope", "open nope.yaml --show"] {
        for (no_color, coloured) in [("", true), ("1", false)] {
            let mut script = Command::new("script");
            let typed = format!("{binary} {line}");
            script.args(["-qec", &typed, "/dev/null"]);
            script.env("NO_COLOR", no_color).env("TERM", "xterm");
            let Ok(output) = script.output() else {
                testkit::skip("there is no script");
                return;
            };
            let text = String::from_utf8_lossy(&output.stdout);
            assert!(text.contains("error:"), "{line}: {text}");
            assert_eq!(text.contains('\u{1b}'), coloured, "{line}: {text:?}");
        }
        let mut piped = Command::new(binary);
        let output = piped.args(line.split(' ')).env("TERM", "xterm").output();
        let text = String::from_utf8(output.unwrap().stderr).unwrap();
        assert!(
            text.contains("error:") && !text.contains('\u{1b}'),
            "{text:?}"
        );
    }
}

#[test]
fn every_verb_has_a_man_page() {
    let folder = tempfile::tempdir().unwrap();
    seal(&["man", folder.path().to_str().unwrap()]);
    for verb in verbs(&[]) {
        let page = folder.path().join(format!("seal-{verb}.1"));
        let page = std::fs::read_to_string(page).unwrap_or_else(|_| panic!("no page for {verb}"));
        assert!(page.contains(".SH NAME"), "{page}");
    }
    let whole = std::fs::read_to_string(folder.path().join("seal.1")).unwrap();
    assert!(whole.contains("fetch"), "{whole}");
    for page in std::fs::read_dir(folder.path()).unwrap() {
        let page = page.unwrap().path();
        let name = page.file_name().unwrap().to_str().unwrap();
        let text = std::fs::read_to_string(&page).unwrap();
        let of_help = name.contains("-help") || text.contains("\\-help(1)");
        assert!(
            !of_help,
            "{name} is about the verb help, or points to such a page"
        );
    }
}
