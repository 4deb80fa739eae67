//! Who calls: principals and the access keys that stand for them.

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::ACCOUNT;
use crate::durable::Journal;
use crate::random;

#[cfg(test)]
mod tests;

/// The registry, in the engine's folder.
const FILE: &str = "principals.jsonl";

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

/// The principals of the engine, on disk so that keys outlive a restart.
#[derive(Debug)]
pub struct Principals {
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    journal: Journal,
    by_key: BTreeMap<String, Principal>,
    /// Their keys.
    by_name: HashMap<(Kind, String), String>,
}

impl Principals {
    /// Opens the registry in the folder `dir`.
    ///
    /// # Errors
    /// When it cannot be read, or was not written by this engine.
    pub fn open(dir: &Path) -> io::Result<Self> {
        std::fs::create_dir_all(dir)?;
        let (journal, by_key) = Journal::open::<Principal>(&dir.join(FILE))?;
        let named = |(key, one): (&String, &Principal)| ((one.kind, one.name.clone()), key.clone());
        let by_name = by_key.iter().map(named).collect();
        Ok(Self { state: Mutex::new(State { journal, by_key, by_name }) })
    }

    /// The principal of this kind and name in the folder of an engine that may be running: `None`
    /// where no engine was ever started.
    ///
    /// # Errors
    /// When the registry cannot be read, or was not written by this engine.
    pub fn find(dir: &Path, kind: Kind, name: &str) -> io::Result<Option<Principal>> {
        let known = match Journal::read::<Principal>(&dir.join(FILE)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            known => known?,
        };
        Ok(known.into_values().find(|one| one.kind == kind && one.name == name))
    }

    /// The principal of this kind and name: the known one, or a new one with keys of its own.
    ///
    /// With `role_id` it is a session of that role (`<role id>:<name>`). A function or job without
    /// one gets a role of its own. When a known principal comes with another role, its keys stay.
    ///
    /// # Errors
    /// When the registry cannot be written.
    pub fn mint(&self, kind: Kind, name: &str, role_id: Option<&str>) -> io::Result<Principal> {
        let mut state = self.lock();
        let name_of = (kind, name.to_owned());
        let known = state.by_name.get(&name_of).and_then(|key| state.by_key.get(key)).cloned();
        let session = role_id.map(|role| format!("{role}:{name}"));
        let principal = match (known, session) {
            (Some(known), None) => return Ok(known),
            (Some(known), Some(session)) if known.user_id == session => return Ok(known),
            (Some(known), Some(session)) => Principal { user_id: session, ..known },
            (None, Some(session)) => Principal::mint(kind, name, session),
            (None, None) => Principal::mint(kind, name, own_user_id(kind, name)),
        };
        let key = principal.access_key_id.clone();
        state.journal.put(&key, &principal)?;
        state.by_name.insert(name_of, key.clone());
        state.by_key.insert(key, principal.clone());
        Ok(principal)
    }

    /// Everybody with keys of their own, by name.
    #[must_use]
    pub fn users(&self) -> Vec<Principal> {
        let state = self.lock();
        let users = state.by_key.values().filter(|one| one.kind == Kind::User);
        let mut users: Vec<Principal> = users.cloned().collect();
        users.sort_by(|one, other| one.name.cmp(&other.name));
        users
    }

    /// The principal that the key stands for.
    #[must_use]
    pub fn by_access_key(&self, access_key_id: &str) -> Option<Principal> {
        self.lock().by_key.get(access_key_id).cloned()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether a user of IAM can be called so.
#[must_use]
pub fn is_user_name(name: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b"_+=,.@-".contains(&b);
    !name.is_empty() && name.len() <= 64 && name.bytes().all(allowed)
}

/// The ARN of a user of the account.
#[must_use]
pub fn user_arn(name: &str) -> String {
    format!("arn:aws:iam::{ACCOUNT}:user/{name}")
}

fn own_user_id(kind: Kind, name: &str) -> String {
    match kind {
        Kind::Function | Kind::Job => format!("{}:{name}", random::id("AROA")),
        Kind::User | Kind::Service => random::id("AIDA"),
    }
}
