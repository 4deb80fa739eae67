//! `signalbox validate`: what the pipeline would say of a file, before the push.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use serde::Serialize;
use signalbox_pipeline::definition::{self, Definition};
use signalbox_pipeline::faults::{Fault, Faults};
use signalbox_pipeline::order::files::DEFINITION;

use crate::exit::Exit;
use crate::output::Output;
use crate::view::safe;

#[cfg(test)]
mod tests;

/// The JSON Schema for editors.
const SCHEMA: &str = include_str!("../../../docs/signalbox.schema.json");

/// No definition is as large as this, in bytes; what is larger is not read to its end.
const LARGEST: u64 = 4 * 1024 * 1024;

const EXAMPLES: &str = "\
Examples:
  signalbox validate                     ./signalbox.yaml
  signalbox validate examples/rain       the signalbox.yaml in that folder
  signalbox validate --json | jq .       every fault with line, column and help
  signalbox validate --schema > signalbox.schema.json

Exit code 0: the file holds; 1: it has faults, all of which are shown; 4: there is no such file.";

/// Check a signalbox.yaml as the pipeline would
///
/// Reads the file without a network, shows every fault with its line and column, and how to mend
/// it. It is the same reading as after a push.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES, after_long_help = EXAMPLES)]
pub(crate) struct Args {
    /// The file, a folder that holds a signalbox.yaml, or - for standard input
    #[arg(value_name = "FILE|DIR", default_value = DEFINITION)]
    path: PathBuf,
    /// Print the JSON Schema that editors take, and check nothing
    #[arg(long)]
    schema: bool,
}

/// Carries the verb out.
#[expect(clippy::unused_async, reason = "all verbs are started in one way")]
pub(crate) async fn run(args: Args, output: &Output) -> anyhow::Result<Exit> {
    if args.schema {
        output.line(SCHEMA.trim_end())?;
        return Ok(Exit::Success);
    }
    let (path, text) = read(&args.path)?;
    tell(&path, &text, definition::parse(&text), output)
}

/// Says what came of the reading.
fn tell(
    path: &str,
    text: &str,
    read: Result<Definition, Faults>,
    output: &Output,
) -> anyhow::Result<Exit> {
    match read {
        Ok(definition) if output.json => {
            output.object::<[(); 0]>(&[])?;
            drop(definition);
            Ok(Exit::Success)
        }
        Ok(definition) => {
            output.line(format!("{path} holds: {}", summary(&definition)))?;
            Ok(Exit::Success)
        }
        Err(faults) if output.json => {
            output.object(&faults.iter().map(Told::from).collect::<Vec<_>>())?;
            Ok(Exit::Failed)
        }
        Err(faults) => {
            output.line(shown(&faults, path, text, output.color))?;
            output.line(format!("\n{path}: {}", count(faults.len())))?;
            Ok(Exit::Failed)
        }
    }
}

/// A fault as scripts get it: `help` is always there.
#[derive(Debug, Serialize)]
pub(crate) struct Told<'f> {
    line: u32,
    column: u32,
    message: &'f str,
    help: Option<&'f str>,
}

impl<'f> From<&'f Fault> for Told<'f> {
    fn from(fault: &'f Fault) -> Self {
        let (line, column) = (fault.line, fault.column);
        Self { line, column, message: &fault.message, help: fault.help.as_deref() }
    }
}

/// Every fault in its line. The text is the users': nothing in it may reach the terminal as an
/// escape sequence, and a control character taken out must not move the columns.
pub(crate) fn shown(faults: &Faults, path: &str, text: &str, color: bool) -> String {
    let still = |c: char| if c.is_control() && !"\n\r\t".contains(c) { '\u{fffd}' } else { c };
    let text: String = text.chars().map(still).collect();
    let faults = faults.iter().map(|fault| {
        let message = safe::line(&fault.message);
        let help = fault.help.as_deref().map(safe::line);
        Fault { message, help, ..*fault }
    });
    Faults::of(faults.collect()).map(|faults| faults.render(path, &text, color)).unwrap_or_default()
}

/// `1 fault`, `6 faults`.
pub(crate) fn count(faults: usize) -> String {
    format!("{faults} fault{}", if faults == 1 { "" } else { "s" })
}

fn summary(definition: &Definition) -> String {
    let checks: Vec<_> = definition.checks.iter().map(|job| job.name.as_str()).collect();
    let mut parts = vec![format!("pipeline {}", definition.pipeline)];
    match checks.as_slice() {
        [] => parts.push("no checks".to_owned()),
        checks => parts.push(format!("checks {}", checks.join(", "))),
    }
    if let Some(build) = &definition.build {
        parts.push(format!("builds {}", build.repository));
    }
    let deploy: Vec<_> = definition.deploy.iter().map(|to| to.environment.as_str()).collect();
    if !deploy.is_empty() {
        parts.push(format!("deploys to {}", deploy.join(", ")));
    }
    parts.join("; ")
}

/// The file that `path` means, as the reader knows it, and its text.
fn read(path: &Path) -> anyhow::Result<(String, String)> {
    if path == Path::new("-") {
        return Ok(("standard input".to_owned(), bounded(std::io::stdin(), path)?));
    }
    let file = if path.is_dir() { path.join(DEFINITION) } else { path.to_owned() };
    let shown = safe::line(&file.display().to_string());
    Ok((shown, text_of(&file)?))
}

/// The text of the file `path`.
pub(crate) fn text_of(path: &Path) -> anyhow::Result<String> {
    let file = std::fs::File::open(path).map_err(|error| {
        let exit = match error.kind() {
            std::io::ErrorKind::NotFound => Exit::NotFound,
            _ => Exit::Errored,
        };
        exit.because(format!("{} cannot be read: {error}", path.display()))
    })?;
    bounded(file, path)
}

fn bounded(from: impl std::io::Read, path: &Path) -> anyhow::Result<String> {
    let failed = |problem: String| {
        Exit::Failed.because(format!("{} cannot be read: {problem}", path.display()))
    };
    let mut bytes = Vec::new();
    from.take(LARGEST + 1).read_to_end(&mut bytes).map_err(|error| failed(error.to_string()))?;
    if bytes.len() as u64 > LARGEST {
        return Err(failed(format!("it has more than {LARGEST} bytes")));
    }
    String::from_utf8(bytes).map_err(|error| {
        let before = error.utf8_error().valid_up_to();
        let line = error.as_bytes()[..before].iter().filter(|byte| **byte == b'\n').count() + 1;
        failed(format!("line {line} is not UTF-8; save the file as UTF-8"))
    })
}
