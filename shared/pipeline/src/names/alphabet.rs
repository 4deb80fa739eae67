//! The alphabets that names are checked against.

/// A name that is outside its alphabet.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{shown:?} is not {what}: expected {expected}")]
pub struct NameError {
    what: &'static str,
    shown: String,
    expected: &'static str,
}

/// One alphabet, with its bounds.
pub(super) struct Check {
    longest: usize,
    fits: Box<dyn Fn(&str) -> bool>,
}

/// How much of a refused value an error repeats.
const SHOWN: usize = 60;

pub(super) fn check(
    what: &'static str,
    text: String,
    check: &Check,
    expected: &'static str,
) -> Result<String, NameError> {
    if !text.is_empty() && text.len() <= check.longest && (check.fits)(&text) {
        return Ok(text);
    }
    let mut shown: String = text.chars().take(SHOWN).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    Err(NameError { what, shown, expected })
}

impl Check {
    fn new(longest: usize, fits: impl Fn(&str) -> bool + 'static) -> Self {
        Self { longest, fits: Box::new(fits) }
    }

    pub(super) fn label(longest: usize) -> Self {
        Self::new(longest, |text| {
            text.starts_with(|c: char| c.is_ascii_lowercase())
                && text.bytes().all(|b| is_lower(b) || b == b'-')
                && !text.ends_with('-')
                && !text.contains("--")
        })
    }

    /// A label that is never the name of a stage: else `test-verify` would be both the environment
    /// and the stage of `test`, and two attempts could bear one job name.
    pub(super) fn environment(longest: usize) -> Self {
        let label = Self::label(longest).fits;
        Self::new(longest, move |text| {
            let stages = ["-validate", "-approve", "-verify", "-release"];
            label(text) && !stages.iter().any(|stage| text.ends_with(stage))
        })
    }

    pub(super) fn run_id() -> Self {
        Self::new(33, |text| {
            let mut parts = text.splitn(3, '-');
            let [Some(time), Some(sha), Some(hash)] = [parts.next(), parts.next(), parts.next()]
            else {
                return false;
            };
            is_compact_time(time)
                && is_hex(sha)
                && sha.len() == 7
                && is_hex(hash)
                && hash.len() == 8
        })
    }

    pub(super) fn launch_id() -> Self {
        Self::new(29, |text| {
            text.split_once('-').is_some_and(|(time, hash)| {
                is_compact_time(time) && is_hex(hash) && hash.len() == 12
            })
        })
    }

    pub(super) fn hex(lengths: &'static [usize]) -> Self {
        Self::new(64, move |text| lengths.contains(&text.len()) && is_hex(text))
    }

    pub(super) fn digest() -> Self {
        Self::new(71, |text| {
            text.strip_prefix("sha256:").is_some_and(|hash| hash.len() == 64 && is_hex(hash))
        })
    }

    pub(super) fn tag() -> Self {
        Self::new(128, |text| {
            !text.starts_with(['.', '-']) && text.bytes().all(|b| is_word(b) || b"_.-".contains(&b))
        })
    }

    pub(super) fn image_repository() -> Self {
        Self::new(256, |text| {
            text.split('/').all(|segment| {
                segment.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit())
                    && segment.bytes().all(|b| is_lower(b) || b"._-".contains(&b))
                    && !segment.contains("..")
            })
        })
    }

    pub(super) fn host() -> Self {
        Self::new(100, |text| {
            text.split('.').all(|label| {
                !label.is_empty()
                    && !label.starts_with('-')
                    && label.bytes().all(|b| is_lower(b) || b == b'-')
            })
        })
    }

    pub(super) fn path(longest: usize) -> Self {
        Self::new(longest, |text| {
            text.split('/').all(|segment| {
                !segment.is_empty()
                    && !segment.starts_with('.')
                    && !segment.contains("..")
                    && segment.bytes().all(|b| is_word(b) || b"._-".contains(&b))
            })
        })
    }

    pub(super) fn token(longest: usize) -> Self {
        Self::new(longest, |text| text.bytes().all(|b| is_word(b) || b"._:-".contains(&b)))
    }

    pub(super) fn job_name() -> Self {
        Self::new(128, |text| {
            text.starts_with(|c: char| c.is_ascii_alphanumeric())
                && text.bytes().all(|b| is_word(b) || b"_-".contains(&b))
        })
    }
}

fn is_lower(b: u8) -> bool {
    b.is_ascii_lowercase() || b.is_ascii_digit()
}

fn is_word(b: u8) -> bool {
    b.is_ascii_alphanumeric()
}

fn is_hex(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
}

/// `yyyymmddthhmmssz`
fn is_compact_time(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() == 16
        && bytes[8] == b't'
        && bytes[15] == b'z'
        && bytes.iter().enumerate().all(|(at, b)| at == 8 || at == 15 || b.is_ascii_digit())
}
