//! Processes that outlived an engine which was killed.
//!
//! A function ends by itself when its Runtime API is gone, but one in the middle of its work would
//! first finish that; so the next engine ends it.

use std::io;
use std::path::{Path, PathBuf};

use rustix::process::{Pid, Signal, kill_process};

use crate::durable::{read_json, write_json};
use crate::pid::began;

/// What is written down of a process.
#[derive(Debug, serde::Serialize, serde::Deserialize)]
struct Note {
    pid: i32,
    /// When it began, in the kernel's ticks: a later process of the same id began at another time.
    began: String,
}

/// Writes down that the process `pid` belongs to `function`; the note lies at the path returned.
pub(super) fn note(dir: &Path, function: &str, pid: i32) -> io::Result<PathBuf> {
    let path = dir.join(format!("{function}-{pid}.pid"));
    write_json(&path, &Note { pid, began: began(pid).unwrap_or_default() })?;
    Ok(path)
}

/// Ends what is left of the functions of an earlier engine.
pub(super) fn end(dir: &Path) -> anyhow::Result<()> {
    for entry in std::fs::read_dir(dir)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "pid") {
            let note: Note = read_json(&path)?;
            if began(note.pid).is_some_and(|began| began == note.began) {
                kill(note.pid);
            }
            std::fs::remove_file(&path)?;
        }
    }
    Ok(())
}

/// Ends the process, if it is still there.
pub(super) fn kill(pid: i32) {
    if let Some(pid) = Pid::from_raw(pid) {
        // It may have ended by itself in the meantime, which is just as well.
        let _ = kill_process(pid, Signal::KILL);
    }
}
