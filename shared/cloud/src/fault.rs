//! What can go wrong with a message, sorted by what the reader has to do about it.

use std::fmt;

/// A message that can never be handled as it stands.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what} ({place}): {mend}")]
pub struct Malformed {
    /// What is wrong.
    pub what: String,
    /// Where: the message, the field, the key.
    pub place: String,
    /// How to mend it.
    pub mend: String,
}

impl Malformed {
    /// A malformed thing: `what` is wrong at `place`, and `mend` says what to do.
    pub fn new(what: impl fmt::Display, place: impl fmt::Display, mend: impl fmt::Display) -> Self {
        Self { what: what.to_string(), place: place.to_string(), mend: mend.to_string() }
    }
}

/// Why a message was not carried to its end.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// It can never succeed: it goes to the dead letters with its reason.
    #[error(transparent)]
    Malformed(#[from] Malformed),
    /// It is nobody's business here: it is acknowledged, and one line says why.
    #[error("{0}")]
    NotOurs(String),
    /// Somebody else was faster: it should come again within seconds.
    #[error("{0}")]
    Soon(String),
    /// A service did not do its part: it comes again after the visibility timeout.
    #[error("{message}")]
    Retry {
        /// What was tried.
        message: String,
        /// What came of it.
        #[source]
        source: Option<anyhow::Error>,
    },
    /// A document is damaged, or of a newer version: a person has to act, nothing is overwritten.
    #[error("{message}; {mend}")]
    Unreadable {
        /// Which document, and what is wrong with it.
        message: String,
        /// What the person has to do.
        mend: String,
    },
    /// A person has to act; until then it comes again and ends in the dead letters.
    #[error("{message}; {mend}")]
    Page {
        /// What is wrong.
        message: String,
        /// What the person has to do.
        mend: String,
        /// What it follows from.
        #[source]
        source: Option<anyhow::Error>,
    },
}

impl Fault {
    /// `message` failed because of `source`, and trying again may help.
    pub fn retry(message: impl fmt::Display, source: impl Into<anyhow::Error>) -> Self {
        Self::Retry { message: message.to_string(), source: Some(source.into()) }
    }

    /// A person has to act: `message` is wrong, `mend` says what to do.
    pub fn page(message: impl fmt::Display, mend: impl fmt::Display) -> Self {
        Self::Page { message: message.to_string(), mend: mend.to_string(), source: None }
    }

    /// The fault and all that it follows from, in one line for the log.
    #[must_use]
    pub fn chain(&self) -> String {
        let mut line = self.to_string();
        let mut next = std::error::Error::source(self);
        while let Some(error) = next {
            line.push_str(": ");
            line.push_str(&error.to_string());
            next = error.source();
        }
        line
    }
}
