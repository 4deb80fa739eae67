//! The credentials of the job's role: from the variables where they stand there, otherwise from the
//! container credentials endpoint, as every AWS SDK reads them.

use std::time::{Duration, SystemTime};

use anyhow::{Context as _, bail};
use aws_credential_types::Credentials;
use aws_credential_types::provider::{self, ProvideCredentials, error::CredentialsError, future};
use serde::Deserialize;
use tokio::sync::Mutex;

use crate::environment::Environment;
use crate::http;

/// Where a relative address is served on ECS.
const AGENT: &str = "http://169.254.170.2";

/// Plain HTTP is spoken with these hosts only: ECS, EKS, and the container itself.
const PLAIN_HOSTS: [&str; 6] =
    ["169.254.170.2", "169.254.170.23", "[fd00:ec2::23]", "127.0.0.1", "[::1]", "localhost"];

/// Credentials are fetched anew when they hold for less than this.
const MARGIN: Duration = Duration::from_secs(300);

/// A provider of the job's credentials that remembers them while they hold.
#[derive(Debug)]
pub(crate) struct JobCredentials {
    environment: Environment,
    held: Mutex<Option<Credentials>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Answer {
    access_key_id: String,
    secret_access_key: String,
    token: Option<String>,
    expiration: Option<jiff::Timestamp>,
    role_arn: Option<String>,
}

impl JobCredentials {
    /// A provider that follows `environment`.
    pub(crate) fn of(environment: &Environment) -> Self {
        Self { environment: environment.clone(), held: Mutex::new(None) }
    }

    /// The credentials that hold now.
    pub(crate) async fn current(&self) -> anyhow::Result<Credentials> {
        let mut held = self.held.lock().await;
        let soon = SystemTime::now() + MARGIN;
        if let Some(credentials) =
            held.as_ref().filter(|held| held.expiry().is_none_or(|end| end > soon))
        {
            return Ok(credentials.clone());
        }
        let credentials = match self.of_variables() {
            Some(credentials) => credentials,
            None => self.of_container().await?,
        };
        Ok(held.insert(credentials).clone())
    }

    fn of_variables(&self) -> Option<Credentials> {
        let key = self.environment.get("AWS_ACCESS_KEY_ID")?;
        let secret = self.environment.get("AWS_SECRET_ACCESS_KEY")?;
        let token = self.environment.get("AWS_SESSION_TOKEN").map(str::to_owned);
        Some(Credentials::new(key, secret, token, None, "environment"))
    }

    /// The ARN of the role that they are of, where ECS says so.
    pub(crate) async fn role(&self) -> anyhow::Result<Option<String>> {
        if self.of_variables().is_some() {
            return Ok(None);
        }
        Ok(self.answer().await?.role_arn)
    }

    async fn of_container(&self) -> anyhow::Result<Credentials> {
        let answer = self.answer().await?;
        let expiry = answer.expiration.map(SystemTime::from);
        Ok(Credentials::new(
            answer.access_key_id,
            answer.secret_access_key,
            answer.token,
            expiry,
            "container",
        ))
    }

    async fn answer(&self) -> anyhow::Result<Answer> {
        let url = self.endpoint()?;
        let token = self.authorization()?;
        let answer = http::get(&url, token.as_deref())
            .await
            .context("the job's role gives no credentials")?;
        serde_json::from_slice(&answer)
            .with_context(|| format!("{url} does not answer with credentials"))
    }

    fn endpoint(&self) -> anyhow::Result<String> {
        if let Some(path) = self.environment.get("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI") {
            return Ok(format!("{AGENT}{path}"));
        }
        let Some(url) = self.environment.get("AWS_CONTAINER_CREDENTIALS_FULL_URI") else {
            bail!(
                "there are no AWS credentials: give the job a role (jobRoleArn of its job definition)"
            );
        };
        let host =
            url.strip_prefix("http://").and_then(|rest| rest.split('/').next()).map(without_port);
        match host {
            Some(host) if PLAIN_HOSTS.contains(&host) => Ok(url.to_owned()),
            _ => bail!(
                "AWS_CONTAINER_CREDENTIALS_FULL_URI is {url}; only the container's own agent is asked"
            ),
        }
    }

    fn authorization(&self) -> anyhow::Result<Option<String>> {
        match self.environment.get("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE") {
            Some(file) => std::fs::read_to_string(file)
                .map(|token| Some(token.trim().to_owned()))
                .with_context(|| {
                    format!("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE {file} cannot be read")
                }),
            None => {
                Ok(self.environment.get("AWS_CONTAINER_AUTHORIZATION_TOKEN").map(str::to_owned))
            }
        }
    }
}

fn without_port(authority: &str) -> &str {
    match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|digit| digit.is_ascii_digit()) => host,
        _ => authority,
    }
}

impl ProvideCredentials for JobCredentials {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(async {
            let current: provider::Result = self
                .current()
                .await
                .map_err(|error| CredentialsError::provider_error(error.into_boxed_dyn_error()));
            current
        })
    }
}

#[cfg(test)]
mod tests;
