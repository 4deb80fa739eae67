//! What git's `post-receive` hook does.

use std::ffi::OsString;
use std::io::{BufRead, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, bail};
use jiff::Timestamp;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{SETTINGS, Settings};
use crate::durable::{read_json, write_json};
use crate::events::envelope;
use crate::principals::{is_user_name, user_arn};
use crate::{ACCOUNT, REGION};

/// Names the user who pushes; nobody has to prove it, this is a laptop.
pub const PUSHER: &str = "SIGNALBOX_AS";

/// Writes one event for each reference that a push changed, and pokes the engine.
///
/// `arguments` are the spool folder and the repository's name; `changes` is what git gives the hook
/// on its standard input: a line `<old id> <new id> <reference>` for each. The push is the operator's,
/// or that of the user whom [`PUSHER`] names in the environment of whoever pushes.
///
/// # Errors
/// When an event cannot be written. An engine that does not answer is no error: it finds the events
/// when it starts.
pub fn hook(arguments: &[OsString], changes: impl BufRead) -> anyhow::Result<()> {
    let [spool, repository] = arguments else {
        bail!("the hook takes the spool folder and the repository's name");
    };
    let (spool, repository) = (Path::new(spool), repository.to_string_lossy());
    let settings = spool.parent().unwrap_or(spool).join(SETTINGS);
    let settings: Settings = read_json(&settings)?;
    let caller = pusher(settings.caller_arn, std::env::var(PUSHER).ok())?;
    let now = Timestamp::now();
    for (index, line) in changes.lines().enumerate() {
        let line = line.context("cannot read what git tells the hook")?;
        let Some(detail) = detail(&repository, &line, &caller) else { continue };
        let arn = format!("arn:aws:codecommit:{REGION}:{ACCOUNT}:{repository}");
        let kind = "CodeCommit Repository State Change";
        let event = envelope("aws.codecommit", kind, now, &[&arn], &detail);
        // Fixed widths: the order of the names is the order of the pushes.
        let name = format!("{:020}-{index:06}-{}.json", now.as_nanosecond(), std::process::id());
        write_json(&spool.join(name), &event).context("cannot keep the event of this push")?;
    }
    // Best effort: what is in the spool is not lost.
    let _ = poke(&settings.endpoint);
    Ok(())
}

/// The ARN of whoever pushes.
fn pusher(operator: String, user: Option<String>) -> anyhow::Result<String> {
    match user {
        None => Ok(operator),
        Some(user) if is_user_name(&user) => Ok(user_arn(&user)),
        Some(user) => bail!("{PUSHER} is {user:?}, which is no name of a user of IAM"),
    }
}

/// The event's detail; nothing for a line that is none, and for what is neither branch nor tag.
fn detail(repository: &str, line: &str, caller_arn: &str) -> Option<Value> {
    let mut words = line.splitn(3, ' ');
    let (old, new, full) = (words.next()?, words.next()?, words.next()?);
    let (kind, name) = match (full.strip_prefix("refs/heads/"), full.strip_prefix("refs/tags/")) {
        (Some(name), _) => ("branch", name),
        (_, Some(name)) => ("tag", name),
        _ => return None,
    };
    let none = |id: &str| id.bytes().all(|byte| byte == b'0');
    let event = match (none(old), none(new)) {
        (true, _) => "referenceCreated",
        (false, true) => "referenceDeleted",
        (false, false) => "referenceUpdated",
    };
    let mut detail = json!({
        "event": event,
        "repositoryName": repository,
        "repositoryId": repository_id(repository),
        "referenceType": kind,
        "referenceName": name,
        "referenceFullName": full,
        "callerUserArn": caller_arn,
    });
    if !none(new) {
        detail["commitId"] = new.into();
    }
    if !none(old) {
        detail["oldCommitId"] = old.into();
    }
    Some(detail)
}

/// A UUID that is always the same for the same name.
fn repository_id(repository: &str) -> String {
    let hex = hex::encode(Sha256::digest(repository.as_bytes()));
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..32])
}

/// Tells the engine that there is something, and waits until it has taken it.
fn poke(endpoint: &str) -> std::io::Result<()> {
    let host = endpoint.trim_start_matches("http://");
    let address = host.to_socket_addrs()?.next().ok_or(std::io::ErrorKind::NotFound)?;
    let mut stream = TcpStream::connect_timeout(&address, Duration::from_secs(1))?;
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    let request = format!(
        "POST /_codecommit/poke HTTP/1.1\r\nHost: {host}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes())?;
    std::io::copy(&mut stream.take(64 * 1024), &mut std::io::sink())?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_push_is_the_operators_or_that_of_the_user_who_is_named() {
        let pusher = |user: Option<&str>| pusher("operator".to_owned(), user.map(str::to_owned));
        assert_eq!(pusher(None).unwrap(), "operator");
        assert_eq!(pusher(Some("ada")).unwrap(), "arn:aws:iam::123456789012:user/ada");
        assert!(pusher(Some("../ada")).is_err());
    }
}
