//! Git, called so that nothing of the user's own settings shows.

use std::ffi::OsStr;
use std::path::Path;

use anyhow::{Context as _, ensure};
use tokio::process::Command;

/// Who commits, and when: the same files are the same commit on every machine. It is one of the
/// example's people.
const IDENTITY: [(&str, &str); 6] = [
    ("GIT_AUTHOR_NAME", "Linus"),
    ("GIT_AUTHOR_EMAIL", "linus@example.org"),
    ("GIT_AUTHOR_DATE", "2026-01-01T00:00:00Z"),
    ("GIT_COMMITTER_NAME", "Linus"),
    ("GIT_COMMITTER_EMAIL", "linus@example.org"),
    ("GIT_COMMITTER_DATE", "2026-01-01T00:00:00Z"),
];

/// Runs git in `dir`; returns what it printed.
///
/// # Errors
/// When git is not there or fails, with its words.
pub(crate) async fn git<A: AsRef<OsStr>>(dir: &Path, arguments: &[A]) -> anyhow::Result<String> {
    git_as(None, dir, arguments).await
}

/// The same, as the user of the engine whose pushes are to be known.
///
/// # Errors
/// When git is not there or fails, with its words.
pub(crate) async fn git_as<A: AsRef<OsStr>>(
    user: Option<&str>,
    dir: &Path,
    arguments: &[A],
) -> anyhow::Result<String> {
    let mut command = Command::new("git");
    for (name, _) in std::env::vars_os() {
        if name.as_encoded_bytes().starts_with(b"GIT_") {
            command.env_remove(name);
        }
    }
    command.envs(IDENTITY).env("GIT_CONFIG_NOSYSTEM", "1").env("GIT_CONFIG_GLOBAL", "/dev/null");
    command.env("GIT_TERMINAL_PROMPT", "0").kill_on_drop(true);
    command.envs(user.map(|user| ("SIGNALBOX_AS", user)));
    let output = command.arg("-C").arg(dir).args(arguments).output().await;
    let output = output.context("cannot run git; is it installed?")?;
    let told = String::from_utf8_lossy(&output.stderr);
    let verb = arguments.first().map(AsRef::as_ref).unwrap_or_default().to_string_lossy();
    ensure!(output.status.success(), "git {verb} failed ({}): {}", output.status, told.trim());
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
