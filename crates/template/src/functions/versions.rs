//! Semantic versions.

use std::rc::Rc;

use super::{Function, function};
use crate::value::Value;
use crate::version::{Version, satisfies};

pub(super) const FUNCTIONS: &[Function] = &[
    function("semver", 1, 1, |call| {
        call.meter.bytes(call.bytes(0)?.len() * 3)?;
        Ok(Value::Version(Rc::new(Version::parse(&call.chars(0)?)?)))
    }),
    function("semverCompare", 2, 2, |call| {
        call.meter
            .bytes((call.bytes(0)?.len() + call.bytes(1)?.len()) * 8)?;
        Ok(Value::Bool(satisfies(
            &call.chars(0)?,
            &call.chars(1)?,
            call.dialect,
        )?))
    }),
];
