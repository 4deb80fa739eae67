//! What people and scripts get to read of an audit.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;

use super::examine::{Kind, Of, Told};
use super::release::Wrong;
use crate::exit::Exit;
use crate::output::Output;
use crate::progress::mark;
use crate::view::safe;
use signalbox_pipeline::phase::Phase;

/// How often the count on a terminal is drawn anew.
const TURN: Duration = Duration::from_millis(100);
/// So many keys of unknown documents are named.
const NAMED: usize = 5;

/// Tells of documents as they are looked at.
pub(super) struct Teller {
    output: Output,
    /// Whether whole documents are passed over in silence.
    only_wrong: bool,
    bar: ProgressBar,
    sums: Sums,
    unknown: Vec<String>,
}

#[derive(Debug, Default, Serialize)]
struct Sums {
    documents: usize,
    versions: usize,
    runs: usize,
    environments: usize,
    unknown: usize,
    findings: usize,
    unread: usize,
}

#[derive(Serialize)]
struct Late<'w> {
    key: &'w str,
    kind: Kind,
    findings: Vec<Of>,
}

impl Teller {
    /// A teller; with `only_wrong` it names only documents in which something was found.
    pub(super) fn new(output: &Output, only_wrong: bool) -> Self {
        let bar = if output.terminal { ProgressBar::new_spinner() } else { ProgressBar::hidden() };
        // The text is a template.
        let style = ProgressStyle::with_template("{spinner} {pos} documents {msg}");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
        bar.enable_steady_tick(TURN);
        let sums = Sums::default();
        Self { output: *output, only_wrong, bar, sums, unknown: Vec::new() }
    }

    /// How many documents there were.
    pub(super) fn documents(&self) -> usize {
        self.sums.documents
    }

    /// Tells of a document.
    pub(super) fn told(&mut self, told: &Told) -> anyhow::Result<()> {
        let sums = &mut self.sums;
        sums.documents += 1;
        sums.versions += told.versions;
        sums.findings += told.findings.len();
        sums.unread += usize::from(told.unread.is_some());
        match told.kind {
            Kind::Run => sums.runs += 1,
            Kind::Environment => sums.environments += 1,
            Kind::Other => {}
            Kind::Unknown => {
                sums.unknown += 1;
                self.unknown.extend((sums.unknown <= NAMED).then(|| told.key.clone()));
            }
        }
        self.bar.inc(1);
        if self.output.json {
            return self.output.object(told);
        }
        let whole = told.findings.is_empty() && told.unread.is_none();
        if whole && self.only_wrong {
            return Ok(());
        }
        self.bar.suspend(|| lines(told).iter().try_for_each(|line| self.output.line(line)))?;
        Ok(())
    }

    /// Tells of something that was found about an environment later on.
    pub(super) fn wrong(&mut self, wrong: Wrong) -> anyhow::Result<()> {
        self.sums.findings += wrong.findings.len();
        let findings = wrong.findings.into_iter();
        let findings: Vec<_> = findings.map(|finding| Of { version: None, finding }).collect();
        if self.output.json {
            let late = Late { key: &wrong.key, kind: Kind::Environment, findings };
            return self.output.object(&late);
        }
        let head = format!("{} {}", mark(Phase::Failed), safe::line(&wrong.key));
        let told = std::iter::once(head).chain(findings.iter().map(line));
        self.bar.suspend(|| told.into_iter().try_for_each(|line| self.output.line(line)))?;
        Ok(())
    }

    /// Tells the sums, and how the command ends.
    pub(super) fn end(self) -> anyhow::Result<Exit> {
        self.bar.finish_and_clear();
        let sums = &self.sums;
        if self.output.json {
            self.output.object(sums)?;
        } else {
            if sums.unknown > 0 {
                let named: Vec<_> = self.unknown.iter().map(|key| safe::line(key)).collect();
                let more = if sums.unknown > NAMED { ", …" } else { "" };
                self.output.line(format!(
                    "Not looked at, since this version knows nothing of them: {} ({}{more})",
                    count(sums.unknown, "document"),
                    named.join(", ")
                ))?;
            }
            self.output.line(self.summary())?;
        }
        Ok(match (sums.findings, sums.unread) {
            (0, 0) => Exit::Success,
            (0, _) => Exit::Errored,
            _ => Exit::Failed,
        })
    }

    fn summary(&self) -> String {
        let Sums { documents, versions, runs, environments, findings, unread, .. } = self.sums;
        let looked = format!(
            "{} in {}: {}, {}",
            count(documents, "document"),
            count(versions, "version"),
            count(runs, "run"),
            count(environments, "environment")
        );
        let unread = match unread {
            0 => String::new(),
            unread => format!("; {} could not be read", count(unread, "document")),
        };
        match findings {
            0 if unread.is_empty() => format!("{looked}. All of it holds."),
            0 => format!("{looked}{unread}. The rest holds."),
            findings => format!("{looked}{unread}. {}.", count(findings, "finding").to_uppercase()),
        }
    }
}

fn lines(told: &Told) -> Vec<String> {
    let whole = told.findings.is_empty() && told.unread.is_none();
    let mark = mark(if whole { Phase::Succeeded } else { Phase::Failed });
    let held = match told.entries.filter(|_| whole) {
        Some(entries) => format!(
            ": {} in {}, the chain holds and the state follows from it",
            count(entries, "fact"),
            count(told.versions, "version")
        ),
        None => String::new(),
    };
    let mut lines = vec![format!("{mark} {}{held}", safe::line(&told.key))];
    lines.extend(told.findings.iter().map(line));
    lines.extend(
        told.unread.as_ref().map(|why| format!("    could not be read: {}", safe::line(why))),
    );
    lines
}

fn line(of: &Of) -> String {
    let version = of.version.as_ref().map(|id| format!("version {}: ", safe::line(id)));
    format!("    {}{}", version.unwrap_or_default(), safe::line(&of.finding.to_string()))
}

/// `1 run`, `6 runs`.
fn count(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}
