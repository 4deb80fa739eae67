//! What can go wrong between us and S3.

use crate::clients::Trouble;
use crate::fault::Fault;
use crate::store::Unread;

/// An object that could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// It was written by a newer version of Signalbox, or could only be written by one.
    #[error(
        "{key} has schema {found}, written by a newer version of Signalbox; this one knows {known}"
    )]
    Newer {
        /// Its key.
        key: String,
        /// Its schema.
        found: u64,
        /// The newest schema that this version knows.
        known: u32,
    },
    /// It is not what its key says.
    #[error("{key} is damaged: {problem}")]
    Damaged {
        /// Its key.
        key: String,
        /// What is wrong with it.
        problem: String,
    },
    /// It is larger than anything that we write.
    #[error("{key} has more than {most} bytes, and is not read")]
    TooLarge {
        /// Its key.
        key: String,
        /// The bound.
        most: usize,
    },
    /// S3 did not do it.
    #[error("{what}")]
    Storage {
        /// What was tried.
        what: String,
        /// What came of it.
        #[source]
        source: Trouble,
    },
}

impl StoreError {
    pub(super) fn storage(what: &str, bucket: &str, key: &str, source: Trouble) -> Self {
        Self::Storage { what: format!("{what} s3://{bucket}/{key}"), source }
    }

    pub(super) fn unread(key: &str, most: usize, unread: Unread) -> Self {
        match unread {
            Unread::TooLarge => Self::TooLarge { key: key.to_owned(), most },
            Unread::Broken(error) => {
                let source = Trouble::Unclear(error);
                Self::Storage { what: format!("reading {key}"), source }
            }
        }
    }
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        let mend = match error {
            StoreError::Storage { what, source } => return source.fault(what),
            StoreError::Newer { .. } => "deploy the newer version again; nothing was overwritten",
            StoreError::Damaged { .. } | StoreError::TooLarge { .. } => {
                "restore an older version of the object; nothing was overwritten"
            }
        };
        Self::Unreadable { message: error.to_string(), mend: mend.to_owned() }
    }
}
