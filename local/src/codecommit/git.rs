//! Git's own side: bare repositories and their hook.

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use anyhow::{Context, ensure};
use tokio::process::Command;

/// Makes a bare repository in `path`, anew if an earlier try left something there.
pub(super) async fn create(path: &Path) -> anyhow::Result<()> {
    if path.exists() {
        std::fs::remove_dir_all(path)?;
    }
    let init = ["init", "--bare", "--quiet", "--initial-branch=main", "--template="];
    git(init.iter().map(OsStr::new).chain([path.as_os_str()])).await?;
    // A hooks folder that the user has set for all repositories would pass ours over. Git runs the
    // hooks of a bare repository within it.
    let config = [OsStr::new("-C"), path.as_os_str()].into_iter();
    git(config.chain(["config", "core.hooksPath", "hooks"].map(OsStr::new))).await
}

async fn git(arguments: impl Iterator<Item = &OsStr>) -> anyhow::Result<()> {
    let mut command = Command::new("git");
    // Set where git itself runs us, as in a hook: they would lead it to another repository.
    for variable in ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY"] {
        command.env_remove(variable);
    }
    // Where branches point is read from the files.
    command.env("GIT_DEFAULT_REF_FORMAT", "files");
    let output =
        command.args(arguments).output().await.context("cannot run git; is it installed?")?;
    let text = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "git failed ({}): {}", output.status, text.trim());
    Ok(())
}

/// Writes a `post-receive` that runs `command` with what git tells it on standard input.
pub(super) fn write_hook(repository: &Path, command: &[OsString]) -> io::Result<()> {
    let mut script = b"#!/bin/sh\nexec".to_vec();
    for word in command {
        script.push(b' ');
        script.extend(quoted(word.as_bytes()));
    }
    script.push(b'\n');
    let hooks = repository.join("hooks");
    std::fs::create_dir_all(&hooks)?;
    let new = hooks.join("post-receive.new");
    std::fs::write(&new, script)?;
    std::fs::set_permissions(&new, std::fs::Permissions::from_mode(0o755))?;
    std::fs::rename(&new, hooks.join("post-receive"))
}

/// One word for the shell, whatever is in it.
fn quoted(word: &[u8]) -> Vec<u8> {
    let mut quoted = vec![b'\''];
    for byte in word {
        match byte {
            b'\'' => quoted.extend(b"'\\''"),
            other => quoted.push(*other),
        }
    }
    quoted.push(b'\'');
    quoted
}
