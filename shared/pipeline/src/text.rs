//! What every type that is text of a known shape can do, besides being parsed.

/// Makes `$name(String)`, which has a `parse` that fails with `$error`, readable and writable as text.
macro_rules! parsed_text {
    ($name:ident, $error:ty) => {
        impl $name {
            /// The text, as it was parsed.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = $error;
            fn try_from(text: String) -> Result<Self, $error> {
                Self::parse(text)
            }
        }

        impl std::str::FromStr for $name {
            type Err = $error;
            fn from_str(text: &str) -> Result<Self, $error> {
                Self::parse(text)
            }
        }

        impl From<$name> for String {
            fn from(parsed: $name) -> String {
                parsed.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                std::fmt::Debug::fmt(&self.0, f)
            }
        }
    };
}

/// Text that is not what it should be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{shown:?} is not {what}: expected {expected}")]
pub struct TextError {
    /// Its beginning.
    shown: String,
    what: &'static str,
    expected: &'static str,
}

impl TextError {
    pub(crate) fn new(text: &str, what: &'static str, expected: &'static str) -> Self {
        Self { shown: text.chars().take(60).collect(), what, expected }
    }
}

/// Makes types of text with an alphabet each, none of it empty or longer than `$longest` bytes.
macro_rules! texts {
    ($longest:literal; $(
        $(#[$doc:meta])* $name:ident = $what:literal, $fits:expr, $expected:literal;
    )*) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// Parses `text`.
            ///
            /// # Errors
            /// When `text` is something else; the error says what was expected.
            pub fn parse(text: impl Into<String>) -> Result<Self, crate::text::TextError> {
                let (text, fits): (String, fn(&str) -> bool) = (text.into(), $fits);
                if !text.is_empty() && text.len() <= $longest && fits(&text) {
                    return Ok(Self(text));
                }
                Err(crate::text::TextError::new(&text, $what, $expected))
            }
        }

        crate::text::parsed_text!($name, crate::text::TextError);
    )*};
}

pub(crate) use {parsed_text, texts};
