//! Where notices go.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::text::{TextError, texts};

/// What the names of secrets begin with: the function `notify` may read these and no others.
const SECRETS: &str = "signalbox/";
/// What the names of topics begin with: the function `notify` may publish to these and no others.
const TOPICS: &str = "signalbox-";

/// One receiver of notices.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// A topic of SNS.
    Sns(TopicArn),
    /// Any HTTPS address; it and the key that signs are in a secret.
    Webhook(SecretName),
    /// The status of the commit on GitHub; the token is in a secret.
    Github(SecretName),
    /// A comment on the commit in CodeCommit.
    Codecommit(Comment),
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sns(topic) => write!(f, "sns={topic}"),
            Self::Webhook(secret) => write!(f, "webhook={secret}"),
            Self::Github(secret) => write!(f, "github={secret}"),
            Self::Codecommit(comment) => write!(f, "codecommit={comment}"),
        }
    }
}

/// As [`Target`] is shown.
impl FromStr for Target {
    type Err = TextError;

    fn from_str(text: &str) -> Result<Self, TextError> {
        match text.split_once('=') {
            Some(("sns", topic)) => topic.parse().map(Self::Sns),
            Some(("webhook", secret)) => secret.parse().map(Self::Webhook),
            Some(("github", secret)) => secret.parse().map(Self::Github),
            Some(("codecommit", comment)) => comment.parse().map(Self::Codecommit),
            _ => Err(TextError::new(
                text,
                "a target of notices",
                "sns=<topic>, webhook=<secret>, github=<secret> or codecommit=comment",
            )),
        }
    }
}

texts! { 256;
    /// The ARN of a topic.
    TopicArn = "a topic that can be told", |text| {
        let parts: Vec<&str> = text.split(':').collect();
        let &["arn", partition, "sns", region, account, topic] = parts.as_slice() else {
            return false;
        };
        let plain = |text: &str| text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b));
        partition.starts_with("aws") && plain(partition)
            && !region.is_empty() && plain(region)
            && account.len() == 12 && account.bytes().all(|b| b.is_ascii_digit())
            && topic.len() > TOPICS.len() && topic.starts_with(TOPICS) && plain(topic)
    }, "arn:aws:sns:<region>:<account>:signalbox-<name>, a standard topic: the function `notify` may publish to no other names";
    /// A secret of Secrets Manager, as `secret:<name>`.
    SecretName = "a secret that can be read", |text| {
        let Some(name) = text.strip_prefix("secret:").and_then(|text| text.strip_prefix(SECRETS)) else {
            return false;
        };
        !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"/_+=.@-".contains(&b))
    }, "secret:signalbox/<name>: the function `notify` may read no other secrets";
    /// How CodeCommit shows it: it has no statuses of commits.
    Comment = "a way to tell CodeCommit", |text| text == "comment", "`comment`";
}

impl SecretName {
    /// The name as Secrets Manager knows it.
    #[must_use]
    pub fn id(&self) -> &str {
        self.0.strip_prefix("secret:").unwrap_or(&self.0)
    }
}

impl TopicArn {
    /// The region that the topic lies in.
    #[must_use]
    pub fn region(&self) -> &str {
        self.0.split(':').nth(3).unwrap_or_default()
    }
}
