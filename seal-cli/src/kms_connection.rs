//! AWS KMS for one command: reached when the first key asks for it, and then the same for all files.

use std::fmt;
use std::sync::{Arc, OnceLock};

use seal_kms::{Kms, KmsOptions};
use tokio::runtime::{Builder, Runtime};

/// Clones are one connection. A client costs its credentials, which may be a file, a program or
/// another service, and its TLS handshakes.
#[derive(Clone)]
pub(crate) struct KmsConnection(Arc<Lazy>);

struct Lazy {
    options: KmsOptions,
    reached: OnceLock<Option<Reached>>,
}

struct Reached {
    runtime: Runtime,
    kms: Kms,
}

impl KmsConnection {
    /// Nothing is read or called yet.
    pub(crate) fn new(options: KmsOptions) -> Self {
        let reached = OnceLock::new();
        Self(Arc::new(Lazy { options, reached }))
    }

    /// Makes calls, from any thread. `None` if the system gives no runtime.
    pub(crate) fn ask<T>(&self, calls: impl AsyncFnOnce(&Kms) -> T) -> Option<T> {
        let reached = self.0.reached.get_or_init(|| {
            let mut builder = Builder::new_multi_thread();
            let runtime = builder.worker_threads(1).enable_all().build().ok()?;
            let kms = Kms::new(self.0.options.clone());
            Some(Reached { runtime, kms })
        });
        let Reached { runtime, kms } = reached.as_ref()?;
        Some(runtime.block_on(calls(kms)))
    }
}

impl fmt::Debug for KmsConnection {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.options.fmt(out)
    }
}
