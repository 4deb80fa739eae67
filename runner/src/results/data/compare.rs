//! A report on data, held against a profile.

use std::collections::BTreeMap;

use signalbox_pipeline::report::{LONGEST_EVIDENCE, Metric};

use super::form::{Column, Described, Finding};
use super::psi;
use crate::fault::one_line;
use crate::finished::Results;
use crate::results::metrics::is_name;

/// As many columns have a number of their own.
const MOST_NAMED: usize = 100;

/// As many offenders are named.
const MOST_TOLD: usize = 5;

/// The numbers that gates read, and what is behind them.
#[derive(Debug, Default)]
pub(super) struct Numbers {
    metrics: BTreeMap<String, Metric>,
    evidence: BTreeMap<String, String>,
    notes: Vec<String>,
}

/// What `report` says, held against `profile`. Ranges and drift are known against a profile only.
pub(super) fn compare(report: &Described, profile: Option<&Described>) -> Numbers {
    let mut numbers = Numbers::default();
    numbers.count("rows", report.rows);
    numbers.shares("missing", missing(report));
    let mut violations: Vec<String> = report.violations.iter().map(Finding::told).collect();
    if let Some(profile) = profile {
        violations.extend(schema(report, profile));
        numbers.offenders("range.violations", &ranges(report, profile));
        numbers.shares("drift", drifts(report, profile));
    }
    numbers.offenders("schema.violations", &violations);
    numbers.findings("leakage", &report.leakage);
    numbers.findings("pii", &report.pii);
    numbers
}

fn missing(report: &Described) -> Vec<(&str, f64)> {
    report.columns.iter().map(|(name, column)| (name.as_str(), column.missing)).collect()
}

/// The columns of both, in the order of their names.
fn both<'d>(
    report: &'d Described,
    profile: &'d Described,
) -> impl Iterator<Item = (&'d str, &'d Column, &'d Column)> {
    profile.columns.iter().filter_map(|(name, expected)| {
        report.columns.get(name).map(|found| (name.as_str(), found, expected))
    })
}

fn schema(report: &Described, profile: &Described) -> Vec<String> {
    let lost = profile.columns.keys().filter(|name| !report.columns.contains_key(*name));
    let new = report.columns.keys().filter(|name| !profile.columns.contains_key(*name));
    let lost = lost.map(|name| format!("{name} is not there"));
    let new = new.map(|name| format!("{name} is not in the profile"));
    let other = both(report, profile).flat_map(|(name, found, expected)| {
        differences(found, expected).into_iter().map(move |what| format!("{name} {what}"))
    });
    lost.chain(new).chain(other).collect()
}

/// What keeps a column from being held against the profile's, or breaks what that says.
fn differences(found: &Column, expected: &Column) -> Vec<String> {
    let mut differences = Vec::new();
    if found.kind != expected.kind {
        differences.push(format!("is {}, and was {}", found.kind, expected.kind));
    }
    if let Some(most) = expected.missing_at_most.filter(|most| found.missing > *most) {
        differences.push(format!("has {} missing, at most {most}", found.missing));
    }
    match (&found.bins, &expected.bins) {
        (None, Some(_)) => differences.push("has no bins, and the profile has".to_owned()),
        (Some(found), Some(expected)) if found.edges != expected.edges => {
            differences.push("has bins of other edges than the profile's".to_owned());
        }
        _ => {}
    }
    if found.categories.is_none() && expected.categories.is_some() {
        differences.push("has no categories, and the profile has".to_owned());
    }
    differences
}

fn ranges(report: &Described, profile: &Described) -> Vec<String> {
    let outside = both(report, profile).filter_map(|(name, found, expected)| {
        let least = expected.range.map(|[least, _]| least).or(expected.min);
        let most = expected.range.map(|[_, most]| most).or(expected.max);
        let below = found.min.zip(least).filter(|(found, least)| found < least);
        let above = found.max.zip(most).filter(|(found, most)| found > most);
        let below =
            below.map(|(found, least)| format!("{name} goes down to {found}, below {least}"));
        let above = above.map(|(found, most)| format!("{name} goes up to {found}, above {most}"));
        let told: Vec<String> = below.into_iter().chain(above).collect();
        (!told.is_empty()).then(|| told.join(" and "))
    });
    outside.collect()
}

fn drifts<'d>(report: &'d Described, profile: &'d Described) -> Vec<(&'d str, f64)> {
    let drift = |found: &Column, expected: &Column| match (&found.bins, &expected.bins) {
        (Some(found), Some(expected)) if found.edges == expected.edges => {
            psi::index(&pairs(&expected.counts, &found.counts))
        }
        _ => {
            let (found, expected) = (found.categories.as_ref()?, expected.categories.as_ref()?);
            let names =
                expected.keys().chain(found.keys().filter(|it| !expected.contains_key(*it)));
            let of =
                |all: &BTreeMap<String, f64>, name: &str| all.get(name).copied().unwrap_or(0.0);
            psi::index(&names.map(|name| (of(expected, name), of(found, name))).collect::<Vec<_>>())
        }
    };
    both(report, profile)
        .filter_map(|(name, found, expected)| drift(found, expected).map(|index| (name, index)))
        .collect()
}

fn pairs(expected: &[f64], found: &[f64]) -> Vec<(f64, f64)> {
    expected.iter().copied().zip(found.iter().copied()).collect()
}

impl Finding {
    fn told(&self) -> String {
        let column = self.column.as_ref().map(|column| format!("{column}: ")).unwrap_or_default();
        let rows = self.rows.map(|rows| format!(" ({rows} rows)")).unwrap_or_default();
        format!("{column}{}{rows}", self.what)
    }
}

impl Numbers {
    #[expect(clippy::cast_precision_loss, reason = "all metrics are doubles")]
    fn count(&mut self, name: &str, count: u64) {
        self.metrics.insert(name.to_owned(), Metric::Number(count as f64));
    }

    /// How many there are, and the first of them.
    fn offenders(&mut self, name: &str, offenders: &[String]) {
        self.count(name, offenders.len() as u64);
        if !offenders.is_empty() {
            self.evidence.insert(name.to_owned(), told(offenders));
        }
    }

    fn findings(&mut self, name: &str, findings: &[Finding]) {
        self.offenders(name, &findings.iter().map(Finding::told).collect::<Vec<_>>());
    }

    /// One number for each column, and the largest of them; none of either where there are none.
    fn shares(&mut self, name: &str, mut columns: Vec<(&str, f64)>) {
        columns.sort_by(|(_, a), (_, b)| b.total_cmp(a));
        let Some((_, largest)) = columns.first() else { return };
        let worst = columns.iter().filter(|(_, share)| *share > 0.0).take(MOST_TOLD);
        let worst: Vec<String> =
            worst.map(|(column, share)| format!("{column} {share:.3}")).collect();
        if !worst.is_empty() {
            self.evidence.insert(format!("{name}.max"), told(&worst));
        }
        self.metrics.insert(format!("{name}.max"), Metric::of(*largest));
        for (column, share) in columns.iter().take(MOST_NAMED) {
            let name = format!("{name}.{column}");
            if *column == "max" || !is_name(&name) {
                self.notes.push(format!(
                    "{column:?} has no number of its own: it is no name of a metric"
                ));
            } else {
                self.metrics.insert(name, Metric::of(*share));
            }
        }
        if columns.len() > MOST_NAMED {
            let most =
                format!("{MOST_NAMED} columns have a number of their own as {name}: the largest");
            self.notes.push(most);
        }
    }

    /// Puts all of it, below `group`, to the other results.
    pub(super) fn into_results(self, group: &str, results: &mut Results) {
        let named = |name: &str| format!("{group}.{name}");
        results.metrics.extend(self.metrics.into_iter().map(|(name, value)| (named(&name), value)));
        let evidence = self.evidence.into_iter().map(|(name, words)| (named(&name), words));
        results.evidence.extend(evidence);
        results.notes.extend(self.notes);
    }
}

/// The first of the offenders, in one line.
fn told(offenders: &[String]) -> String {
    let first = offenders.iter().take(MOST_TOLD).map(String::as_str).collect::<Vec<_>>().join(", ");
    let rest = offenders.len().saturating_sub(MOST_TOLD);
    let line = if rest == 0 { first } else { format!("{first}, and {rest} more") };
    one_line(&line, LONGEST_EVIDENCE)
}
