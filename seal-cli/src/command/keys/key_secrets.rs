//! The key Secrets of a cluster, through its API server.

use std::future::Future;

use k8s_openapi::api::core::v1::Secret;
use kube::api::{ListParams, PostParams};
use kube::{Api, ResourceExt};
use tokio::runtime::Runtime;

use super::error::KeysError;
use super::key_secret::KeySecret;
use crate::address;
use crate::cluster;
use crate::context::Cluster;
use crate::error::CliError;
use crate::kubeconfig;

/// The label of sealing keys, whatever its value (contract Sealed Secrets §1.5).
const LABEL: &str = "sealedsecrets.bitnami.com/sealed-secrets-key";

/// A namespace with keys.
pub(super) struct KeySecrets {
    runtime: Runtime,
    secrets: Api<Secret>,
    namespace: String,
    server: String,
}

impl KeySecrets {
    pub(super) fn of(cluster: &Cluster) -> Result<Self, CliError> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|_| CliError::NoCluster("the system gives no runtime"))?;
        let config = kubeconfig::config(&cluster.connection)?;
        let server = address::of(&config.cluster_url);
        let client = runtime.block_on(async { cluster::client(&config) })?;
        let namespace = cluster.controller.namespace.clone();
        Ok(Self {
            secrets: Api::namespaced(client, &namespace),
            runtime,
            namespace,
            server,
        })
    }

    /// Names of all keys, in use or not.
    pub(super) fn names(&self) -> Result<Vec<String>, KeysError> {
        let labelled = ListParams::default().labels(LABEL);
        let list = self.ask("list", self.secrets.list_metadata(&labelled))?;
        if list.items.is_empty() {
            return Err(KeysError::NoKeys(self.namespace.clone()));
        }
        Ok(list.items.iter().map(ResourceExt::name_any).collect())
    }

    pub(super) fn get(&self, name: &str) -> Result<KeySecret, KeysError> {
        KeySecret::new(self.ask("get", self.secrets.get(name))?)
    }

    /// Writes it whole, if it is still what was read; false if it is not.
    pub(super) fn replace(&self, key: &KeySecret) -> Result<bool, KeysError> {
        let params = PostParams::default();
        let replaced = self.secrets.replace(key.name(), &params, key.as_secret());
        match self.ask("update", replaced) {
            Ok(_) => Ok(true),
            Err(KeysError::Contended) => Ok(false),
            Err(error) => Err(error),
        }
    }

    fn ask<T>(
        &self,
        verb: &'static str,
        call: impl Future<Output = kube::Result<T>>,
    ) -> Result<T, KeysError> {
        self.runtime.block_on(call).map_err(|error| match error {
            kube::Error::Api(status) => match status.code {
                401 => KeysError::Unauthorized,
                403 => KeysError::Forbidden {
                    verb,
                    namespace: self.namespace.clone(),
                },
                404 => KeysError::NotFound(self.namespace.clone()),
                409 => KeysError::Contended,
                // Its text may quote what it was given.
                code => KeysError::Refused(format!("{code} {}", status.reason)),
            },
            error => match cluster::tls_fault(&error) {
                Some(told) => KeysError::Tls {
                    server: self.server.clone(),
                    told,
                },
                None => KeysError::NoAnswer(self.server.clone()),
            },
        })
    }
}
