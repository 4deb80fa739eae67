#![no_main]
//! `run`: see `signalbox_fuzz`.

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| signalbox_fuzz::run(bytes));
