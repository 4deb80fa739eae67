//! A local engine, found by what it keeps in its folder.

use std::path::Path;

use anyhow::Context as _;
use aws_sdk_s3::config::Credentials;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use signalbox_cloud::clients::{Clients, Trouble, trouble};
use signalbox_cloud::config::{Account, Buckets};
use signalbox_local::REGION;
use signalbox_local::principals::{Kind, Principal, Principals};

use crate::exit::Exit;

#[cfg(test)]
mod tests;

/// The person whose keys are used.
const OPERATOR: &str = "operator";

/// What is needed of `engine.json`.
#[derive(Deserialize)]
struct Ports {
    endpoint: u16,
}

/// The account and the buckets of the engine in `dir`, with the keys of `user` or the operator's, and
/// what SQS calls whoever sends with them.
pub(super) async fn engine(
    dir: &Path,
    user: Option<&str>,
) -> anyhow::Result<(Account, Buckets, String)> {
    let (account, sender) = account(dir, user)?;
    let endpoint = account.endpoint.clone().unwrap_or_default();
    let s3 = Clients::new(account.clone()).s3();
    let answer = s3.once.list_buckets().send().await;
    let listed = answer.map_err(|error| silent(dir, &endpoint, &trouble(&error)))?;
    let names = listed.buckets.unwrap_or_default().into_iter().filter_map(|bucket| bucket.name);
    Ok((account, buckets(&names.collect::<Vec<_>>())?, sender))
}

/// Where the engine in `dir` answers, and the keys of `user` or the operator's.
fn account(dir: &Path, user: Option<&str>) -> anyhow::Result<(Account, String)> {
    let none = || {
        let dir = dir.display();
        Exit::Unreachable.because(format!(
            "{dir} is not the folder of a local engine; start one there: \
             `signalbox local --dir {dir}`"
        ))
    };
    let ports: Ports = kept(&dir.join("engine.json"))?.ok_or_else(none)?;
    let operator = Principals::find(dir, Kind::User, OPERATOR)?.ok_or_else(none)?;
    let user = match user {
        None => operator,
        Some(name) => Principals::find(dir, Kind::User, name)?.ok_or_else(|| unknown(dir, name))?,
    };
    let Principal { access_key_id, secret_access_key, user_id, .. } = user;
    let account = Account {
        region: REGION.to_owned(),
        credentials: Credentials::new(access_key_id, secret_access_key, None, None, "engine"),
        endpoint: Some(format!("http://127.0.0.1:{}", ports.endpoint)),
    };
    Ok((account, user_id))
}

fn unknown(dir: &Path, name: &str) -> anyhow::Error {
    let dir = dir.display();
    Exit::Usage.because(format!(
        "the engine of {dir} has no user {name}; give them keys when it is started: \
         `signalbox local --dir {dir} --user {name}`"
    ))
}

/// A file that the engine keeps; `None` where it is not there.
fn kept<T: DeserializeOwned>(file: &Path) -> anyhow::Result<Option<T>> {
    let bytes = match std::fs::read(file) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => {
            return Err(error).with_context(|| format!("{} cannot be read", file.display()));
        }
    };
    let value = serde_json::from_slice(&bytes);
    value.map(Some).with_context(|| format!("{} is not what an engine writes", file.display()))
}

fn silent(dir: &Path, endpoint: &str, trouble: &Trouble) -> anyhow::Error {
    let dir = dir.display();
    Exit::Unreachable.because(match trouble {
        Trouble::Refused { .. } => format!(
            "what answers at {endpoint} is not the engine of {dir} ({trouble}); start that one: \
             `signalbox local --dir {dir}`"
        ),
        _ => format!(
            "the engine of {dir} is not running: nothing answers at {endpoint}; start it: \
             `signalbox local --dir {dir}`"
        ),
    })
}

/// The three buckets of the stack, by what the template calls them.
fn buckets(names: &[String]) -> anyhow::Result<Buckets> {
    let named = |what: &str| {
        let mut found = names.iter().filter(|name| name.split('-').any(|part| part == what));
        match (found.next(), found.next()) {
            (Some(name), None) => Ok(name.clone()),
            _ => Err(Exit::Errored.because(format!(
                "the engine has no one bucket whose name says `{what}`; it has: {}",
                names.join(", ")
            ))),
        }
    };
    Ok(Buckets { state: named("state")?, index: named("index")?, artifacts: named("artifacts")? })
}
