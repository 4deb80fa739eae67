//! What the engine itself has to tell goes to a file of its folder.

use std::path::Path;

use anyhow::Context as _;
use tracing_subscriber::EnvFilter;

/// Keeps the engine's traces in `<dir>/engine.log`; `RUST_LOG` says how much of them.
pub(super) fn keep(dir: &Path) -> anyhow::Result<()> {
    let file = dir.join("engine.log");
    let log = std::fs::File::options().create(true).append(true).open(&file);
    let log = log.with_context(|| format!("cannot write {}", file.display()))?;
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("warn"));
    let subscriber = tracing_subscriber::fmt().with_env_filter(filter).with_ansi(false);
    // A second engine of one process writes to the first one's file.
    let _ = subscriber.with_writer(std::sync::Mutex::new(log)).try_init();
    Ok(())
}
