//! URLs taken apart and put together as Go's net/url does it.

use zeroize::Zeroizing;

use crate::error::Failure;

/// The parts that sprig shows.
#[derive(Default)]
pub(crate) struct Url {
    pub(crate) scheme: Zeroizing<Vec<u8>>,
    pub(crate) opaque: Zeroizing<Vec<u8>>,
    /// Escaped; None when there is no `@`.
    pub(crate) user: Option<Zeroizing<Vec<u8>>>,
    pub(crate) host: Zeroizing<Vec<u8>>,
    pub(crate) path: Zeroizing<Vec<u8>>,
    pub(crate) query: Zeroizing<Vec<u8>>,
    pub(crate) fragment: Zeroizing<Vec<u8>>,
}

/// Which part of a URL text stands in: each allows other characters.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Path,
    User,
    Host,
    Zone,
    Fragment,
}

impl Url {
    pub(crate) fn parse(text: &[u8]) -> Result<Self, Failure> {
        let (text, fragment) = cut(text, b'#').unwrap_or((text, b""));
        let mut url = Self {
            fragment: unescape(fragment, Part::Fragment)?,
            ..Self::default()
        };
        if text.iter().any(|byte| *byte < b' ' || *byte == 0x7f) {
            return Err(Failure::Unparsable);
        }
        if text == b"*" {
            url.path = owned(text);
            return Ok(url);
        }
        let (scheme, rest) = scheme(text)?;
        url.scheme = Zeroizing::new(scheme.to_ascii_lowercase());
        let (rest, query) = cut(rest, b'?').unwrap_or((rest, b""));
        url.query = owned(query);
        if !rest.starts_with(b"/") {
            if !scheme.is_empty() {
                url.opaque = owned(rest);
                return Ok(url);
            }
            let first = rest.split(|byte| *byte == b'/').next().unwrap_or_default();
            if first.contains(&b':') {
                return Err(Failure::Unparsable);
            }
        }
        let mut path = rest;
        if rest.starts_with(b"//") && !(scheme.is_empty() && rest.starts_with(b"///")) {
            let end = rest[2..]
                .iter()
                .position(|byte| *byte == b'/')
                .map_or(rest.len(), |at| at + 2);
            url.authority(&rest[2..end])?;
            path = &rest[end..];
        }
        url.path = unescape(path, Part::Path)?;
        Ok(url)
    }

    fn authority(&mut self, text: &[u8]) -> Result<(), Failure> {
        let at = text.iter().rposition(|byte| *byte == b'@');
        self.host = host(at.map_or(text, |at| &text[at + 1..]))?;
        let Some(at) = at else { return Ok(()) };
        let user = &text[..at];
        if !user
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-._:~!$&'()*+,;=%@".contains(byte))
        {
            return Err(Failure::Unparsable);
        }
        let escaped =
            |text: &[u8]| unescape(text, Part::User).map(|plain| escape(&plain, Part::User));
        self.user = Some(match cut(user, b':') {
            None => escaped(user)?,
            Some((name, password)) => Zeroizing::new(
                [
                    escaped(name)?.as_slice(),
                    b":",
                    escaped(password)?.as_slice(),
                ]
                .concat(),
            ),
        });
        Ok(())
    }

    /// The host without its port, and without the brackets of an IPv6 address.
    pub(crate) fn hostname(&self) -> &[u8] {
        if let Some(inside) = self.host.strip_prefix(b"[")
            && let Some(end) = inside.iter().position(|byte| *byte == b']')
        {
            return &inside[..end];
        }
        self.host
            .iter()
            .rposition(|byte| *byte == b':')
            .map_or(&self.host, |at| &self.host[..at])
    }

    pub(crate) fn join(&self) -> Zeroizing<Vec<u8>> {
        let mut out = Zeroizing::new(Vec::with_capacity(64));
        if !self.scheme.is_empty() {
            out.extend_from_slice(&self.scheme);
            out.push(b':');
        }
        if self.opaque.is_empty() {
            let named = !self.scheme.is_empty() || !self.host.is_empty() || self.user.is_some();
            if named && (!self.host.is_empty() || !self.path.is_empty() || self.user.is_some()) {
                out.extend_from_slice(b"//");
                if let Some(user) = &self.user {
                    out.extend_from_slice(user);
                    out.push(b'@');
                }
                out.extend_from_slice(&escaped_host(&self.host));
            }
            if !self.path.is_empty() && self.path[0] != b'/' && !self.host.is_empty() {
                out.push(b'/');
            }
            if out.is_empty()
                && self
                    .path
                    .split(|byte| *byte == b'/')
                    .next()
                    .is_some_and(|first| first.contains(&b':'))
            {
                out.extend_from_slice(b"./");
            }
            out.extend_from_slice(&if self.path.as_slice() == b"*" {
                self.path.clone()
            } else {
                escape(&self.path, Part::Path)
            });
        } else {
            out.extend_from_slice(&self.opaque);
        }
        if !self.query.is_empty() {
            out.push(b'?');
            out.extend_from_slice(&self.query);
        }
        if !self.fragment.is_empty() {
            out.push(b'#');
            out.extend_from_slice(&escape(&self.fragment, Part::Fragment));
        }
        out
    }
}

fn owned(text: &[u8]) -> Zeroizing<Vec<u8>> {
    Zeroizing::new(text.to_vec())
}

fn cut(text: &[u8], at: u8) -> Option<(&[u8], &[u8])> {
    let place = text.iter().position(|byte| *byte == at)?;
    Some((&text[..place], &text[place + 1..]))
}

fn scheme(text: &[u8]) -> Result<(&[u8], &[u8]), Failure> {
    for (at, byte) in text.iter().enumerate() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' => {}
            b'0'..=b'9' | b'+' | b'-' | b'.' if at > 0 => {}
            b':' if at == 0 => return Err(Failure::Unparsable),
            b':' => return Ok((&text[..at], &text[at + 1..])),
            _ => break,
        }
    }
    Ok((b"", text))
}

fn host(text: &[u8]) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let port = |text: &[u8]| {
        text.is_empty() || (text[0] == b':' && text[1..].iter().all(u8::is_ascii_digit))
    };
    if text.starts_with(b"[") {
        let end = text
            .iter()
            .rposition(|byte| *byte == b']')
            .ok_or(Failure::Unparsable)?;
        if !port(&text[end + 1..]) {
            return Err(Failure::Unparsable);
        }
        if let Some(zone) = text[..end].windows(3).position(|part| part == b"%25") {
            let parts = [
                unescape(&text[..zone], Part::Host)?,
                unescape(&text[zone..end], Part::Zone)?,
                unescape(&text[end..], Part::Host)?,
            ];
            return Ok(Zeroizing::new(
                parts.iter().flat_map(|part| part.iter().copied()).collect(),
            ));
        }
    } else if let Some(colon) = text.iter().rposition(|byte| *byte == b':')
        && !port(&text[colon..])
    {
        return Err(Failure::Unparsable);
    }
    unescape(text, Part::Host)
}

fn escaped_host(host: &[u8]) -> Zeroizing<Vec<u8>> {
    escape(host, Part::Host)
}

fn unescape(text: &[u8], part: Part) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let mut plain = Zeroizing::new(Vec::with_capacity(text.len()));
    let mut rest = text;
    while let Some((byte, after)) = rest.split_first() {
        if *byte != b'%' {
            if matches!(part, Part::Host | Part::Zone) && *byte < 0x80 && escapes(*byte, part) {
                return Err(Failure::Unparsable);
            }
            plain.push(*byte);
            rest = after;
            continue;
        }
        let [high, low, after @ ..] = after else {
            return Err(Failure::Unparsable);
        };
        let (high, low) = (hex(*high)?, hex(*low)?);
        let value = high << 4 | low;
        let allowed = match part {
            Part::Host => value >= 0x80 || value == b'%',
            Part::Zone => value == b'%' || value == b' ' || !escapes(value, Part::Host),
            _ => true,
        };
        if !allowed {
            return Err(Failure::Unparsable);
        }
        plain.push(value);
        rest = after;
    }
    Ok(plain)
}

fn hex(digit: u8) -> Result<u8, Failure> {
    let value = char::from(digit).to_digit(16).ok_or(Failure::Unparsable)?;
    u8::try_from(value).map_err(|_| Failure::Unparsable)
}

fn escape(text: &[u8], part: Part) -> Zeroizing<Vec<u8>> {
    let mut escaped = Zeroizing::new(Vec::with_capacity(text.len() * 3));
    for byte in text {
        if escapes(*byte, part) {
            escaped.push(b'%');
            escaped.extend(
                [byte >> 4, byte & 15].map(|digit| b"0123456789ABCDEF"[usize::from(digit)]),
            );
        } else {
            escaped.push(*byte);
        }
    }
    escaped
}

fn escapes(byte: u8, part: Part) -> bool {
    match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => false,
        b'!' | b'$' | b'&' | b'\'' | b'(' | b')' | b'*' | b'+' | b',' | b';' | b'=' | b':'
        | b'[' | b']' | b'<' | b'>' | b'"'
            if matches!(part, Part::Host | Part::Zone) =>
        {
            false
        }
        b'$' | b'&' | b'+' | b',' | b'/' | b':' | b';' | b'=' | b'?' | b'@' => match part {
            Part::Path => byte == b'?',
            Part::User => matches!(byte, b'@' | b'/' | b'?' | b':'),
            Part::Fragment => false,
            Part::Host | Part::Zone => true,
        },
        b'!' | b'(' | b')' | b'*' => part != Part::Fragment,
        _ => true,
    }
}
