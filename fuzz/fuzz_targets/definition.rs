#![no_main]
//! `definition`: see `signalbox_fuzz`.

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| signalbox_fuzz::definition(bytes));
