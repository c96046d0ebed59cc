//! `SEALED_SECRETS_*` variables (contract §3): the name of a flag in capitals.

/// The value of a variable of our own, which has no counterpart in kubeseal.
pub(crate) fn own(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// The value of the variable for a flag such as `controller-name`. Set but empty counts.
pub(crate) fn variable(flag: &str) -> Option<String> {
    std::env::var(name(flag)).ok()
}

/// The variable of a flag.
pub(crate) fn name(flag: &str) -> String {
    format!("SEALED_SECRETS_{}", flag.to_uppercase().replace('-', "_"))
}

#[cfg(test)]
mod tests {
    #[test]
    fn flags_have_their_variable() {
        assert_eq!(
            super::name("controller-namespace"),
            "SEALED_SECRETS_CONTROLLER_NAMESPACE"
        );
    }
}
