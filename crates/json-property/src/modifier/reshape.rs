//! Modifiers that put the same values together otherwise.

use std::collections::HashMap;

use zeroize::Zeroizing;

use crate::bytes::{Bytes, trimmed};
use crate::members::{Member, members};
use crate::meter::{Exceeded, Meter};
use crate::scan;
use crate::search::List;
use crate::value::Value;

/// `@keys`: those of an object; as many nulls for anything else.
pub(super) fn keys(json: &[u8]) -> Bytes<'_> {
    let value = scan::parse(json);
    let mut list = List::default();
    for member in members(&value) {
        list.push(if value.is_object() {
            member.key_raw
        } else {
            b"null"
        });
    }
    list.closed()
}

/// `@values`: those of an object.
pub(super) fn values(json: &[u8]) -> Bytes<'_> {
    let value = scan::parse(json);
    if value.is_array() {
        return Bytes::Part(json);
    }
    let mut list = List::default();
    for member in members(&value) {
        list.push(&member.value.raw);
    }
    list.closed()
}

/// `@reverse`: of an array or an object; anything else stays.
pub(super) fn reverse(json: &[u8]) -> Bytes<'_> {
    let value = scan::parse(json);
    if value.is_array() {
        let mut list = List::default();
        for member in members(&value).iter().rev() {
            list.push(&member.value.raw);
        }
        return list.closed();
    }
    if value.is_object() {
        let mut object = Object::default();
        for member in members(&value).iter().rev() {
            object.push(member.key_raw, &member.value.raw);
        }
        return object.closed();
    }
    Bytes::Part(json)
}

/// `@flatten`: elements of arrays within an array; with `{"deep":true}` of all levels.
pub(super) fn flatten<'j>(
    json: &'j [u8],
    argument: &[u8],
    meter: &Meter,
) -> Result<Bytes<'j>, Exceeded> {
    let _deeper = meter.deeper()?;
    let value = scan::parse(json);
    if !value.is_array() {
        return Ok(Bytes::Part(json));
    }
    let deep = option(argument, b"deep");
    let mut list = List::default();
    for member in members(&value) {
        let inner = match member.value.is_array() {
            true if deep => flatten(&member.value.raw, argument, meter)?,
            true => Bytes::Part(&member.value.raw),
            false => {
                list.push(spaceless(&member.value.raw));
                continue;
            }
        };
        meter.charge(inner.len())?;
        list.push(spaceless(unwrapped(&inner)));
    }
    Ok(list.closed())
}

/// `@join`: the members of an array's objects in one object, the last of a name wins; with
/// `{"preserve":true}` all stay.
pub(super) fn join<'j>(json: &'j [u8], argument: &[u8]) -> Bytes<'j> {
    let value = scan::parse(json);
    if !value.is_array() {
        return Bytes::Part(json);
    }
    let elements = members(&value);
    let objects = elements.iter().map(|element| &element.value);
    let objects = objects.filter(|element| element.is_object());
    let mut joined = Object::default();
    if option(argument, b"preserve") {
        for object in objects {
            joined.push_members(unwrapped(&object.raw));
        }
        return joined.closed();
    }
    let mut order: Vec<Member<'_>> = Vec::new();
    let mut places: HashMap<Vec<u8>, usize> = HashMap::new();
    for member in objects.flat_map(members) {
        let place = *places.entry(member.key.to_vec()).or_insert(order.len());
        match order.get_mut(place) {
            Some(known) => known.value = member.value,
            None => order.push(member),
        }
    }
    for member in &order {
        joined.push(member.key_raw, &member.value.raw);
    }
    joined.closed()
}

/// `@group`: an object of arrays becomes an array of objects.
pub(super) fn group(json: &[u8]) -> Bytes<'_> {
    let value = scan::parse(json);
    if !value.is_object() {
        return Bytes::default();
    }
    let mut rows: Vec<Object> = Vec::new();
    for member in members(&value) {
        if !member.value.is_array() {
            continue;
        }
        for (row, element) in members(&member.value).iter().enumerate() {
            if row == rows.len() {
                rows.push(Object::default());
            }
            if let Some(object) = rows.get_mut(row) {
                object.push(member.key_raw, &element.value.raw);
            }
        }
    }
    let mut list = List::default();
    for row in rows {
        list.push(&row.closed());
    }
    list.closed()
}

/// `@dig:path`: what the path leads to in every value at every level.
pub(super) fn dig<'j>(
    json: &'j [u8],
    argument: &[u8],
    meter: &Meter,
) -> Result<Bytes<'j>, Exceeded> {
    let mut list = List::default();
    descend(&scan::parse(json), argument, &mut list, meter)?;
    Ok(list.closed())
}

fn descend(value: &Value<'_>, path: &[u8], list: &mut List, meter: &Meter) -> Result<(), Exceeded> {
    let _deeper = meter.deeper()?;
    meter.charge(value.raw.len())?;
    let found = value.clone().get(path, meter)?;
    if found.exists() {
        meter.charge(found.raw.len())?;
        list.push(&found.raw);
    }
    if value.is_array() || value.is_object() {
        for member in members(value) {
            descend(&member.value, path, list, meter)?;
        }
    }
    Ok(())
}

/// A JSON object in the making.
struct Object(Zeroizing<Vec<u8>>);

impl Default for Object {
    fn default() -> Self {
        Self(Zeroizing::new(vec![b'{']))
    }
}

impl Object {
    fn push(&mut self, key: &[u8], value: &[u8]) {
        self.separate();
        self.0.extend_from_slice(key);
        self.0.push(b':');
        self.0.extend_from_slice(value);
    }

    /// Several at once, as they stand.
    fn push_members(&mut self, members: &[u8]) {
        self.separate();
        self.0.extend_from_slice(members);
    }

    fn separate(&mut self) {
        if self.0.len() > 1 {
            self.0.push(b',');
        }
    }

    fn closed(mut self) -> Bytes<'static> {
        self.0.push(b'}');
        Bytes::Made(self.0)
    }
}

/// What is between an array's or object's brackets.
fn unwrapped(json: &[u8]) -> &[u8] {
    match trimmed(json) {
        [b'[' | b'{', inner @ .., _] => inner,
        other => other,
    }
}

fn spaceless(mut text: &[u8]) -> &[u8] {
    let blank = |byte: &u8| matches!(byte, b' ' | 0x09..=0x0d);
    while let Some((first, rest)) = text.split_first()
        && blank(first)
    {
        text = rest;
    }
    while let Some((last, rest)) = text.split_last()
        && blank(last)
    {
        text = rest;
    }
    text
}

/// A Boolean option in a modifier's argument.
fn option(argument: &[u8], name: &[u8]) -> bool {
    let options = scan::parse(argument);
    let options = members(&options);
    let mut options = options.iter().rev();
    let given = options.find(|option| *option.key == *name);
    given.is_some_and(|option| option.value.to_bool())
}
