//! The programs that one build of the workspace gives: ours, and those that test them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Result, ensure};
use serde_json::Value;

use crate::repository::{cargo, cargo_command};

/// Binaries, by the variable in which tests of other packages find them.
const EXPORTED: &[(&str, &str)] = &[
    ("seal", "SEAL_BIN"),
    ("sealed-controller", "SEALED_CONTROLLER_BIN"),
    ("external-secrets", "EXTERNAL_SECRETS_BIN"),
    ("testkit-supervisor", "SEAL_SUPERVISOR"),
    ("xtask", "SEAL_XTASK"),
];

/// One build's results. Building everything at once, and running the programs ourselves, spares a
/// second build with other features for each selection of tests.
pub(crate) struct Programs {
    pub(crate) tests: Vec<TestProgram>,
    binaries: BTreeMap<&'static str, PathBuf>,
}

/// An executable with tests in it.
pub(crate) struct TestProgram {
    pub(crate) path: PathBuf,
    /// Folder of the package, where cargo would run it.
    folder: PathBuf,
    package: String,
    target: String,
    integration: bool,
}

impl Programs {
    /// Builds all binaries and all tests of the workspace.
    ///
    /// # Errors
    /// When something does not compile.
    pub(crate) fn build(root: &Path) -> Result<Self> {
        let output = cargo_command()
            .args(["build", "--workspace", "--bins", "--tests"])
            .arg("--message-format=json-render-diagnostics")
            .current_dir(root)
            .stderr(Stdio::inherit())
            .output()?;
        ensure!(output.status.success(), "cargo build: {}", output.status);
        let text = String::from_utf8_lossy(&output.stdout);
        Ok(Self::of(
            text.lines()
                .filter_map(|line| serde_json::from_str(line).ok()),
        ))
    }

    fn of(messages: impl Iterator<Item = Value>) -> Self {
        let mut programs = Self {
            tests: Vec::new(),
            binaries: BTreeMap::new(),
        };
        for message in messages {
            let Some(path) = message["executable"].as_str() else {
                continue;
            };
            let target = message["target"]["name"].as_str().unwrap_or_default();
            if message["profile"]["test"] == true {
                programs
                    .tests
                    .extend(TestProgram::of(&message, path, target));
            } else if let Some((_, variable)) = EXPORTED.iter().find(|(name, _)| *name == target) {
                programs.binaries.insert(variable, path.into());
            }
        }
        // Cargo reports in the order in which builds end.
        programs.tests.sort_by_key(TestProgram::title);
        programs
    }

    /// Adds what cargo would set, and where our binaries are.
    pub(crate) fn prepare(&self, mut command: Command, test: &TestProgram) -> Command {
        command
            .current_dir(&test.folder)
            .env("CARGO", cargo())
            .env("CARGO_MANIFEST_DIR", &test.folder)
            .env("CARGO_PKG_NAME", &test.package)
            .envs(&self.binaries);
        command
    }
}

impl TestProgram {
    fn of(message: &Value, path: &str, target: &str) -> Option<Self> {
        let folder = Path::new(message["manifest_path"].as_str()?).parent()?;
        let kinds = message["target"]["kind"].as_array()?;
        Some(Self {
            path: path.into(),
            folder: folder.to_owned(),
            package: package(message)?,
            target: target.to_owned(),
            integration: kinds.iter().any(|kind| kind == "test"),
        })
    }

    /// Whether it starts control planes, emulators or the peers' programs: outside of the packages for
    /// that, its name begins with `interop`.
    pub(crate) fn needs_cluster(&self) -> bool {
        self.integration
            && (matches!(self.package.as_str(), "suite" | "testkit")
                || self.target.starts_with("interop"))
    }

    pub(crate) fn title(&self) -> String {
        let what = if self.integration {
            "tests"
        } else {
            "unit tests"
        };
        format!("{}: {} ({what})", self.package, self.target)
    }
}

/// The name in `path+file:///folder#name@1.0.0`, or in `path+file:///folder/name#1.0.0`.
fn package(message: &Value) -> Option<String> {
    let (source, fragment) = message["package_id"].as_str()?.rsplit_once('#')?;
    let name = match fragment.split_once('@') {
        Some((name, _)) => name,
        None => source.rsplit('/').next()?,
    };
    Some(name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn message(id: &str, kind: &str, target: &str, test: bool) -> Value {
        json!({
            "package_id": id,
            "manifest_path": "/seal/package/Cargo.toml",
            "target": {"kind": [kind], "name": target},
            "profile": {"test": test},
            "executable": format!("/target/{target}"),
        })
    }

    #[test]
    fn tests_and_binaries_are_told_apart() {
        let programs = Programs::of(
            [
                message(
                    "path+file:///seal/tests#suite@0.1.0",
                    "test",
                    "cluster",
                    true,
                ),
                message(
                    "path+file:///seal/crates/sealing#0.1.0",
                    "test",
                    "vectors",
                    true,
                ),
                message(
                    "path+file:///seal/crates/testkit#0.1.0",
                    "lib",
                    "testkit",
                    true,
                ),
                message(
                    "path+file:///seal/seal-cli#0.1.0",
                    "test",
                    "interop_kubeseal",
                    true,
                ),
                message(
                    "path+file:///seal/seal-cli#0.1.0",
                    "test",
                    "transcripts",
                    true,
                ),
                message("path+file:///seal/seal-cli#0.1.0", "bin", "seal", false),
                message("path+file:///seal/seal-cli#0.1.0", "bin", "seal", true),
                json!({"reason": "build-finished", "success": true}),
            ]
            .into_iter(),
        );
        assert_eq!(programs.binaries["SEAL_BIN"], Path::new("/target/seal"));
        let found: Vec<_> = programs
            .tests
            .iter()
            .map(|test| (test.package.as_str(), test.needs_cluster()))
            .collect();
        let expected = [
            ("seal-cli", true),
            ("seal-cli", false),
            ("seal-cli", false),
            ("sealing", false),
            ("suite", true),
            ("testkit", false),
        ];
        assert_eq!(found, expected);
    }
}
