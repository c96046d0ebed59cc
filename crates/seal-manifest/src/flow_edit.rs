//! Edits in braces: JSON, and YAML's flow mappings. What differs between two documents is replaced
//! where it stands, in the notation around it; all other bytes stay.

use crate::flow_mapping::{BLANKS, Boundary, FlowMapping, Member, indentation, is_filled};
use crate::flow_notation::{Notation, Quote};
use crate::lines::Lines;
use crate::node::{Node, NodeKind};
use crate::outline::{EntrySite, Site};
use crate::sameness::same;
use crate::splice::Splices;
use std::ops::Range;

/// Adds what makes a mapping in braces, which reads as `before`, read as `after`. `None` where the
/// notation is too odd for that.
pub(crate) fn plan(
    lines: Lines<'_>,
    (site, is_json): (&Site, bool),
    (before, after): (&Node, &Node),
    splices: &mut Splices,
) -> Option<()> {
    let around = Notation::new(is_json, lines.line_break);
    FlowEdit { lines, splices }.mapping(site, &around, (before, after))
}

struct FlowEdit<'e, 't> {
    lines: Lines<'t>,
    splices: &'e mut Splices,
}

/// One mapping, and what is to become of it.
struct Change<'c, 't> {
    mapping: &'c FlowMapping<'c>,
    notation: Notation<'t>,
    /// For each member whether it stays.
    kept: Vec<bool>,
    /// New members, each behind so many of those that there are.
    new: Vec<(usize, &'c str, &'c Node)>,
}

impl<'t> FlowEdit<'_, 't> {
    fn mapping(
        &mut self,
        site: &Site,
        around: &Notation<'t>,
        (before, after): (&Node, &Node),
    ) -> Option<()> {
        let mapping = FlowMapping::of(self.lines, site)?;
        let notation = around.of(self.lines, site, &mapping);
        let change = Change::new(&mapping, notation, (before, after))?;
        if !is_filled(self.lines, site) {
            let new: Vec<_> = change
                .new
                .iter()
                .map(|(_, key, node)| (*key, *node))
                .collect();
            let text = change.notation.filled(&new);
            self.splices.replace(mapping.inside.clone(), text);
            return Some(());
        }
        for (member, _) in mapping
            .members
            .iter()
            .zip(&change.kept)
            .filter(|(_, kept)| **kept)
        {
            let key = member.entry.key.as_str();
            let (before, after) = (before.get(key)?, after.get(key)?);
            if !same(before, after) {
                self.value(member.entry, &change.notation, (before, after))?;
            }
        }
        self.members(&change)
    }

    fn value(
        &mut self,
        entry: &EntrySite,
        notation: &Notation<'t>,
        (before, after): (&Node, &Node),
    ) -> Option<()> {
        let (site, lines) = (&entry.value, self.lines);
        let are_mappings = [before, after].map(Node::kind) == [NodeKind::Mapping; 2];
        if are_mappings && site.is_flow_mapping() {
            return self.mapping(site, notation, (before, after));
        }
        let old = lines.text.get(site.start..site.end)?;
        let line = lines.before(entry.start);
        let indent = &line[..line.len() - line.trim_start_matches(BLANKS).len()];
        let notation = if site.is_text() && !old.is_empty() {
            notation.with_quote(Quote::at(lines.text, site.start))
        } else {
            notation.clone()
        };
        // A list goes on as it was: on lines, or not.
        let is_spread = match before.kind() {
            NodeKind::Sequence | NodeKind::Mapping if old.len() > 2 => old.contains('\n'),
            _ => notation.is_spread,
        };
        let new = notation.value(after, indent, is_spread);
        if !old.is_empty() {
            self.splices.replace(site.start..site.end, new);
            return Some(());
        }
        match lines.behind_colon(entry) {
            Some(colon) => self.splices.replace(colon..colon, format!(" {new}")),
            None => self
                .splices
                .replace(entry.key_end..entry.key_end, format!(": {new}")),
        }
        Some(())
    }

    /// Takes members out, puts new ones in, and sees to the commas.
    fn members(&mut self, change: &Change<'_, 't>) -> Option<()> {
        let members = &change.mapping.members;
        let mut removed: Vec<Range<usize>> = Vec::new();
        // Behind what is taken out already.
        let mut done = change.mapping.inside.start;
        for (place, member) in members.iter().enumerate() {
            let range = if change.kept[place] {
                let goes_on = change.goes_on(place + 1) || change.mapping.ends_in_comma();
                match member.comma {
                    None if goes_on => {
                        self.splices.replace(member.end..member.end, ",".to_owned());
                        continue;
                    }
                    Some(comma) if !goes_on => self.comma(member, comma)?,
                    _ => continue,
                }
            } else {
                self.removed(change, place, member)
            };
            let range = range.start.max(done)..range.end;
            done = range.end;
            removed.push(range);
        }
        if change.is_emptied() && self.is_blank_without(&change.mapping.inside, &removed)? {
            removed = vec![change.mapping.inside.clone()];
        }
        for range in removed {
            self.splices.replace(range, String::new());
        }
        for place in 0..=members.len() {
            self.insert(change, place);
        }
        Some(())
    }

    /// A comma with nothing behind it any more.
    fn comma(&self, member: &Member<'_>, comma: usize) -> Option<Range<usize>> {
        let before = self.lines.text.get(member.end..comma)?;
        let is_near = before.trim_matches(BLANKS).is_empty();
        let start = if is_near { member.end } else { comma };
        Some(match member.behind {
            Boundary::Inline(next) => start..next,
            _ => start..comma + 1,
        })
    }

    /// What goes with a member: its lines, but no comments above it.
    fn removed(&self, change: &Change<'_, '_>, place: usize, member: &Member<'_>) -> Range<usize> {
        let (start, end) = (member.entry.start, member.behind.at());
        let text = self.lines.text.get(..start).unwrap_or_default();
        let start = match (change.mapping.boundary(place), member.behind) {
            (_, Boundary::Inline(_)) => start,
            (Boundary::Line(_), _) => {
                let line = text.trim_end_matches(BLANKS);
                let line = line.strip_suffix('\n').unwrap_or(line);
                line.strip_suffix('\r').unwrap_or(line).len()
            }
            _ if change.new_behind(place).next().is_some() => start,
            _ => text.trim_end_matches(BLANKS).len(),
        };
        start..end
    }

    fn is_blank_without(&self, inside: &Range<usize>, removed: &[Range<usize>]) -> Option<bool> {
        let mut at = inside.start;
        for range in removed {
            if !self.lines.text.get(at..range.start)?.trim().is_empty() {
                return Some(false);
            }
            at = range.end;
        }
        Some(self.lines.text.get(at..inside.end)?.trim().is_empty())
    }

    /// The new members behind the first `place` ones.
    fn insert(&mut self, change: &Change<'_, 't>, place: usize) {
        let new: Vec<_> = change.new_behind(place).collect();
        if new.is_empty() {
            return;
        }
        let members = &change.mapping.members;
        let is_last = !change.goes_on_with_old(place);
        let comma_behind = !is_last || change.mapping.ends_in_comma();
        let boundary = change.mapping.boundary(place);
        let separator = self.separator(change, place);
        // A member's own line shows how far in its brackets stand; else that of the mapping.
        let (_, indent) = separator.rsplit_once('\n').unwrap_or(("", ""));
        let indent = if separator.contains('\n') {
            indent
        } else {
            change.notation.indent
        };
        let is_spread = self.spreads_collections(change);
        let mut text = String::new();
        for (nth, (key, node)) in new.iter().enumerate() {
            let goes_on = nth + 1 < new.len() || comma_behind;
            let member = change.notation.member(key, node, indent, is_spread);
            let comma = if goes_on { "," } else { "" };
            if matches!(boundary, Boundary::Inline(_)) {
                let goes_on = nth + 1 < new.len() || !is_last;
                let separator = if goes_on { separator.as_str() } else { "" };
                text.extend([&member, comma, separator]);
            } else {
                text.extend([&separator, member.as_str(), comma]);
            }
        }
        let at = if members.is_empty() {
            change.mapping.head.at()
        } else {
            boundary.at()
        };
        self.splices.replace(at..at, text);
    }

    /// What stands between a new member and its neighbours, apart from the comma.
    fn separator(&self, change: &Change<'_, 't>, place: usize) -> String {
        let (members, notation) = (&change.mapping.members, &change.notation);
        let on_lines = |member: &Member<'_>| indentation(self.lines, member.entry);
        let next = members.get(place);
        let before = place.checked_sub(1).and_then(|last| members.get(last));
        match change.mapping.boundary(place) {
            Boundary::Line(_) => {
                let indent = next.and_then(on_lines);
                let indent = indent.or_else(|| members.iter().rev().find_map(on_lines));
                let inner = || notation.inner(notation.indent);
                notation.line(&indent.map_or_else(inner, str::to_owned))
            }
            Boundary::Inline(at) => {
                let gap = before
                    .and_then(|before| self.lines.text.get(before.comma? + 1..at))
                    .map(str::to_owned);
                let second = || Some(notation.line(members.get(1).and_then(on_lines)?));
                gap.or_else(second)
                    .unwrap_or_else(|| notation.gap().to_owned())
            }
            Boundary::End(_) => before
                .and_then(on_lines)
                .map_or_else(|| notation.gap().to_owned(), |indent| notation.line(indent)),
        }
    }

    /// Whether lists and mappings in this mapping stand on several lines.
    fn spreads_collections(&self, change: &Change<'_, '_>) -> bool {
        let mut collections = change.mapping.members.iter().rev().filter_map(|member| {
            let site = &member.entry.value;
            let text = self.lines.text.get(site.start..site.end)?;
            (site.is_flow_collection() && text.len() > 2).then(|| text.contains('\n'))
        });
        collections.next().unwrap_or(change.notation.is_spread)
    }
}

impl<'c, 't> Change<'c, 't> {
    /// `None` if the text does not show what the reader found.
    fn new(
        mapping: &'c FlowMapping<'c>,
        notation: Notation<'t>,
        (before, after): (&'c Node, &'c Node),
    ) -> Option<Self> {
        let members = mapping.members.iter();
        let kept = members
            .map(|member| {
                let key = member.entry.key.as_str();
                before.get(key).map(|_| after.get(key).is_some())
            })
            .collect::<Option<Vec<_>>>()?;
        if before.entries().count() != mapping.members.len() {
            return None;
        }
        let mut new = Vec::new();
        let mut place = 0;
        for (key, node) in after.entries() {
            let mut members = mapping.members.iter();
            if before.get(key).is_some() {
                place = members.position(|member| member.entry.key == key)? + 1;
            } else {
                new.push((place, key, node));
            }
        }
        Some(Self {
            mapping,
            notation,
            kept,
            new,
        })
    }

    fn new_behind(&self, place: usize) -> impl Iterator<Item = (&'c str, &'c Node)> {
        let new = self.new.iter().filter(move |(at, ..)| *at == place);
        new.map(|(_, key, node)| (*key, *node))
    }

    /// Whether any old member from `place` on stays.
    fn goes_on_with_old(&self, place: usize) -> bool {
        self.kept.iter().skip(place).any(|kept| *kept)
    }

    /// Whether there will be any member behind the first `place` ones.
    fn goes_on(&self, place: usize) -> bool {
        self.goes_on_with_old(place) || self.new.iter().any(|(at, ..)| *at >= place)
    }

    fn is_emptied(&self) -> bool {
        self.new.is_empty() && !self.kept.contains(&true)
    }
}
