//! Where the objects of files were when the user last sealed into them (`docs/format.md`, rule W2):
//! whoever may write a file may move its object, and with it what is sealed next.

use std::collections::BTreeSet;
use std::fmt;

use seal_format::Scope;
use seal_format::se1::Binding;
use serde::{Deserialize, Serialize};

use crate::title::Title;

/// Most objects that are remembered of one repository; the files that were added first go first.
const MOST: usize = 8192;
/// Of a file with more, only what is sealed is remembered.
const MOST_OF_FILE: usize = 1024;

/// The files of a repository, those first that were remembered first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Places(Vec<RememberedFile>);

/// A file with SealedSecrets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RememberedFile {
    /// From the repository's folder.
    path: String,
    objects: Vec<Place>,
}

/// One of its objects.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Place {
    /// None where the file named none, and none was needed.
    #[serde(skip_serializing_if = "Option::is_none")]
    namespace: Option<String>,
    name: String,
}

/// Which parts of a place the user or the rule named, so that the file need not be believed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Said {
    pub(crate) namespace: bool,
    pub(crate) name: bool,
}

impl Places {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Of one file.
    pub(crate) fn of(&self, path: &str) -> &[Place] {
        let file = self.0.iter().find(|file| file.path == path);
        file.map_or(&[], |file| &file.objects)
    }

    /// Puts new places of a file in place of the old ones.
    pub(crate) fn put(&mut self, path: String, objects: Vec<Place>) {
        let mut files = self.0.iter_mut();
        match files.find(|file| file.path == path) {
            Some(file) => file.objects = objects,
            None => self.0.push(RememberedFile { path, objects }),
        }
        let mut count: usize = self.0.iter().map(|file| file.objects.len()).sum();
        while count > MOST && self.0.len() > 1 {
            count -= self.0.remove(0).objects.len();
        }
    }
}

impl Place {
    /// `None` where there can be none: Kubernetes would refuse the names.
    pub(crate) fn of(title: &Title) -> Option<Self> {
        let namespace = Some(title.namespace.clone()).filter(|namespace| !namespace.is_empty());
        let legal = match &namespace {
            Some(namespace) => Binding::new(Scope::Strict, namespace, &title.name),
            None => Binding::new(Scope::Strict, "any", &title.name),
        };
        let name = title.name.clone();
        legal.is_ok().then_some(Self { namespace, name })
    }

    fn is_in(&self, namespace: &str) -> bool {
        self.namespace.as_deref() == Some(namespace)
    }

    /// Whether an object may be here, as far as its scope binds it.
    fn admits(&self, title: &Title, said: Said) -> bool {
        let namespace = said.namespace || self.is_in(&title.namespace);
        let name = said.name || self.name == title.name;
        match title.scope {
            Scope::Strict => namespace && name,
            Scope::NamespaceWide => namespace,
            Scope::ClusterWide => true,
        }
    }
}

/// Whether one of the places is that of the object.
pub(crate) fn is_known(before: &[Place], title: &Title, said: Said) -> bool {
    before.iter().any(|place| place.admits(title, said))
}

/// What is remembered of a file after `titles` were sealed; `present` is what the file holds. What was
/// remembered and is there no more is forgotten, and what is new besides is not confirmed by this.
pub(crate) fn after(before: &[Place], titles: &[Title], present: &[Title]) -> Vec<Place> {
    let present: BTreeSet<_> = present.iter().filter_map(Place::of).collect();
    let mut after: BTreeSet<_> = match before {
        [] if present.len() <= MOST_OF_FILE => present,
        [] => BTreeSet::new(),
        before => before
            .iter()
            .filter(|place| present.contains(place))
            .cloned()
            .collect(),
    };
    after.extend(titles.iter().filter_map(Place::of));
    after.into_iter().collect()
}

/// The places of a file that is written whole.
pub(crate) fn all(titles: &[Title]) -> Vec<Place> {
    let places: BTreeSet<_> = titles.iter().filter_map(Place::of).collect();
    places.into_iter().take(MOST_OF_FILE).collect()
}

/// The flags that would confirm where an object is.
pub(crate) fn flags(before: &[Place], title: &Title, said: Said) -> String {
    let namespace = before.iter().any(|place| place.is_in(&title.namespace));
    let name = before.iter().any(|place| place.name == title.name);
    // Each is known, but not together.
    let both = namespace && name;
    let mut flags = Vec::new();
    if !said.namespace && (!namespace || both) {
        flags.push(format!("-n {}", title.namespace));
    }
    // Where nothing is remembered, a namespace is enough.
    if title.scope == Scope::Strict && !said.name && !before.is_empty() && (!name || both) {
        flags.push(format!("--name {}", title.name));
    }
    flags.join(" ")
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.namespace {
            Some(namespace) => write!(f, "{} in {namespace}", self.name),
            None => write!(f, "{} in no namespace", self.name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn title(namespace: &str, name: &str, scope: Scope) -> Title {
        Title {
            name: name.to_owned(),
            namespace: namespace.to_owned(),
            scope,
        }
    }

    fn places(all: &[(&str, &str)]) -> Vec<Place> {
        let titles = all
            .iter()
            .map(|(namespace, name)| title(namespace, name, Scope::Strict));
        titles.filter_map(|title| Place::of(&title)).collect()
    }

    const NOTHING: Said = Said {
        namespace: false,
        name: false,
    };
    const NAMESPACE: Said = Said {
        namespace: true,
        name: false,
    };
    const NAME: Said = Said {
        namespace: false,
        name: true,
    };

    #[test]
    fn what_the_scope_binds_must_be_as_it_was_or_be_said() {
        use Scope::{ClusterWide, NamespaceWide, Strict};
        let one = &[("shop", "db")][..];
        let two = &[("shop", "db"), ("bank", "mail")][..];
        for (before, (namespace, name, scope), said, confirm) in [
            (one, ("shop", "db", Strict), NOTHING, None),
            (one, ("evil", "db", Strict), NOTHING, Some("-n evil")),
            (one, ("evil", "db", Strict), NAMESPACE, None),
            (one, ("evil", "db", Strict), NAME, Some("-n evil")),
            (one, ("shop", "x", Strict), NOTHING, Some("--name x")),
            (one, ("shop", "x", Strict), NAMESPACE, Some("--name x")),
            (one, ("shop", "x", Strict), NAME, None),
            (
                one,
                ("evil", "x", Strict),
                NOTHING,
                Some("-n evil --name x"),
            ),
            (one, ("shop", "x", NamespaceWide), NOTHING, None),
            (one, ("evil", "x", NamespaceWide), NOTHING, Some("-n evil")),
            (one, ("evil", "x", ClusterWide), NOTHING, None),
            (
                two,
                ("bank", "db", Strict),
                NOTHING,
                Some("-n bank --name db"),
            ),
            (two, ("bank", "mail", Strict), NOTHING, None),
        ] {
            let (before, now) = (places(before), title(namespace, name, scope));
            let asked = (!is_known(&before, &now, said)).then(|| flags(&before, &now, said));
            assert_eq!(asked.as_deref(), confirm, "{now} {said:?}");
        }
    }

    #[test]
    fn only_what_was_sealed_is_confirmed() {
        let strict = |(namespace, name): &(&str, &str)| title(namespace, name, Scope::Strict);
        for (before, now, present, expected) in [
            (
                &[][..],
                ("a", "x"),
                &[("a", "x"), ("a", "y")][..],
                &[("a", "x"), ("a", "y")][..],
            ),
            (
                &[("a", "x")],
                ("a", "x"),
                &[("a", "x"), ("b", "y")],
                &[("a", "x")],
            ),
            (
                &[("a", "x"), ("a", "y")],
                ("a", "x"),
                &[("a", "x")],
                &[("a", "x")],
            ),
            (&[("a", "x")], ("b", "x"), &[("b", "x")], &[("b", "x")]),
            (&[], ("a", "x"), &[("a", "x"), ("A\n", "y")], &[("a", "x")]),
        ] {
            let present: Vec<_> = present.iter().map(strict).collect();
            let after = after(&places(before), &[strict(&now)], &present);
            assert_eq!(after, places(expected), "{before:?} {now:?}");
        }
    }

    /// A file that somebody planted must not push out what is known.
    #[test]
    fn what_is_remembered_is_bounded() {
        let many: Vec<_> = (0..=MOST_OF_FILE)
            .map(|number| title("a", &format!("s{number}"), Scope::Strict))
            .collect();
        assert_eq!(after(&[], &many[7..8], &many), places(&[("a", "s7")]));
        let mut known = Places::default();
        let objects: Vec<_> = many[1..].iter().filter_map(Place::of).collect();
        let files = MOST / MOST_OF_FILE;
        for number in 0..=files {
            known.put(number.to_string(), objects.clone());
        }
        assert!(known.of("0").is_empty(), "the first went first");
        for number in 1..=files {
            assert_eq!(known.of(&number.to_string()).len(), MOST_OF_FILE);
        }
        known.put("1".to_owned(), places(&[("a", "x")]));
        assert_eq!(known.0.len(), files, "no file stands twice");
    }
}
