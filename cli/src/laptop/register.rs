//! What ops do before the first push: registering the repository, and the environment's settings.

use std::path::Path;

use anyhow::{Context as _, ensure};
use aws_credential_types::Credentials;
use signalbox_cloud::chance::Chance;
use signalbox_cloud::clients::Clients;
use signalbox_cloud::config::Account;
use signalbox_cloud::store::{Documents, Put};
use signalbox_local::REGION;
use signalbox_local::engine::Engine;
use signalbox_pipeline::definition::BranchPattern;
use signalbox_pipeline::keys;
use signalbox_pipeline::names::{Host, PipelineName, RepositoryName};
use signalbox_pipeline::notice::Target;
use signalbox_pipeline::people::People;
use signalbox_pipeline::registration::{self, Registration};
use signalbox_pipeline::settings::{self as document, Settings};

use super::address;

/// Clients of the engine, with the keys of the person who works with it.
pub(crate) fn clients(engine: &Engine) -> Clients {
    let keys = engine.credentials();
    let (key, secret) = (&keys.access_key_id, &keys.secret_access_key);
    Clients::new(Account {
        region: REGION.to_owned(),
        credentials: Credentials::new(key, secret, None, None, "local engine"),
        endpoint: Some(engine.endpoint().to_owned()),
    })
}

/// The engine's state documents.
///
/// # Errors
/// When the template does not give out the name of the state bucket.
pub(crate) fn documents(engine: &Engine) -> anyhow::Result<Documents> {
    let state = address::buckets(engine)?.state;
    Ok(Documents::new(clients(engine).s3(), &state, Chance::system()))
}

/// Lets the repository start runs of a pipeline of that name; returns its bare git repository. One
/// that is registered stays as it is.
///
/// # Errors
/// When the name is none of a repository, or the engine refuses the document.
pub(crate) async fn register(
    engine: &Engine,
    repository: &str,
    pipeline: &str,
    notify: Vec<Target>,
) -> anyhow::Result<std::path::PathBuf> {
    let remote = engine.git_remote(repository).await?;
    let host = Host::parse(format!("codecommit.{REGION}.amazonaws.com"))?;
    let repository = RepositoryName::parse(repository)?;
    let documents = documents(engine)?;
    let registration = Registration {
        schema: registration::SCHEMA,
        revision: 1,
        write_id: documents.chance().token(),
        host: host.clone(),
        repository: repository.clone(),
        pipeline: PipelineName::parse(pipeline)?,
        clone_url: text(&remote)?,
        branches: vec![BranchPattern::parse("**")?],
        checkout_image: None,
        notify,
    };
    let key = keys::state::repository(&host, &repository);
    match documents.create(&key, &registration).await? {
        Put::Committed(_) | Put::Conflict => Ok(remote),
        Put::Gone => anyhow::bail!("{key} cannot be written"),
        Put::Indeterminate(why) => anyhow::bail!("whether {key} was written is not known: {why}"),
    }
}

/// Makes `settings` those of their environment.
///
/// # Errors
/// When the engine refuses them.
pub(crate) async fn settings(engine: &Engine, settings: &Settings) -> anyhow::Result<()> {
    let (environment, digest) = (&settings.environment, settings.digest());
    let version = keys::state::settings_version(environment, &digest);
    keep(engine, [version, keys::state::settings(environment)], &settings.to_json()).await
}

/// Makes `people` those who may decide.
///
/// # Errors
/// When the engine refuses them.
pub(crate) async fn people(engine: &Engine, people: &People) -> anyhow::Result<()> {
    let version = keys::state::people_version(&people.digest());
    keep(engine, [version, keys::state::PEOPLE.to_owned()], &people.to_json()).await
}

/// Puts a document of ops under the key of its version, and where it holds.
async fn keep(engine: &Engine, keys: [String; 2], body: &str) -> anyhow::Result<()> {
    let state = address::buckets(engine)?.state;
    let s3 = clients(engine).s3().patient;
    for key in keys {
        let put =
            s3.put_object().bucket(&state).key(&key).body(body.to_owned().into_bytes().into());
        let put = put.content_type("application/json").send().await;
        put.with_context(|| format!("cannot write {key}"))?;
    }
    Ok(())
}

/// The settings in a YAML text of ours.
pub(super) fn parse(text: &str) -> anyhow::Result<Settings> {
    document::parse(text).map_err(|faults| anyhow::anyhow!("{faults:?}"))
}

fn text(path: &Path) -> anyhow::Result<String> {
    let text = path.to_str();
    ensure!(text.is_some(), "{} is not plain text; choose another folder", path.display());
    Ok(text.unwrap_or_default().to_owned())
}
