//! The rules of configurations as they were last confirmed.

use std::path::{Path, PathBuf};

use seal_format::Scope;
use serde::{Deserialize, Serialize};

use super::places::{Place, Places};
use crate::config::lookup::{SEAL_YAML, SOPS_YAML};
use crate::config::pattern::Pattern;
use crate::config::{Configuration, Origin, Target};

/// Everything that is remembered.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Memory {
    repositories: Vec<Repository>,
}

/// A work tree, or a folder outside of one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Repository {
    /// Absolute; none is every folder, for files that CI reads wherever it works.
    #[serde(skip_serializing_if = "Option::is_none")]
    folder: Option<PathBuf>,
    configurations: Vec<Remembered>,
    #[serde(default, skip_serializing_if = "Places::is_empty")]
    files: Places,
}

/// A configuration as it was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Remembered {
    /// From the repository's folder.
    path: PathBuf,
    rules: Vec<RememberedRule>,
}

/// A rule as it was. Without glob and regex it matches every path.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RememberedRule {
    #[serde(skip_serializing_if = "Option::is_none")]
    glob: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    regex: Option<String>,
    /// None is strict.
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<String>,
    /// None is any.
    #[serde(skip_serializing_if = "Option::is_none")]
    namespace: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    pub(crate) recipients: Vec<Reader>,
}

/// One who may read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Reader {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<String>,
    /// What the configuration has; paths count from the repository's folder.
    pub(crate) from: String,
    /// What wraps say; none before somebody was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) to: Option<String>,
}

/// What the rules that are remembered say about a file.
pub(crate) enum Past<'a> {
    /// No configuration is remembered for its folder.
    Nothing,
    /// None of the rules matched.
    NoRule,
    Rule(&'a RememberedRule),
}

impl Memory {
    pub(crate) fn past(&self, origin: &Origin) -> Past<'_> {
        let Some(repository) = self.repository(origin) else {
            return Past::Nothing;
        };
        let candidates = candidates(&repository.configurations, origin);
        if candidates.is_empty() {
            return Past::Nothing;
        }
        // As when looking for a configuration, the first counts alone.
        let first = candidates.first();
        let rule = first.and_then(|first| first.rule_for(origin));
        rule.map_or(Past::NoRule, Past::Rule)
    }

    /// The configuration as it was, when it was there.
    pub(crate) fn remembered(&self, origin: &Origin) -> Option<&Remembered> {
        let path = path(origin);
        let mut known = self.repository(origin)?.configurations.iter();
        known.find(|known| known.path == path)
    }

    /// Remembers a configuration, and forgets those that would come first for the file: they are
    /// not there any more.
    pub(crate) fn put(&mut self, origin: &Origin, rules: Vec<RememberedRule>) {
        let path = path(origin);
        let known = self.configurations(origin);
        let before = candidates(known, origin);
        let before = before.iter().take_while(|other| other.path != path);
        let gone: Vec<_> = before.map(|other| other.path.clone()).collect();
        known.retain(|known| known.path != path && !gone.contains(&known.path));
        known.push(Remembered { path, rules });
        known.sort_by(|one, two| one.path.cmp(&two.path));
    }

    /// The rule that matches the file now, when it is remembered as such.
    pub(crate) fn rule_mut(
        &mut self,
        origin: &Origin,
        pattern: &Pattern,
    ) -> Option<&mut RememberedRule> {
        let path = path(origin);
        let mut known = self.configurations(origin).iter_mut();
        let known = known.find(|known| known.path == path)?;
        known.rules.iter_mut().find(|rule| rule.is_for(pattern))
    }

    /// The folder's own, or one for every folder.
    fn repository(&self, origin: &Origin) -> Option<&Repository> {
        let top = origin.territory.top();
        let of = |folder: Option<&Path>| {
            let mut all = self.repositories.iter();
            all.find(move |repository| repository.folder.as_deref() == folder)
        };
        of(Some(top)).or_else(|| of(None))
    }

    /// Where the objects of a file were; none is a file that is not remembered.
    pub(crate) fn places(&self, origin: &Origin) -> &[Place] {
        let repository = self.repository(origin);
        repository.map_or(&[], |repository| repository.files.of(&file(origin)))
    }

    /// Remembers where the objects of a file are.
    pub(crate) fn put_places(&mut self, origin: &Origin, places: Vec<Place>) {
        self.own(origin).files.put(file(origin), places);
    }

    fn configurations(&mut self, origin: &Origin) -> &mut Vec<Remembered> {
        &mut self.own(origin).configurations
    }

    /// The folder's own, made if need be.
    fn own(&mut self, origin: &Origin) -> &mut Repository {
        let folder = Some(origin.territory.top().to_owned());
        let all = &mut self.repositories;
        let place = all.partition_point(|known| known.folder < folder);
        if all.get(place).is_none_or(|known| known.folder != folder) {
            all.insert(
                place,
                Repository {
                    folder,
                    configurations: Vec::new(),
                    files: Places::default(),
                },
            );
        }
        &mut all[place]
    }

    /// A pattern that cannot be read would match nothing, and a wider rule would count instead.
    pub(crate) fn is_sound(&self) -> bool {
        let known = self.repositories.iter().flat_map(|all| &all.configurations);
        known
            .flat_map(|known| &known.rules)
            .all(RememberedRule::is_sound)
    }
}

/// Remembered configurations for a file, in the order in which they would be followed.
fn candidates<'a>(known: &'a [Remembered], origin: &Origin) -> Vec<&'a Remembered> {
    if origin.named {
        let path = path(origin);
        return known.iter().filter(|known| known.path == path).collect();
    }
    let top = origin.territory.top();
    let mut found = Vec::new();
    for name in [SEAL_YAML, SOPS_YAML] {
        let folders = origin.file.ancestors().skip(1);
        let folders = folders.take_while(|folder| folder.starts_with(top));
        for folder in folders {
            let path = folder.join(name);
            found.extend(known.iter().filter(|known| top.join(&known.path) == path));
        }
    }
    found
}

impl Remembered {
    /// The rule with a pattern.
    pub(crate) fn rule(&self, pattern: &Pattern) -> Option<&RememberedRule> {
        self.rules.iter().find(|rule| rule.is_for(pattern))
    }

    fn rule_for(&self, origin: &Origin) -> Option<&RememberedRule> {
        let territory = &origin.territory;
        let config = territory.top().join(&self.path);
        let folder = config.parent().unwrap_or(Path::new("/"));
        let path = territory.path_from(folder, &origin.file)?;
        let mut rules = self.rules.iter();
        rules.find(|rule| rule.pattern().is_some_and(|pattern| pattern.matches(path)))
    }
}

impl RememberedRule {
    pub(crate) fn new(
        pattern: &Pattern,
        scope: Option<Scope>,
        target: Target,
        recipients: Vec<Reader>,
    ) -> Self {
        let text = Some(pattern.to_string());
        let (glob, regex) = match pattern {
            Pattern::Glob(_) => (text, None),
            Pattern::Regex(_) => (None, text),
            Pattern::Every => (None, None),
        };
        let mut rule = Self {
            glob,
            regex,
            scope: None,
            namespace: target.namespace,
            name: target.name,
            recipients,
        };
        rule.set_scope(scope.unwrap_or_default());
        rule
    }

    /// Where the values could be used.
    pub(crate) fn scope(&self) -> Scope {
        let scope = self.scope.as_deref().map(str::parse);
        // `is_sound` has seen to it that it is one.
        scope.unwrap_or(Ok(Scope::Strict)).unwrap_or_default()
    }

    /// Where the values were to be used.
    pub(crate) fn target(&self) -> Target {
        Target {
            namespace: self.namespace.clone(),
            name: self.name.clone(),
        }
    }

    pub(crate) fn set_scope(&mut self, scope: Scope) {
        let wider = scope != Scope::Strict;
        self.scope = wider.then(|| scope.as_str().to_owned());
    }

    fn is_sound(&self) -> bool {
        let scope = self.scope.as_deref();
        self.pattern().is_some() && scope.is_none_or(|scope| scope.parse::<Scope>().is_ok())
    }

    fn pattern(&self) -> Option<Pattern> {
        match (&self.glob, &self.regex) {
            (Some(glob), None) => Pattern::glob(glob).ok(),
            (None, Some(regex)) => Pattern::regex(regex).ok(),
            (None, None) => Some(Pattern::Every),
            (Some(_), Some(_)) => None,
        }
    }

    fn is_for(&self, pattern: &Pattern) -> bool {
        let same = Self::new(pattern, None, Target::default(), Vec::new());
        self.glob == same.glob && self.regex == same.regex
    }
}

impl Reader {
    /// Whether `now` is this reader. Before somebody was asked, what the configuration has counts.
    pub(crate) fn is(&self, now: &Self) -> bool {
        match (&self.to, &now.to) {
            (Some(before), Some(now)) => before == now,
            _ => self.from == now.from,
        }
    }

    /// With what wraps say from before, if nobody was asked now.
    pub(crate) fn or_as(mut self, before: &[Self]) -> Self {
        if self.to.is_none() {
            let same = before.iter().find(|before| before.from == self.from);
            self.to = same.and_then(|same| same.to.clone());
        }
        self
    }

    pub(crate) fn called(&self) -> &str {
        self.name.as_deref().unwrap_or(&self.from)
    }
}

/// The path of the configuration from the repository's folder.
fn path(origin: &Origin) -> PathBuf {
    let Configuration { path, .. } = &origin.configuration;
    let below = path.strip_prefix(origin.territory.top());
    below.unwrap_or(path).to_owned()
}

/// The path of the file from the repository's folder, as JSON can have it.
fn file(origin: &Origin) -> String {
    let below = origin.file.strip_prefix(origin.territory.top());
    below.unwrap_or(&origin.file).to_string_lossy().into_owned()
}
