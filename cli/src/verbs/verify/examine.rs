//! The audit of one document with all of its versions.

use serde::Serialize;
use signalbox_pipeline::audit::{Audited, Finding, Kept, audit, follows};
use signalbox_pipeline::environment::Environment;
use signalbox_pipeline::names::Sha256;
use signalbox_pipeline::run::Run;

use super::shelf::{Found, LARGEST, Shelf};
use crate::connect::{Stack, Version};
use crate::exit::{self, Exit};

/// What came of looking at one document.
#[derive(Debug, Serialize)]
pub(super) struct Told {
    /// Its key.
    pub(super) key: String,
    /// What kind of document it is.
    pub(super) kind: Kind,
    /// How many versions were read.
    pub(super) versions: usize,
    /// Of a run: how many facts it took.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) entries: Option<usize>,
    /// Of a run: the hash of the last of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) head: Option<Sha256>,
    /// What is wrong with it.
    pub(super) findings: Vec<Of>,
    /// Why it was not looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) unread: Option<String>,
}

/// What is wrong, and with which version.
#[derive(Debug, Serialize)]
pub(super) struct Of {
    /// The id of the version, where S3 told one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) version: Option<String>,
    #[serde(flatten)]
    pub(super) finding: Finding,
}

/// What kind of document it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Kind {
    /// A run.
    Run,
    /// An environment.
    Environment,
    /// Another that Signalbox writes.
    Other,
    /// One that this version does not know.
    Unknown,
}

/// What a document is, newest of its versions.
pub(super) enum Newest {
    /// A whole run.
    Run(Box<Run>),
    /// A whole environment.
    Environment(Box<Environment>),
    /// Something else, or something that is not whole.
    Other,
}

/// Looks at every version of a document. An error means that nothing can be looked at.
pub(super) async fn examine(shelf: &Shelf, stack: Stack) -> anyhow::Result<(Told, Newest)> {
    let kept = Kept::at(&stack.key);
    let kind = match &kept {
        Kept::Run { .. } => Kind::Run,
        Kept::Environment { .. } => Kind::Environment,
        Kept::Unknown => Kind::Unknown,
        _ => Kind::Other,
    };
    let mut told = Told {
        key: stack.key,
        kind,
        versions: 0,
        entries: None,
        head: None,
        findings: Vec::new(),
        unread: None,
    };
    // No verb deletes a run or what is released; ops may well remove a registration.
    let stays = matches!(kind, Kind::Run | Kind::Environment);
    for id in stack.deletions.into_iter().filter(|_| stays) {
        told.found(&Version::Id(id), vec![document("it was deleted here")]);
    }
    for version in stack.versions.iter().skip(1).filter(|_| kept.is_written_once()) {
        told.found(
            version,
            vec![document("such a document is written once, and was written again")],
        );
    }
    let mut newest = Newest::Other;
    // Only a run's versions go on from each other.
    let versions = match kind {
        Kind::Unknown => &[],
        Kind::Run => stack.versions.as_slice(),
        _ => stack.versions.last().map(std::slice::from_ref).unwrap_or_default(),
    };
    for version in versions {
        let bytes = match shelf.read(&told.key, version).await {
            Ok(Found::Bytes(bytes)) => bytes,
            Ok(Found::TooLarge) => {
                told.found(version, vec![document(&format!("it has more than {LARGEST} bytes"))]);
                continue;
            }
            Ok(Found::Gone) => {
                told.found(version, vec![document("it was listed, and is gone")]);
                continue;
            }
            // Others would come to the same.
            Err(error) if exit::of(&error) == Exit::Unreachable => return Err(error),
            Err(error) => {
                told.unread = Some(format!("{error:#}"));
                continue;
            }
        };
        told.versions += 1;
        newest = told.audited(version, &bytes, &newest);
    }
    if let Newest::Run(run) = &newest {
        told.entries = Some(run.register.entries().len());
        told.head = Some(run.register.head());
    }
    Ok((told, newest))
}

impl Told {
    fn audited(&mut self, version: &Version, bytes: &[u8], before: &Newest) -> Newest {
        match audit(&self.key, bytes) {
            Err(findings) => self.found(version, findings),
            Ok(Audited::Run(run)) => {
                if let Newest::Run(before) = before {
                    self.found(version, follows(before, &run).err().unwrap_or_default());
                }
                return Newest::Run(run);
            }
            Ok(Audited::Environment(environment)) => return Newest::Environment(environment),
            Ok(Audited::Known | Audited::Unknown) => {}
        }
        Newest::Other
    }

    /// Adds what is wrong with a version.
    pub(super) fn found(&mut self, version: &Version, findings: Vec<Finding>) {
        let version = match version {
            Version::Newest => None,
            Version::Id(id) => Some(id.clone()),
        };
        let of = |finding| Of { version: version.clone(), finding };
        self.findings.extend(findings.into_iter().map(of));
    }
}

/// A finding about the document as a whole.
pub(super) fn document(what: &str) -> Finding {
    Finding { entry: None, what: what.to_owned() }
}
