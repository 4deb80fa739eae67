//! The ports of an engine, which it keeps: queue URLs and the jobs that it adopts hold them.

use std::io;
use std::path::Path;

use tokio::net::TcpListener;

use crate::durable::{read_json, write_json};

/// The ports, as `engine.json` holds them.
#[derive(Clone, Copy, Debug, Default, serde::Serialize, serde::Deserialize)]
struct Ports {
    endpoint: u16,
    registry: u16,
}

/// The listeners of an engine.
pub(super) struct Listeners {
    pub(super) endpoint: TcpListener,
    pub(super) registry: TcpListener,
}

/// Binds the ports of the last time, or others where somebody else has taken them.
pub(super) async fn bind(dir: &Path) -> anyhow::Result<Listeners> {
    let file = dir.join("engine.json");
    let before: Ports = if file.exists() { read_json(&file)? } else { Ports::default() };
    let endpoint = listen(before.endpoint).await?;
    let registry = listen(before.registry).await?;
    let ports =
        Ports { endpoint: endpoint.local_addr()?.port(), registry: registry.local_addr()?.port() };
    write_json(&file, &ports)?;
    Ok(Listeners { endpoint, registry })
}

async fn listen(port: u16) -> io::Result<TcpListener> {
    match TcpListener::bind(("127.0.0.1", port)).await {
        Err(error) if port != 0 && error.kind() == io::ErrorKind::AddrInUse => {
            tracing::warn!(
                port,
                "the port of the last time is taken; jobs that still run will not reach the engine"
            );
            TcpListener::bind(("127.0.0.1", 0)).await
        }
        bound => bound,
    }
}
