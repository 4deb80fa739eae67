//! Where an object lies: a folder per key, whose path can be read by people.
//!
//! The parts of a key become nested folders. The last one ends in `=`, which never occurs in the
//! others, so that the objects `a` (in `a=`) and `a/b` (in `a/b=`) get along.

use std::path::PathBuf;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode};
use sha2::{Digest, Sha256};

/// What stands for itself in a file's name.
const ENCODED: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~').remove(b'+').remove(b'@');

/// File systems take names of up to 255 bytes.
const LONGEST: usize = 200;

/// The folder of the object `key`, relative to the folder of all objects. No two keys share one.
pub(super) fn folder(key: &str) -> PathBuf {
    let mut path: PathBuf = key.split('/').map(name).collect();
    path.as_mut_os_string().push("=");
    path
}

fn name(part: &str) -> String {
    let encoded = percent_encode(part.as_bytes(), ENCODED).to_string();
    match encoded.as_str() {
        "" => "%".to_owned(),
        "." => "%2E".to_owned(),
        ".." => "%2E%2E".to_owned(),
        long if long.len() > LONGEST => {
            // `%~` never occurs in an encoded part.
            format!("{}%~{}", &long[..100], hex::encode(Sha256::digest(part)))
        }
        _ => encoded,
    }
}
