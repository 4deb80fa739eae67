//! The processes of a function.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::process::{Child, Command};

use super::Setup;
use crate::REGION;
use crate::principals::Principal;
use crate::template::Function;

/// How many lines of a dead process are told.
const LAST_LINES: usize = 12;

/// The variables of a function: the template's, and those that Lambda itself sets.
#[must_use]
pub fn variables(
    function: &Function,
    principal: &Principal,
    endpoint: &str,
) -> BTreeMap<String, String> {
    let lambda = [
        ("AWS_REGION", REGION.to_owned()),
        ("AWS_DEFAULT_REGION", REGION.to_owned()),
        ("AWS_ACCESS_KEY_ID", principal.access_key_id.clone()),
        ("AWS_SECRET_ACCESS_KEY", principal.secret_access_key.clone()),
        ("AWS_SESSION_TOKEN", principal.session_token().unwrap_or_default()),
        ("AWS_LAMBDA_FUNCTION_NAME", function.name.clone()),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", function.memory.to_string()),
        ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST".to_owned()),
        ("AWS_ENDPOINT_URL", endpoint.to_owned()),
    ];
    let mut variables = function.environment.clone();
    // Lambda's own variables cannot be replaced by the template's.
    variables.extend(lambda.map(|(name, value)| (name.to_owned(), value)));
    variables
}

/// What runs, and with which variables.
pub(super) struct Program {
    pub(super) logical_id: String,
    pub(super) arn: String,
    pub(super) timeout: Duration,
    pub(super) argv: Vec<OsString>,
    /// Where logs and process ids are kept.
    pub(super) dir: PathBuf,
    variables: Vec<(String, OsString)>,
}

impl Program {
    pub(super) fn new(setup: &Setup, function: &Function, principal: &Principal) -> Self {
        let variables = variables(function, principal, &setup.endpoint);
        let mut variables: Vec<(String, OsString)> =
            variables.into_iter().map(|(name, value)| (name, OsString::from(value))).collect();
        variables.extend(std::env::var_os("PATH").map(|path| ("PATH".to_owned(), path)));
        let mut argv = setup.program.clone();
        argv.push(function.binary.clone().into());
        Self {
            logical_id: function.logical_id.clone(),
            arn: function.arn.clone(),
            timeout: function.timeout,
            argv,
            dir: setup.dir.clone(),
            variables,
        }
    }

    /// Starts a process whose Runtime API is at `api`; its output goes to the function's log.
    pub(super) fn spawn(&self, api: &str) -> io::Result<(Child, Log)> {
        let log = Log::open(&self.dir.join(format!("{}.log", self.logical_id)))?;
        let (Some(command), arguments) = (self.argv.first(), self.argv.get(1..).unwrap_or(&[]))
        else {
            return Err(io::Error::other("no program is named that runs functions"));
        };
        let child = Command::new(command)
            .args(arguments)
            .env_clear()
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .env("AWS_LAMBDA_RUNTIME_API", api)
            .current_dir(&self.dir)
            .stdin(Stdio::null())
            .stdout(log.file.try_clone()?)
            .stderr(log.file.try_clone()?)
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| {
                let command = Path::new(command).display();
                io::Error::new(error.kind(), format!("cannot start {command}: {error}"))
            })?;
        Ok((child, log))
    }
}

/// The log of a function, and where in it one process began.
pub(super) struct Log {
    path: PathBuf,
    file: File,
    began: u64,
}

impl Log {
    fn open(path: &Path) -> io::Result<Self> {
        let file = File::options().create(true).append(true).open(path)?;
        let began = file.metadata()?.len();
        Ok(Self { path: path.to_owned(), file, began })
    }

    /// The last lines since the process began; none where the log cannot be read.
    pub(super) fn last_lines(&self) -> Vec<String> {
        let read = || -> io::Result<Vec<u8>> {
            let mut file = File::open(&self.path)?;
            let length = file.metadata()?.len();
            file.seek(SeekFrom::Start(self.began.max(length.saturating_sub(64 * 1024))))?;
            let mut bytes = Vec::new();
            file.read_to_end(&mut bytes)?;
            Ok(bytes)
        };
        let bytes = read().unwrap_or_default();
        let text = String::from_utf8_lossy(&bytes);
        let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
        let first = lines.len().saturating_sub(LAST_LINES);
        lines[first..].iter().map(|line| line.chars().take(1000).collect()).collect()
    }
}
