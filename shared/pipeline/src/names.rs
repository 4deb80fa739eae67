//! Every name that comes from outside, as a type with a strict alphabet.
//!
//! A value of these types is safe where it is used: in an S3 key, an image tag or a job name.
//! Parsing is the only way to make one, and deserialising parses.

mod alphabet;

pub use alphabet::NameError;
use alphabet::{Check, check};

use crate::text::parsed_text;

macro_rules! names {
    ($($(#[$doc:meta])* $name:ident = $what:literal, $check:expr, $expected:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// Parses `text`.
            ///
            /// # Errors
            /// When `text` is outside the alphabet or too long; the error says what was expected.
            pub fn parse(text: impl Into<String>) -> Result<Self, NameError> {
                check($what, text.into(), &$check, $expected).map(Self)
            }
        }

        parsed_text!($name, NameError);
    )*};
}

names! {
    /// The name of a pipeline: part of keys, tags and job names.
    PipelineName = "a pipeline name", Check::label(40),
        "a lower-case letter, then lower-case letters, digits and single dashes, 40 at most";
    /// The name of an environment, such as `test` or `production`.
    EnvironmentName = "an environment name", Check::environment(32),
        "a lower-case letter, then lower-case letters, digits and single dashes, 32 at most, not ending in -validate, -approve, -verify or -release";
    /// The name of a job inside its stage: a check, or a job of `verify`.
    JobKey = "a job name", Check::label(40),
        "a lower-case letter, then lower-case letters, digits and single dashes, 40 at most";
    /// The name of a stage of a run, such as `checks` or `test-verify`.
    StageName = "a stage name", Check::label(48),
        "a lower-case letter, then lower-case letters, digits and single dashes, 48 at most";
    /// The id of a run: `<utc time>-<short sha>-<hash of the trigger's identity>`.
    RunId = "a run id", Check::run_id(),
        "<yyyymmdd>t<hhmmss>z-<7 hex digits>-<8 hex digits>, lower case";
    /// A person, as `people.json` calls them.
    PersonName = "a person's name", Check::label(40),
        "a lower-case letter, then lower-case letters, digits and single dashes, 40 at most";
    /// A group of people.
    GroupName = "a group's name", Check::label(40),
        "a lower-case letter, then lower-case letters, digits and single dashes, 40 at most";
    /// The id of a launch: `<utc time>-<hash of the request's identity>`.
    LaunchId = "a launch id", Check::launch_id(),
        "<yyyymmdd>t<hhmmss>z-<12 hex digits>, lower case";
    /// A git commit: 40 hex digits (SHA-1) or 64 (SHA-256).
    CommitSha = "a commit id", Check::hex(&[40, 64]),
        "40 or 64 lower-case hex digits";
    /// A SHA-256 in hex, without a prefix.
    Sha256 = "a SHA-256", Check::hex(&[64]),
        "64 lower-case hex digits";
    /// The digest of an image manifest: `sha256:` and 64 hex digits.
    ImageDigest = "an image digest", Check::digest(),
        "sha256: and 64 lower-case hex digits";
    /// The tag of an image.
    ImageTag = "an image tag", Check::tag(),
        "letters, digits, _ . and -, not beginning with . or -, 128 at most";
    /// A repository of ECR or of another registry, without the registry's host.
    ImageRepository = "an image repository", Check::image_repository(),
        "lower-case path segments of letters, digits and . _ - joined by /, 256 at most";
    /// The host of a code repository, such as `codecommit.eu-west-1.amazonaws.com`.
    Host = "a code host", Check::host(),
        "a lower-case host name of letters, digits, dots and dashes, 100 at most";
    /// The name of a code repository on its host: `rain`, or `owner/rain`.
    RepositoryName = "a repository name", Check::path(100),
        "letters, digits and . _ - in segments joined by /, no segment beginning with a dot, 100 at most";
    /// A branch, without `refs/heads/`.
    BranchName = "a branch name", Check::path(200),
        "letters, digits and . _ - in segments joined by /, no segment beginning with a dot, 200 at most";
    /// The id of an event as its sender gave it.
    EventId = "an event id", Check::token(128),
        "letters, digits, . _ : and -, 128 at most";
    /// The name of an AWS Batch job.
    JobName = "a Batch job name", Check::job_name(),
        "a letter or digit, then letters, digits, _ and -, 128 at most";
    /// The id that AWS Batch gave to a job.
    JobId = "a Batch job id", Check::token(128),
        "letters, digits, . _ : and -, 128 at most";
    /// The id of the ECS task that carried a job: the session name of the job's credentials.
    TaskId = "a task id", Check::token(128),
        "letters, digits, . _ : and -, 128 at most";
}

impl Sha256 {
    pub(crate) fn of_hash(hash: &[u8]) -> Self {
        Self(hex::encode(hash))
    }
}

impl RunId {
    /// For [`crate::keys::run_id`], whose parts are parsed already.
    pub(crate) fn assembled(text: String) -> Self {
        Self(text)
    }

    /// The first seven hex digits of the commit that it is a run of.
    #[must_use]
    pub fn short_sha(&self) -> &str {
        self.0.split('-').nth(1).unwrap_or_default()
    }
}

impl LaunchId {
    /// For [`crate::keys::launch_id`], whose parts are parsed already.
    pub(crate) fn assembled(text: String) -> Self {
        Self(text)
    }
}

impl JobKey {
    /// The job of a launch.
    #[must_use]
    pub fn train() -> Self {
        Self("train".to_owned())
    }

    /// The job of the stage `checkout`.
    #[must_use]
    pub fn checkout() -> Self {
        Self("checkout".to_owned())
    }

    /// The job of a stage `validate`.
    #[must_use]
    pub fn preflight() -> Self {
        Self("preflight".to_owned())
    }

    /// The job of the stage `build`.
    #[must_use]
    pub fn build() -> Self {
        Self("build".to_owned())
    }
}

impl JobName {
    /// For [`crate::attempt`], whose parts are parsed already.
    pub(crate) fn assembled(text: String) -> Self {
        Self(text)
    }
}

impl StageName {
    /// Where the job of a launch stands. It is no stage of a run.
    #[must_use]
    pub fn launch() -> Self {
        Self("launch".to_owned())
    }

    /// For [`crate::stage`], whose parts are parsed already.
    pub(crate) fn assembled(text: String) -> Self {
        Self(text)
    }
}

impl ImageTag {
    /// For [`crate::attempt`], whose parts are parsed already.
    pub(crate) fn assembled(text: String) -> Self {
        Self(text)
    }
}

impl CommitSha {
    /// The first seven hex digits.
    #[must_use]
    pub fn short(&self) -> &str {
        &self.0[..7]
    }
}

#[cfg(test)]
mod tests;
