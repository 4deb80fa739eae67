//! The register, a line per fact.

use signalbox_pipeline::register::Entry;
use signalbox_pipeline::run::{Fact, Run};

use crate::output::{Cell, Output};
use crate::verbs::approve;
use crate::view::safe;

/// Prints the register, and whether its chain of hashes holds.
pub(super) fn print(run: &Run, output: &Output) -> anyhow::Result<()> {
    let rows: Vec<Vec<Cell>> = run.register.entries().iter().map(|entry| cells(entry)).collect();
    output.table(&["SEQ", "AT", "FACT", "ABOUT", "ACTOR", "EVENT"], &rows)?;
    output.line(match run.register.verify() {
        Ok(()) => "The chain of hashes holds.".to_owned(),
        Err(broken) => format!("THE REGISTER WAS ALTERED: {broken}"),
    })?;
    Ok(())
}

fn cells(entry: &Entry) -> Vec<Cell> {
    let about = match &entry.fact {
        Fact::Decided(decided) => safe::line(&approve::told(decided)),
        fact => fact.attempt().map(ToString::to_string).unwrap_or_default(),
    };
    vec![
        Cell::from(entry.seq.to_string()),
        Cell::from(format!("{:.3}", entry.at)),
        Cell::from(kind(entry)),
        Cell::from(about),
        Cell::from(safe::line(&entry.actor)),
        Cell::dim(entry.event.as_str()),
    ]
}

/// What kind of fact it is, as the document has it.
pub(super) fn kind(entry: &Entry) -> String {
    let json = serde_json::to_value(&entry.fact).unwrap_or_default();
    json["kind"].as_str().unwrap_or("fact").to_owned()
}
