//! A specification, and what becomes of it.

/// One specification.
pub(super) struct Case {
    /// What it is about.
    pub(super) title: &'static str,
    /// The object's kind.
    pub(super) kind: &'static str,
    /// As JSON.
    pub(super) spec: &'static str,
    /// What the definitions of 0.20.4 do with it.
    pub(super) upstream: Upstream,
}

/// What the definitions of 0.20.4 do.
#[derive(Clone, Copy)]
pub(super) enum Upstream {
    /// They let it pass.
    Accepts,
    /// They refuse it with this; of what is accepted that is what came later.
    Refuses(&'static str),
}

pub(super) const ES: &str = "ExternalSecret";
pub(super) const SS: &str = "SecretStore";
pub(super) const CSS: &str = "ClusterSecretStore";
pub(super) const CES: &str = "ClusterExternalSecret";

pub(super) const fn case(
    title: &'static str,
    kind: &'static str,
    upstream: Upstream,
    spec: &'static str,
) -> Case {
    Case {
        title,
        kind,
        spec,
        upstream,
    }
}
