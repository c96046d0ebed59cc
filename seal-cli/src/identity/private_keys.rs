//! Private keys of clusters, for recovery: PEM, or key Secrets as a backup holds them (contract
//! Sealed Secrets §3.10).

use std::path::Path;

use seal_keys::{PrivateKey, PrivateKeyError, RsaIdentity};
use seal_manifest::Node;
use sealing::read_secrets;

use crate::error::CliError;
use crate::input;

/// Every key of a file.
pub(crate) fn read(path: &Path) -> Result<Vec<RsaIdentity>, CliError> {
    let failed = |reason| CliError::PrivateKey {
        from: path.display().to_string(),
        reason,
    };
    let bytes = input::bytes(Some(path)).map_err(|reason| CliError::Input {
        from: path.display().to_string(),
        reason,
    })?;
    let key = |pem: &[u8]| PrivateKey::from_pem(pem).and_then(|key| RsaIdentity::new(&key));
    match PrivateKey::all_from_pem(&bytes) {
        Err(PrivateKeyError::NoPem) => {}
        Err(reason) => return Err(failed(reason)),
        Ok(keys) => {
            let keys = keys.iter().map(RsaIdentity::new);
            return keys.collect::<Result<_, _>>().map_err(failed);
        }
    }
    let documents = seal_manifest::read(&bytes).map_err(|_| failed(PrivateKeyError::NoPem))?;
    let mut keys = Vec::new();
    for document in &documents {
        // Not every document of a backup is a key: certificates alone, other Secrets.
        let kind = document.root().get("kind").and_then(Node::as_str);
        if !matches!(kind, Some("Secret" | "List" | "SecretList")) {
            continue;
        }
        let list = read_secrets(document).map_err(|reason| CliError::Secret {
            from: path.display().to_string(),
            reason,
        })?;
        for secret in list.secrets {
            if let Some(pem) = secret.data.get("tls.key") {
                keys.push(key(pem).map_err(failed)?);
            }
        }
    }
    if keys.is_empty() {
        return Err(failed(PrivateKeyError::NoPem));
    }
    Ok(keys)
}
