//! Patches of kustomize: parts of objects, which are whole only once they are laid over others.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use seal_manifest::{Limits, Node};

/// What kustomize calls its file.
const NAMES: [&str; 3] = ["kustomization.yaml", "kustomization.yml", "Kustomization"];
/// Folders upwards in which one is looked for: kustomize refuses to reach out of its own.
const UPWARDS: usize = 4;
/// A kustomization is a page or two.
const LARGEST: u64 = 1 << 20;

/// Fields of directives, for the one who merges.
const DIRECTIVES: [&str; 4] = [
    "$patch",
    "$retainKeys",
    "$setElementOrder/",
    "$deleteFromPrimitiveList/",
];

/// The patches that kustomizations name, by folder.
#[derive(Default)]
pub(super) struct Patches {
    of_folders: Mutex<BTreeMap<PathBuf, BTreeSet<PathBuf>>>,
}

impl Patches {
    /// Whether a kustomization in the file's folder, or above, names it as a patch.
    pub(super) fn name(&self, file: &Path) -> bool {
        let Ok(file) = file.canonicalize() else {
            return false;
        };
        let mut folders = file.ancestors().skip(1).take(UPWARDS);
        folders.any(|folder| self.in_folder(folder, &file))
    }

    fn in_folder(&self, folder: &Path, file: &Path) -> bool {
        let of_folders = self.of_folders.lock();
        let mut of_folders = of_folders.unwrap_or_else(PoisonError::into_inner);
        let patches = of_folders
            .entry(folder.to_owned())
            .or_insert_with(|| patches(folder));
        patches.contains(file)
    }
}

/// Whether a field tells the one who merges what to do.
pub(super) fn is_directive(field: &str) -> bool {
    DIRECTIVES
        .iter()
        .any(|directive| field.starts_with(directive))
}

/// Whether an object says itself that it is to be merged.
pub(super) fn has_directive(root: &Node) -> bool {
    let of_spec = root.get("spec").into_iter();
    let places = of_spec.flat_map(|spec| {
        let inner = ["encryptedData", "template"];
        std::iter::once(spec).chain(inner.into_iter().filter_map(|field| spec.get(field)))
    });
    std::iter::once(root)
        .chain(places)
        .flat_map(Node::entries)
        .any(|(field, _)| is_directive(field))
}

fn patches(folder: &Path) -> BTreeSet<PathBuf> {
    let mut found = BTreeSet::new();
    for name in NAMES {
        let path = folder.join(name);
        let small = path
            .metadata()
            .is_ok_and(|it| it.is_file() && it.len() < LARGEST);
        let Some(bytes) = small.then(|| std::fs::read(&path).ok()).flatten() else {
            continue;
        };
        let limits = Limits {
            nodes: 100_000,
            ..Limits::default()
        };
        // What is wrong with it is for kustomize to say.
        for document in seal_manifest::read_within(&bytes, &limits).unwrap_or_default() {
            let named = named(document.root()).map(|path| folder.join(path));
            found.extend(named.filter_map(|path| path.canonicalize().ok()));
        }
    }
    found
}

/// Paths in `patches`, and in the two lists that came before it.
fn named(kustomization: &Node) -> impl Iterator<Item = &str> {
    let list = |field: &str| {
        kustomization
            .get(field)
            .map(Node::items)
            .unwrap_or_default()
    };
    let with_path = list("patches").iter().chain(list("patchesJson6902"));
    let paths = with_path.filter_map(|patch| patch.get("path")?.as_str());
    // A patch itself may stand in the place of its path.
    let plain = list("patchesStrategicMerge")
        .iter()
        .filter_map(Node::as_str);
    paths.chain(plain.filter(|text| !text.contains('\n')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patches_are_those_that_a_kustomization_above_names() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        std::fs::create_dir_all(root.join("overlay/patches/deep")).unwrap();
        let kustomization = "resources: [db.yaml]\npatches:\n- path: patches/a.yaml\n- patch: |\n    kind: Secret\npatchesStrategicMerge: [b.yaml, \"kind: Secret\\nx: y\"]\npatchesJson6902: [{path: patches/deep/c.yaml}]\n";
        std::fs::write(root.join("overlay/kustomization.yaml"), kustomization).unwrap();
        for (file, is_patch) in [
            ("overlay/patches/a.yaml", true),
            ("overlay/b.yaml", true),
            ("overlay/patches/deep/c.yaml", true),
            ("overlay/db.yaml", false),
            ("overlay/patches/b.yaml", false),
        ] {
            let path = root.join(file);
            std::fs::write(&path, "").unwrap();
            assert_eq!(Patches::default().name(&path), is_patch, "{file}");
        }
        assert!(!Patches::default().name(Path::new("-")));
    }
}
