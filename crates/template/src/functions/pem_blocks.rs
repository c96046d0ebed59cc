//! Parts of PEM text: blocks by label, certificates by their place in the chain, the names they are for.

use memchr::memmem;

use super::{Call, Function, Outcome, function};
use crate::certificate;
use crate::error::Failure;
use crate::pem::{self, Blocks};
use crate::value::Value;

pub(super) const FUNCTIONS: &[Function] = &[
    function("filterPEM", 2, 2, filter),
    function("filterCertChain", 2, 2, |call| {
        let certificates = certificate::all(call.bytes(1)?, call.meter)?;
        let chain = certificate::chain(certificates, call.meter)?;
        let chosen = certificate::of_kind(call.bytes(0)?, &chain);
        call.meter.own(certificate::write(chosen))
    }),
    function("certSANs", 1, 1, |call| {
        let block = pem::first(from_first_block(call.bytes(0)?)).ok_or(Failure::Unparsable)?;
        let names = certificate::alternative_names(&block.contents)?;
        call.meter.bytes(names.iter().map(String::len).sum())?;
        call.make_strings(names.iter().map(|name| Value::text(name)).collect())
    }),
];

/// Blocks of a label, tidied. Text without such a block is refused, unless other blocks are all that it has.
fn filter(call: &mut Call<'_>) -> Outcome {
    let label = call.bytes(0)?;
    let mut blocks = Blocks {
        rest: from_first_block(call.bytes(1)?),
    };
    let mut out = call.meter.buffer();
    for block in blocks.by_ref() {
        call.meter.steps(1)?;
        if block.label.eq_ignore_ascii_case(label) {
            out.push(block.write())?;
        }
    }
    if out.len() == 0 && !blocks.rest.is_empty() {
        return Err(Failure::Unparsable.into());
    }
    call.meter.text(out)
}

/// A block counts even if text stands before it in its line, if it is the first one.
fn from_first_block(text: &[u8]) -> &[u8] {
    let begin = memmem::find(text, b"-----BEGIN");
    begin.map_or(text, |begin| &text[begin..])
}
