//! Semantic versions and constraints, with the leniency of Masterminds/semver: `v1.2` is a version.

use std::cmp::Ordering;

use crate::dialect::Dialect;
use crate::error::Failure;

/// A version as it was written and as it is understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Version {
    pub(crate) numbers: [u64; 3],
    pub(crate) prerelease: String,
    pub(crate) metadata: String,
    pub(crate) original: String,
}

impl Version {
    pub(crate) fn parse(text: &str) -> Result<Self, Failure> {
        let written = Written::parse(text)?;
        let mut numbers = [0; 3];
        for (number, written) in numbers.iter_mut().zip(&written.numbers) {
            if let Some(written) = written {
                *number = written.parse().map_err(|_| Failure::Unparsable)?;
            }
        }
        let leading_zero = |part: &str| {
            part.len() > 1
                && part.starts_with('0')
                && part.bytes().all(|byte| byte.is_ascii_digit())
        };
        if written.prerelease.split('.').any(leading_zero) {
            return Err(Failure::Unparsable);
        }
        let (prerelease, metadata) = (written.prerelease.to_owned(), written.metadata.to_owned());
        Ok(Self {
            numbers,
            prerelease,
            metadata,
            original: text.to_owned(),
        })
    }

    /// All three numbers, and what follows them.
    pub(crate) fn canonical(&self) -> String {
        let [major, minor, patch] = self.numbers;
        let part = |sign: char, text: &str| {
            if text.is_empty() {
                String::new()
            } else {
                format!("{sign}{text}")
            }
        };
        format!(
            "{major}.{minor}.{patch}{}{}",
            part('-', &self.prerelease),
            part('+', &self.metadata)
        )
    }

    fn compare(&self, other: &Self) -> Ordering {
        self.numbers.cmp(&other.numbers).then_with(|| {
            match (self.prerelease.as_str(), other.prerelease.as_str()) {
                ("", "") => Ordering::Equal,
                ("", _) => Ordering::Greater,
                (_, "") => Ordering::Less,
                (one, other) => prereleases(one, other),
            }
        })
    }
}

/// A version or a constraint's version, before anything is understood.
struct Written<'t> {
    numbers: [Option<&'t str>; 3],
    prerelease: &'t str,
    metadata: &'t str,
}

impl<'t> Written<'t> {
    fn parse(text: &'t str) -> Result<Self, Failure> {
        let text = text.strip_prefix('v').unwrap_or(text);
        let (text, metadata) = text
            .split_once('+')
            .map_or((text, None), |(text, metadata)| (text, Some(metadata)));
        let (text, prerelease) = text
            .split_once('-')
            .map_or((text, None), |(text, prerelease)| (text, Some(prerelease)));
        for identifiers in [prerelease, metadata].into_iter().flatten() {
            let good = |part: &str| {
                !part.is_empty()
                    && part
                        .bytes()
                        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            };
            if !identifiers.split('.').all(good) {
                return Err(Failure::Unparsable);
            }
        }
        let mut numbers = [None; 3];
        for (at, number) in text.split('.').enumerate() {
            let slot = numbers.get_mut(at).ok_or(Failure::Unparsable)?;
            *slot = (!number.is_empty()).then_some(number);
            slot.ok_or(Failure::Unparsable)?;
        }
        Ok(Self {
            numbers,
            prerelease: prerelease.unwrap_or_default(),
            metadata: metadata.unwrap_or_default(),
        })
    }
}

fn prereleases(one: &str, other: &str) -> Ordering {
    let (mut left, mut right) = (one.split('.'), other.split('.'));
    loop {
        let order = match (left.next(), right.next()) {
            (None, None) => return Ordering::Equal,
            (None, Some(_)) => Ordering::Less,
            (Some(_), None) => Ordering::Greater,
            (Some(one), Some(other)) => match (one.parse::<u64>(), other.parse::<u64>()) {
                (Ok(one), Ok(other)) => one.cmp(&other),
                (Ok(_), Err(_)) => Ordering::Less,
                (Err(_), Ok(_)) => Ordering::Greater,
                (Err(_), Err(_)) => one.cmp(other),
            },
        };
        if order != Ordering::Equal {
            return order;
        }
    }
}

/// Longer operators before their beginnings.
const OPERATORS: [&str; 11] = ["!=", ">=", "=>", "<=", "=<", "~>", "=", ">", "<", "~", "^"];

struct Constraint {
    operator: &'static str,
    version: Version,
    /// How many numbers were given: 0 for `*`, 2 for `1.2` and `1.2.x`.
    given: usize,
}

/// Whether `version` satisfies one of the alternatives of `constraint`.
pub(crate) fn satisfies(
    constraint: &str,
    version: &str,
    dialect: Dialect,
) -> Result<bool, Failure> {
    let alternatives: Vec<Vec<Constraint>> = constraint
        .split("||")
        .map(all_of)
        .collect::<Result<_, _>>()?;
    let version = Version::parse(version)?;
    Ok(alternatives.iter().any(|all| {
        all.iter()
            .all(|one| one.wants(all, &version, dialect) && one.allows(&version))
    }))
}

/// Constraints separated by commas or blanks.
fn all_of(text: &str) -> Result<Vec<Constraint>, Failure> {
    let parts: Vec<Vec<Constraint>> = text.split(',').map(part).collect::<Result<_, _>>()?;
    Ok(parts.into_iter().flatten().collect())
}

/// Constraints separated by blanks; `1 - 2` at the beginning is a range.
fn part(text: &str) -> Result<Vec<Constraint>, Failure> {
    let mut words = text.split_whitespace().peekable();
    let mut constraints = Vec::new();
    while let Some(word) = words.next() {
        if words.next_if_eq(&"-").is_some() {
            let end = words
                .next()
                .filter(|_| constraints.is_empty())
                .ok_or(Failure::Unparsable)?;
            constraints.push(Constraint::parse(">=", word)?);
            constraints.push(Constraint::parse("<=", end)?);
            continue;
        }
        let operator = OPERATORS
            .into_iter()
            .find(|operator| word.starts_with(operator))
            .unwrap_or("");
        let version = match &word[operator.len()..] {
            "" => words.next().ok_or(Failure::Unparsable)?,
            version => version,
        };
        constraints.push(Constraint::parse(operator, version)?);
    }
    if constraints.is_empty() {
        Err(Failure::Unparsable)
    } else {
        Ok(constraints)
    }
}

impl Constraint {
    fn parse(operator: &'static str, text: &str) -> Result<Self, Failure> {
        let written = Written::parse(text)?;
        let any =
            |number: Option<&str>| number.is_none_or(|number| matches!(number, "x" | "X" | "*"));
        let given = written
            .numbers
            .iter()
            .position(|number| any(*number))
            .unwrap_or(3);
        let mut numbers = [0; 3];
        for (number, written) in numbers.iter_mut().zip(written.numbers).take(given) {
            *number = written
                .unwrap_or_default()
                .parse()
                .map_err(|_| Failure::Unparsable)?;
        }
        let prerelease = written.prerelease.to_owned();
        let version = Version {
            numbers,
            prerelease,
            metadata: String::new(),
            original: String::new(),
        };
        Ok(Self {
            operator,
            version,
            given,
        })
    }

    /// Pre-releases are for those only who name one. The library's releases differ: in 3.3 (Sealed Secrets)
    /// each constraint says so for itself, and `!=` of a whole version takes all; from 3.4 on one of the
    /// constraints that must hold together says so for all of them.
    fn wants(&self, together: &[Self], version: &Version, dialect: Dialect) -> bool {
        let names_one = |constraint: &Self| !constraint.version.prerelease.is_empty();
        version.prerelease.is_empty()
            || match dialect {
                Dialect::SealedSecrets => {
                    names_one(self) || (self.operator == "!=" && self.given == 3)
                }
                Dialect::ExternalSecrets => together.iter().any(names_one),
            }
    }

    fn allows(&self, version: &Version) -> bool {
        let order = version.compare(&self.version);
        let (ours, theirs) = (version.numbers, self.version.numbers);
        match self.operator {
            "!=" => self.differs(version, order),
            ">" if matches!(self.given, 0 | 3) => order.is_gt(),
            ">" => ours[..self.given] > theirs[..self.given],
            "<" => order.is_lt(),
            ">=" | "=>" => order.is_ge(),
            "<=" | "=<" if self.given == 3 => order.is_le(),
            "<=" | "=<" if self.given == 0 => ours[..2] <= theirs[..2],
            "<=" | "=<" => ours[..self.given] <= theirs[..self.given],
            "^" => order.is_ge() && self.caret(ours),
            "" | "=" if self.given == 3 => order.is_eq(),
            _ => order.is_ge() && self.tilde(ours),
        }
    }

    fn tilde(&self, ours: [u64; 3]) -> bool {
        let theirs = self.version.numbers;
        // `*`, and also `~0.0.0`, allow everything.
        let everything = theirs == [0; 3] && matches!(self.given, 0 | 3);
        everything || (ours[0] == theirs[0] && (ours[1] == theirs[1] || self.given == 1))
    }

    fn caret(&self, ours: [u64; 3]) -> bool {
        let theirs = self.version.numbers;
        match self.given {
            _ if theirs[0] > 0 || self.given == 1 => ours[0] == theirs[0],
            _ if ours[0] > 0 => false,
            _ if theirs[1] > 0 || self.given == 2 => ours[1] == theirs[1],
            _ if ours[1] > 0 => false,
            _ => ours[2] == theirs[2],
        }
    }

    fn differs(&self, version: &Version, order: Ordering) -> bool {
        let (ours, theirs) = (version.numbers, self.version.numbers);
        match self.given {
            3 => order.is_ne(),
            0 if ours[0] == theirs[0] => {
                ours[1] != theirs[1] || ours[2] != theirs[2] || order.is_ne()
            }
            given if ours[..given.max(1)] != theirs[..given.max(1)] => true,
            2 => version.prerelease != self.version.prerelease,
            _ => false,
        }
    }
}
