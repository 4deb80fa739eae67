//! The names under which IAM, git and code hosts know people.

use crate::text::texts;

texts! { 256;
    /// A principal as the `SenderId` of SQS names it: the id of a user, a role with or without one
    /// of its sessions, or an account, which is its root user.
    ///
    /// A role without a session is all of its sessions: whoever assumes a role chooses the session's
    /// name, unless the trust policy pins it, so that two sessions are not two people.
    Principal = "a principal", principal,
        "the id of a user (AIDA…), of a role (AROA…), of a session of one whose trust policy pins \
         the session's name (AROA…:name), or an account (12 digits)";
    /// The address of a commit's author or committer.
    Email = "an e-mail address", email, "name@domain, in the letters that git shows";
    /// The name under which a code host knows whoever pushes.
    CodeHostIdentity = "a code host's identity", code_host,
        "the ARN of an IAM user, role session or root user (arn:aws:iam::123456789012:user/ada, \
         arn:aws:sts::123456789012:assumed-role/developer), or a login as github.com/ada";
}

impl Principal {
    /// Whether `sender` is this principal, or a session of this role.
    #[must_use]
    pub fn covers(&self, sender: &str) -> bool {
        self.0 == sender
            || self.is_role() && sender.split_once(':').is_some_and(|(role, _)| role == self.0)
    }

    fn is_role(&self) -> bool {
        self.0.starts_with("AROA") && !self.0.contains(':')
    }
}

impl Email {
    /// Whether `email` is this address; capital and small letters are the same.
    #[must_use]
    pub fn is(&self, email: &str) -> bool {
        self.0.eq_ignore_ascii_case(email)
    }
}

impl CodeHostIdentity {
    /// Whether `identity` is this one, or a session of this role. GitHub's logins know no capitals.
    #[must_use]
    pub fn covers(&self, identity: &str) -> bool {
        if !self.0.starts_with("arn:") {
            return self.0.eq_ignore_ascii_case(identity);
        }
        let session = || identity.strip_prefix(self.0.as_str())?.strip_prefix('/');
        self.0 == identity || self.is_role() && session().is_some()
    }

    fn is_role(&self) -> bool {
        self.0.split_once(ASSUMED).is_some_and(|(_, rest)| !rest.contains('/'))
    }
}

/// A name that may cover another one, which must then not be somebody else's.
pub(super) trait Identity {
    /// What names that cover one another have in common.
    fn stem(&self) -> String;
    /// Whether it covers `other`, or the reverse.
    fn overlaps(&self, other: &Self) -> bool;
}

impl Identity for Principal {
    fn stem(&self) -> String {
        self.0.split(':').next().unwrap_or_default().to_owned()
    }

    fn overlaps(&self, other: &Self) -> bool {
        self.covers(&other.0) || other.covers(&self.0)
    }
}

impl Identity for Email {
    fn stem(&self) -> String {
        self.0.to_ascii_lowercase()
    }

    fn overlaps(&self, other: &Self) -> bool {
        self.is(&other.0)
    }
}

impl Identity for CodeHostIdentity {
    fn stem(&self) -> String {
        match self.0.split_once(ASSUMED) {
            Some((account, role)) => {
                format!("{account}{ASSUMED}{}", role.split('/').next().unwrap_or_default())
            }
            None if self.0.starts_with("arn:") => self.0.clone(),
            None => self.0.to_ascii_lowercase(),
        }
    }

    fn overlaps(&self, other: &Self) -> bool {
        self.covers(&other.0) || other.covers(&self.0)
    }
}

const ASSUMED: &str = ":assumed-role/";

fn principal(text: &str) -> bool {
    let (id, session) = match text.split_once(':') {
        Some((id, session)) => (id, Some(session)),
        None => (text, None),
    };
    let unique = id.len() >= 16 && id.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
    match session {
        None if id.starts_with("AIDA") || id.starts_with("AROA") => unique,
        None => is_account(id),
        Some(session) => id.starts_with("AROA") && unique && is_session(session),
    }
}

fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit())
}

fn is_session(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"_+=,.@-".contains(&b))
}

fn email(text: &str) -> bool {
    let printed = text.chars().all(|c| !c.is_whitespace() && !c.is_control() && !"<>,".contains(c));
    let parts = text.rsplit_once('@');
    printed && parts.is_some_and(|(name, domain)| !name.is_empty() && !domain.is_empty())
}

fn code_host(text: &str) -> bool {
    let Some(arn) = text.strip_prefix("arn:") else {
        let word = |part: &str| {
            !part.is_empty()
                && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
        };
        return text
            .split_once('/')
            .is_some_and(|(host, login)| word(host) && host.contains('.') && word(login));
    };
    let parts: Vec<&str> = arn.splitn(5, ':').collect();
    let [partition, service, "", account, name] = parts.as_slice() else { return false };
    let named = |rest: Option<&str>| rest.is_some_and(|rest| rest.split('/').all(is_session));
    let known = match *service {
        "iam" => *name == "root" || named(name.strip_prefix("user/")),
        "sts" => named(name.strip_prefix("assumed-role/")) && name.split('/').count() <= 3,
        _ => false,
    };
    partition.starts_with("aws") && is_account(account) && known
}
