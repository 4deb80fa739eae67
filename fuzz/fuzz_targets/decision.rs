#![no_main]
//! `decision`: see `signalbox_fuzz`.

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| signalbox_fuzz::decision(bytes));
