//! Walks a text along a path.

use zeroize::Zeroizing;

use super::array_part::ArrayPart;
use super::bytes::{Bytes, between};
use super::get::split_pipe;
use super::meter::{Exceeded, Meter};
use super::object_part::{Next, ObjectPart};
use super::pattern;
use super::query::Query;
use super::scan::{self, Token};
use super::unescape::unescape;
use super::value::{Kind, Value};

/// One search: what it found, and what is to be done with that.
pub(crate) struct Search<'j, 'p, 'm> {
    json: &'j [u8],
    meter: &'m Meter,
    pub(crate) value: Value<'j>,
    /// The rest of the path, for the value as a text of its own.
    pub(crate) pipe: Option<&'p [u8]>,
}

/// How a walk through an object or array ended.
pub(crate) enum Walk {
    /// The value was found: everything ends here.
    Found,
    /// Not in there. What encloses it goes on from this position.
    Passed(usize),
    /// A string without an end: there is nothing after it.
    CutOff,
}

impl<'j, 'p, 'm> Search<'j, 'p, 'm> {
    pub(crate) fn new(json: &'j [u8], meter: &'m Meter) -> Self {
        Self {
            json,
            meter,
            value: Value::default(),
            pipe: None,
        }
    }

    /// Through the members of the object whose first is at `at` or later.
    pub(crate) fn object(&mut self, mut at: usize, path: &'p [u8]) -> Result<Walk, Exceeded> {
        let _deeper = self.meter.deeper()?;
        let part = ObjectPart::parse(path);
        if let Next::Pipe(rest) = part.next {
            self.pipe = Some(rest);
        }
        loop {
            let before = at;
            let (key, after) = match member_key(self.json, at) {
                Key::At(key, after) => (key, after),
                Key::Closed(end) => return Ok(Walk::Passed(end)),
                Key::CutOff => return Ok(Walk::Passed(at.max(self.json.len()))),
            };
            at = after;
            let is_it = if part.wild {
                pattern::matches(&key, &part.part, self.meter)?
            } else {
                *key == *part.part
            };
            while at < self.json.len() && scan::token(self.json, at).is_none() {
                at += 1;
            }
            let Some(token) = scan::token(self.json, at) else {
                return Ok(Walk::Passed(at));
            };
            match self.step(at, token, is_it.then_some(part.next))? {
                Walk::Passed(end) => at = end,
                Walk::Found => return Ok(Walk::Found),
                Walk::CutOff => return Ok(Walk::Passed(self.json.len())),
            }
            self.meter.charge(at.saturating_sub(before))?;
        }
    }

    /// Through the elements of the array whose first is at `at` or later.
    pub(crate) fn array(&mut self, mut at: usize, path: &'p [u8]) -> Result<Walk, Exceeded> {
        let _deeper = self.meter.deeper()?;
        let part = ArrayPart::parse(path);
        if let Next::Pipe(rest) = part.next {
            self.pipe = Some(rest);
        }
        let index = (!part.hash)
            .then(|| super::number::index(part.part))
            .flatten();
        let mut matched = part
            .query
            .clone()
            .map(|query| Matched::new(query, part.next));
        let mut count = 0_u64;
        let mut starts = Vec::new();
        loop {
            // After a block that was cut off within a string there is not even an end.
            if at > self.json.len() {
                return Ok(Walk::Passed(at));
            }
            let before = at;
            starts.push(at);
            while at < self.json.len()
                && self.json.get(at) != Some(&b']')
                && scan::token(self.json, at).is_none()
            {
                at += 1;
            }
            let Some(token) = scan::token(self.json, at) else {
                // A bracket, or the end of the text, which is as good.
                return self.array_end(at, &part, count, &starts, matched);
            };
            let next = (index == Some(count)).then_some(part.next);
            count = count.wrapping_add(1);
            match &mut matched {
                Some(matched) => {
                    let Some((element, end)) = self.element(at, token) else {
                        return Ok(Walk::Passed(self.json.len()));
                    };
                    at = end;
                    if self.ask(matched, element)? {
                        return Ok(Walk::Found);
                    }
                }
                None => match self.step(at, token, next)? {
                    Walk::Passed(end) => at = end,
                    Walk::Found => return Ok(Walk::Found),
                    Walk::CutOff => return Ok(Walk::Passed(self.json.len())),
                },
            }
            self.meter.charge(at.saturating_sub(before))?;
        }
    }

    /// One value, with what the path says after it, if it is on the path: taken, entered, or passed.
    fn step(&mut self, at: usize, token: Token, next: Option<Next<'p>>) -> Result<Walk, Exceeded> {
        let within = match next {
            Some(Next::Within(rest)) => Some(rest),
            _ => None,
        };
        match (token, within) {
            (Token::Object, Some(rest)) => return self.object(at + 1, rest),
            (Token::Array, Some(rest)) => return self.array(at + 1, rest),
            _ => {}
        }
        let Some((value, end)) = self.element(at, token) else {
            return Ok(Walk::CutOff);
        };
        match next {
            Some(Next::End | Next::Pipe(_)) => {
                self.value = value;
                Ok(Walk::Found)
            }
            _ => Ok(Walk::Passed(end)),
        }
    }

    fn element(&self, at: usize, token: Token) -> Option<(Value<'j>, usize)> {
        match token {
            Token::Object | Token::Array => {
                let end = scan::block_end(self.json, at);
                Some((Value::block(between(self.json, at, end)), end))
            }
            token => scan::scalar(self.json, at, token),
        }
    }

    /// Asks the query about an element; whether that ends the search.
    fn ask(&mut self, matched: &mut Matched<'p>, element: Value<'j>) -> Result<bool, Exceeded> {
        let asked = if element.kind == Kind::Json {
            element.clone().get(matched.query.path, self.meter)?
        } else if matched.query.path.is_empty() {
            element.clone()
        } else {
            return Ok(false);
        };
        if !matched.query.matches(&asked, self.meter)? {
            return Ok(false);
        }
        let found = match matched.within {
            Some(within) => {
                let (left, pipe) = split_pipe(within);
                matched.within = Some(left);
                self.pipe = pipe.or(self.pipe);
                element.get(left, self.meter)?
            }
            None => element,
        };
        if !matched.query.all {
            self.value = found;
            return Ok(true);
        }
        self.meter.charge(found.raw.len())?;
        matched.list.push(&found.raw);
        Ok(false)
    }

    fn array_end(
        &mut self,
        at: usize,
        part: &ArrayPart<'p>,
        count: u64,
        starts: &[usize],
        matched: Option<Matched<'p>>,
    ) -> Result<Walk, Exceeded> {
        if part.hash && part.is_each() {
            self.value = match part.next {
                Next::Within(path) => self.of_each(starts, path)?,
                Next::End | Next::Pipe(_) => {
                    let digits = count.to_string().into_bytes();
                    let mut value = Value::of(Kind::Number, Bytes::made(digits));
                    value.number = super::number::parse(&value.raw);
                    value
                }
            };
            return Ok(Walk::Found);
        }
        if let Some(matched) = matched
            && matched.query.all
            && !self.value.exists()
        {
            self.value = Value::of(Kind::Json, matched.list.closed());
        }
        Ok(Walk::Passed(at + 1))
    }

    /// `#.path`: a list of what the path leads to in each element.
    fn of_each(&mut self, starts: &[usize], path: &'p [u8]) -> Result<Value<'j>, Exceeded> {
        let (path, pipe) = split_pipe(path);
        self.pipe = pipe.or(self.pipe);
        let mut list = List::default();
        for start in starts {
            let blank = |byte: &&u8| matches!(byte, b' ' | b'\t' | b'\r' | b'\n');
            let rest = self.json.get(*start..).unwrap_or_default().iter();
            let at = start + rest.take_while(blank).count();
            if self.json.get(at).is_none_or(|byte| *byte == b']') {
                continue;
            }
            let Some((element, _)) = scan::next_value(self.json, at) else {
                continue;
            };
            self.meter.charge(element.raw.len())?;
            let found = element.get(path, self.meter)?;
            if found.exists() {
                self.meter.charge(found.raw.len())?;
                list.push(&found.raw);
            }
        }
        Ok(Value::of(Kind::Json, list.closed()))
    }
}

/// A query and what matched it so far.
struct Matched<'p> {
    query: Query<'p>,
    within: Option<&'p [u8]>,
    list: List,
}

impl<'p> Matched<'p> {
    fn new(query: Query<'p>, next: Next<'p>) -> Self {
        let within = match next {
            Next::Within(path) => Some(path),
            Next::End | Next::Pipe(_) => None,
        };
        Self {
            query,
            within,
            list: List::default(),
        }
    }
}

/// A JSON array in the making.
pub(crate) struct List(Zeroizing<Vec<u8>>);

impl Default for List {
    fn default() -> Self {
        Self(Zeroizing::new(vec![b'[']))
    }
}

impl List {
    /// Adds an element; nothing is none.
    pub(crate) fn push(&mut self, raw: &[u8]) {
        if raw.is_empty() {
            return;
        }
        if self.0.len() > 1 {
            self.0.push(b',');
        }
        self.0.extend_from_slice(raw);
    }

    pub(crate) fn closed(mut self) -> Bytes<'static> {
        self.0.push(b']');
        Bytes::Made(self.0)
    }
}

/// What comes next in an object.
enum Key<'j> {
    /// A key, and where it ends.
    At(Bytes<'j>, usize),
    /// The end of the object.
    Closed(usize),
    /// Neither.
    CutOff,
}

fn member_key(json: &[u8], at: usize) -> Key<'_> {
    let rest = json.get(at..).unwrap_or_default();
    let Some(skipped) = rest.iter().position(|byte| matches!(byte, b'"' | b'}')) else {
        return Key::CutOff;
    };
    let at = at + skipped;
    if json.get(at) == Some(&b'}') {
        return Key::Closed(at + 1);
    }
    match scan::string_end(json, at) {
        Some((end, escaped)) => {
            let inner = between(json, at + 1, end - 1);
            let key = if escaped {
                unescape(inner)
            } else {
                Bytes::Part(inner)
            };
            Key::At(key, end)
        }
        None => Key::CutOff,
    }
}
