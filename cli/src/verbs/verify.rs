//! `signalbox verify`: the audit of what lies in the state bucket.

use std::path::PathBuf;
use std::sync::Arc;

use crate::connect::{Place, find_run};
use crate::exit::Exit;
use crate::output::Output;

mod examine;
mod release;
mod shelf;
mod tell;
#[cfg(test)]
mod tests;
mod walk;

use shelf::Shelf;
use tell::Teller;
use walk::Walk;

const EXAMPLES: &str = "\
Examples:
  signalbox verify latest                one run, with every version that S3 keeps of it
  signalbox verify --all                 everything in the state bucket
  aws s3 sync s3://BUCKET copy && signalbox verify --all --bucket-copy copy
                                         the same offline, from a copy
  signalbox verify --all --json | jq -c 'select(.findings != [])'

With --json: an object per document, a line each, and one with the sums at the end.

Exit codes: 0 all of it holds; 1 something was altered, removed or reordered, and is named;
3, 4 or 5 something could not be looked at, so that nothing is proven.";

/// Prove that nothing in the state was altered
///
/// Of each run: that its register's chain of hashes holds, that its state is what the register folds
/// to, that its key is its own, and that every version that S3 keeps goes on from the one before.
/// Of each environment: that the live release is one that its run verified there. Of other documents:
/// that they are what Signalbox writes, under their own keys. Each version is read once.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES, after_long_help = EXAMPLES)]
pub(crate) struct Args {
    /// Runs: an id, its beginning or end, a commit, or `latest`
    #[arg(value_name = "RUN", required_unless_present = "all", conflicts_with = "all")]
    runs: Vec<String>,
    /// Everything in the state bucket
    #[arg(long)]
    all: bool,
    /// Read the newest versions only: one request per document
    #[arg(long, conflicts_with = "bucket_copy")]
    newest: bool,
    /// A copy of the state bucket, keys as paths, instead of the bucket
    #[arg(long, value_name = "DIR", conflicts_with = "dir")]
    bucket_copy: Option<PathBuf>,
    #[command(flatten)]
    place: Place,
}

/// Carries the verb out.
pub(crate) async fn run(args: Args, output: &Output) -> anyhow::Result<Exit> {
    let (shelf, flag) = match args.bucket_copy {
        Some(dir) => (Shelf::folder(dir)?, String::new()),
        None => {
            let connection = args.place.connect().await?;
            (Shelf::bucket(connection.state(), args.newest), connection.flag())
        }
    };
    let teller = Teller::new(output, args.all);
    let mut walk = Walk::new(Arc::new(shelf), teller);
    if args.all {
        walk.all().await?;
    }
    for wanted in &args.runs {
        let found = find_run(walk.shelf(), wanted, &flag).await?;
        walk.run(&found).await?;
    }
    walk.end()
}
