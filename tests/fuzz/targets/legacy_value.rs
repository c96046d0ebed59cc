//! Runs one body of crates/sealing/tests/fuzzed under libFuzzer.
#![no_main]
#![allow(dead_code, reason = "each target runs one body")]

#[path = "../../../crates/sealing/tests/fuzzed/mod.rs"]
mod fuzzed;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzzed::legacy(bytes));
