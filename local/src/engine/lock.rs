//! One engine per folder.

use std::fs::{File, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, bail};
use rustix::process::{Pid, test_kill_process};

/// A process that an engine was about to start when it was killed still holds the engine's files
/// until it runs its own program: how often, and how long apart, its end is looked for.
const LOOKS: u32 = 300;
const LOOK: Duration = Duration::from_millis(10);

/// Holds the folder until it is dropped, or its process ends in whatever way.
#[derive(Debug)]
pub(super) struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the folder; the error says who holds it.
    pub(super) fn take(dir: &Path) -> anyhow::Result<Self> {
        let path = dir.join("lock");
        let open = File::options().create(true).truncate(false).read(true).write(true).open(&path);
        let mut file = open.with_context(|| format!("cannot open {}", path.display()))?;
        let mut looks = 0;
        loop {
            match file.try_lock() {
                Ok(()) => break,
                Err(TryLockError::WouldBlock) => {}
                Err(TryLockError::Error(error)) => {
                    return Err(error).with_context(|| format!("cannot lock {}", path.display()));
                }
            }
            let holder = holder(&mut file);
            if looks == LOOKS || is_alive(&holder) {
                bail!(
                    "{} is in use by another engine ({}); stop it, or take another folder",
                    dir.display(),
                    holder.trim()
                );
            }
            looks += 1;
            std::thread::sleep(LOOK);
        }
        file.set_len(0)?;
        file.rewind()?;
        writeln!(file, "process {}", std::process::id())?;
        Ok(Self { _file: file })
    }
}

/// Who says to hold the folder, in words.
fn holder(file: &mut File) -> String {
    let mut text = String::new();
    // For the reader, and for the look at the process; without it the lock itself still holds.
    let _ = file.rewind().and_then(|()| file.read_to_string(&mut text));
    text
}

fn is_alive(holder: &str) -> bool {
    let id = holder.trim().strip_prefix("process ").and_then(|id| id.parse().ok());
    // One that has not written its name yet has only just begun.
    id.and_then(Pid::from_raw).is_none_or(|id| test_kill_process(id).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_killed_engine_was_about_to_start_does_not_keep_the_folder() {
        let dir = tempfile::tempdir().expect("a folder");
        let mut ended = std::process::Command::new("true").spawn().expect("a process");
        ended.wait().expect("it ends");
        let mut file = File::create(dir.path().join("lock")).expect("a file");
        writeln!(file, "process {}", ended.id()).expect("it can be written");
        file.try_lock().expect("nobody holds it");
        let started = std::thread::spawn(move || {
            std::thread::sleep(LOOK * 3);
            drop(file);
        });
        Lock::take(dir.path()).expect("it is free soon");
        started.join().expect("the other ends");
        let text = std::fs::read_to_string(dir.path().join("lock")).expect("it can be read");
        assert_eq!(text, format!("process {}\n", std::process::id()));
    }
}
