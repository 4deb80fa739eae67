//! Names that only settings have.

use serde::{Deserialize, Serialize};

use crate::text::parsed_text;

/// A name in settings that is outside its alphabet, or taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{shown:?} is not {what}: expected {expected}")]
pub struct SettingsNameError {
    shown: String,
    what: &'static str,
    expected: &'static str,
}

macro_rules! names {
    ($($(#[$doc:meta])* $name:ident = $what:literal, $fits:expr, $expected:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// Parses `text`.
            ///
            /// # Errors
            /// When `text` is outside the alphabet; the error says what was expected.
            pub fn parse(text: impl Into<String>) -> Result<Self, SettingsNameError> {
                let (text, fits): (String, fn(&str) -> bool) = (text.into(), $fits);
                if !text.is_empty() && text.len() <= 128 && fits(&text) {
                    return Ok(Self(text));
                }
                let shown = text.chars().take(60).collect();
                Err(SettingsNameError { shown, what: $what, expected: $expected })
            }
        }

        parsed_text!($name, SettingsNameError);
    )*};
}

names! {
    /// An environment variable that settings may set.
    VariableName = "a variable that can be set here", |text| {
        !text.starts_with("SIGNALBOX_")
            && !text.starts_with("AWS_")
            && !text.starts_with(|c: char| c.is_ascii_digit())
            && text.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
    }, "capital letters, digits and _, not beginning with a digit, SIGNALBOX_ or AWS_, 128 at most";
    /// A job queue of AWS Batch.
    QueueName = "a Batch job queue", |text| {
        text.starts_with(|c: char| c.is_ascii_alphanumeric())
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-".contains(&b))
    }, "the name of a queue: a letter or digit, then letters, digits, _ and -, 128 at most";
}
