//! A mapping in braces: its members, and the places between them where others can go.

use crate::lines::Lines;
use crate::outline::{EntrySite, Site};
use std::ops::Range;

/// White space within a line.
pub(crate) const BLANKS: [char; 2] = [' ', '\t'];

/// A mapping in braces, between whose members there are only commas, white space and comments.
pub(crate) struct FlowMapping<'s> {
    /// What stands between the braces.
    pub(crate) inside: Range<usize>,
    /// In front of the first member.
    pub(crate) head: Boundary,
    pub(crate) members: Vec<Member<'s>>,
}

/// A key and its value, and what ends them.
pub(crate) struct Member<'s> {
    pub(crate) entry: &'s EntrySite,
    /// Behind the value; without one behind the colon, or the key.
    pub(crate) end: usize,
    pub(crate) comma: Option<usize>,
    /// Behind the comma, and behind the comment on its line.
    pub(crate) behind: Boundary,
}

/// Where new members can stand.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Boundary {
    /// The end of a line, before its line break.
    Line(usize),
    /// The start of the next member, on the same line.
    Inline(usize),
    /// Behind the last member or its comma, with the closing brace on the same line.
    End(usize),
}

impl Boundary {
    pub(crate) fn at(self) -> usize {
        let (Self::Line(at) | Self::Inline(at) | Self::End(at)) = self;
        at
    }

    /// Of the gap from a comma or brace to what is next.
    fn of(lines: Lines<'_>, gap: Range<usize>, is_last: bool) -> Option<Self> {
        let text = lines.text.get(gap.clone())?;
        Some(match text.split_once('\n') {
            Some((line, _)) => Self::Line(gap.start + line.trim_end_matches('\r').len()),
            None if is_last => Self::End(gap.start),
            None => Self::Inline(gap.end),
        })
    }
}

impl<'s> FlowMapping<'s> {
    /// `None` for notations that are too odd to be taken apart, such as `{? a : b}`.
    pub(crate) fn of(lines: Lines<'_>, site: &'s Site) -> Option<Self> {
        let is_in_braces = lines.text.get(site.start..)?.starts_with('{')
            && lines.text.get(..site.end)?.ends_with('}');
        if !site.is_flow_mapping() || !is_in_braces {
            return None;
        }
        let inside = site.start + 1..site.end.checked_sub(1)?;
        let start_after = |place: usize| {
            let next: Option<&EntrySite> = site.entries.get(place);
            next.map_or(inside.end, |next| next.start)
        };
        let gap = inside.start..start_after(0);
        if comma_in(lines.text.get(gap.clone())?).ok()?.is_some() {
            return None;
        }
        let head = Boundary::of(lines, gap, site.entries.is_empty())?;
        let mut members = Vec::with_capacity(site.entries.len());
        for (place, entry) in site.entries.iter().enumerate() {
            let is_last = place + 1 == site.entries.len();
            let (end, next) = (end_of(lines, entry), start_after(place + 1));
            let comma = comma_in(lines.text.get(end..next)?).ok()?;
            let comma = comma.map(|at| end + at);
            if comma.is_none() && !is_last {
                return None;
            }
            let gap = comma.map_or(end, |comma| comma + 1)..next;
            let behind = Boundary::of(lines, gap, is_last)?;
            members.push(Member {
                entry,
                end,
                comma,
                behind,
            });
        }
        Some(Self {
            inside,
            head,
            members,
        })
    }

    /// Where members can stand behind the first `count`.
    pub(crate) fn boundary(&self, count: usize) -> Boundary {
        let before = count.checked_sub(1).and_then(|last| self.members.get(last));
        before.map_or(self.head, |member| member.behind)
    }

    /// Whether the last member has a comma, as YAML allows.
    pub(crate) fn ends_in_comma(&self) -> bool {
        self.members
            .last()
            .is_some_and(|member| member.comma.is_some())
    }
}

/// Whether it is a mapping in braces with more than white space in them.
pub(crate) fn is_filled(lines: Lines<'_>, site: &Site) -> bool {
    let text = lines.text.get(site.start..site.end).unwrap_or_default();
    let inside = text.strip_prefix('{').and_then(|t| t.strip_suffix('}'));
    site.is_flow_mapping() && inside.is_some_and(|inside| !inside.trim().is_empty())
}

/// What stands before a key, if that is nothing but white space.
pub(crate) fn indentation<'t>(lines: Lines<'t>, entry: &EntrySite) -> Option<&'t str> {
    let before = lines.before(entry.start);
    before.trim_matches(BLANKS).is_empty().then_some(before)
}

fn end_of(lines: Lines<'_>, entry: &EntrySite) -> usize {
    if entry.value.start < entry.value.end {
        return entry.value.end;
    }
    lines.behind_colon(entry).unwrap_or(entry.key_end)
}

/// Something else than white space, comments and one comma.
struct Odd;

/// Where the comma between two members stands.
fn comma_in(gap: &str) -> Result<Option<usize>, Odd> {
    let mut comma = None;
    let mut is_comment = false;
    for (at, byte) in gap.bytes().enumerate() {
        match byte {
            b'\n' => is_comment = false,
            _ if is_comment => {}
            b'#' => is_comment = true,
            b' ' | b'\t' | b'\r' => {}
            b',' if comma.is_none() => comma = Some(at),
            _ => return Err(Odd),
        }
    }
    Ok(comma)
}
