//! `build`: an image of the files that a Dockerfile copies, pushed to ECR.
//!
//! Of a Dockerfile it packs files and runs nothing, so it needs no privileges that a job's container does
//! not have. What it cannot carry out it says, line by line. What has to be run is `build.run`, before.

use std::path::Path;
use std::time::Instant;

use signalbox_pipeline::names::{ImageRepository, ImageTag};
use signalbox_pipeline::order::Source;
use signalbox_pipeline::report::Built;

use crate::attempt::Attempt;
use crate::exec::{self, Verdict};
use crate::fault::Fault;
use crate::finished::{Delivery, Finished, Results};
use crate::path::below_root;
use crate::process::Usage;
use crate::shelf::Shelf;
use crate::source;

mod context;
mod image;
mod layer;
mod packages;
mod push;
mod recipe;
mod words;

use context::Context;
use image::Image;
use push::Registry;

/// What the order asks for.
pub(crate) struct Wanted<'a> {
    pub(crate) source: &'a Source,
    pub(crate) dockerfile: &'a str,
    pub(crate) context: &'a str,
    pub(crate) command: &'a [String],
    pub(crate) artifacts: &'a [String],
    pub(crate) repository: &'a ImageRepository,
    pub(crate) tag: &'a ImageTag,
}

/// Builds the image and pushes it.
pub(crate) async fn build(
    attempt: &mut Attempt,
    wanted: &Wanted<'_>,
    shelf: &impl Shelf,
) -> Result<Finished, Fault> {
    let started = Instant::now();
    let folder = source::bring(wanted.source, attempt, shelf).await?;
    let mut usage = Usage::default();
    if !wanted.command.is_empty() {
        let (verdict, of_command) = exec::run(attempt, wanted.command, &folder).await?;
        usage = of_command;
        if let Verdict::Failed { exit_code, failure } = verdict {
            return Ok(Finished {
                exit_code,
                usage,
                failure: Some(failure),
                ..Finished::default()
            });
        }
    }
    let packages = packages::choose(&folder, wanted.artifacts)?;
    for Delivery { file, .. } in &packages {
        attempt
            .log
            .say(format_args!("package {} ({} bytes) {}", file.name, file.bytes, file.sha256));
    }
    let mut notes = Vec::new();
    let image = pack(&folder, wanted, &attempt.scratch()?, &mut notes)?;
    attempt.log.say(format_args!("packed {} ({} bytes)", image.digest, image.layer.bytes));
    let deadline = attempt.limits.deadline.into();
    let pushed = async {
        let registry = Registry::of(&attempt.environment).await?;
        registry.push(&image, wanted.repository, wanted.tag).await?;
        anyhow::Ok(registry.host)
    };
    let host = tokio::select! {
        pushed = pushed => pushed?,
        () = attempt.stop.requested() => return Err(Fault::stopped("the push was ended because the job was terminated")),
        () = tokio::time::sleep_until(deadline) => return Err(Fault::timeout("the push was out of time and was ended")),
    };
    attempt.log.say(format_args!(
        "pushed {host}/{}:{} as {}",
        wanted.repository, wanted.tag, image.digest
    ));
    let image = Built { tag: wanted.tag.clone(), digest: image.digest };
    let usage = Usage { seconds: started.elapsed().as_secs_f64(), ..usage };
    let results = Results { notes, packages, ..Results::default() };
    Ok(Finished { usage, results, image: Some(image), ..Finished::default() })
}

/// Packs the image of `wanted` from the tree in `folder`. The same tree gives the same image.
fn pack(
    folder: &Path,
    wanted: &Wanted<'_>,
    scratch: &Path,
    notes: &mut Vec<String>,
) -> Result<Image, Fault> {
    let outside = |what: &str, path: &str| {
        Fault::refused(format!("build.{what} {path} is outside of the repository"))
    };
    let dockerfile = below_root(Path::new(wanted.dockerfile))
        .ok_or_else(|| outside("dockerfile", wanted.dockerfile))?;
    let context =
        below_root(Path::new(wanted.context)).ok_or_else(|| outside("context", wanted.context))?;
    let text = std::fs::read_to_string(folder.join(&dockerfile)).map_err(|error| {
        Fault::refused(format!(
            "{} cannot be read: {error}; build.dockerfile in signalbox.yaml names it, from the repository's root",
            wanted.dockerfile
        ))
    })?;
    if !folder.join(&context).is_dir() {
        return Err(Fault::refused(format!(
            "build.context {} is not a folder of the repository",
            wanted.context
        )));
    }
    let context = Context::read(&folder.join(context), &folder.join(dockerfile))?;
    let recipe = recipe::carry_out(&text, &context, notes)?;
    Ok(Image::pack(recipe, scratch)?)
}

#[cfg(test)]
mod tests;
