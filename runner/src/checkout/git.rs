//! The `git` program, always with an argument list of its own and never through a shell.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, bail};
use signalbox_pipeline::names::CommitSha;
use signalbox_pipeline::report::{Commit, Signature};

use super::Wanted;
use crate::attempt::Attempt;
use crate::fault::{Fault, one_line};
use crate::process::{Cause, Usage};

/// Holds for every call: no protocol that runs programs, the files as they were committed.
const SETTINGS: [&str; 8] = [
    "-c",
    "protocol.ext.allow=never",
    "-c",
    "core.autocrlf=false",
    "-c",
    "advice.detachedHead=false",
    "-c",
    "gc.auto=0",
];

/// When a commit was made, and by whom; a name holds no NUL.
const FORMAT: &str = "--format=%ct%x00%an%x00%ae%x00%cn%x00%ce";

/// A fresh repository and what git took so far.
pub(super) struct Git<'a> {
    attempt: &'a mut Attempt,
    folder: PathBuf,
    usage: Usage,
}

impl<'a> Git<'a> {
    /// Makes a repository in `folder`, without hooks or templates of this machine.
    pub(super) async fn init(attempt: &'a mut Attempt, folder: &Path) -> Result<Self, Fault> {
        std::fs::create_dir_all(folder)
            .with_context(|| format!("{} cannot be made", folder.display()))?;
        let mut git = Self { attempt, folder: folder.to_owned(), usage: Usage::default() };
        if !git.run(&["init", "--quiet", "--template=", "--", "."]).await? {
            return Err(Fault::source(
                "git could not make a repository; its own words are in the log",
            ));
        }
        Ok(git)
    }

    /// Fetches the one commit, or its branch where the server does not hand out single commits.
    pub(super) async fn fetch(&mut self, wanted: &Wanted<'_>) -> Result<(), Fault> {
        let shown = without_password(wanted.clone_url);
        self.attempt
            .log
            .say(format_args!("fetching {} of {} from {shown}", wanted.commit, wanted.branch));
        let fetch = ["fetch", "--quiet", "--no-tags", "--no-recurse-submodules"];
        let commit = wanted.commit.as_str();
        if self.run(&[&fetch[..], &["--depth=1", "--", wanted.clone_url, commit]].concat()).await? {
            return Ok(());
        }
        self.attempt.log.say("the server does not hand out this commit alone; fetching its branch");
        let branch = format!("refs/heads/{}", wanted.branch);
        if self.run(&[&fetch[..], &["--", wanted.clone_url, &branch]].concat()).await? {
            return Ok(());
        }
        Err(Fault::source(format!(
            "git could not fetch {} from {shown}; its own words are in the log: check the clone address, the \
             permissions of the job's role, and whether the branch still exists",
            wanted.branch
        )))
    }

    /// Puts the tree at `commit` into the folder, and returns when it was committed, and by whom.
    pub(super) async fn check_out(&mut self, commit: &CommitSha) -> Result<(u64, Commit), Fault> {
        let there = self
            .run(&["checkout", "--quiet", "--force", "--detach", commit.as_str(), "--"])
            .await?;
        if !there {
            return Err(Fault::source(format!(
                "commit {commit} is not on the branch any more; push it again"
            )));
        }
        let head = self.ask(&["rev-parse", "--verify", "HEAD"])?;
        if head != commit.as_str() {
            return Err(Fault::source(format!(
                "git checked out {head}, where {commit} was asked for"
            )));
        }
        let told = self.ask(&["show", "--no-patch", FORMAT, "HEAD", "--"])?;
        Ok(made(&told).context("git does not say when the commit was made, and by whom")?)
    }

    /// What all calls together took.
    pub(super) fn usage(&self) -> Usage {
        self.usage
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = self.attempt.command(OsStr::new("git"), &self.folder);
        // Variables of a surrounding git, such as the hook that started an engine, mean another repository.
        for variable in ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY"] {
            command.env_remove(variable);
        }
        command.env("GIT_TERMINAL_PROMPT", "0").env("LC_ALL", "C").args(SETTINGS).args(args);
        command
    }

    /// Whether git did it. Where it could not, it has said why in the log.
    async fn run(&mut self, args: &[&str]) -> Result<bool, Fault> {
        let command = self.command(args);
        let ended = self
            .attempt
            .run(command)
            .await
            .context("git was not found; the checkout image needs it")?;
        self.usage = self.usage.and(ended.usage);
        match ended.cause {
            Cause::Itself => Ok(ended.status.success()),
            Cause::Timeout => {
                Err(Fault::timeout(format!("git {} was out of time and was ended", args[0])))
            }
            Cause::Stopped => Err(Fault::stopped(format!(
                "git {} was ended because the job was terminated",
                args[0]
            ))),
        }
    }

    /// A quick question about what is here already.
    fn ask(&self, args: &[&str]) -> anyhow::Result<String> {
        let output = self.command(args).output().context("git was not found")?;
        if !output.status.success() {
            bail!("git {} failed: {}", args[0], String::from_utf8_lossy(&output.stderr));
        }
        Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    }
}

/// What [`FORMAT`] tells.
fn made(told: &str) -> Option<(u64, Commit)> {
    let words: Vec<&str> = told.split('\0').collect();
    let [at, author, author_email, committer, committer_email] = words.as_slice() else {
        return None;
    };
    let signature = |name: &str, email: &str| Signature {
        name: one_line(name, Commit::LONGEST),
        email: one_line(email, Commit::LONGEST),
    };
    let author = signature(author, author_email);
    Some((at.parse().ok()?, Commit { author, committer: signature(committer, committer_email) }))
}

/// A clone address for the reader: whoever put a password into it does not want to read it in a log.
fn without_password(url: &str) -> String {
    match url.split_once("://") {
        Some((scheme, rest)) => match rest.split_once('/') {
            Some((authority, path)) => {
                let host = authority.rsplit('@').next().unwrap_or_default();
                format!("{scheme}://{host}/{path}")
            }
            None => format!("{scheme}://{}", rest.rsplit('@').next().unwrap_or_default()),
        },
        None => url.to_owned(),
    }
}

#[cfg(test)]
mod tests;
