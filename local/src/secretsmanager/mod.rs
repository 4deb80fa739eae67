//! Secrets Manager: secrets in a file of the engine's folder, which people may write as well.
//!
//! `secrets.json` is an object: a name, and its secret as text or as an object.

use std::collections::BTreeMap;
use std::fs::Permissions;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use futures_util::future::BoxFuture;
use serde_json::{Value, json};

use crate::principals::Principal;
use crate::wire::{Answer, JsonService, WireError};
use crate::{ACCOUNT, REGION, durable};

#[cfg(test)]
mod tests;

/// The file of the secrets, in the engine's folder.
const FILE: &str = "secrets.json";

/// The secrets.
#[derive(Debug)]
pub struct SecretsManager {
    file: PathBuf,
    /// One writer at a time.
    writing: Mutex<()>,
}

impl SecretsManager {
    /// The secrets in the folder `dir`.
    #[must_use]
    pub fn open(dir: &Path) -> Self {
        Self { file: dir.join(FILE), writing: Mutex::default() }
    }

    /// As the file is now: whoever changes it is heard at once.
    fn read(&self) -> Result<BTreeMap<String, Value>, WireError> {
        let bytes = match std::fs::read(&self.file) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(BTreeMap::new()),
            read => read.map_err(WireError::internal)?,
        };
        serde_json::from_slice(&bytes).map_err(|_| {
            WireError::internal(format!("{} is no object of secrets", self.file.display()))
        })
    }

    fn create(&self, body: &Value) -> Answer {
        let (name, secret) = (text(body, "Name")?, text(body, "SecretString")?);
        let _only = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let mut secrets = self.read()?;
        if secrets.contains_key(name) {
            let message = format!("The secret {name} is there already.");
            return Err(WireError::client("ResourceExistsException", message));
        }
        secrets.insert(name.to_owned(), json!(secret));
        durable::write_json(&self.file, &secrets).map_err(WireError::internal)?;
        std::fs::set_permissions(&self.file, Permissions::from_mode(0o600))
            .map_err(WireError::internal)?;
        Ok(json!({ "ARN": arn(name), "Name": name, "VersionId": VERSION }))
    }

    /// The text of the secret that `id` names, by name or ARN.
    pub(crate) fn text(&self, id: &str) -> Result<String, WireError> {
        let answer = self.value(&json!({ "SecretId": id }))?;
        Ok(answer["SecretString"].as_str().unwrap_or_default().to_owned())
    }

    fn value(&self, body: &Value) -> Answer {
        let id = text(body, "SecretId")?;
        let secrets = self.read()?;
        let found = secrets.iter().find(|(name, _)| *name == id || arn(name) == id);
        let Some((name, secret)) = found else {
            let message = "Secrets Manager can't find the specified secret.";
            return Err(WireError::client("ResourceNotFoundException", message));
        };
        let secret = secret.as_str().map_or_else(|| secret.to_string(), str::to_owned);
        Ok(json!({
            "ARN": arn(name), "Name": name, "SecretString": secret, "VersionId": VERSION,
            "VersionStages": ["AWSCURRENT"],
        }))
    }
}

/// Versions of a secret are not kept.
const VERSION: &str = "00000000-0000-4000-8000-000000000001";

impl JsonService for SecretsManager {
    fn call<'a>(
        &'a self,
        _: &'a Principal,
        operation: &'a str,
        body: Value,
    ) -> BoxFuture<'a, Answer> {
        Box::pin(async move {
            match operation {
                "CreateSecret" => self.create(&body),
                "GetSecretValue" => self.value(&body),
                other => Err(WireError::client(
                    "UnknownOperationException",
                    format!("the local engine has no operation `{other}` of Secrets Manager"),
                )),
            }
        })
    }
}

fn text<'b>(body: &'b Value, name: &str) -> Result<&'b str, WireError> {
    let value = body.get(name).and_then(Value::as_str).filter(|value| !value.is_empty());
    value.ok_or_else(|| {
        WireError::client("InvalidParameterException", format!("{name} is missing."))
    })
}

fn arn(name: &str) -> String {
    format!("arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:{name}-abcdef")
}
