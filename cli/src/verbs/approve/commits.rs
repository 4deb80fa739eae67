//! The commits between two releases, as far as the working copy knows them.

use std::path::Path;

use signalbox_pipeline::names::CommitSha;
use tokio::process::Command;

/// More are not listed.
const MOST: &str = "--max-count=20";

/// A line for each commit that `now` holds and `live` does not, the newest first; nothing where the
/// folder `clone` is none that has both.
pub(super) async fn between(live: &CommitSha, now: &CommitSha, clone: &Path) -> Vec<String> {
    let range = format!("{live}..{now}");
    let mut git = Command::new("git");
    git.arg("-C")
        .arg(clone)
        .args(["log", "--format=%h %an: %s", MOST, &range, "--"])
        .kill_on_drop(true);
    match git.output().await {
        Ok(output) if output.status.success() => {
            let text = String::from_utf8_lossy(&output.stdout);
            text.lines().map(str::to_owned).collect()
        }
        _ => Vec::new(),
    }
}
