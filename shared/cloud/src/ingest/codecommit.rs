//! CodeCommit Repository State Change: a branch was pushed.

use jiff::Timestamp;
use serde::Deserialize;
use signalbox_pipeline::names::{BranchName, CommitSha, EventId, Host, RepositoryName};

use super::envelope::shown;
use super::{Envelope, Read, absent, name};
use crate::fault::Malformed;

const SOURCE: &str = "aws.codecommit";
const DETAIL_TYPE: &str = "CodeCommit Repository State Change";
/// As much of an actor's ARN as is kept.
const LONGEST_ACTOR: usize = 256;

/// A branch points to another commit, on whatever code host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Push {
    /// The event that says so.
    pub event: EventId,
    /// When it was pushed.
    pub at: Timestamp,
    /// The host of the repository.
    pub host: Host,
    /// The repository.
    pub repository: RepositoryName,
    /// The branch.
    pub branch: BranchName,
    /// The commit that it points to now.
    pub commit: CommitSha,
    /// The commit that it pointed to before; absent for a new branch.
    pub previous: Option<CommitSha>,
    /// Who pushed, where the host says so.
    pub actor: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Detail {
    event: String,
    repository_name: Option<String>,
    reference_type: Option<String>,
    reference_name: Option<String>,
    commit_id: Option<String>,
    old_commit_id: Option<String>,
    caller_user_arn: Option<String>,
}

/// Reads a push to a repository of `host` out of `envelope`.
///
/// # Errors
/// When it is a push whose names or commits are not such.
pub fn read(envelope: &Envelope<'_>, host: &Host) -> Result<Read<Push>, Malformed> {
    if !envelope.is(SOURCE, DETAIL_TYPE) {
        return Ok(Read::Ignored(envelope.other_kind(DETAIL_TYPE)));
    }
    let detail: Detail = envelope.detail()?;
    if let Some(reason) = irrelevant(&detail) {
        return Ok(Read::Ignored(reason));
    }
    let repository = required(detail.repository_name.as_deref(), "detail.repositoryName")?;
    let branch = required(detail.reference_name.as_deref(), "detail.referenceName")?;
    let commit = required(detail.commit_id.as_deref(), "detail.commitId")?;
    let previous = detail.old_commit_id.as_deref();
    Ok(Read::Event(Push {
        event: envelope.id.clone(),
        at: envelope.at,
        host: host.clone(),
        repository: name(repository, "detail.repositoryName")?,
        branch: name(branch, "detail.referenceName")?,
        commit: name(commit, "detail.commitId")?,
        previous: previous.map(|sha| name(sha, "detail.oldCommitId")).transpose()?,
        actor: detail.caller_user_arn.map(|arn| arn.chars().take(LONGEST_ACTOR).collect()),
    }))
}

fn irrelevant(detail: &Detail) -> Option<String> {
    match detail.event.as_str() {
        "referenceCreated" | "referenceUpdated" => match detail.reference_type.as_deref() {
            Some("branch") => None,
            other => {
                let kind = shown(other.unwrap_or("nothing"));
                Some(format!("a {kind} was pushed, and only branches start runs"))
            }
        },
        "referenceDeleted" => Some("a reference was deleted, which starts nothing".to_owned()),
        "unreferencedMergeCommitCreated" => {
            Some("a merge was tried out and is on no branch".to_owned())
        }
        other => Some(format!("CodeCommit's {:?} is not a push", shown(other))),
    }
}

fn required<'a>(value: Option<&'a str>, field: &str) -> Result<&'a str, Malformed> {
    value.ok_or_else(|| absent(field))
}

#[cfg(test)]
mod tests;
