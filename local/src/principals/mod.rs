//! Who calls: principals and the access keys that stand for them.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use crate::durable::write_json;
use crate::random;

#[cfg(test)]
mod tests;

/// What kind of caller a principal is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A Lambda function under its own role.
    Function,
    /// A job's task under the jobs' role.
    Job,
    /// A person or a tool with keys of its own.
    User,
    /// A service of the engine, such as EventBridge sending to a queue.
    Service,
}

/// One caller, known by its access key.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Principal {
    /// What it is.
    pub kind: Kind,
    /// Its name: a function's logical id, a job's task id, a user's name.
    pub name: String,
    /// What SQS attaches as `SenderId`, and `aws:userid`: `AIDA…` or `AROA…:session`.
    pub user_id: String,
    /// The access key that stands for it.
    pub access_key_id: String,
    /// The secret that belongs to the key.
    pub secret_access_key: String,
}

impl Principal {
    /// The token that belongs to the keys of a role's session; the engine does not check it.
    #[must_use]
    pub fn session_token(&self) -> Option<String> {
        match self.kind {
            Kind::Function | Kind::Job => Some(format!("signalbox/{}", self.access_key_id)),
            Kind::User | Kind::Service => None,
        }
    }

    fn mint(kind: Kind, name: &str, user_id: String) -> Self {
        let prefix = match kind {
            Kind::Function | Kind::Job => "ASIA",
            Kind::User | Kind::Service => "AKIA",
        };
        // A key is 20 characters long, an id of a user or role 21.
        let mut access_key_id = random::id(prefix);
        access_key_id.pop();
        Self {
            kind,
            name: name.to_owned(),
            user_id,
            access_key_id,
            secret_access_key: random::secret(),
        }
    }
}

/// The principals of the engine, kept in one file so that keys outlive a restart.
#[derive(Debug)]
pub struct Principals {
    file: PathBuf,
    by_key: Mutex<BTreeMap<String, Principal>>,
}

impl Principals {
    /// Opens the registry in the folder `dir`.
    ///
    /// # Errors
    /// When `principals.json` is there but cannot be read.
    pub fn open(dir: &Path) -> io::Result<Self> {
        std::fs::create_dir_all(dir)?;
        let file = dir.join("principals.json");
        let known: Vec<Principal> = match std::fs::read(&file) {
            Ok(bytes) => serde_json::from_slice(&bytes)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(error),
        };
        let by_key = known.into_iter().map(|one| (one.access_key_id.clone(), one)).collect();
        Ok(Self { file, by_key: Mutex::new(by_key) })
    }

    /// The principal of this kind and name: the known one, or a new one with keys of its own.
    ///
    /// With `role_id` it is a session of that role (`<role id>:<name>`). A function or job without
    /// one gets a role of its own. When a known principal comes with another role, its keys stay.
    ///
    /// # Errors
    /// When the registry cannot be written.
    pub fn mint(&self, kind: Kind, name: &str, role_id: Option<&str>) -> io::Result<Principal> {
        let mut by_key = self.by_key.lock().unwrap_or_else(PoisonError::into_inner);
        let known = by_key.values().find(|one| one.kind == kind && one.name == name).cloned();
        let session = role_id.map(|role| format!("{role}:{name}"));
        let principal = match (known, session) {
            (Some(known), None) => return Ok(known),
            (Some(known), Some(session)) if known.user_id == session => return Ok(known),
            (Some(known), Some(session)) => Principal { user_id: session, ..known },
            (None, Some(session)) => Principal::mint(kind, name, session),
            (None, None) => Principal::mint(kind, name, own_user_id(kind, name)),
        };
        let mut after = by_key.clone();
        after.insert(principal.access_key_id.clone(), principal.clone());
        self.write(&after)?;
        *by_key = after;
        Ok(principal)
    }

    /// The principal that the key stands for.
    #[must_use]
    pub fn by_access_key(&self, access_key_id: &str) -> Option<Principal> {
        self.by_key.lock().unwrap_or_else(PoisonError::into_inner).get(access_key_id).cloned()
    }

    fn write(&self, by_key: &BTreeMap<String, Principal>) -> io::Result<()> {
        let all: Vec<&Principal> = by_key.values().collect();
        write_json(&self.file, &all)
    }
}

fn own_user_id(kind: Kind, name: &str) -> String {
    match kind {
        Kind::Function | Kind::Job => format!("{}:{name}", random::id("AROA")),
        Kind::User | Kind::Service => random::id("AIDA"),
    }
}
