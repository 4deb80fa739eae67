//! Where people are asked: each looks at the release and decides with keys of their own, by the code
//! of `signalbox approve --as NAME`.

use std::path::Path;

use anyhow::bail;
use signalbox_pipeline::names::EnvironmentName;
use signalbox_pipeline::phase::Phase;
use signalbox_pipeline::run::Run;
use signalbox_pipeline::run::fact::Choice;

use super::story::{AUTHOR, Story};
use crate::connect::{Place, RunRef};
use crate::output::styled;
use crate::progress::mark;
use crate::verbs::approve::Gate;
use crate::view::safe;
use crate::wrap::{WIDTH, folded};

/// Who approves where, and why.
const WORDS: [(&str, &str, &str); 3] = [
    ("staging", "ada", "the sample looks fine"),
    ("production", "barbara", "the benchmark is fine"),
    ("production", "grace", "ready when you are"),
];
/// What is shown of all that was measured.
const METRICS: [&str; 4] = ["accuracy", "auc", "latency_p95_ms", "log_loss"];

/// As wide as the names of what is shown.
const INDENT: usize = 10;

/// Everybody who is asked looks, and approves.
pub(super) async fn pass(
    story: &Story<'_>,
    clone: &Path,
    run: &Run,
    environment: &EnvironmentName,
) -> anyhow::Result<()> {
    let words = WORDS.iter().filter(|(place, ..)| *place == environment.as_str());
    let mut is_first = true;
    for (_, person, reason) in words {
        let looks = Look { story, clone, run, environment, person };
        if is_first && story.pushes.is_empty() && environment.as_str() == "staging" {
            Look { person: AUTHOR, ..looks }.is_refused().await?;
        }
        looks.approves(reason, is_first).await?;
        is_first = false;
    }
    story.output.say("");
    Ok(())
}

/// A person before a release that waits.
#[derive(Clone, Copy)]
struct Look<'l> {
    story: &'l Story<'l>,
    clone: &'l Path,
    run: &'l Run,
    environment: &'l EnvironmentName,
    person: &'l str,
}

impl Look<'_> {
    async fn approves(self, reason: &str, shows: bool) -> anyhow::Result<()> {
        let connection = self.place().connect_as(Some(self.person)).await?;
        let gate = self.gate(&connection).await?;
        self.command(reason);
        if shows {
            self.show(&gate);
        }
        if let Some(refusal) = gate.refusal(Choice::Approve) {
            bail!("{} cannot approve: {refusal}", self.person);
        }
        let decision = gate.decision(Choice::Approve, Some(reason.to_owned()), false)?;
        let sent = gate.send(&decision, Choice::Approve).await?;
        let (person, sender) = (self.person, connection.sender().unwrap_or_default());
        let text = format!("{person} {} as {sender}", sent.outcome);
        self.story.output.say(format!("  {} {text}", mark(Phase::Succeeded)));
        Ok(())
    }

    /// Whoever made the commit has no voice, and is told so.
    async fn is_refused(self) -> anyhow::Result<()> {
        let connection = self.place().connect_as(Some(self.person)).await?;
        let gate = self.gate(&connection).await?;
        self.command("works on my machine");
        match gate.refusal(Choice::Approve) {
            Some(refusal) => {
                let refusal = safe::line(&refusal.to_string());
                self.story.output.say(format!("  {} {refusal}", mark(Phase::Failed)));
                Ok(())
            }
            None => bail!("{} made the commit, and may approve it all the same", self.person),
        }
    }

    async fn gate<'c>(
        self,
        connection: &'c crate::connect::Connection,
    ) -> anyhow::Result<Gate<'c>> {
        let found = RunRef { pipeline: self.run.pipeline.clone(), id: self.run.id.clone() };
        let environment = Some(self.environment.clone());
        Gate::find(connection, found, environment, self.clone).await
    }

    fn place(self) -> Place {
        Place { dir: Some(self.story.dir.to_owned()) }
    }

    /// What the person types.
    fn command(self, reason: &str) {
        let Self { environment, person, .. } = self;
        let command = format!(
            "  $ signalbox approve latest --environment {environment} --as {person} --reason \"{reason}\""
        );
        self.story.output.say(styled(anstyle::Style::new().bold(), command));
    }

    /// What the person sees.
    fn show(self, gate: &Gate<'_>) {
        let dimmed = |text: String| styled(anstyle::Style::new().dimmed(), text);
        for line in gate.page.lines(&METRICS) {
            let (name, text) = line.split_at_checked(INDENT).unwrap_or((&line, ""));
            for (at, piece) in folded(text, WIDTH - INDENT).iter().enumerate() {
                let name = if at == 0 { name } else { "" };
                self.story.output.say(dimmed(format!("  │ {name:INDENT$}{piece}")));
            }
        }
    }
}
