//! Clients for tests.

use std::time::Duration;

use aws_credential_types::Credentials;
use aws_smithy_runtime_api::client::http::HttpConnector;

use crate::chance::Chance;
use crate::clients::Clients;
use crate::config::Account;

/// Clients whose requests all go to `connector`, and which hardly wait before a retry.
pub(crate) fn clients(connector: impl HttpConnector + Clone + 'static) -> Clients {
    let account = Account {
        region: "eu-west-1".to_owned(),
        credentials: Credentials::new("AKIA1", "secret", None, None, "test"),
        endpoint: Some(signalbox_testkit::ENDPOINT.to_owned()),
    };
    let http = signalbox_testkit::http(connector);
    Clients::over(account, http).with_backoff(Duration::from_millis(1))
}

/// Numbers that are always 0: no jitter, and one write id.
pub(crate) fn no_chance() -> Chance {
    Chance::new(|| 0)
}
