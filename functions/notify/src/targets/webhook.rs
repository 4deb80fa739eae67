//! Any HTTPS address, told by a POST that is signed as Standard Webhooks says
//! (<https://www.standardwebhooks.com>), so that receivers verify it with what they have.
//!
//! A second delivery has the same `webhook-id` and `idempotency-key`: the receiver keeps them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::Deserialize;
use sha2::Sha256;
use signalbox_cloud::fault::Fault;
use signalbox_pipeline::notice::{Notice, SecretName};

use crate::{Notify, secret};

/// What the secret has to hold.
const SHAPE: &str =
    r#"{"url": "https://…", "key": "whsec_…"}, the key being 24 to 64 bytes in base64"#;
/// What a key begins with, as Standard Webhooks writes it.
const PREFIX: &str = "whsec_";

#[derive(Deserialize)]
struct Hook {
    url: String,
    key: String,
}

pub(crate) async fn post(notify: &Notify, name: &SecretName, notice: &Notice) -> Result<(), Fault> {
    let Hook { url, key } = secret::read(&notify.clients, name, SHAPE).await?;
    let body = serde_json::to_vec(&Notice { targets: Vec::new(), ..notice.clone() })
        .map_err(|error| Fault::retry("writing the notice", error))?;
    let (id, second) = (notice.id.as_str(), notify.clock.now().as_second());
    let signature = sign(&key, id, second, &body).filter(|_| is_safe(&url));
    let signature = signature.ok_or_else(|| secret::wrong(name, SHAPE))?;
    let headers = vec![
        ("content-type", "application/json".to_owned()),
        ("user-agent", "signalbox".to_owned()),
        ("idempotency-key", id.to_owned()),
        ("webhook-id", id.to_owned()),
        ("webhook-timestamp", second.to_string()),
        ("webhook-signature", signature),
    ];
    let posted = notify.clients.web().post(&url, headers, body).await;
    posted.map_err(|trouble| {
        let mend = "look at the address in the secret, and whether its receiver has the same key";
        super::fault(trouble, &format!("posting to the webhook of {name}"), mend)
    })
}

/// The header `webhook-signature` of `body`, sent at `second`; nothing where `key` is none.
pub(crate) fn sign(key: &str, id: &str, second: i64, body: &[u8]) -> Option<String> {
    let key = STANDARD.decode(key.strip_prefix(PREFIX)?).ok()?;
    if !(24..=64).contains(&key.len()) {
        return None;
    }
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).ok()?;
    mac.update(format!("{id}.{second}.").as_bytes());
    mac.update(body);
    Some(format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes())))
}

/// Whether nobody on the way can read what is sent: by TLS, or because it stays on this machine.
fn is_safe(url: &str) -> bool {
    let near = ["http://127.0.0.1:", "http://localhost:"];
    url.starts_with("https://") || near.iter().any(|near| url.starts_with(near))
}
