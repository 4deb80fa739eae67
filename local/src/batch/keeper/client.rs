//! The engine's side: what it wants of the keeper, and what it hears.

use std::collections::HashMap;
use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};

use rustix::process::Signal;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};
use tokio::sync::watch;

use super::super::LOG;
use super::super::executor::{Found, Launch, Running};
use super::{KILLED, News, Request, SOCKET, Stage, line};

/// The way to the keeper, which is started when it is needed and not there.
pub(crate) struct Keeper {
    program: Vec<OsString>,
    /// Batch's folder.
    dir: PathBuf,
    link: tokio::sync::Mutex<Option<Link>>,
}

impl Keeper {
    pub(crate) fn new(program: &[OsString], dir: &Path) -> Self {
        Self { program: program.to_vec(), dir: dir.to_owned(), link: tokio::sync::Mutex::default() }
    }

    /// Starts a task; what it prints goes to the end of the log in `folder`.
    pub(crate) async fn start(
        &self,
        launch: Launch,
        folder: &Path,
        task: &str,
    ) -> io::Result<Process> {
        let (log, name) = (folder.join(LOG), task.to_owned());
        let mut process = self.ask(task, Request::Start { task: name, launch, log }).await?;
        match process.heard().await? {
            Stage::Refused(reason) => Err(io::Error::other(reason)),
            _ => Ok(process),
        }
    }

    /// Finds what an earlier engine started, or makes sure that it never starts.
    pub(crate) async fn adopt(&self, task: &str) -> io::Result<Found> {
        let mut process = self.ask(task, Request::Adopt { task: task.to_owned() }).await?;
        Ok(match process.heard().await? {
            Stage::Refused(reason) => return Err(io::Error::other(reason)),
            Stage::Never => Found::Never,
            Stage::Running => Found::Running(Running::Process(process)),
            Stage::Ended(code) => Found::Ended(code),
        })
    }

    /// Lets go of a task whose end is written down.
    pub(crate) async fn forget(&self, task: &str) {
        // A mark that stays costs a line on the disk.
        if let Ok(link) = self.link().await {
            let _ = link.wants.send(Request::Forget { task: task.to_owned() });
        }
    }

    async fn ask(&self, task: &str, request: Request) -> io::Result<Process> {
        let link = self.link().await?;
        let (tell, stage) = watch::channel(None);
        link.tasks().insert(task.to_owned(), tell);
        let process = Process { task: task.to_owned(), stage, link: link.clone() };
        link.wants.send(request).map_err(|_| gone())?;
        Ok(process)
    }

    async fn link(&self) -> io::Result<Link> {
        let mut held = self.link.lock().await;
        match &*held {
            Some(link) if !link.wants.is_closed() => Ok(link.clone()),
            _ => {
                let link = match self.connect().await {
                    Ok(link) => link,
                    Err(_) => {
                        self.start_keeper()?;
                        self.connect().await?
                    }
                };
                Ok(held.insert(link).clone())
            }
        }
    }

    async fn connect(&self) -> io::Result<Link> {
        let stream = with_socket(&self.dir, |socket| UnixStream::connect(socket))?;
        stream.set_nonblocking(true)?;
        let (read, write) = tokio::net::UnixStream::from_std(stream)?.into_split();
        let mut lines = BufReader::new(read).lines();
        lines.next_line().await?.ok_or_else(gone)?;
        let (wants, wanted) = mpsc::unbounded_channel();
        let link = Link { wants, tasks: Arc::default() };
        tokio::spawn(carry(wanted, write, lines, Arc::clone(&link.tasks)));
        Ok(link)
    }

    /// The socket is there before the keeper is, so that nobody has to wait for it.
    fn start_keeper(&self) -> io::Result<()> {
        let (program, arguments) = self.program.split_first().ok_or_else(|| {
            io::Error::other("the engine was not told which program keeps its jobs")
        })?;
        let listener = with_socket(&self.dir, |socket| {
            match fs::remove_file(socket) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
            UnixListener::bind(socket)
        })?;
        let log = OpenOptions::new().create(true).append(true).open(self.dir.join("keeper.log"))?;
        let mut command = Command::new(program);
        command.args(arguments).arg(&self.dir).stdin(OwnedFd::from(listener));
        command.stdout(Stdio::null()).stderr(log).spawn().map(drop)
    }
}

/// Calls `with` with a path of the socket that is short enough for one.
fn with_socket<T>(dir: &Path, with: impl FnOnce(&Path) -> io::Result<T>) -> io::Result<T> {
    let dir = File::open(dir)?;
    with(&Path::new("/proc/self/fd").join(dir.as_raw_fd().to_string()).join(SOCKET))
}

type Tasks = Arc<Mutex<HashMap<String, watch::Sender<Option<Stage>>>>>;

/// One connection to a keeper.
#[derive(Clone)]
struct Link {
    wants: UnboundedSender<Request>,
    /// Who waits for news.
    tasks: Tasks,
}

impl Link {
    fn tasks(&self) -> std::sync::MutexGuard<'_, HashMap<String, watch::Sender<Option<Stage>>>> {
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Carries wishes there and news back until either side is gone.
async fn carry(
    mut wanted: UnboundedReceiver<Request>,
    mut write: OwnedWriteHalf,
    mut lines: Lines<BufReader<OwnedReadHalf>>,
    tasks: Tasks,
) {
    let tasks = || tasks.lock().unwrap_or_else(PoisonError::into_inner);
    let ended: io::Result<()> = async {
        loop {
            tokio::select! {
                request = wanted.recv() => match request {
                    Some(request) => write.write_all(&line(&request)?).await?,
                    None => return Ok(()),
                },
                news = lines.next_line() => {
                    let news: News = serde_json::from_str(&news?.ok_or_else(gone)?)?;
                    let over = matches!(news.stage, Stage::Ended(_));
                    let mut tasks = tasks();
                    if let Some(tell) = tasks.get(&news.task) {
                        tell.send_replace(Some(news.stage));
                    }
                    if over {
                        tasks.remove(&news.task);
                    }
                }
            }
        }
    }
    .await;
    if let Err(error) = ended {
        tracing::error!(%error, "the keeper of the jobs is gone, and its jobs with it");
    }
    // In this order: whoever asks from now on is told at once.
    drop(wanted);
    tasks().clear();
}

fn gone() -> io::Error {
    io::Error::other("the keeper of the jobs is gone")
}

/// A job's process.
pub(crate) struct Process {
    task: String,
    /// What was last heard; its sender goes with the keeper.
    stage: watch::Receiver<Option<Stage>>,
    link: Link,
}

impl Process {
    /// The first news of the task.
    async fn heard(&mut self) -> io::Result<Stage> {
        let stage = self.stage.wait_for(Option::is_some).await.map_err(|_| gone())?;
        stage.clone().ok_or_else(gone)
    }

    /// Returns as soon as the process is gone.
    pub(crate) async fn ended(&self) {
        let is_over = |stage: &Option<Stage>| matches!(stage, Some(Stage::Ended(_)));
        // A keeper that is gone takes its jobs with it.
        let _ = self.stage.clone().wait_for(is_over).await;
    }

    /// Sends `signal` to the process and all that it started.
    pub(crate) fn signal(&self, signal: Signal) {
        let (task, signal) = (self.task.clone(), signal.as_raw());
        // As above.
        let _ = self.link.wants.send(Request::Signal { task, signal });
    }

    /// What the process ended with.
    pub(crate) fn exit_code(&self) -> i32 {
        match &*self.stage.borrow() {
            Some(Stage::Ended(code)) => *code,
            _ => KILLED,
        }
    }
}
