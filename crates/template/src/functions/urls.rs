//! URLs as maps.

use super::{Call, Function, Outcome, function};
use crate::error::{Failure, Fault};
use crate::url::Url;
use crate::value::{Entries, Map, Text, Value};

pub(super) const FUNCTIONS: &[Function] = &[
    function("urlParse", 1, 1, parse),
    function("urlJoin", 1, 1, join),
];

fn parse(call: &mut Call<'_>) -> Outcome {
    let url = Url::parse(call.bytes(0)?)?;
    let user = url.user.as_ref().map_or(&b""[..], |user| user.as_slice());
    let parts: [(&str, &[u8]); 8] = [
        ("scheme", &url.scheme),
        ("host", &url.host),
        ("hostname", url.hostname()),
        ("path", &url.path),
        ("query", &url.query),
        ("opaque", &url.opaque),
        ("fragment", &url.fragment),
        ("userinfo", user),
    ];
    call.charge(2 * parts.len())?;
    let mut entries = Entries::new();
    for (name, part) in parts {
        entries.insert(Text::from(name.as_bytes()), call.meter.copy(part)?);
    }
    Ok(Value::map(entries))
}

fn join(call: &mut Call<'_>) -> Outcome {
    let parts = call.dict(0)?;
    let mut url = Url {
        scheme: part(parts, "scheme")?.into(),
        host: part(parts, "host")?.into(),
        path: part(parts, "path")?.into(),
        query: part(parts, "query")?.into(),
        opaque: part(parts, "opaque")?.into(),
        fragment: part(parts, "fragment")?.into(),
        user: None,
    };
    let user = part(parts, "userinfo")?;
    if !user.is_empty() {
        let whole = zeroize::Zeroizing::new([b"proto://", user.as_slice(), b"@host"].concat());
        url.user = Url::parse(&whole)?.user;
    }
    let joined = url.join();
    call.meter.reading(joined.len() * 4)?;
    call.meter.copy(joined.as_slice())
}

fn part(parts: &Map, name: &str) -> Result<Vec<u8>, Fault> {
    match parts.get(name.as_bytes()) {
        None => Ok(Vec::new()),
        Some(Value::Str(text)) => Ok(text.as_bytes().to_vec()),
        Some(_) => Err(Failure::WrongType.into()),
    }
}
