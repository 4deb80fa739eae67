//! Whether a person's word on a release counts: who has a voice, about what, and until when.
//!
//! The run itself counts the words that were let through ([`crate::run::approving`]). What is judged
//! here follows from the run and from `people.json` alone, so that the command can tell beforehand
//! what the function will say.

use jiff::Timestamp;

use crate::deadline;
use crate::names::{EnvironmentName, GroupName, PersonName, Sha256};
use crate::people::People;
use crate::phase::Phase;
use crate::run::Run;
use crate::run::fact::Choice;
use crate::run::state::{Stage, StageWork, State};
use crate::settings::Approvals;

/// A person's word, as it came in.
#[derive(Clone, Copy, Debug)]
pub struct Word<'w> {
    /// The environment that it is about.
    pub environment: &'w EnvironmentName,
    /// What it says.
    pub choice: Choice,
    /// The release that it is about.
    pub release: &'w Sha256,
    /// The principal that sent it, as SQS attests.
    pub sender: &'w str,
}

/// Why a word does not count.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Nobody is asked there, or not now.
    #[error("the run does not wait for approval in {environment}: {why}")]
    NotWaiting {
        /// The environment.
        environment: EnvironmentName,
        /// What it does instead.
        why: String,
    },
    /// It is about something else than what waits.
    #[error(
        "it is about the release {meant}, and {waiting} waits: the settings or the run have changed, \
         look at it and decide again"
    )]
    OtherRelease {
        /// What it is about.
        meant: Sha256,
        /// What waits.
        waiting: Sha256,
    },
    /// The time in which people are asked is over.
    #[error("it came too late: {0}")]
    Expired(String),
    /// The principal stands for nobody.
    #[error("nobody in people.json has the principal {0}: `signalbox people apply` says who has")]
    Unmapped(String),
    /// The person is in none of the groups that are asked.
    #[error("{person} is in none of the groups that the settings ask: {groups}")]
    NotAsked {
        /// The person.
        person: PersonName,
        /// The groups.
        groups: String,
    },
    /// The person had a part in the commit.
    #[error(
        "{person} is the {part} of the commit, and `exclude_author` of the settings leaves out who made it"
    )]
    Maker {
        /// The person.
        person: PersonName,
        /// Their part.
        part: &'static str,
    },
    /// Whether the person had a part in the commit cannot be told.
    #[error("the approval is held up: {0}")]
    HeldUp(String),
    /// The person has said so already.
    #[error("{0} has said so already, and counts once")]
    Again(PersonName),
}

/// Who had a part in a commit: a name that `people.json` may know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Maker<'s> {
    /// The part, such as `author`.
    pub part: &'static str,
    /// What the person was called there; nothing where nobody has said it.
    pub name: Option<&'s str>,
}

impl Maker<'_> {
    fn person<'p>(&self, people: &'p People) -> Option<&'p PersonName> {
        match self.part {
            PUSHER => people.of_pusher(self.name?),
            _ => people.of_email(self.name?),
        }
    }

    fn unknown(&self) -> String {
        match self.name {
            Some(name) => {
                format!("nobody in people.json is {name:?}, the {} of the commit", self.part)
            }
            None => format!("nobody has said who the {} of the commit is", self.part),
        }
    }
}

const PUSHER: &str = "pusher";

/// Everybody who had a part in the commit of a run.
#[must_use]
pub fn makers(state: &State) -> [Maker<'_>; 3] {
    let commit = state.commit();
    [
        Maker { part: "author", name: commit.map(|commit| commit.author.email.as_str()) },
        Maker { part: "committer", name: commit.map(|commit| commit.committer.email.as_str()) },
        Maker { part: PUSHER, name: state.trigger.pushed_by.as_deref() },
    ]
}

/// Why nobody can approve of a release of `state` where `asked` leaves out who made the commit:
/// somebody who had a part in it is not known.
#[must_use]
pub fn held_up(state: &State, asked: &Approvals, people: &People) -> Option<String> {
    let unknown = makers(state).into_iter().find(|maker| maker.person(people).is_none());
    unknown.filter(|_| asked.exclude_author).map(|maker| maker.unknown())
}

/// The stage in which people are asked about `environment`.
#[must_use]
pub fn gate<'s>(state: &'s State, environment: &EnvironmentName) -> Option<&'s Stage> {
    state.stages.iter().find(|stage| match &stage.work {
        StageWork::Approve { environment: about } => about == environment,
        _ => false,
    })
}

/// Whose word it is, where it counts for the run at `now`.
///
/// # Errors
/// With the reason, where it does not.
pub fn judge<'p>(
    run: &Run,
    people: Option<&'p People>,
    word: Word<'_>,
    now: Timestamp,
) -> Result<&'p PersonName, Refusal> {
    let (stage, asked) = open(run, word.environment, now)?;
    let waiting = run.state.release(stage);
    if let Some(waiting) = waiting.filter(|waiting| waiting != word.release) {
        return Err(Refusal::OtherRelease { meant: word.release.clone(), waiting });
    }
    let unmapped = || Refusal::Unmapped(word.sender.to_owned());
    let people = people.ok_or_else(unmapped)?;
    let (name, person) = people.of_sender(word.sender).ok_or_else(unmapped)?;
    if !person.is_in(&asked.from) {
        let groups: Vec<&str> = asked.from.iter().map(GroupName::as_str).collect();
        return Err(Refusal::NotAsked { person: name.clone(), groups: groups.join(", ") });
    }
    if word.choice == Choice::Approve && asked.exclude_author {
        let mut parts = makers(&run.state).into_iter();
        if let Some(maker) = parts.find(|maker| maker.person(people) == Some(name)) {
            return Err(Refusal::Maker { person: name.clone(), part: maker.part });
        }
        if let Some(why) = held_up(&run.state, asked, people) {
            return Err(Refusal::HeldUp(why));
        }
    }
    let said = stage.approving.iter().flat_map(|approving| &approving.decisions);
    let mut said = said.filter(|one| one.release == *word.release && one.choice == word.choice);
    if said.any(|one| one.person == *name) {
        return Err(Refusal::Again(name.clone()));
    }
    Ok(name)
}

/// The stage of `run` that waits for people in `environment` at `now`, and whom it asks.
///
/// # Errors
/// With what the run does instead.
pub fn open<'r>(
    run: &'r Run,
    environment: &EnvironmentName,
    now: Timestamp,
) -> Result<(&'r Stage, &'r Approvals), Refusal> {
    let refusal = |why: String| Refusal::NotWaiting { environment: environment.clone(), why };
    let state = &run.state;
    if state.phase.is_terminal() {
        return Err(refusal(format!("it is over ({})", state.phase)));
    }
    let stage =
        gate(state, environment).ok_or_else(|| refusal("it does not go there".to_owned()))?;
    match stage.phase {
        Phase::Running => {}
        Phase::Pending => return Err(refusal("it has not come there yet".to_owned())),
        phase => return Err(refusal(format!("{} {phase}", stage.name))),
    }
    let nobody = || refusal("its settings ask nobody".to_owned());
    let asked = state.approvals(stage).ok_or_else(nobody)?;
    let expired = deadline::expired(run, now).into_iter().find(|(late, _)| late == environment);
    match expired {
        Some((_, why)) => Err(Refusal::Expired(why)),
        None => Ok((stage, asked)),
    }
}
