//! Hashes of passwords, and passwords made of one.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bcrypt::Version;
use hmac::{Hmac, Mac};
use sha1::{Digest as _, Sha1};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::{Call, Function, Outcome, drawing, function};
use crate::error::{Failure, Fault};
use crate::value::Value;

pub(super) const FUNCTIONS: &[Function] = &[
    drawing("bcrypt", 1, 1, |call| {
        let hash = bcrypt(call, 0)?;
        call.meter.own(hash)
    }),
    drawing("htpasswd", 2, 3, htpasswd),
    function("derivePassword", 5, 5, derive),
];

/// A line of Apache's file of passwords. The third argument came with External Secrets' own copy of sprig.
fn htpasswd(call: &mut Call<'_>) -> Outcome {
    let (user, password) = (call.bytes(0)?, call.bytes(1)?);
    // sprig renders a text that says so.
    if user.contains(&b':') {
        return Err(Failure::Unparsable.into());
    }
    let sha = call.count() == 3 && call.bytes(2)? == b"sha";
    let hash = if sha {
        format!("{{SHA}}{}", STANDARD.encode(Sha1::digest(password)))
    } else {
        bcrypt(call, 1)?
    };
    call.meter.own([user, b":", hash.as_bytes()].concat())
}

/// The only cost that sprig knows: 2^10 rounds.
const COST: u32 = 10;
/// Some 100 ms each: 19 of them in one render, at most.
const HASHING: usize = 5_000;

/// sprig renders an error text for what is too long.
fn bcrypt(call: &mut Call<'_>, password: usize) -> Result<String, Fault> {
    const LONGEST: usize = 72;
    let password = call.bytes(password)?;
    if password.len() > LONGEST {
        return Err(Failure::OutOfRange.into());
    }
    call.meter.steps(HASHING)?;
    let salt = call.random()?.fork(&[b"bcrypt", password])?.bytes()?;
    let hashed = bcrypt::hash_with_salt(password, COST, salt);
    Ok(hashed
        .map_err(|_| Failure::Unsupported)?
        .format_for_version(Version::TwoA))
}

/// Some 300 ms and 32 MiB each: 6 of them in one render, at most.
const DERIVING: usize = 15_000;
/// Of the algorithm Master Password, now Spectre.
const SCOPE: &[u8] = b"com.lyndir.masterpassword";

/// Patterns of passwords, by kind; the letters stand for [`class`]es.
fn patterns(kind: &[u8]) -> Option<&'static [&'static str]> {
    Some(match kind {
        b"maximum" => &["anoxxxxxxxxxxxxxxxxx", "axxxxxxxxxxxxxxxxxno"],
        b"long" => &[
            "CvcvnoCvcvCvcv",
            "CvcvCvcvnoCvcv",
            "CvcvCvcvCvcvno",
            "CvccnoCvcvCvcv",
            "CvccCvcvnoCvcv",
            "CvccCvcvCvcvno",
            "CvcvnoCvccCvcv",
            "CvcvCvccnoCvcv",
            "CvcvCvccCvcvno",
            "CvcvnoCvcvCvcc",
            "CvcvCvcvnoCvcc",
            "CvcvCvcvCvccno",
            "CvccnoCvccCvcv",
            "CvccCvccnoCvcv",
            "CvccCvccCvcvno",
            "CvcvnoCvccCvcc",
            "CvcvCvccnoCvcc",
            "CvcvCvccCvccno",
            "CvccnoCvcvCvcc",
            "CvccCvcvnoCvcc",
            "CvccCvcvCvccno",
        ],
        b"medium" => &["CvcnoCvc", "CvcCvcno"],
        b"short" => &["Cvcn"],
        b"basic" => &["aaanaaan", "aannaaan", "aaannaaa"],
        b"pin" => &["nnnn"],
        _ => return None,
    })
}

fn class(letter: u8) -> &'static [u8] {
    match letter {
        b'V' => b"AEIOU",
        b'C' => b"BCDFGHJKLMNPQRSTVWXYZ",
        b'v' => b"aeiou",
        b'c' => b"bcdfghjklmnpqrstvwxyz",
        b'a' => b"AEIOUaeiouBCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz",
        b'n' => b"0123456789",
        b'o' => b"@&%?,=[]_:-+*$#!'^~;()/.",
        _ => b"AEIOUaeiouBCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz0123456789!@#$%^&*()",
    }
}

/// The password for a site: nothing random, the same arguments always give the same one.
fn derive(call: &mut Call<'_>) -> Outcome {
    let counter = u32::try_from(call.int(0)?).map_err(|_| Failure::OutOfRange)?;
    // sprig renders a text that says so.
    let patterns = patterns(call.bytes(1)?).ok_or(Failure::Unparsable)?;
    let (password, user, site) = (call.bytes(2)?, call.bytes(3)?, call.bytes(4)?);
    call.meter.steps(DERIVING)?;
    let sized = |text: &[u8]| {
        let length = u32::try_from(text.len()).unwrap_or(u32::MAX);
        [SCOPE, &length.to_be_bytes(), text].concat()
    };
    let mut key = Zeroizing::new([0; 64]);
    let parameters = scrypt::Params::new(15, 8, 2, key.len()).map_err(|_| Failure::Unsupported)?;
    scrypt::scrypt(password, &sized(user), &parameters, key.as_mut_slice())
        .map_err(|_| Failure::Unsupported)?;
    let mut mac =
        Hmac::<Sha256>::new_from_slice(key.as_slice()).map_err(|_| Failure::Unsupported)?;
    mac.update(&sized(site));
    mac.update(&counter.to_be_bytes());
    let seed = Zeroizing::new(<[u8; 32]>::from(mac.finalize().into_bytes()));
    let pick = |among: &[u8], by: u8| among.get(usize::from(by) % among.len()).copied();
    let pattern = patterns.get(usize::from(seed[0]) % patterns.len());
    let letters: Option<Zeroizing<Vec<u8>>> = pattern
        .unwrap_or(&"")
        .bytes()
        .zip(seed[1..].iter())
        .map(|(letter, by)| pick(class(letter), *by))
        .collect::<Option<Vec<u8>>>()
        .map(Zeroizing::new);
    let letters = letters.ok_or(Failure::OutOfRange)?;
    call.meter.bytes(letters.len())?;
    Ok(Value::Str(crate::value::Text::new(letters)))
}
