//! A release that waits for people: looked at, and decided about.

use std::path::Path;

use jiff::Timestamp;
use signalbox_cloud::advance::RunKey;
use signalbox_cloud::decision::{Decision, Verdict, What};
use signalbox_pipeline::approval::{self, Refusal, Word};
use signalbox_pipeline::explain::explain;
use signalbox_pipeline::names::EnvironmentName;
use signalbox_pipeline::people::People;
use signalbox_pipeline::run::Run;
use signalbox_pipeline::run::fact::Choice;

use super::{Page, only_gate};
use crate::connect::{Connection, RunRef};
use crate::exit::Exit;
use crate::verbs::decide::{self, Sent};
use crate::verbs::people;

/// What the person whose keys the connection has may decide about.
pub(in crate::verbs) struct Gate<'c> {
    connection: &'c Connection,
    pub(super) found: RunRef,
    run: Run,
    people: Option<People>,
    /// What there is to see.
    pub(in crate::verbs) page: Page,
}

impl<'c> Gate<'c> {
    /// What `found` waits with, in `environment` or in the only one where it waits; its commits are
    /// looked up in the folder `clone`.
    pub(in crate::verbs) async fn find(
        connection: &'c Connection,
        found: RunRef,
        environment: Option<EnvironmentName>,
        clone: &Path,
    ) -> anyhow::Result<Self> {
        let run = connection.seen_run(&found).await?.run;
        let people = people::load(connection).await?;
        let environment = environment.or_else(|| only_gate(&run.state));
        let environment = environment.ok_or_else(|| {
            let now = explain(&run, Timestamp::now());
            Exit::Failed.because(format!("{found} does not wait for approval: {now}"))
        })?;
        let page = Page::of(connection, &run, &environment, people.as_ref(), clone).await?;
        Ok(Self { connection, found, run, people, page })
    }

    /// Why the word of this person would not count, as far as it is known who sends.
    pub(in crate::verbs) fn refusal(&self, choice: Choice) -> Option<Refusal> {
        let Page { environment, release, .. } = &self.page;
        let word = Word { environment, choice, release, sender: "" };
        counts(self.connection, &self.run, self.people.as_ref(), word).err()
    }

    /// The decision, made now.
    pub(in crate::verbs) fn decision(
        &self,
        choice: Choice,
        reason: Option<String>,
        break_glass: bool,
    ) -> anyhow::Result<Decision> {
        let key = RunKey { pipeline: self.found.pipeline.clone(), run: self.found.id.clone() };
        let (environment, release) = (self.page.environment.clone(), self.page.release.clone());
        let verdict = Verdict { run: key, environment, release, reason, break_glass };
        let what = match choice {
            Choice::Approve => What::Approve(verdict),
            Choice::Reject => What::Reject(verdict),
        };
        decide::decision(verb(choice), what)
    }

    /// Sends it, and waits for what comes of it.
    pub(in crate::verbs) async fn send(
        &self,
        decision: &Decision,
        choice: Choice,
    ) -> anyhow::Result<Sent> {
        let done = |run: &Run| outcome(run, decision, choice);
        decide::send(self.connection, decision, &self.found, done).await
    }
}

/// The verb by which somebody decides so.
pub(super) fn verb(choice: Choice) -> &'static str {
    match choice {
        Choice::Approve => "approve",
        Choice::Reject => "reject",
    }
}

/// What the function will say, as far as it is known who sends.
pub(super) fn counts(
    connection: &Connection,
    run: &Run,
    people: Option<&People>,
    word: Word<'_>,
) -> Result<(), Refusal> {
    let now = Timestamp::now();
    if let Some(sender) = connection.sender() {
        return approval::judge(run, people, Word { sender, ..word }, now).map(|_| ());
    }
    let (_, asked) = approval::open(run, word.environment, now)?;
    let held_up = people.and_then(|people| approval::held_up(&run.state, asked, people));
    match held_up.filter(|_| word.choice == Choice::Approve) {
        Some(why) => Err(Refusal::HeldUp(why)),
        None => Ok(()),
    }
}

pub(super) const OVER: &str = "it was over before";

/// In a word, what has become of the decision, once that is known.
pub(super) fn outcome(run: &Run, decision: &Decision, choice: Choice) -> Option<&'static str> {
    let counts = run.register.entries().iter().any(|entry| entry.event == decision.id);
    match choice {
        _ if !counts => run.state.phase.is_terminal().then_some(OVER),
        Choice::Approve => Some("approved"),
        Choice::Reject => Some("rejected"),
    }
}
