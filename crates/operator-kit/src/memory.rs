//! The process's memory, where private keys and values are.

/// Forbids core dumps, which would write them to a disk, and keeps other processes of the same user
/// from reading them. False where the system does not do that.
#[cfg(target_os = "linux")]
pub fn keep_private() -> bool {
    use rustix::process::{DumpableBehavior, set_dumpable_behavior};

    set_dumpable_behavior(DumpableBehavior::NotDumpable).is_ok()
}

/// Other systems are for development.
#[cfg(not(target_os = "linux"))]
pub fn keep_private() -> bool {
    false
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use rustix::process::{DumpableBehavior, dumpable_behavior};

    use super::*;

    #[test]
    fn no_core_is_dumped() {
        assert_eq!(dumpable_behavior(), Ok(DumpableBehavior::Dumpable));
        assert!(keep_private());
        assert_eq!(dumpable_behavior(), Ok(DumpableBehavior::NotDumpable));
    }
}
