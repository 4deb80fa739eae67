//! `signalbox repo`: which repositories may start runs.

use clap::Subcommand;
use signalbox_pipeline::definition::{BranchPattern, ImageReference};
use signalbox_pipeline::names::{Host, PipelineName, RepositoryName};
use signalbox_pipeline::notice::Target;

use crate::connect::Place;
use crate::exit::Exit;
use crate::output::Output;

mod add;
mod list;
#[cfg(test)]
mod tests;

const EXAMPLES: &str = "\
Examples:
  signalbox repo add codecommit.eu-west-1.amazonaws.com/rain --pipeline rain \\
    --clone-url https://git-codecommit.eu-west-1.amazonaws.com/v1/repos/rain \\
    --branches main,'release/*'
  signalbox repo list";

/// Register the repositories that may start runs
///
/// Only a registered repository starts runs, and only of the pipeline that it is registered for:
/// no repository can pose as another. The registration belongs to ops and lies in the state
/// bucket, below repositories/.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES, after_long_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    Add(Add),
    List(List),
}

/// Register a repository, or change its registration
///
/// The registration is as this command says, whatever it was before. The same command a second
/// time changes nothing and says so.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES, after_long_help = EXAMPLES)]
struct Add {
    /// The repository, such as codecommit.eu-west-1.amazonaws.com/rain; or one of images, such as
    /// ecr.eu-west-1.amazonaws.com/rain-trainer
    #[arg(value_name = "HOST/NAME", value_parser = address)]
    repository: Address,
    /// The only pipeline that it may start
    #[arg(long)]
    pipeline: PipelineName,
    /// Where `checkout` clones from; an image repository has none
    #[arg(long, value_name = "URL", value_parser = clone_url)]
    clone_url: Option<String>,
    /// The branches that are worth a checkout: * is any part of a name, ** anything; an image
    /// repository has none
    #[arg(long, value_name = "PATTERN,…", value_delimiter = ',')]
    branches: Vec<BranchPattern>,
    /// The image of jobs that name none; without it, the deployment's
    #[arg(long, value_name = "IMAGE", value_parser = image)]
    checkout_image: Option<ImageReference>,
    /// Who is told of the end of every run: sns=<topic>, webhook=<secret>, github=<secret> or
    /// codecommit=comment; see docs/notifications.md
    #[arg(long, value_name = "TARGET")]
    notify: Vec<Target>,
    #[command(flatten)]
    place: Place,
}

/// List the registered repositories
#[derive(Debug, clap::Args)]
struct List {
    #[command(flatten)]
    place: Place,
}

/// A repository on its host.
#[derive(Clone, Debug)]
struct Address {
    host: Host,
    repository: RepositoryName,
}

/// Carries the verb out.
pub(crate) async fn run(args: Args, output: &Output) -> anyhow::Result<Exit> {
    match args.action {
        Action::Add(args) => add::run(args, output).await,
        Action::List(args) => list::run(&args.place, output).await,
    }
}

fn address(text: &str) -> Result<Address, String> {
    let (host, repository) = text.split_once('/').ok_or_else(|| {
        "it is HOST/NAME, such as codecommit.eu-west-1.amazonaws.com/rain".to_owned()
    })?;
    Ok(Address {
        host: Host::parse(host).map_err(|error| error.to_string())?,
        repository: RepositoryName::parse(repository).map_err(|error| error.to_string())?,
    })
}

fn image(text: &str) -> Result<ImageReference, String> {
    ImageReference::parse(text).map_err(|error| error.to_string())
}

/// The address goes into git's command line and into the register.
fn clone_url(text: &str) -> Result<String, String> {
    if text.is_empty() || text.starts_with('-') {
        return Err("it is an address that git clones from, and does not begin with a dash".into());
    }
    if text.len() > 1000 || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err("it holds spaces, control or foreign characters, or more than 1000".into());
    }
    let secret =
        text.split_once("://").and_then(|(_, rest)| rest.split('/').next()?.split_once('@'));
    if secret.is_some_and(|(user, _)| user.contains(':')) {
        return Err("it holds a password, which would stand in every run; leave it out".into());
    }
    Ok(text.to_owned())
}
