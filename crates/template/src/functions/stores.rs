//! PKCS#12 files: opened, and made of PEM.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{Call, Function, Outcome, drawing, function};
use crate::certificate::{self, Certificate};
use crate::entropy::Stream;
use crate::error::{Failure, Fault};
use crate::meter::Meter;
use crate::pem::{self, Blocks};
use crate::pkcs12::{self, Password, Store};
use crate::private_key::PrivateKey;
use crate::value::{Text, Value};

pub(super) const FUNCTIONS: &[Function] = &[
    function("pkcs12key", 1, 1, |call| key(call, None, 0)),
    function("pkcs12keyPass", 2, 2, |call| key(call, Some(0), 1)),
    function("pkcs12cert", 1, 1, |call| certificates(call, None, 0)),
    function("pkcs12certPass", 2, 2, |call| {
        certificates(call, Some(0), 1)
    }),
    drawing("pemToPkcs12", 2, 2, |call| {
        key_store(call, Chain::First, None)
    }),
    drawing("pemToPkcs12Pass", 3, 3, |call| {
        key_store(call, Chain::First, Some(2))
    }),
    drawing("fullPemToPkcs12", 2, 2, |call| {
        key_store(call, Chain::All, None)
    }),
    drawing("fullPemToPkcs12Pass", 3, 3, |call| {
        key_store(call, Chain::All, Some(2))
    }),
    drawing("pemTruststoreToPKCS12", 1, 1, |call| {
        trust_store(call, None)
    }),
    drawing("pemTruststoreToPKCS12Pass", 2, 2, |call| {
        trust_store(call, Some(1))
    }),
];

fn password(call: &Call<'_>, at: Option<usize>) -> Result<Password, Fault> {
    match at {
        Some(at) => Password::new(&call.chars(at)?),
        None => Password::new(""),
    }
}

fn open(call: &mut Call<'_>, pass: Option<usize>, file: usize) -> Result<Store, Fault> {
    let password = password(call, pass)?;
    pkcs12::read(call.bytes(file)?, &password, call.meter)
}

fn key(call: &mut Call<'_>, pass: Option<usize>, file: usize) -> Outcome {
    let key = open(call, pass, file)?.key.to_pkcs8()?;
    let text = pem::write("PRIVATE KEY", &key);
    call.meter.bytes(text.len())?;
    Ok(Value::Str(Text::new(text)))
}

/// From the leaf upwards, where they are one chain; otherwise in the file's order.
fn certificates(call: &mut Call<'_>, pass: Option<usize>, file: usize) -> Outcome {
    let certificates = open(call, pass, file)?.certificates;
    let unordered = certificate::write(&certificates);
    let text = match certificate::chain(certificates, call.meter) {
        Ok(chain) => certificate::write(&chain),
        Err(Fault::Failed(_)) => unordered,
        Err(fault) => return Err(fault),
    };
    call.meter.own(text)
}

/// Which certificates of a text count.
#[derive(Clone, Copy)]
enum Chain {
    First,
    All,
}

fn key_store(call: &mut Call<'_>, chain: Chain, pass: Option<usize>) -> Outcome {
    let (text, key) = (call.bytes(0)?, call.bytes(1)?);
    let key = pem::first(key).ok_or(Failure::Unparsable)?;
    let certificates = match chain {
        Chain::First => {
            let block = pem::first(text).ok_or(Failure::Unparsable)?;
            vec![Certificate::parse(&block.contents)?]
        }
        Chain::All => only_certificates(text, call.meter)?,
    };
    let store = Store {
        key: PrivateKey::parse(&key.contents)?,
        certificates,
    };
    finish(call, pass, |password, stream, meter| {
        pkcs12::key_store(&store, password, stream, meter)
    })
}

fn trust_store(call: &mut Call<'_>, pass: Option<usize>) -> Outcome {
    let certificates = only_certificates(call.bytes(0)?, call.meter)?;
    finish(call, pass, |password, stream, meter| {
        pkcs12::trust_store(&certificates, password, stream, meter)
    })
}

/// The certificates of a text that has nothing after the last of them: there the original's process ends.
fn only_certificates(text: &[u8], meter: &mut Meter) -> Result<Vec<Certificate>, Fault> {
    let mut blocks = Blocks { rest: text };
    blocks.by_ref().for_each(drop);
    if blocks.rest.is_empty() {
        certificate::all(text, meter)
    } else {
        Err(Failure::Unparsable.into())
    }
}

/// Makes the file with salts that no other content shares.
fn finish(
    call: &mut Call<'_>,
    pass: Option<usize>,
    make: impl FnOnce(&Password, &mut Stream, &mut Meter) -> Result<Vec<u8>, Fault>,
) -> Outcome {
    let password = password(call, pass)?;
    let inputs: Vec<&[u8]> = (0..call.count())
        .map(|at| call.bytes(at))
        .collect::<Result<_, _>>()?;
    let mut stream = call.random()?.fork(&inputs)?;
    let file = make(&password, &mut stream, call.meter)?;
    call.meter.own(STANDARD.encode(file))
}
