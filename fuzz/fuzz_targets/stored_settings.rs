#![no_main]
//! `stored_settings`: see `signalbox_fuzz`.

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| signalbox_fuzz::stored_settings(bytes));
