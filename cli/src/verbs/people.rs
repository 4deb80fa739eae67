//! `signalbox people`: who may decide.

use std::path::{Path, PathBuf};

use clap::Subcommand;
use serde::Serialize;
use signalbox_pipeline::keys::state;
use signalbox_pipeline::names::Sha256;
use signalbox_pipeline::people::{self, People};

use crate::connect::{Connection, Place, refused};
use crate::exit::Exit;
use crate::output::{Cell, Output};
use crate::verbs::kept::{self, Outcome};
use crate::verbs::validate::{self, count, shown, text_of};
use crate::view::safe;

#[cfg(test)]
mod tests;

const EXAMPLES: &str = "\
Examples:
  signalbox people apply examples/people.yaml
  signalbox people diff people.yaml      what applying it would change
  signalbox people show --json | jq .people.ada.groups

A file:
  version: 1
  people:
    ada:
      principals: [AIDAEXAMPLEUSERID0001]          by which she decides, as SQS names them
      git: [ada@example.org]                       under which she commits
      code_hosts: [\"arn:aws:iam::123456789012:user/ada\"]   under which she pushes
      groups: [release-managers]                   which `approvals` of settings name";

/// Say who people are: the principals, commits and groups that are theirs
///
/// An approval counts for a person, and only where the principal that sent it is one of theirs. The
/// document belongs to ops and lies in the state bucket; every version is kept under its digest.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES, after_long_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Make what this file says hold from now on
    ///
    /// Where it has a fault, all faults are shown and nothing is applied.
    #[command(after_help = EXAMPLES, after_long_help = EXAMPLES)]
    Apply(File),
    /// Show what applying this file would change
    ///
    /// Nothing is written. Exits with 0 where nothing would change, and with 1 where something would.
    #[command(after_help = EXAMPLES, after_long_help = EXAMPLES)]
    Diff(File),
    /// Show who may decide now
    #[command(after_help = EXAMPLES, after_long_help = EXAMPLES)]
    Show {
        #[command(flatten)]
        place: Place,
    },
}

#[derive(Debug, clap::Args)]
struct File {
    /// Everybody, in one file
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    place: Place,
}

/// What came, or would come, of a file.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct Told {
    outcome: Outcome,
    digest: Sha256,
    changes: Vec<String>,
}

#[derive(Serialize)]
struct Shown {
    digest: Sha256,
    #[serde(flatten)]
    people: People,
}

/// Carries the verb out.
pub(crate) async fn run(args: Args, output: &Output) -> anyhow::Result<Exit> {
    match args.action {
        Action::Apply(File { file, place }) => {
            let Some(people) = read(&file, output)? else { return Ok(Exit::Failed) };
            let told = apply(&place.connect().await?, &people).await?;
            told.say(["applied", "changed", "unchanged"], output)?;
            Ok(Exit::Success)
        }
        Action::Diff(File { file, place }) => {
            let Some(people) = read(&file, output)? else { return Ok(Exit::Failed) };
            let told = compare(load(&place.connect().await?).await?.as_ref(), &people);
            told.say(["would be new", "would change", "same"], output)?;
            let same = told.outcome == Outcome::Unchanged;
            Ok(if same { Exit::Success } else { Exit::Failed })
        }
        Action::Show { place } => show(&place.connect().await?, output).await,
    }
}

impl Told {
    fn of(people: &People, outcome: Outcome, changes: Vec<String>) -> Self {
        Self { outcome, digest: people.digest(), changes }
    }

    fn say(&self, words: [&str; 3], output: &Output) -> anyhow::Result<()> {
        if output.json {
            return output.object(self);
        }
        let short = &self.digest.as_str()[..12];
        output.line(format!("{}: people {short}", self.outcome.word(words)))?;
        let mut lines = self.changes.iter().map(|change| format!("  {}", safe::line(change)));
        Ok(lines.try_for_each(|line| output.line(line))?)
    }
}

/// What the file says; nothing where it has faults, which are then told.
fn read(file: &Path, output: &Output) -> anyhow::Result<Option<People>> {
    let text = text_of(file)?;
    let faults = match people::parse(&text) {
        Ok(people) => return Ok(Some(people)),
        Err(faults) => faults,
    };
    if output.json {
        output.object(&faults.iter().map(validate::Told::from).collect::<Vec<_>>())?;
    } else {
        let path = safe::line(&file.display().to_string());
        output.line(shown(&faults, &path, &text, output.color))?;
        output.line(format!("\n{path}: {}; nothing was applied", count(faults.len())))?;
    }
    Ok(None)
}

async fn apply(connection: &Connection, people: &People) -> anyhow::Result<Told> {
    let version = state::people_version(&people.digest());
    let (outcome, before) =
        kept::keep(connection, &version, state::PEOPLE, &people.to_json()).await?;
    let before = before.and_then(|before| serde_json::from_slice::<People>(&before).ok());
    let changes = before.map(|before| kept::differences(&parts(&before), &parts(people)));
    Ok(Told::of(people, outcome, changes.unwrap_or_default()))
}

/// What applying `people` over `holds` would change.
fn compare(holds: Option<&People>, people: &People) -> Told {
    let (outcome, before) = match holds {
        None => (Outcome::Added, Vec::new()),
        Some(holds) if holds == people => (Outcome::Unchanged, parts(holds)),
        Some(holds) => (Outcome::Changed, parts(holds)),
    };
    Told::of(people, outcome, kept::differences(&before, &parts(people)))
}

/// Who may decide now.
pub(super) async fn load(connection: &Connection) -> anyhow::Result<Option<People>> {
    let found = connection.documents().load::<People>(state::PEOPLE).await.map_err(refused)?;
    Ok(found.map(|found| found.document))
}

async fn show(connection: &Connection, output: &Output) -> anyhow::Result<Exit> {
    let Some(people) = load(connection).await? else {
        return Err(Exit::NotFound.because(format!(
            "nobody is known yet, so that nobody can approve of anything: \
             `signalbox people apply FILE{}`",
            connection.flag()
        )));
    };
    let digest = people.digest();
    if output.json {
        output.object(&Shown { digest, people })?;
        return Ok(Exit::Success);
    }
    output.line(format!("people {digest}"))?;
    let row = |(name, value): (String, String)| {
        vec![Cell::from(format!("  {name}")), Cell::from(safe::line(&value))]
    };
    let rows: Vec<Vec<Cell>> = parts(&people).into_iter().map(row).collect();
    output.table(&["  WHO", "WHAT IS THEIRS"], &rows)?;
    Ok(Exit::Success)
}

/// Everything that is somebody's, under a name such as `ada.git`.
fn parts(people: &People) -> Vec<(String, String)> {
    let mut parts = Vec::new();
    for (name, person) in &people.people {
        let whole = serde_json::json!(person);
        for (kind, values) in whole.as_object().into_iter().flatten() {
            let values = values.as_array().into_iter().flatten().filter_map(|value| value.as_str());
            parts.push((format!("{name}.{kind}"), values.collect::<Vec<_>>().join(", ")));
        }
    }
    parts
}
