//! A password that is kept in AWS Secrets Manager, and the Secret that follows it. AWS is an emulator on this
//! machine.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use anyhow::Result;
use testkit::aws::{self, Emulator, Kind};
use testkit::{Process, Program, free_port, python};

use super::cluster::{Cluster, Embedded};
use super::shell::{Shell, say};

const NAMESPACE: &str = "external-secrets";
const ACCOUNT: &str = "external-secrets";
const FILE: &str = "overlays/development/mail.yaml";
/// A store without `auth` asks as the controller's own role.
const MAIL: &str = "\
apiVersion: external-secrets.io/v1
kind: SecretStore
metadata: {name: aws, namespace: dev}
spec:
  provider:
    aws: {service: SecretsManager, region: us-east-1}
---
apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata: {name: mail, namespace: dev}
spec:
  refreshInterval: 5s
  secretStoreRef: {name: aws}
  data:
    - secretKey: password
      remoteRef: {key: dev/mail}
";
const COMPARE: &str = "kubectl get -n dev secret/mail -o jsonpath='{.data.password}' | base64 -d | cmp -s - mail.env && echo 'the Secret has what AWS has'";

/// What runs until the demo ends.
pub(crate) struct Running {
    _controller: Process,
    _emulator: Emulator,
}

/// Tells the story where it can be told; says why, where it cannot.
pub(crate) fn follow(
    shell: &Shell<'_>,
    cluster: &Cluster,
    root: &Path,
    programs: &Path,
) -> Result<Option<Running>> {
    let Cluster::Embedded(embedded) = cluster else {
        say(
            "\n# (left out: AWS Secrets Manager. The pods of your cluster do not reach an emulator on this machine; run the demo without --context)",
        );
        return Ok(None);
    };
    let started = python().and_then(|python| Ok((python, Emulator::start(Kind::Moto)?)));
    let (python, emulator) = match started {
        Ok(started) => started,
        Err(error) => {
            say(&format!(
                "\n# (left out: AWS Secrets Manager. There is no emulator of it: {error:#})"
            ));
            return Ok(None);
        }
    };
    command_line(shell, &python, emulator.url())?;
    let controller = install(shell, embedded, root, programs, emulator.url())?;
    first_value(shell)?;
    next_value(shell)?;
    Ok(Some(Running {
        _controller: controller,
        _emulator: emulator,
    }))
}

/// `aws`, with the emulator in the place of AWS.
fn command_line(shell: &Shell<'_>, python: &Path, url: &str) -> Result<()> {
    let variables = aws::environment(url).map(|(name, value)| format!("export {name}='{value}'\n"));
    let exec = format!("exec '{}' -m awscli \"$@\"\n", python.display());
    let aws = shell.programs().join("aws");
    std::fs::write(&aws, ["#!/bin/sh\n", &variables.concat(), &exec].concat())?;
    Ok(std::fs::set_permissions(
        &aws,
        std::fs::Permissions::from_mode(0o755),
    )?)
}

fn install(
    shell: &Shell<'_>,
    embedded: &Embedded,
    root: &Path,
    programs: &Path,
    url: &str,
) -> Result<Process> {
    let manifests = root.join("deploy/kustomize/external-secrets");
    shell.quietly(&format!("ln -s '{}' external-secrets", manifests.display()))?;
    shell.step(
        "Other passwords are kept in AWS Secrets Manager (here an emulator, moto). Once per cluster, and of use without the rest of seal:",
        &format!("kubectl create namespace {NAMESPACE}"),
    )?;
    shell.step("", "kubectl apply --server-side -k external-secrets/crds")?;
    shell.step("", "kubectl apply -k external-secrets/")?;
    shell.quietly("kubectl wait --for=condition=Established --timeout=60s crd --all")?;
    embedded.start(
        NAMESPACE,
        ACCOUNT,
        free_port()?,
        |kubeconfig, listen, metrics| {
            let mut program = Program::new(
                programs.join("external-secrets"),
                embedded.folder().join("external-secrets.log"),
            )
            .arg("--kubeconfig")
            .arg(kubeconfig)
            .args(["--live-addr".to_owned(), listen])
            .args(["--metrics-addr".to_owned(), metrics])
            .env("AWS_SECRETSMANAGER_ENDPOINT", url)
            .env("AWS_STS_ENDPOINT", url);
            for (name, value) in aws::environment(url) {
                program = program.env(name, value);
            }
            program
        },
    )
}

fn first_value(shell: &Shell<'_>) -> Result<()> {
    let password = super::shell::password()?;
    std::fs::write(shell.folder().join("mail.env"), password)?;
    std::fs::write(shell.folder().join(FILE), MAIL)?;
    shell.step(
        "Someone puts a password there:",
        "aws secretsmanager create-secret --name dev/mail --secret-string file://mail.env --query Name --output text",
    )?;
    shell.step(
        "Git holds where it is, never what it is:",
        &format!("cat {FILE}"),
    )?;
    shell.step("", &format!("kubectl apply -f {FILE}"))?;
    shell.step(
        "",
        "kubectl wait -n dev --for=condition=Ready --timeout=60s externalsecret/mail",
    )?;
    shell.step("", "kubectl get -n dev externalsecret/mail")?;
    shell.step("", COMPARE)
}

fn next_value(shell: &Shell<'_>) -> Result<()> {
    let password = super::shell::password()?;
    std::fs::write(shell.folder().join("mail.env"), password)?;
    shell.step(
        "The password changes, in AWS and nowhere else:",
        "aws secretsmanager put-secret-value --secret-id dev/mail --secret-string file://mail.env --query VersionStages --output text",
    )?;
    shell.until(COMPARE)?;
    shell.step("Seconds later, by itself:", COMPARE)
}
