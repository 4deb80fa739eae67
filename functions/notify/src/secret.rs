//! Secrets are read when they are needed, and no part of one is ever said: not in an error, not in
//! a log.

use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use signalbox_cloud::clients::Clients;
use signalbox_cloud::fault::Fault;
use signalbox_pipeline::notice::SecretName;

/// Reads the JSON object in `secret`, which has to be `shape`.
pub(crate) async fn read<T: DeserializeOwned>(
    clients: &Clients,
    secret: &SecretName,
    shape: &str,
) -> Result<T, Fault> {
    let asked = json!({ "SecretId": secret.id() });
    let answer = clients.secrets().call::<_, Value>("GetSecretValue", &asked).await;
    let answer = answer.map_err(|trouble| {
        let what = format!("reading {secret}");
        if trouble.code() == Some("ResourceNotFoundException") {
            return Fault::page(format!("{what}: there is none"), format!("create it as {shape}"));
        }
        trouble.fault(what)
    })?;
    let value = answer.get("SecretString").and_then(Value::as_str).unwrap_or_default();
    // What serde finds wrong would repeat a part of it.
    serde_json::from_str(value).map_err(|_| wrong(secret, shape))
}

/// The fault of a secret that holds something else than it has to.
pub(crate) fn wrong(secret: &SecretName, shape: &str) -> Fault {
    Fault::page(format!("{secret} is not as it has to be"), format!("make it {shape}"))
}
