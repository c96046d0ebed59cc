//! What External Secrets needs in a cluster: definitions, ours or upstream's, and the rights of
//! `deploy/kustomize/external-secrets`.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::json;
use testkit::RealOperator;

use crate::cluster::{Cluster, root};

/// The namespace of our manifests.
pub const EXTERNAL_SECRETS_NAMESPACE: &str = "external-secrets";
/// The service account of our manifests.
pub const EXTERNAL_SECRETS_ACCOUNT: &str = "external-secrets";

/// Which resource definitions there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CrdSet {
    /// Those of `deploy/kustomize/external-secrets/crds`.
    Ours,
    /// Those that External Secrets Operator 0.20.4 ships with: the normal case for people who switch.
    Upstream,
}

/// What our manifests leave to those who need it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Component {
    /// `serviceAccountRef` in stores.
    ServiceAccountTokens,
    /// ClusterExternalSecrets.
    ClusterExternalSecrets,
    /// Finalizers that External Secrets Operator left on namespaces.
    NamespaceFinalizers,
    /// No rights outside of its own namespace.
    OneNamespace,
}

impl Component {
    /// All that give rights.
    pub const ALL: [Self; 3] = [
        Self::ServiceAccountTokens,
        Self::ClusterExternalSecrets,
        Self::NamespaceFinalizers,
    ];

    fn folder(self) -> &'static str {
        match self {
            Self::ServiceAccountTokens => "service-account-tokens",
            Self::ClusterExternalSecrets => "cluster-external-secrets",
            Self::NamespaceFinalizers => "namespace-finalizers",
            Self::OneNamespace => "one-namespace",
        }
    }
}

impl Cluster {
    /// Installs definitions, and our manifests with all their components.
    pub fn external_secrets(&self, crds: CrdSet) {
        self.external_secrets_crds(crds);
        self.deploy_external_secrets(&Component::ALL);
    }

    /// Installs definitions only.
    pub fn external_secrets_crds(&self, crds: CrdSet) {
        match crds {
            CrdSet::Ours => self.apply_established(&manifests().join("crds")),
            CrdSet::Upstream => RealOperator::install_crds(self.plane()).unwrap(),
        }
    }

    /// Applies `deploy/kustomize/external-secrets` with these components: the account has their rights
    /// and no others afterwards, except for those of components that were applied before.
    pub fn deploy_external_secrets(&self, components: &[Component]) {
        self.namespace(EXTERNAL_SECRETS_NAMESPACE);
        let folders = components.iter().map(|it| it.folder());
        let components: Vec<_> = folders.map(|it| format!("components/{it}")).collect();
        let overlay = self.overlay("deployed", &[""], &components);
        let overlay = overlay.to_str().unwrap();
        self.plane()
            .run(&["apply", "--server-side", "--force-conflicts", "-k", overlay])
            .unwrap();
    }

    /// Has our definitions serve v1beta1, too.
    pub fn serve_v1beta1(&self) {
        let components = ["components/v1beta1".to_owned()];
        self.apply_established(&self.overlay("v1beta1", &["crds"], &components));
    }

    /// An overlay of folders of our manifests.
    fn overlay(&self, name: &str, resources: &[&str], components: &[String]) -> PathBuf {
        let overlay = self.plane().dir().join(name);
        let up = up_to_root(&overlay);
        let source = fs::canonicalize(manifests()).unwrap();
        let source = source.strip_prefix("/").unwrap();
        let at = |folder: &str| up.join(source).join(folder).display().to_string();
        let kustomization = json!({
            "apiVersion": "kustomize.config.k8s.io/v1beta1", "kind": "Kustomization",
            "resources": resources.iter().map(|it| at(it)).collect::<Vec<_>>(),
            "components": components.iter().map(|it| at(it)).collect::<Vec<_>>(),
        });
        fs::create_dir_all(&overlay).unwrap();
        fs::write(
            overlay.join("kustomization.yaml"),
            kustomization.to_string(),
        )
        .unwrap();
        overlay
    }

    fn apply_established(&self, folder: &Path) {
        let folder = folder.to_str().unwrap();
        let apply = ["apply", "--server-side", "--force-conflicts", "-k", folder];
        self.plane().run(&apply).unwrap();
        let established = [
            "wait",
            "--for=condition=Established",
            "--timeout=60s",
            "crd",
            "--all",
        ];
        self.plane().run(&established).unwrap();
    }
}

/// `..` as often as it takes: kustomize follows relative paths only.
fn up_to_root(folder: &Path) -> PathBuf {
    let folder = fs::canonicalize(folder.parent().unwrap()).unwrap();
    folder.components().map(|_| "..").collect()
}

fn manifests() -> PathBuf {
    root().join("deploy/kustomize/external-secrets")
}
