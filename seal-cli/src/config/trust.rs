//! Whose file is it? A configuration decides who can read what is sealed next, so one that anybody
//! else could have put there is not followed.

use std::fs::Metadata;
use std::path::Path;

/// The user who runs the program.
#[derive(Clone, Copy, Debug)]
pub(crate) struct User {
    #[cfg(unix)]
    id: u32,
}

impl User {
    #[cfg(unix)]
    pub(crate) fn current() -> Self {
        Self {
            id: rustix::process::geteuid().as_raw(),
        }
    }

    /// Other systems have no owners that std knows.
    #[cfg(not(unix))]
    pub(crate) fn current() -> Self {
        Self {}
    }

    #[cfg(unix)]
    pub(crate) fn owns(self, metadata: &Metadata) -> bool {
        use std::os::unix::fs::MetadataExt as _;
        metadata.uid() == self.id
    }

    #[cfg(not(unix))]
    pub(crate) fn owns(self, _: &Metadata) -> bool {
        true
    }

    /// Why a file in `folder` is not to be believed.
    #[cfg(unix)]
    pub(crate) fn doubts(self, file: &Metadata, folder: &Path) -> Option<String> {
        use std::os::unix::fs::MetadataExt as _;
        const OTHERS_WRITE: u32 = 0o002;
        const STICKY: u32 = 0o1000;
        let owner = file.uid();
        if owner != self.id && owner != 0 {
            return Some(format!(
                "it belongs to another user (uid {owner}, you are {})",
                self.id
            ));
        }
        if file.mode() & OTHERS_WRITE != 0 {
            return Some("every user can write it (chmod o-w)".to_owned());
        }
        let folder = std::fs::metadata(folder).map_or(0, |folder| folder.mode());
        if folder & OTHERS_WRITE != 0 && folder & STICKY == 0 {
            return Some("every user can replace it: its folder is writable for all".to_owned());
        }
        None
    }

    #[cfg(not(unix))]
    pub(crate) fn doubts(self, _: &Metadata, _: &Path) -> Option<String> {
        None
    }
}

#[cfg(unix)]
impl User {
    /// Why a file of the user's own, which nobody else is to write, is not to be believed.
    pub(crate) fn doubts_own(self, file: &Metadata, folder: &Path) -> Option<String> {
        use std::os::unix::fs::MetadataExt as _;
        const GROUP_WRITES: u32 = 0o020;
        if let Some(doubt) = self.doubts(file, folder) {
            return Some(doubt);
        }
        if file.mode() & GROUP_WRITES != 0 {
            return Some("its group can write it (chmod g-w)".to_owned());
        }
        let folder = std::fs::metadata(folder).ok()?;
        let owner = folder.uid();
        if owner != self.id && owner != 0 {
            return Some(format!("its folder belongs to another user (uid {owner})"));
        }
        let is_shared = folder.mode() & GROUP_WRITES != 0;
        is_shared
            .then(|| "its group can replace it: its folder is writable for the group".to_owned())
    }
}

#[cfg(not(unix))]
impl User {
    pub(crate) fn doubts_own(self, file: &Metadata, folder: &Path) -> Option<String> {
        self.doubts(file, folder)
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::fs::Permissions;
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn files_of_others_and_for_others_are_doubted() {
        let me = User::current();
        let somebody = User { id: me.id + 1 };
        for (file_mode, folder_mode, user, doubted, own_doubted) in [
            (0o644, 0o755, me, false, false),
            (0o600, 0o700, me, false, false),
            (0o664, 0o755, me, false, true),
            (0o644, 0o775, me, false, true),
            (0o644, 0o1755, me, false, false),
            (0o646, 0o755, me, true, true),
            (0o644, 0o777, me, true, true),
            // What root owns is as trusted as the system.
            (0o644, 0o755, somebody, me.id != 0, me.id != 0),
        ] {
            let folder = tempfile::tempdir().unwrap();
            let file = folder.path().join(".seal.yaml");
            std::fs::write(&file, "").unwrap();
            std::fs::set_permissions(&file, Permissions::from_mode(file_mode)).unwrap();
            std::fs::set_permissions(folder.path(), Permissions::from_mode(folder_mode)).unwrap();
            let doubts = user.doubts(&file.metadata().unwrap(), folder.path());
            assert_eq!(doubts.is_some(), doubted, "{file_mode:o} {folder_mode:o}");
            let doubts = user.doubts_own(&file.metadata().unwrap(), folder.path());
            let what = format!("own: {file_mode:o} {folder_mode:o}");
            assert_eq!(doubts.is_some(), own_doubted, "{what}");
        }
    }
}
