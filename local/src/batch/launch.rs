//! What a job's container comes down to on this machine: a command, an environment, a folder.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::arn;
use super::config::BatchConfig;
use super::executor::Launch;
use super::image::Unpacked;
use super::job::{Attempt, Job, containers};
use crate::ecr::unpack;

/// Where this machine's own programs are looked for, unless it says otherwise.
const HOST_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// Works out how `attempt` of `job` is run in `folder`, with what its image brings.
pub(crate) fn plan(
    job: &Job,
    attempt: &Attempt,
    folder: &Path,
    config: &BatchConfig,
    image: Option<&Unpacked>,
) -> Result<Launch, String> {
    let main = job.main().ok_or("CannotStartContainerError: the job has no container to run")?;
    let argv = command(job, main, config, image)?;
    let cwd = match image {
        Some(image) => {
            let place = image.process.working_dir.as_deref().unwrap_or("/");
            unpack::resolve(&image.root, Path::new(place))
                .map_err(|error| format!("CannotStartContainerError: {error:#}"))?
        }
        None => folder.join("work"),
    };
    let mut env = environment(job, main, attempt, folder, config, image);
    env.extend(secrets(main, config)?);
    Ok(Launch { argv, env, cwd })
}

/// The values of the container's secrets, as ECS reads them before it begins a task.
fn secrets(main: &Value, config: &BatchConfig) -> Result<Vec<(String, OsString)>, String> {
    let all = main["secrets"].as_array().into_iter().flatten();
    all.map(|secret| {
        let (name, from) = (text(&secret["name"]), text(&secret["valueFrom"]));
        let value = config.secrets.text(from).map_err(|error| {
            format!(
                "ResourceInitializationError: unable to pull secrets or registry auth: unable to \
                 retrieve secret from asm: {from}: {}: {}",
                error.code, error.message
            )
        })?;
        Ok((name.to_owned(), value.into()))
    })
    .collect()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn command(
    job: &Job,
    main: &Value,
    config: &BatchConfig,
    image: Option<&Unpacked>,
) -> Result<Vec<OsString>, String> {
    let given: Vec<OsString> = strings(&main["command"]).map(OsString::from).collect();
    let process = image.map(|image| &image.process);
    let brought = job.spec.task.as_ref().and_then(|task| below_mount(task, main, given.first()?));
    if brought.is_some() {
        return Ok(config.runner.iter().cloned().chain(given.into_iter().skip(1)).collect());
    }
    let entrypoint = process.and_then(|process| process.entrypoint.clone()).unwrap_or_default();
    let default = process.and_then(|process| process.cmd.clone()).unwrap_or_default();
    let rest =
        if given.is_empty() { default.into_iter().map(OsString::from).collect() } else { given };
    let mut argv: Vec<OsString> = entrypoint.into_iter().map(OsString::from).chain(rest).collect();
    match (argv.first_mut(), image) {
        (None, _) => {
            return Err(
                "CannotStartContainerError: neither the job nor its image says what to run"
                    .to_owned(),
            );
        }
        (Some(program), Some(image)) => *program = in_image(&image.root, program),
        (Some(_), None) => {}
    }
    Ok(argv)
}

/// Whether `program` lies where a container with the command `install <path>` puts its program.
fn below_mount(task: &Value, main: &Value, program: &OsStr) -> Option<()> {
    let installs = |one: &&Value| strings(&one["command"]).next() == Some("install");
    let helper = containers(task).iter().filter(|one| one["essential"] == false).find(installs)?;
    let volumes: Vec<&Value> = helper["mountPoints"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|mount| &mount["sourceVolume"])
        .collect();
    let mut shared = main["mountPoints"].as_array().into_iter().flatten();
    shared
        .any(|mount| {
            let path = mount["containerPath"].as_str().unwrap_or_default();
            volumes.contains(&&mount["sourceVolume"])
                && !path.is_empty()
                && Path::new(program).starts_with(path)
        })
        .then_some(())
}

/// An absolute program of the image that this machine has not got itself.
fn in_image(root: &Path, program: &OsStr) -> OsString {
    let path = Path::new(program);
    match unpack::resolve(root, path) {
        Ok(inside) if path.is_absolute() && !path.exists() && inside.exists() => {
            inside.into_os_string()
        }
        _ => program.to_owned(),
    }
}

fn environment(
    job: &Job,
    main: &Value,
    attempt: &Attempt,
    folder: &Path,
    config: &BatchConfig,
    image: Option<&Unpacked>,
) -> BTreeMap<String, OsString> {
    let mut env = BTreeMap::new();
    let mut set = |name: &str, value: OsString| env.insert(name.to_owned(), value);
    let host_path = std::env::var_os("PATH").unwrap_or_else(|| HOST_PATH.into());
    set("LANG", "C.UTF-8".into());
    set("PATH", host_path.clone());
    if let Some(image) = image {
        for (name, value) in image.process.environment() {
            set(&name, value.into());
        }
        let path = image.process.environment().remove("PATH").unwrap_or_default();
        set("PATH", search_path(&image.root, &path, &host_path));
    }
    set("HOME", folder.into());
    for entry in main["environment"].as_array().into_iter().flatten() {
        if let (Some(name), value) =
            (entry["name"].as_str(), entry["value"].as_str().unwrap_or_default())
        {
            set(name, value.into());
        }
    }
    let task = &attempt.task;
    set("AWS_REGION", crate::REGION.into());
    set("AWS_ENDPOINT_URL", config.endpoint.clone().into());
    set("AWS_BATCH_JOB_ID", job.id.clone().into());
    set("AWS_BATCH_JOB_ATTEMPT", attempt.number.to_string().into());
    set("AWS_BATCH_JQ_NAME", arn::last(&job.queue).into());
    set("ECS_CONTAINER_METADATA_URI_V4", format!("{}/_ecs/v4/{task}", config.endpoint).into());
    if job.role().is_some() {
        let uri = format!("{}/_ecs/credentials/{task}", config.endpoint);
        set("AWS_CONTAINER_CREDENTIALS_FULL_URI", uri.into());
        set("AWS_CONTAINER_AUTHORIZATION_TOKEN", attempt.token.clone().into());
    }
    env
}

/// What the image alone has comes first, what this machine has in its place next, and last what
/// the image brought for the common folders: its base would not run on this machine's libraries.
fn search_path(root: &Path, image: &str, host: &OsStr) -> OsString {
    let common: Vec<PathBuf> = std::env::split_paths(HOST_PATH).collect();
    let (base, own): (Vec<&str>, Vec<&str>) = image
        .split(':')
        .filter(|dir| !dir.is_empty())
        .partition(|dir| common.contains(&PathBuf::from(dir)));
    let inside = |dirs: Vec<&str>| {
        let dirs = dirs.into_iter().filter_map(|dir| unpack::resolve(root, Path::new(dir)).ok());
        dirs.collect::<Vec<PathBuf>>()
    };
    let all = inside(own).into_iter().chain(std::env::split_paths(host)).chain(inside(base));
    std::env::join_paths(all).unwrap_or_else(|_| host.to_owned())
}

fn strings(list: &Value) -> impl Iterator<Item = &str> {
    list.as_array().into_iter().flatten().filter_map(Value::as_str)
}
