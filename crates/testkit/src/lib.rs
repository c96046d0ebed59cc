//! The test bed: everything that tests, the demo and the benchmarks run against.
//!
//! Development only: no program that users get depends on this crate.
//!
//! - [`ControlPlane`] is a real Kubernetes API server with etcd and the controllers that matter to
//!   a Secret's life (garbage collection, namespaces, service accounts). Its binaries come from
//!   `KUBEBUILDER_ASSETS` or are built once per machine from the Go module in `control-plane/`.
//! - [`peers`] has the real `kubeseal` and the real Sealed Secrets controller, built the same way
//!   ([`RealController`] runs the latter against a control plane), the real External Secrets Operator
//!   ([`RealOperator`]), `age` and `rage`.
//! - [`aws`] has two emulators of AWS, and a proxy before them that makes trouble and counts calls;
//!   they run on [`python()`], an environment that is made once per machine.
//! - [`Process`] runs a program of ours with its output in a file.
//! - [`netns`] and [`ServiceBackend`] make the API server's service proxy work without nodes.
//! - [`eventually`] waits for a condition, [`Canary`] looks for a value where it must not be, and
//!   [`skip`] says that a test could not run here, [`Dice`] makes choices that a seed repeats.
//!
//! Every server is a child of a supervisor process that ends with its owner, however the owner
//! ends: see [`supervisor`].

pub mod assets;
pub mod aws;
pub mod cache;
mod canary;
mod command;
mod control_plane;
mod dice;
mod go;
mod go_oracle;
mod go_release;
mod http;
mod kubeconfig;
pub mod netns;
pub mod peers;
mod port;
mod process;
mod progress;
mod python;
mod real_controller;
mod real_operator;
mod rust;
mod servers;
mod service_backend;
pub mod supervisor;
mod wait;

pub use canary::Canary;
pub use control_plane::{ControlPlane, Options};
pub use dice::Dice;
pub use go_oracle::GoOracle;
pub use port::free_port;
pub use process::{Process, Program, is_alive, started_at};
pub use python::python;
pub use real_controller::{RealController, RealControllerOptions};
pub use real_operator::{RealOperator, RealOperatorOptions};
pub use service_backend::{ServiceBackend, ServicePort};
pub use wait::{eventually, skip, wait_for};
