//! A training repository that is as small as one can be.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, ensure};
use tokio::process::Command;

/// Checks, an image of one file, and a verification that prints that file.
const DEFINITION: &str = "\
version: 1
pipeline: rain
on: { push: { branches: [main] } }
checks:
  unit: { run: test -s greeting }
  data: { run: [grep, -q, ., greeting] }
build: { dockerfile: Dockerfile, context: ., repository: rain-trainer }
deploy:
  - environment: test
    verify:
      e2e: { run: cat greeting }
";
const DOCKERFILE: &str = "FROM scratch\nWORKDIR /app\nCOPY greeting greeting\n";

/// What a commit holds.
#[derive(Clone, Debug)]
pub struct Tree(BTreeMap<String, String>);

impl Tree {
    /// A tree whose image greets with `greeting`.
    #[must_use]
    pub fn greeting(greeting: &str) -> Self {
        let files = [
            ("signalbox.yaml", DEFINITION.to_owned()),
            ("Dockerfile", DOCKERFILE.to_owned()),
            ("greeting", format!("{greeting}\n")),
        ];
        Self(files.map(|(path, text)| (path.to_owned(), text)).into())
    }

    /// The same with another file, or another text in it.
    #[must_use]
    pub fn with(mut self, path: &str, text: &str) -> Self {
        self.0.insert(path.to_owned(), text.to_owned());
        self
    }

    /// The same with `one` instead of `other` in the definition.
    #[must_use]
    pub fn defined(self, other: &str, one: &str) -> Self {
        let text = self.0.get("signalbox.yaml").map(|text| text.replace(other, one));
        self.with("signalbox.yaml", &text.unwrap_or_default())
    }
}

/// A developer's clone.
#[derive(Clone, Debug)]
pub struct Repository {
    work: PathBuf,
    remote: PathBuf,
    /// Who pushes, where it is not the operator.
    user: Option<String>,
}

impl Repository {
    /// A clone in `work` of what lies at `remote`.
    ///
    /// # Errors
    /// When git fails.
    pub async fn new(work: PathBuf, remote: &Path) -> anyhow::Result<Self> {
        std::fs::create_dir_all(&work)?;
        let repository = Self { work, remote: remote.to_owned(), user: None };
        repository.git(&["init", "-q", "-b", "main"]).await?;
        Ok(repository)
    }

    /// Commits `tree`; returns the commit.
    ///
    /// # Errors
    /// When git fails.
    pub async fn commit(&self, tree: &Tree) -> anyhow::Result<String> {
        for (path, text) in &tree.0 {
            std::fs::write(self.work.join(path), text)?;
        }
        self.git(&["add", "-A"]).await?;
        self.git(&["commit", "-q", "--allow-empty", "-m", "Try it"]).await?;
        Ok(self.git(&["rev-parse", "HEAD"]).await?.trim().to_owned())
    }

    /// Pushes, so that the code host emits its event.
    ///
    /// # Errors
    /// When git fails.
    pub async fn push(&self) -> anyhow::Result<()> {
        let remote = self.remote.display().to_string();
        self.git(&["push", "-q", "--force", &remote, "HEAD:refs/heads/main"]).await.map(|_| ())
    }

    /// Pushes as this user of the engine.
    ///
    /// # Errors
    /// When git fails.
    pub async fn push_as(&self, user: &str) -> anyhow::Result<()> {
        let pusher = Self { user: Some(user.to_owned()), ..self.clone() };
        pusher.push().await
    }

    /// Puts the newest commit onto the branch behind the code host's back: no event is emitted.
    ///
    /// # Errors
    /// When git fails.
    pub async fn plant(&self) -> anyhow::Result<()> {
        let (remote, work) = (self.remote.display().to_string(), self.work.display().to_string());
        let fetch = ["-C", &remote, "fetch", "-q", "--force", &work, "main:refs/heads/main"];
        self.git(&fetch).await.map(|_| ())
    }

    async fn git(&self, arguments: &[&str]) -> anyhow::Result<String> {
        let author = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org"];
        let output = Command::new("git")
            .args(author)
            .args(arguments)
            .current_dir(&self.work)
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .envs(self.user.iter().map(|user| ("SIGNALBOX_AS", user)))
            .output()
            .await
            .context("cannot run git")?;
        let said = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "git {arguments:?}: {said}");
        Ok(String::from_utf8(output.stdout)?)
    }
}
