//! `cargo xtask test`: everything that CI runs, in one go.
//!
//! A stage that fails does not hide the later ones, unless there is nothing to run. The last line
//! is `N passed, N failed, N skipped` for the whole run; a failed stage that is no test counts as
//! one failure.

mod programs;

use std::io::{BufReader, Write};
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context, Result};
use testkit::netns;

use self::programs::{Programs, TestProgram};
use crate::repository::{self, cargo_command};
use crate::results::Results;
use crate::{check, deny, generate};

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Leave out what needs a cluster or the peers' programs
    #[arg(long)]
    quick: bool,
}

pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    let root = repository::root()?;
    let mut run = Run::default();
    run.cargo("formatting", &root, &["fmt", "--all", "--check"]);
    let clippy = [
        "clippy",
        "--workspace",
        "--all-targets",
        "--",
        "--deny=warnings",
    ];
    run.cargo("lints", &root, &clippy);
    run.stage("dependencies", || {
        let mut deny = deny::command()?;
        succeed(
            deny.args(["check", "bans", "licenses", "sources"])
                .current_dir(&root),
        )
    });
    run.stage("layers, file sizes, RSA", check::run);
    run.stage("generated files", || generate::check(&root));
    match run.stage("build", || Programs::build(&root)) {
        Some(programs) => run.all_tests(&programs, &root, args.quick),
        None => say("nothing was tested: the build is broken"),
    }
    Ok(run.finish())
}

#[derive(Default)]
struct Run {
    results: Results,
    broken: Vec<String>,
}

impl Run {
    fn all_tests(&mut self, programs: &Programs, root: &Path, quick: bool) {
        for program in programs
            .tests
            .iter()
            .filter(|program| !program.needs_cluster())
        {
            self.test(program, programs, false);
        }
        if quick {
            say("left out, as --quick says: the tests that need a cluster");
        } else {
            self.cluster_tests(programs);
        }
        let mut documentation = cargo_command();
        documentation
            .args(["test", "--workspace", "--doc", "--no-fail-fast"])
            .current_dir(root);
        self.counted("documentation", documentation);
    }

    fn cluster_tests(&mut self, programs: &Programs) {
        let ready = self.stage("control plane, peers, emulators", || {
            testkit::assets::find()?;
            testkit::peers::build()?;
            testkit::python()
        });
        if ready.is_none() {
            return;
        }
        let namespaces = netns::enter();
        if let Err(reason) = &namespaces {
            say(&format!("outside of a network namespace: {reason}"));
        }
        for program in programs
            .tests
            .iter()
            .filter(|program| program.needs_cluster())
        {
            self.test(program, programs, namespaces.is_ok());
        }
    }

    fn test(&mut self, program: &TestProgram, programs: &Programs, namespace: bool) {
        let command = match namespace.then(netns::enter) {
            Some(Ok(mut command)) => {
                command.arg(&program.path);
                command
            }
            _ => Command::new(&program.path),
        };
        self.counted(&program.title(), programs.prepare(command, program));
    }

    /// Runs test programs and adds what they say to the results.
    fn counted(&mut self, title: &str, mut command: Command) {
        let counted = self.stage(title, || {
            let mut child = command
                .stdin(Stdio::null())
                .stdout(Stdio::piped())
                .spawn()
                .with_context(|| format!("could not run {command:?}"))?;
            let output = BufReader::new(child.stdout.take().context("no stdout")?);
            let results = Results::read(output, std::io::stdout())?;
            Ok((results, child.wait()?))
        });
        let Some((results, status)) = counted else {
            return;
        };
        self.results.add(results);
        if !status.success() {
            self.broken.push(title.to_owned());
            if !results.failed() {
                say(&format!("{title} ended with {status}"));
                self.results.add_failure();
            }
        }
    }

    fn cargo(&mut self, title: &str, root: &Path, args: &[&str]) {
        self.stage(title, || {
            succeed(cargo_command().args(args).current_dir(root))
        });
    }

    /// Runs one stage; an error is shown and counted, and does not end the run.
    fn stage<T>(&mut self, title: &str, work: impl FnOnce() -> Result<T>) -> Option<T> {
        say(&format!("\n== {title}"));
        match work() {
            Ok(value) => Some(value),
            Err(error) => {
                say(&format!("{title}: {error:#}"));
                self.results.add_failure();
                self.broken.push(title.to_owned());
                None
            }
        }
    }

    fn finish(self) -> ExitCode {
        say("");
        for title in &self.broken {
            say(&format!("failed: {title}"));
        }
        say(&self.results.to_string());
        if self.results.failed() {
            return ExitCode::FAILURE;
        }
        ExitCode::SUCCESS
    }
}

fn succeed(command: &mut Command) -> Result<()> {
    let status = command
        .status()
        .with_context(|| format!("could not run {command:?}"))?;
    anyhow::ensure!(status.success(), "{status}");
    Ok(())
}

fn say(line: &str) {
    // With nowhere to write to, the exit code still says how it went.
    let _ = writeln!(std::io::stdout(), "{line}");
}
