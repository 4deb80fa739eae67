#![no_main]
//! `batch`: see `signalbox_fuzz`.

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| signalbox_fuzz::batch(bytes));
