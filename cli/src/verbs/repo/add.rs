//! `signalbox repo add`.

use serde::Serialize;
use signalbox_cloud::store::{Put, Versioned};
use signalbox_pipeline::definition::BranchPattern;
use signalbox_pipeline::keys;
use signalbox_pipeline::registration::{Registration, SCHEMA};

use super::{Add, Address};
use crate::connect::{Connection, refused};
use crate::exit::Exit;
use crate::output::Output;
use crate::view::safe;

/// How often a registration is tried while others change it.
const TRIES: u32 = 5;

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Outcome {
    /// It was not registered before.
    Added,
    /// It was registered otherwise.
    Changed,
    /// It was registered so.
    Unchanged,
}

/// A part of a registration that is otherwise now.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct Change {
    field: &'static str,
    before: String,
    after: String,
}

#[derive(Serialize)]
struct Told<'r> {
    outcome: Outcome,
    changes: &'r [Change],
    registration: &'r Registration,
}

/// Carries the verb out.
pub(super) async fn run(args: Add, output: &Output) -> anyhow::Result<Exit> {
    let connection = args.place.connect().await?;
    let wanted = wanted(args)?;
    let (outcome, changes, registration) = register(&connection, wanted).await?;
    if output.json {
        let told = Told { outcome, changes: &changes, registration: &registration };
        output.object(&told)?;
        return Ok(Exit::Success);
    }
    let Registration { host, repository, pipeline, .. } = &registration;
    let word = match outcome {
        Outcome::Added => "registered",
        Outcome::Changed => "changed",
        Outcome::Unchanged => "unchanged",
    };
    output.line(format!("{word}: {host}/{repository} starts pipeline {pipeline}"))?;
    for Change { field, before, after } in &changes {
        output.line(format!("  {field}: {} -> {}", safe::line(before), safe::line(after)))?;
    }
    Ok(Exit::Success)
}

fn wanted(args: Add) -> anyhow::Result<Registration> {
    let Address { host, repository } = args.repository;
    let of_images = host.as_str().starts_with("ecr.");
    let (clone_url, branches) = match (args.clone_url, args.branches) {
        // It has neither: which tags start runs is for the definition to say.
        (None, branches) if of_images && branches.is_empty() => {
            (format!("https://{host}/{repository}"), vec![BranchPattern::everything()])
        }
        (Some(clone_url), branches) if !of_images && !branches.is_empty() => (clone_url, branches),
        _ => {
            return Err(Exit::Usage.because(if of_images {
                "an image repository has no --clone-url and no --branches: `on.image.tags` in \
                 signalbox.yaml says which tags start runs"
            } else {
                "--clone-url and --branches say what is checked out, and must be there"
            }));
        }
    };
    Ok(Registration {
        schema: SCHEMA,
        revision: 0,
        write_id: String::new(),
        host,
        repository,
        pipeline: args.pipeline,
        clone_url,
        branches,
        checkout_image: args.checkout_image,
        notify: args.notify,
    })
}

/// Writes the registration over the one that was read, and decides anew where somebody else was
/// faster.
pub(super) async fn register(
    connection: &Connection,
    wanted: Registration,
) -> anyhow::Result<(Outcome, Vec<Change>, Registration)> {
    let documents = connection.documents();
    let key = keys::state::repository(&wanted.host, &wanted.repository);
    let write_id = documents.chance().token();
    let mut sent: Option<(Outcome, Vec<Change>)> = None;
    for round in 0..TRIES {
        let found = documents.load::<Registration>(&key).await.map_err(refused)?;
        if let (Some(found), Some((outcome, changes))) = (&found, sent.take())
            && found.document.write_id == write_id
        {
            return Ok((outcome, changes, found.document.clone()));
        }
        let before = found.as_ref().map(|found| &found.document);
        let changes = before.map(|before| differences(before, &wanted)).unwrap_or_default();
        if let (Some(before), true) = (before, changes.is_empty()) {
            return Ok((Outcome::Unchanged, changes, before.clone()));
        }
        let outcome = if before.is_some() { Outcome::Changed } else { Outcome::Added };
        let revision = before.map_or(0, |before| before.revision) + 1;
        let next = Registration { revision, write_id: write_id.clone(), ..wanted.clone() };
        let put = match &found {
            None => documents.create(&key, &next).await,
            Some(Versioned { etag, .. }) => documents.replace(&key, &next, etag).await,
        };
        match put.map_err(refused)? {
            Put::Committed(_) => return Ok((outcome, changes, next)),
            Put::Conflict | Put::Gone => {}
            Put::Indeterminate(_) => sent = Some((outcome, changes)),
        }
        documents.pause(round).await;
    }
    Err(Exit::Errored.because(format!("others changed {key} {TRIES} times in a row; try again")))
}

/// What is otherwise in `after`.
pub(super) fn differences(before: &Registration, after: &Registration) -> Vec<Change> {
    let fields = [
        ("pipeline", before.pipeline.to_string(), after.pipeline.to_string()),
        ("clone-url", before.clone_url.clone(), after.clone_url.clone()),
        ("branches", branches(before), branches(after)),
        ("checkout-image", image(before), image(after)),
        ("notify", told(before), told(after)),
    ];
    let changed = fields.into_iter().filter(|(_, before, after)| before != after);
    changed.map(|(field, before, after)| Change { field, before, after }).collect()
}

/// The branches, as they are written on the command line.
pub(super) fn branches(registration: &Registration) -> String {
    let patterns = registration.branches.iter().map(ToString::to_string);
    patterns.collect::<Vec<_>>().join(",")
}

fn told(registration: &Registration) -> String {
    let targets = registration.notify.iter().map(ToString::to_string);
    targets.collect::<Vec<_>>().join(",")
}

fn image(registration: &Registration) -> String {
    let image = registration.checkout_image.as_ref().map(ToString::to_string);
    image.unwrap_or_else(|| "the deployment's".to_owned())
}
