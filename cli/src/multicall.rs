//! The programs that the local engine starts, held by this binary: functions, the keeper of its
//! jobs, runner, git's hook.
//!
//! They are taken before the command line is parsed, since their arguments are not for people.

use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;

use anyhow::bail;
use signalbox_local::engine::Programs;

use crate::verbs::bench;

/// Carries out what the local engine wants of this binary; nothing where a person called it.
pub(crate) fn run(mut arguments: impl Iterator<Item = OsString>) -> Option<ExitCode> {
    let first = arguments.next()?;
    let ended = match first.to_str()? {
        "function" => function(arguments.next()),
        "hook" => {
            let arguments: Vec<OsString> = arguments.collect();
            signalbox_local::codecommit::hook(&arguments, std::io::stdin().lock())
        }
        "keeper" => signalbox_local::batch::keep(&arguments.collect::<Vec<_>>()),
        "runner" => return Some(signalbox_runner::main(arguments)),
        TIMED_RUNNER => return Some(bench::timed_runner(arguments)),
        _ => return None,
    };
    Some(match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("signalbox: {error:#}");
            ExitCode::FAILURE
        }
    })
}

/// The runner that writes down when it began and ended.
const TIMED_RUNNER: &str = "timed-runner";

/// How the local engine calls this binary; with `stamps`, runners write down there when they began
/// and ended.
///
/// # Errors
/// When the path of the running program is not to be found.
pub(crate) fn programs(stamps: Option<&Path>) -> anyhow::Result<Programs> {
    let own = std::env::current_exe()?.into_os_string();
    let call = |verb: &str| vec![own.clone(), verb.into()];
    let runner = stamps.map_or_else(
        || call("runner"),
        |stamps| [call(TIMED_RUNNER), vec![stamps.as_os_str().to_owned()]].concat(),
    );
    Ok(Programs { function: call("function"), keeper: call("keeper"), runner, hook: call("hook") })
}

/// One thread, as in the functions' own programs.
fn function(binary: Option<OsString>) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let name = binary.unwrap_or_default();
    match name.to_str() {
        Some("commit") => runtime.block_on(signalbox_commit::run()),
        Some("decision") => runtime.block_on(signalbox_decision::run()),
        Some("image") => runtime.block_on(signalbox_image::run()),
        Some("job") => runtime.block_on(signalbox_job::run()),
        Some("notify") => runtime.block_on(signalbox_notify::run()),
        Some("launch") => runtime.block_on(signalbox_launch::run()),
        Some("tick") => runtime.block_on(signalbox_tick::run()),
        _ => bail!("there is no function `{}`", name.display()),
    }
}
