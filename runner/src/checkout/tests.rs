use std::process::Command;

use signalbox_pipeline::report::FailureClass;

use super::*;
use crate::testing::{Bench, write};

const MAIN: &str = "main";

/// A real repository with one commit of `files`.
struct Repository(tempfile::TempDir);

impl Repository {
    fn with(files: &[(&str, &str)]) -> Self {
        let repository = Self(tempfile::tempdir().unwrap());
        repository.git(&["init", "-q", "-b", MAIN]);
        repository.commit(files);
        repository
    }

    fn git(&self, args: &[&str]) -> String {
        let output = Command::new("git")
            .args([
                "-c",
                "user.name=A",
                "-c",
                "user.email=a@example.com",
                "-c",
                "commit.gpgsign=false",
            ])
            .args(args)
            .env("GIT_COMMITTER_DATE", "2026-01-02T03:04:05Z")
            .env("GIT_AUTHOR_DATE", "2026-01-02T03:04:05Z")
            .current_dir(self.0.path())
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    fn commit(&self, files: &[(&str, &str)]) -> CommitSha {
        for (path, content) in files {
            write(self.0.path(), path, content);
        }
        self.git(&["add", "-A"]);
        self.git(&["commit", "-q", "-m", "change"]);
        self.head()
    }

    fn head(&self) -> CommitSha {
        CommitSha::parse(self.git(&["rev-parse", "HEAD"])).unwrap()
    }

    async fn check_out(&self, bench: &mut Bench, commit: &CommitSha) -> Result<Finished, Fault> {
        let clone_url = self.0.path().to_str().unwrap();
        let branch = BranchName::parse(MAIN).unwrap();
        checkout(&mut bench.attempt, &Wanted { clone_url, commit, branch: &branch }).await
    }
}

fn names_in(archive: &Path) -> Vec<String> {
    let file = fs::File::open(archive).unwrap();
    let mut archive = tar::Archive::new(zstd::Decoder::new(file).unwrap());
    archive
        .entries()
        .unwrap()
        .map(|entry| {
            let entry = entry.unwrap();
            let mode = entry.header().mode().unwrap();
            assert_eq!(entry.header().mtime().unwrap(), 1_767_323_045);
            format!("{} {mode:o}", entry.path().unwrap().display())
        })
        .collect()
}

#[tokio::test]
async fn exactly_the_commit_is_delivered_though_the_branch_has_moved_on() {
    let repository = Repository::with(&[(DEFINITION, "version: 1\n"), ("trainer/a.py", "1")]);
    let commit = repository.head();
    repository.commit(&[("trainer/a.py", "2"), ("later", "")]);
    let mut bench = Bench::new();
    let finished = repository.check_out(&mut bench, &commit).await.unwrap();
    let files = &finished.results.files;
    assert_eq!(files[1].file.sha256, signalbox_pipeline::digest::sha256(b"version: 1\n"));
    assert_eq!(
        names_in(&files[0].path),
        ["signalbox.yaml 644", "trainer/ 755", "trainer/a.py 644"]
    );
}

#[tokio::test]
async fn who_made_the_commit_is_told_in_gits_words_and_within_bounds() {
    let repository = Repository::with(&[(DEFINITION, "")]);
    let long = "é".repeat(300);
    let author = format!("Ada {long} <ada@example.org>");
    repository.git(&["commit", "-q", "--allow-empty", "-m", "x", &format!("--author={author}")]);
    let mut bench = Bench::new();
    let finished = repository.check_out(&mut bench, &repository.head()).await.unwrap();
    let commit = finished.report().commit.unwrap();
    assert!(commit.is_bounded() && commit.author.name.starts_with("Ada é"), "{commit:?}");
    assert_eq!(commit.author.email, "ada@example.org");
    assert_eq!(commit.committer.name, "A");
    assert_eq!(commit.committer.email, "a@example.com");
}

#[tokio::test]
async fn the_same_commit_gives_the_same_bytes() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    let repository =
        Repository::with(&[(DEFINITION, ""), ("a/run.sh", "#!/bin/sh\n"), ("a-b", "")]);
    let script = repository.0.path().join("a/run.sh");
    fs::set_permissions(&script, fs::Permissions::from_mode(0o777)).unwrap();
    symlink("a/run.sh", repository.0.path().join("link")).unwrap();
    let commit = repository.commit(&[]);
    let (mut first, mut second) = (Bench::new(), Bench::new());
    let first = repository.check_out(&mut first, &commit).await.unwrap().results.files.remove(0);
    let second = repository.check_out(&mut second, &commit).await.unwrap().results.files.remove(0);
    assert_eq!(first.file, second.file);
    assert_eq!(
        names_in(&first.path),
        ["a/ 755", "a/run.sh 755", "a-b 644", "link 777", "signalbox.yaml 644"]
    );
}

#[tokio::test]
async fn a_link_out_of_the_repository_is_left_out_with_a_note() {
    let repository = Repository::with(&[(DEFINITION, "")]);
    std::os::unix::fs::symlink("/etc/passwd", repository.0.path().join("evil")).unwrap();
    let commit = repository.commit(&[]);
    let mut bench = Bench::new();
    let finished = repository.check_out(&mut bench, &commit).await.unwrap();
    assert_eq!(names_in(&finished.results.files[0].path), ["signalbox.yaml 644"]);
    assert!(finished.results.notes[0].contains("/etc/passwd"));
}

#[tokio::test]
async fn a_repository_without_a_definition_is_told_so() {
    let repository = Repository::with(&[("README", "")]);
    let mut bench = Bench::new();
    let fault = repository.check_out(&mut bench, &repository.head()).await.unwrap_err();
    assert_eq!((fault.exit_code, fault.failure.class), (1, FailureClass::Source));
    assert!(fault.failure.message.starts_with("the repository has no signalbox.yaml at its root"));
}

#[tokio::test]
async fn a_definition_that_is_too_large_is_refused() {
    let repository = Repository::with(&[(DEFINITION, &"#".repeat(70_000))]);
    let mut bench = Bench::new();
    let fault = repository.check_out(&mut bench, &repository.head()).await.unwrap_err();
    assert!(fault.failure.message.contains("has 70000 bytes"));
}

#[tokio::test]
async fn a_commit_that_nobody_has_is_a_fault_of_the_source() {
    let repository = Repository::with(&[(DEFINITION, "")]);
    let mut bench = Bench::new();
    let commit = CommitSha::parse("0123456789012345678901234567890123456789").unwrap();
    let fault = repository.check_out(&mut bench, &commit).await.unwrap_err();
    assert_eq!((fault.exit_code, fault.failure.class), (125, FailureClass::Source));
    assert!(fault.failure.message.contains("is not on the branch any more"));
}

#[tokio::test]
async fn an_address_that_would_run_a_program_runs_none() {
    let mut bench = Bench::new();
    let witness = bench.folder.path().join("witness");
    let commit = CommitSha::parse("0123456789012345678901234567890123456789").unwrap();
    let branch = BranchName::parse(MAIN).unwrap();
    for url in [
        format!("ext::touch {}", witness.display()),
        format!("--upload-pack=touch {}", witness.display()),
    ] {
        let wanted = Wanted { clone_url: &url, commit: &commit, branch: &branch };
        let fault = checkout(&mut bench.attempt, &wanted).await.unwrap_err();
        assert_eq!(fault.failure.class, FailureClass::Source);
    }
    assert!(!witness.exists());
}
