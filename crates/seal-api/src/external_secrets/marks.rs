//! Names that mark what belongs to whom (contract §1). The same as upstream's, so that each takes over
//! the other's Secrets without a write.

use sha3::{Digest as _, Sha3_224};

/// Label of Secrets that are looked after: `true`.
pub const MANAGED: &str = "reconcile.external-secrets.io/managed";
/// Label of Secrets that are owned: a hash of namespace and name of the ExternalSecret.
pub const CREATED_BY: &str = "reconcile.external-secrets.io/created-by";
/// Annotation of Secrets: a hash of their data.
pub const DATA_HASH: &str = "reconcile.external-secrets.io/data-hash";
/// Annotation of ExternalSecrets whose every change is a wish to fetch at once.
pub const FORCE_SYNC: &str = "external-secrets.io/force-sync";
/// Finalizer of ExternalSecrets.
pub const FINALIZER: &str = "externalsecrets.external-secrets.io/externalsecret-cleanup";

const MANAGER: &str = "externalsecrets.external-secrets.io/";
/// Characters of a field manager.
const MANAGER_LENGTH: usize = 63;

/// Who writes the Secret of an ExternalSecret, as its managed fields say.
pub fn field_manager(name: &str) -> String {
    if MANAGER.len() + name.len() <= MANAGER_LENGTH {
        return format!("{MANAGER}{name}");
    }
    let digest = Sha3_224::digest(name);
    let hex = digest.iter().map(|byte| format!("{byte:02x}"));
    format!("{MANAGER}sha3/{}", hex.collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_names_are_hashed() {
        let named = |length: usize| field_manager(&"n".repeat(length));
        assert_eq!(named(27).len(), 63);
        assert_eq!(named(28).len(), MANAGER.len() + 5 + 56);
    }
}
