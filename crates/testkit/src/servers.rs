//! The command lines of the three servers.

use std::fs::File;
use std::io::Write;
use std::net::IpAddr;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rsa::{KeyPair, KeySize};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::assets::Assets;
use crate::port::free_port_on;
use crate::process::Program;

pub(crate) const ETCD: &str = "etcd";
pub(crate) const APISERVER: &str = "kube-apiserver";
pub(crate) const CONTROLLER_MANAGER: &str = "kube-controller-manager";

/// Everything that the command lines differ in.
#[derive(Clone, Debug)]
pub(crate) struct Layout {
    /// Holds all state, logs and certificates.
    pub(crate) folder: PathBuf,
    /// What the API server binds and advertises.
    pub(crate) address: IpAddr,
    pub(crate) etcd_port: u16,
    pub(crate) etcd_peer_port: u16,
    pub(crate) apiserver_port: u16,
}

impl Layout {
    /// With ports that were free a moment ago.
    pub(crate) fn new(folder: &Path, address: IpAddr) -> Result<Self> {
        let loopback = IpAddr::from([127, 0, 0, 1]);
        Ok(Self {
            folder: folder.to_owned(),
            address,
            etcd_port: free_port_on(loopback)?,
            etcd_peer_port: free_port_on(loopback)?,
            apiserver_port: free_port_on(address)?,
        })
    }

    pub(crate) fn server(&self) -> String {
        format!("https://{}:{}", self.address, self.apiserver_port)
    }

    pub(crate) fn log(&self, name: &str) -> PathBuf {
        self.folder.join(format!("{name}.log"))
    }

    /// The API server's own certificate and the authority that signed it, which it makes itself.
    pub(crate) fn authority(&self) -> PathBuf {
        self.folder.join("certificates/apiserver.crt")
    }

    pub(crate) fn kubeconfig(&self) -> PathBuf {
        self.folder.join("admin.kubeconfig")
    }

    fn path(&self, name: &str) -> String {
        self.folder.join(name).to_string_lossy().into_owned()
    }

    /// Writes the token file and the key that signs service account tokens.
    pub(crate) fn write_credentials(&self, token: &str) -> Result<()> {
        let tokens = format!("{token},admin,admin,\"system:masters\"\n");
        write_private(&self.folder.join("tokens.csv"), &tokens)?;
        // RSA, as in real clusters: token audiences such as AWS expect RS256.
        let key = KeyPair::generate(KeySize::Rsa2048).context("could not make an RSA key")?;
        let der: Pkcs8V1Der<'_> = key.as_der().context("could not encode an RSA key")?;
        let key = private_key_pem(der.as_ref());
        write_private(&self.folder.join("service-account.key"), &key)
    }

    pub(crate) fn etcd(&self, assets: &Assets) -> Program {
        let client = format!("http://127.0.0.1:{}", self.etcd_port);
        let peer = format!("http://127.0.0.1:{}", self.etcd_peer_port);
        Program::new(&assets.etcd, self.log(ETCD)).args([
            format!("--data-dir={}", self.path("etcd")),
            format!("--listen-client-urls={client}"),
            format!("--advertise-client-urls={client}"),
            format!("--listen-peer-urls={peer}"),
            format!("--initial-advertise-peer-urls={peer}"),
            format!("--initial-cluster=default={peer}"),
            "--heartbeat-interval=10".to_owned(),
            "--election-timeout=100".to_owned(),
            "--unsafe-no-fsync".to_owned(),
            "--log-level=warn".to_owned(),
        ])
    }

    pub(crate) fn apiserver(&self, assets: &Assets) -> Program {
        let key = self.path("service-account.key");
        Program::new(&assets.apiserver, self.log(APISERVER)).args([
            format!("--etcd-servers=http://127.0.0.1:{}", self.etcd_port),
            format!("--secure-port={}", self.apiserver_port),
            format!("--bind-address={}", self.address),
            format!("--advertise-address={}", self.address),
            format!("--cert-dir={}", self.path("certificates")),
            "--service-cluster-ip-range=10.0.0.0/24".to_owned(),
            "--allow-privileged=true".to_owned(),
            "--authorization-mode=RBAC".to_owned(),
            format!("--token-auth-file={}", self.path("tokens.csv")),
            format!("--service-account-issuer={}/", self.server()),
            format!("--service-account-key-file={key}"),
            format!("--service-account-signing-key-file={key}"),
        ])
    }

    /// Only what a Secret's life needs: no nodes, no workloads.
    pub(crate) fn controller_manager(&self, binary: &Path) -> Program {
        let kubeconfig = self.kubeconfig();
        Program::new(binary, self.log(CONTROLLER_MANAGER)).args([
            format!("--kubeconfig={}", kubeconfig.display()),
            "--controllers=garbage-collector-controller,namespace-controller,\
             serviceaccount-controller,serviceaccount-token-controller,\
             root-ca-certificate-publisher-controller"
                .to_owned(),
            "--leader-elect=false".to_owned(),
            format!(
                "--service-account-private-key-file={}",
                self.path("service-account.key")
            ),
            format!("--root-ca-file={}", self.authority().display()),
            // Its own endpoints are not needed, and a port less is a race less.
            "--secure-port=0".to_owned(),
        ])
    }
}

/// RFC 7468, §10.
fn private_key_pem(der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let mut pem = "-----BEGIN PRIVATE KEY-----\n".to_owned();
    for line in text.as_bytes().chunks(64) {
        pem.push_str(&String::from_utf8_lossy(line));
        pem.push('\n');
    }
    pem.push_str("-----END PRIVATE KEY-----\n");
    pem
}

fn write_private(path: &Path, text: &str) -> Result<()> {
    let mut file = File::options()
        .create(true)
        .truncate(true)
        .write(true)
        .mode(0o600)
        .open(path)
        .with_context(|| format!("could not write {}", path.display()))?;
    Ok(file.write_all(text.as_bytes())?)
}
