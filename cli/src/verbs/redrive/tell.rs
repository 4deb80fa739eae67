//! What people and scripts get to read of dead letters.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use jiff::Timestamp;
use serde::Serialize;

use super::group::{Group, Groups};
use super::{Fate, Order};
use crate::connect::Pair;
use crate::output::{Cell, Output};
use crate::view::{safe, time};

/// How often the count on a terminal is drawn anew.
const TURN: Duration = Duration::from_millis(100);

/// Counts letters on a terminal.
pub(super) struct Counter(ProgressBar);

impl Counter {
    /// A counter; silent where nobody looks on.
    pub(super) fn new(output: &Output) -> Self {
        let bar = if output.terminal { ProgressBar::new_spinner() } else { ProgressBar::hidden() };
        // The text is a template.
        let style = ProgressStyle::with_template("{spinner} {pos} dead letters");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
        bar.enable_steady_tick(TURN);
        Self(bar)
    }

    /// One more.
    pub(super) fn one(&self) {
        self.0.inc(1);
    }

    /// Takes the count away.
    pub(super) fn end(&self) {
        self.0.finish_and_clear();
    }
}

#[derive(Serialize)]
struct Told<'g> {
    queue: &'g str,
    dead_letters: &'g str,
    dry_run: bool,
    total: usize,
    /// Moved, or with `dry_run` what would be.
    moved: usize,
    left: usize,
    refused: usize,
    trouble: Option<&'g str>,
    groups: Vec<&'g Group>,
}

/// Tells what there was and what became of it.
pub(super) fn tell(
    groups: &Groups,
    order: Order,
    pair: &Pair,
    output: &Output,
) -> anyhow::Result<()> {
    let (total, moved) = (groups.total(), groups.count(Fate::Moves));
    if output.json {
        return output.object(&Told {
            queue: &pair.home,
            dead_letters: &pair.dead,
            dry_run: order.dry_run,
            total,
            moved,
            left: total - moved,
            refused: groups.refused(),
            trouble: groups.first_trouble(),
            groups: groups.all().collect(),
        });
    }
    let name = order.queue.name();
    if total == 0 {
        output.line(format!("There are no dead letters of `{name}`."))?;
        return Ok(());
    }
    let head = ["COUNT", "OLDEST", "TRIED", "WHAT BECOMES OF IT", "WHY IT IS HERE"];
    let now = Timestamp::now();
    output.table(&head, &groups.all().map(|group| cells(group, order, now)).collect::<Vec<_>>())?;
    output.line("")?;
    for line in summary(groups, order, moved) {
        output.line(line)?;
    }
    Ok(())
}

fn cells(group: &Group, order: Order, now: Timestamp) -> Vec<Cell> {
    let sent = Timestamp::from_millisecond(group.oldest).unwrap_or(now);
    let fate = match group.fate {
        Fate::Moves if order.dry_run => "would move back",
        Fate::Moves => "moved back",
        Fate::Malformed => "stays: it would come back",
        Fate::Decision => "stays: a decision",
        Fate::Late => "stays: came meanwhile",
        Fate::Refused => "stays: was not taken",
    };
    vec![
        Cell::from(group.count.to_string()),
        Cell::from(time::age(sent, now)),
        Cell::from(group.receives.to_string()),
        Cell::from(fate),
        Cell::from(safe::first_line(&group.reason)),
    ]
}

fn summary(groups: &Groups, order: Order, moved: usize) -> Vec<String> {
    let name = order.queue.name();
    let mut lines = vec![match order.dry_run {
        true => format!("{moved} of {} would be moved back to `{name}`.", groups.total()),
        false => format!("{moved} of {} moved back to `{name}`.", groups.total()),
    }];
    if groups.count(Fate::Malformed) > 0 {
        lines.push(
            "What no function can read would only come back: --malformed moves it all the same, \
             for instance after an upgrade that can read it."
                .to_owned(),
        );
    }
    if groups.count(Fate::Decision) > 0 {
        lines.push(
            "Decisions are never moved: the queue would say that they were yours. Whoever took \
             one takes it again."
                .to_owned(),
        );
    }
    if groups.count(Fate::Late) > 0 {
        lines.push("What came meanwhile is moved when this is run again.".to_owned());
    }
    lines.extend(groups.first_trouble().map(|why| format!("Not taken: {}", safe::line(why))));
    lines
}
