//! Defaults and choices.

use super::{ANY, Function, function, wrong};
use crate::error::Failure;
use crate::value::Value;

pub(super) const FUNCTIONS: &[Function] = &[
    function("default", 1, ANY, |call| {
        let given = call.any(1);
        Ok(if given.is_true() { given } else { call.any(0) }.clone())
    }),
    function("empty", 1, 1, |call| {
        Ok(Value::Bool(!call.any(0).is_true()))
    }),
    function("coalesce", 0, ANY, |call| {
        Ok(call
            .arguments
            .iter()
            .find(|value| value.is_true())
            .cloned()
            .unwrap_or(Value::Nil))
    }),
    function("all", 0, ANY, |call| {
        Ok(Value::Bool(call.arguments.iter().all(Value::is_true)))
    }),
    function("any", 0, ANY, |call| {
        Ok(Value::Bool(call.arguments.iter().any(Value::is_true)))
    }),
    function("ternary", 3, 3, |call| match call.any(2) {
        Value::Bool(yes) => Ok(call.any(usize::from(!yes)).clone()),
        other => Err(wrong(other)),
    }),
    // The message is the template's and often a value: it is not repeated.
    function("fail", 1, 1, |call| {
        call.text(0)?;
        Err(Failure::Deliberate.into())
    }),
];
