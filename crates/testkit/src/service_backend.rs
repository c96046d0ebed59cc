//! What makes the API server's service proxy reach a program that runs beside it.
//!
//! The API server proxies `/api/v1/namespaces/NS/services/http:NAME:PORT/proxy/…` only to an
//! address that is not loopback and is the `podIP` of an existing Pod named by the address's
//! `targetRef` in the service's `Endpoints` (not `EndpointSlices`). No node is needed for that.

use std::net::Ipv4Addr;
use std::time::Duration;

use anyhow::{Result, bail};
use serde_json::{Value, json};

use crate::control_plane::ControlPlane;
use crate::netns;
use crate::wait::wait_for;

const POD: &str = "test-host";

/// A port of a service.
#[derive(Clone, Debug)]
pub struct ServicePort {
    /// Name in the service, by which the proxy may be asked.
    pub name: String,
    /// Port of the service.
    pub port: u16,
    /// Port at which the program listens on [`netns::ADDRESS`].
    pub target: u16,
}

/// A Pod that stands for this host in one namespace, and the services that lead to it.
///
/// Only inside a network namespace ([`netns::is_inside`]).
#[derive(Debug)]
pub struct ServiceBackend<'a> {
    plane: &'a ControlPlane,
    namespace: String,
    address: Ipv4Addr,
}

impl<'a> ServiceBackend<'a> {
    /// Makes the Pod `test-host`, running at [`netns::ADDRESS`], in a namespace that exists.
    ///
    /// # Errors
    /// When this process is not inside a network namespace, or the API server refuses.
    pub fn new(plane: &'a ControlPlane, namespace: &str) -> Result<Self> {
        if !netns::is_inside() {
            bail!(
                "{} is not an address of this host: see testkit::netns",
                netns::ADDRESS
            );
        }
        let backend = Self {
            plane,
            namespace: namespace.to_owned(),
            address: netns::ADDRESS,
        };
        backend.make_pod()?;
        Ok(backend)
    }

    /// Makes a service without selector and the endpoints behind it.
    ///
    /// # Errors
    /// When the API server refuses.
    pub fn publish(&self, name: &str, ports: &[ServicePort]) -> Result<()> {
        let service_ports: Vec<_> = ports
            .iter()
            .map(|port| json!({"name": port.name, "port": port.port, "targetPort": port.target}))
            .collect();
        self.plane.apply(&json!({
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": name, "namespace": self.namespace},
            "spec": {"ports": service_ports},
        }))?;
        self.publish_endpoints(name, ports)
    }

    /// Makes only the endpoints of a service that exists, such as one of our manifests; its
    /// selector does no harm, as nothing follows selectors here.
    ///
    /// # Errors
    /// When the API server refuses.
    pub fn publish_endpoints(&self, service: &str, ports: &[ServicePort]) -> Result<()> {
        let ports: Vec<_> = ports
            .iter()
            .map(|port| json!({"name": port.name, "port": port.target}))
            .collect();
        self.plane.apply(&json!({
            "apiVersion": "v1",
            "kind": "Endpoints",
            "metadata": {"name": service, "namespace": self.namespace},
            "subsets": [{
                "addresses": [{"ip": self.address, "targetRef": {
                    "kind": "Pod", "name": POD, "namespace": self.namespace,
                }}],
                "ports": ports,
            }],
        }))?;
        Ok(())
    }

    fn make_pod(&self) -> Result<()> {
        let namespace = format!("--namespace={}", self.namespace);
        // Pods are admitted only where their service account exists.
        if self.plane.has_controller_manager() {
            wait_for(
                "the service account default",
                Duration::from_mins(1),
                || {
                    self.plane
                        .run(&["get", "serviceaccount", "default", &namespace])
                        .ok()
                },
            )?;
        } else {
            self.apply_named("ServiceAccount", "default", json!({}))?;
        }
        self.apply_named(
            "Pod",
            POD,
            json!({"spec": {
                "nodeName": POD,
                "automountServiceAccountToken": false,
                "containers": [{"name": "host", "image": "none.invalid/none"}],
            }}),
        )?;
        let status = json!({"status": {
            "phase": "Running",
            "podIP": self.address,
            "podIPs": [{"ip": self.address}],
        }});
        let patch = format!("--patch={status}");
        self.plane.run(&[
            "patch",
            "pod",
            POD,
            &namespace,
            "--subresource=status",
            "--type=merge",
            &patch,
        ])?;
        Ok(())
    }

    fn apply_named(&self, kind: &str, name: &str, rest: Value) -> Result<()> {
        let mut object = json!({
            "apiVersion": "v1",
            "kind": kind,
            "metadata": {"name": name, "namespace": self.namespace},
        });
        if let (Some(object), Value::Object(rest)) = (object.as_object_mut(), rest) {
            object.extend(rest);
        }
        self.plane.apply(&object).map(|_| ())
    }
}
