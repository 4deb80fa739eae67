//! The runner's command line.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Parser;

use crate::attempt::{self, Verb};

/// Carries out one job of Signalbox inside the job's container.
#[derive(Parser)]
#[command(name = "signalbox-runner", version, no_binary_name = true)]
enum Command {
    /// Copy this program to DIR/runner, for the container that does the work.
    Install {
        /// The folder that both containers share.
        dir: PathBuf,
    },
    /// Fetch the commit of the order; deliver its tree and its definition.
    Checkout,
    /// Run a command on the tree of the order, and report how it went.
    Exec {
        /// The command, one argument each, executed as it stands.
        #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true)]
        argv: Vec<OsString>,
    },
    /// Build the image of the order, and push it.
    Build,
    /// Try the data, the secrets and the role of the order.
    Preflight,
}

/// Runs the runner with `args`, the arguments after the program's own name.
pub fn main(args: impl Iterator<Item = OsString>) -> ExitCode {
    let verb = match Command::try_parse_from(args) {
        Ok(Command::Install { dir }) => return installed(&dir),
        Ok(Command::Checkout) => Verb::Checkout,
        Ok(Command::Exec { argv }) => Verb::Exec(argv),
        Ok(Command::Build) => Verb::Build,
        Ok(Command::Preflight) => Verb::Preflight,
        Err(error) => {
            // Nothing is left to do where even this cannot be written.
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { 125 } else { 0 });
        }
    };
    attempt::carry_out(&verb)
}

fn installed(dir: &Path) -> ExitCode {
    match install(dir) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("signalbox: {error:#}");
            ExitCode::from(125)
        }
    }
}

/// Puts a copy beside the target and renames it, so that nobody ever sees half a program.
fn install(dir: &Path) -> anyhow::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;

    let own = std::env::current_exe().context("the runner's own program is not to be found")?;
    let target = dir.join("runner");
    let copy = tempfile::NamedTempFile::new_in(dir).with_context(|| {
        format!("{} cannot be written; mount the shared volume there", dir.display())
    })?;
    std::fs::copy(&own, copy.path())
        .with_context(|| format!("{} cannot be copied to {}", own.display(), dir.display()))?;
    std::fs::set_permissions(copy.path(), std::fs::Permissions::from_mode(0o755))
        .with_context(|| format!("{} cannot be made executable", target.display()))?;
    copy.persist(&target).with_context(|| format!("{} cannot be written", target.display()))?;
    Ok(())
}

#[cfg(test)]
mod tests;
