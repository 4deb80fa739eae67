//! The example: a training repository that predicts rain, and ways to break it.

use std::path::Path;

use anyhow::Context as _;
use include_dir::{Dir, DirEntry, include_dir};
use signalbox_local::engine::Engine;
use signalbox_pipeline::notice::Target;

use super::environments::{self, Asked};
use super::git::{git, git_as};
use super::register;

/// The repository's name, and its pipeline's.
pub(crate) const REPOSITORY: &str = "rain";
/// Where its build pushes images to.
pub(crate) const IMAGES: &str = "rain-trainer";
/// The only branch.
pub(crate) const BRANCH: &str = "main";

static RAIN: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../examples/rain");
static IMPROVED: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../examples/improved");
static BREAKS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../examples/breaks");

/// How a push can be bad.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Break {
    /// A unit test fails.
    Unit,
    /// The model does not learn, and a gate says so.
    Model,
    /// The image cannot be built.
    Build,
    /// signalbox.yaml has faults.
    Definition,
    /// The model is worse on all of the data, which only production has.
    Production,
}

/// What is laid over the working copy for a commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Files {
    /// The example itself.
    Rain,
    /// An improvement of it.
    Improved,
    /// The same, of which the last try was bad.
    Mended,
    /// A way to break it.
    Broken(Break),
}

impl Files {
    /// The commit's title.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Rain => "Begin",
            Self::Improved | Self::Broken(Break::Production) => "Let newer days count for more",
            Self::Mended => "Count how old a day is from the newest",
            Self::Broken(_) => "Begin, badly",
        }
    }
}

impl Break {
    fn folder(self) -> &'static str {
        match self {
            Self::Unit => "unit",
            Self::Model => "model",
            Self::Build => "build",
            Self::Definition => "definition",
            Self::Production => "production",
        }
    }

    /// What was done to the repository, for the reader.
    pub(crate) fn told(self) -> &'static str {
        match self {
            Self::Unit => "a mistake in trainer/features.py that a unit test should find",
            Self::Model => "a setting with which the model does not learn",
            Self::Build => "a Dockerfile that cannot be built",
            Self::Definition => "a signalbox.yaml with faults",
            Self::Production => {
                "a step of learning that grows with the years that there are data of"
            }
        }
    }
}

/// Registers the repository, the ends of whose runs `notify` is told, and applies the settings of
/// its environments; returns the clone address.
///
/// # Errors
/// When the engine refuses either.
pub(crate) async fn prepare(
    engine: &Engine,
    notify: Vec<Target>,
    asked: Asked,
) -> anyhow::Result<std::path::PathBuf> {
    let remote = register::register(engine, REPOSITORY, REPOSITORY, notify).await?;
    for settings in environments::settings(asked)? {
        register::settings(engine, &settings).await?;
    }
    if asked == Asked::People {
        register::people(engine, &environments::people(engine)?).await?;
    }
    Ok(remote)
}

/// Makes a working copy with one commit in `dir`, from `source` or from this binary's own files,
/// and returns the commit's id.
///
/// # Errors
/// When a file cannot be written, or git fails.
pub(crate) async fn seed(dir: &Path, source: Option<&Path>) -> anyhow::Result<String> {
    match source {
        Some(source) => copy(source, dir)?,
        None => lay(dir, Files::Rain)?,
    }
    commit_all(dir).await
}

/// Makes a repository of a folder, with one commit of all that is in it; returns the commit's id.
///
/// # Errors
/// When git fails.
pub(crate) async fn commit_all(dir: &Path) -> anyhow::Result<String> {
    init(dir).await?;
    record(dir, Files::Rain.title()).await
}

/// Makes an empty working copy of `remote` in `dir`.
///
/// # Errors
/// When the folder cannot be made, or git fails.
pub(crate) async fn begin(dir: &Path, remote: &Path) -> anyhow::Result<()> {
    std::fs::create_dir_all(dir).with_context(|| format!("cannot make {}", dir.display()))?;
    init(dir).await?;
    let add = ["remote", "add", "origin"].map(std::ffi::OsStr::new);
    git(dir, &[&add[..], &[remote.as_os_str()]].concat()).await.map(|_| ())
}

/// Lays `files` over the working copy and commits them; returns the commit's id.
///
/// # Errors
/// When a file cannot be written, or git fails.
pub(crate) async fn commit(dir: &Path, files: Files) -> anyhow::Result<String> {
    lay(dir, files)?;
    record(dir, files.title()).await
}

/// Lays `files` over the working copy.
///
/// # Errors
/// When a file cannot be written.
pub(crate) fn lay(dir: &Path, files: Files) -> anyhow::Result<()> {
    std::fs::create_dir_all(dir).with_context(|| format!("cannot make {}", dir.display()))?;
    let from = match files {
        Files::Rain => &RAIN,
        Files::Improved | Files::Mended => &IMPROVED,
        Files::Broken(broken) => {
            let folder = BREAKS.get_dir(broken.folder());
            folder.with_context(|| format!("there is no break {broken:?}"))?
        }
    };
    write(from, from.path(), dir)
}

async fn init(dir: &Path) -> anyhow::Result<()> {
    let init = ["init", "--quiet", "--initial-branch=main", "--template="];
    git(dir, &init).await.map(|_| ())
}

async fn record(dir: &Path, title: &str) -> anyhow::Result<String> {
    git(dir, &["add", "--all"]).await?;
    git(dir, &["commit", "--quiet", "--message", title]).await?;
    git(dir, &["rev-parse", "HEAD"]).await
}

/// Pushes the working copy to its `origin` with the keys of `user`; its hook then tells the engine.
///
/// # Errors
/// When git fails.
pub(crate) async fn push(dir: &Path, user: &str) -> anyhow::Result<()> {
    let push = ["push", "--quiet", "--set-upstream", "origin", BRANCH];
    git_as(Some(user), dir, &push).await.map(|_| ())
}

/// Has the remote fetch the working copy: no hook runs, so no event is sent.
///
/// # Errors
/// When git fails.
pub(crate) async fn push_unheard(dir: &Path, remote: &Path) -> anyhow::Result<()> {
    let refspec = format!("+refs/heads/{BRANCH}:refs/heads/{BRANCH}");
    let fetch = ["fetch", "--quiet"].map(std::ffi::OsStr::new);
    git(remote, &[fetch[0], fetch[1], dir.as_os_str(), refspec.as_ref()]).await.map(|_| ())
}

/// Writes the files of `from`, whose paths begin with `base`, below `to`.
fn write(from: &Dir<'_>, base: &Path, to: &Path) -> anyhow::Result<()> {
    for entry in from.entries() {
        let path = entry.path();
        if is_litter(path) {
            continue;
        }
        let target = to.join(path.strip_prefix(base)?);
        match entry {
            DirEntry::Dir(dir) => {
                std::fs::create_dir_all(&target)?;
                write(dir, base, to)?;
            }
            DirEntry::File(file) => std::fs::write(&target, file.contents())
                .with_context(|| format!("cannot write {}", target.display()))?,
        }
    }
    Ok(())
}

fn copy(from: &Path, to: &Path) -> anyhow::Result<()> {
    let entries =
        std::fs::read_dir(from).with_context(|| format!("no folder {}", from.display()))?;
    for entry in entries {
        let entry = entry?;
        let (path, target) = (entry.path(), to.join(entry.file_name()));
        if is_litter(&path) {
            continue;
        }
        if entry.file_type()?.is_dir() {
            std::fs::create_dir_all(&target)?;
            copy(&path, &target)?;
        } else {
            std::fs::copy(&path, &target).with_context(|| format!("copy {}", path.display()))?;
        }
    }
    Ok(())
}

/// What work on the example leaves behind, and no commit should hold.
fn is_litter(path: &Path) -> bool {
    let names = ["__pycache__", "results", ".git", "model.json"];
    path.file_name().is_some_and(|name| names.iter().any(|litter| name == *litter))
}

#[cfg(test)]
mod tests {
    use clap::ValueEnum as _;

    use super::*;

    async fn committed(all: &[Files]) -> (tempfile::TempDir, String) {
        let dir = tempfile::tempdir().unwrap();
        begin(dir.path(), Path::new("/nowhere")).await.unwrap();
        let mut last = String::new();
        for files in all {
            last = commit(dir.path(), *files).await.unwrap();
        }
        (dir, last)
    }

    #[tokio::test]
    async fn the_same_files_are_the_same_commit_and_every_break_is_another() {
        let (dir, whole) = committed(&[Files::Rain]).await;
        assert_eq!(whole, committed(&[Files::Rain]).await.1);
        assert!(dir.path().join("signalbox.yaml").is_file());
        assert!(!dir.path().join("trainer/__pycache__").exists());
        let mut commits = vec![whole];
        for broken in Break::value_variants() {
            commits.push(committed(&[Files::Rain, Files::Broken(*broken)]).await.1);
        }
        let all = commits.len();
        commits.sort();
        commits.dedup();
        assert_eq!(commits.len(), all);
    }

    #[tokio::test]
    async fn what_mends_the_break_of_production_is_the_improvement() {
        let broken = [Files::Rain, Files::Broken(Break::Production), Files::Mended];
        let (mended, _) = committed(&broken).await;
        let (improved, _) = committed(&[Files::Rain, Files::Improved]).await;
        let read = |dir: &tempfile::TempDir, file: &str| std::fs::read(dir.path().join(file));
        for file in ["trainer/training.py", "trainer/model.py"] {
            assert_eq!(read(&mended, file).unwrap(), read(&improved, file).unwrap(), "{file}");
        }
    }

    #[test]
    fn the_definition_is_sound_and_its_break_is_not() {
        let text = |dir: &Dir<'_>, path: &str| {
            dir.get_file(path).unwrap().contents_utf8().unwrap().to_owned()
        };
        let parse = signalbox_pipeline::definition::parse;
        assert!(parse(&text(&RAIN, "signalbox.yaml")).is_ok());
        assert!(parse(&text(&BREAKS, "definition/signalbox.yaml")).is_err());
    }
}
