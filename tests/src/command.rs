//! The command, as a script calls it.

use anyhow::Context as _;
use serde_json::Value;

/// What `program` says and how it ends, its output read as JSON, a value per line.
///
/// # Errors
/// When it cannot be called, or says something else.
pub async fn said(program: &str, arguments: &[&str]) -> anyhow::Result<(Vec<Value>, Option<i32>)> {
    let ended = tokio::process::Command::new(program).args(arguments).output().await?;
    let text = String::from_utf8(ended.stdout)?;
    let lines: Result<Vec<Value>, _> = text.lines().map(serde_json::from_str).collect();
    let errors = String::from_utf8_lossy(&ended.stderr).into_owned();
    Ok((lines.with_context(|| format!("{text}\n{errors}"))?, ended.status.code()))
}
