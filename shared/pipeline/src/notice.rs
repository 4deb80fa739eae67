//! What people are told: one message for each thing that happened, with where it goes.
//!
//! A notice is made by the core, sent by the one whose put won, and delivered by the function
//! `notify`. Its id follows from what happened alone: told twice, it bears the same id, by which a
//! receiver knows that it has it already.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::names::{
    BranchName, CommitSha, EnvironmentName, EventId, Host, NameError, PipelineName, RepositoryName,
    RunId,
};
use crate::phase::Phase;
use crate::run::Run;

mod due;
mod end;
mod hold;
pub(crate) mod keys;
mod read;
mod target;

pub(crate) use due::due;
pub(crate) use read::targets;
pub use target::{Comment, SecretName, Target, TopicArn};

/// The version of the message that this code writes.
pub const SCHEMA: u32 = 1;

/// As long as the subject of a message of SNS may be.
const LONGEST_SUBJECT: usize = 100;
/// As much of a text as is sent: more is read where the run itself is shown.
const LONGEST_TEXT: usize = 4000;

/// Something that happened, for people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// The version of the message.
    pub schema: u32,
    /// Follows from what happened alone.
    pub id: EventId,
    /// What kind of thing happened.
    pub kind: Kind,
    /// When it happened.
    pub at: Timestamp,
    /// The pipeline.
    pub pipeline: PipelineName,
    /// The run that it happened to.
    pub run: RunId,
    /// The environment, where it is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<EnvironmentName>,
    /// How far the run has come.
    pub phase: Phase,
    /// The commit that it is a run of.
    pub commit: Commit,
    /// All of it in one line of ASCII, 100 characters at most.
    pub subject: String,
    /// What failed and why, line by line.
    pub text: String,
    /// The command to go on with.
    pub command: String,
    /// Whom it is for; a receiver is not told who else there is.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub targets: Vec<Target>,
}

/// What kind of thing happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A run is over: by its own work, or by a person.
    Finished,
    /// A run is over because the machinery or the platform failed.
    Errored,
    /// A release was rolled out, or about to be recorded, and is out: what was live stays so.
    FellBack,
    /// A person keeps releases out of an environment.
    Hold,
    /// An environment waits for an approval.
    Approval,
    /// Somebody has let a release in without the approvals that it needs.
    BreakGlass,
}

/// A commit and where it lies.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Commit {
    /// The host of the repository.
    pub host: Host,
    /// The repository.
    pub repository: RepositoryName,
    /// The branch that was pushed to.
    pub branch: BranchName,
    /// The commit.
    pub commit: CommitSha,
}

/// What a notice says, before it is bounded and cleaned.
struct Words {
    kind: Kind,
    /// The end of the id, behind pipeline and run.
    what: String,
    at: Timestamp,
    environment: Option<EnvironmentName>,
    subject: String,
    lines: Vec<String>,
    command: String,
}

impl Notice {
    fn of(run: &Run, words: Words, targets: Vec<Target>) -> Result<Self, NameError> {
        let trigger = &run.state.trigger;
        let Words { kind, what, at, environment, subject, lines, command } = words;
        Ok(Self {
            schema: SCHEMA,
            id: EventId::parse(format!("{}.{}.{what}", run.pipeline, run.id))?,
            kind,
            at,
            pipeline: run.pipeline.clone(),
            run: run.id.clone(),
            environment,
            phase: run.state.phase,
            commit: Commit {
                host: trigger.host.clone(),
                repository: trigger.repository.clone(),
                branch: trigger.branch.clone(),
                commit: trigger.commit.clone(),
            },
            subject: subject_line(&subject),
            text: clean(&lines.join("\n")).chars().take(LONGEST_TEXT).collect(),
            command,
            targets,
        })
    }
}

/// A subject as SNS takes it: one line of printable ASCII.
fn subject_line(text: &str) -> String {
    let printable = |c: char| if c.is_ascii_graphic() || c == ' ' { c } else { '?' };
    text.chars().map(printable).take(LONGEST_SUBJECT).collect()
}

/// Other people's words, without what moves a cursor or hides text.
fn clean(text: &str) -> String {
    text.chars().map(|c| if c.is_control() && c != '\n' { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests;
