//! The keeper's own process.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::ffi::OsString;
use std::io;
use std::os::fd::AsFd;
use std::path::Path;
use std::rc::Rc;

use anyhow::Context;
use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::UnixListener;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::Notify;
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};
use tokio::task::LocalSet;

use super::super::executor::Launch;
use super::child::Child;
use super::{GREETING, KILLED, MARKS, Mark, News, Request, Stage, line};
use crate::durable::Journal;
use crate::pid;

/// Keeps the jobs of the Batch whose folder is the last of `arguments`, and listens on the socket
/// that standard input is.
///
/// # Errors
/// When the folder cannot be written, or standard input is no socket.
pub fn keep(arguments: &[OsString]) -> anyhow::Result<()> {
    let dir = arguments.last().context("a keeper is told the folder of its jobs")?;
    // It fails where the process leads a group already, and then a shell has started it.
    let _ = rustix::process::setsid();
    let listener = std::io::stdin().as_fd().try_clone_to_owned()?;
    let listener = std::os::unix::net::UnixListener::from(listener);
    listener.set_nonblocking(true)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    LocalSet::new().block_on(&runtime, async {
        let jobs = Rc::new(Jobs::open(Path::new(dir))?);
        jobs.serve(UnixListener::from_std(listener)?).await
    })
}

/// The jobs, all on one thread: nothing here happens beside anything else.
struct Jobs {
    state: RefCell<State>,
    /// Told when the last job or the last engine may have gone.
    quiet: Notify,
}

struct State {
    journal: Journal,
    marks: BTreeMap<String, Mark>,
    children: HashMap<String, Pid>,
    /// Who hears the news: one engine, unless another has not yet heard that the first is gone.
    engines: BTreeMap<u64, UnboundedSender<News>>,
}

impl Jobs {
    /// Takes up what an earlier keeper left: jobs that lost their parent are ended.
    fn open(dir: &Path) -> io::Result<Self> {
        let (journal, marks) = Journal::open::<Mark>(&dir.join(MARKS))?;
        let (children, engines) = (HashMap::new(), BTreeMap::new());
        let mut state = State { journal, marks, children, engines };
        for (task, mark) in state.marks.clone() {
            if let Mark::Running { pid, began } = &mark
                && pid::began(*pid) == *began
                && let Some(pid) = Pid::from_raw(*pid)
            {
                // It may end by itself in the meantime, which is as good.
                let _ = kill_process_group(pid, Signal::KILL);
            }
            if matches!(mark, Mark::Starting | Mark::Running { .. }) {
                state.mark(&task, Mark::Ended(KILLED))?;
            }
        }
        Ok(Self { state: RefCell::new(state), quiet: Notify::new() })
    }

    /// Hears engines until there is neither a job nor an engine.
    async fn serve(self: &Rc<Self>, listener: UnixListener) -> anyhow::Result<()> {
        let mut came = 0;
        loop {
            tokio::select! {
                accepted = listener.accept() => {
                    let (read, write) = accepted?.0.into_split();
                    let (tell, told) = mpsc::unbounded_channel();
                    came += 1;
                    self.state.borrow_mut().engines.insert(came, tell);
                    tokio::task::spawn_local(Rc::clone(self).hear(came, read));
                    tokio::task::spawn_local(speak(told, write));
                }
                () = self.quiet.notified() => {
                    let state = self.state.borrow();
                    if state.engines.is_empty() && state.children.is_empty() {
                        return Ok(());
                    }
                }
            }
        }
    }

    /// Does what an engine wants, until it is gone.
    async fn hear(self: Rc<Self>, engine: u64, read: OwnedReadHalf) {
        let mut lines = BufReader::new(read).lines();
        while let Ok(Some(line)) = lines.next_line().await {
            match serde_json::from_str(&line) {
                Ok(request) => self.carry_out(engine, request),
                Err(error) => {
                    eprintln!("an engine asked for what this keeper does not know: {error}");
                    break;
                }
            }
        }
        self.state.borrow_mut().engines.remove(&engine);
        self.quiet.notify_one();
    }

    fn carry_out(self: &Rc<Self>, engine: u64, request: Request) {
        let state = &mut *self.state.borrow_mut();
        let (task, stage) = match request {
            Request::Start { task, launch, log } => {
                let stage = match state.start(&task, &launch, &log) {
                    Ok(child) => {
                        tokio::task::spawn_local(Rc::clone(self).watch(task.clone(), child));
                        Stage::Running
                    }
                    Err(error) => Stage::Refused(error.to_string()),
                };
                (task, stage)
            }
            Request::Adopt { task } => {
                let stage = state.adopt(&task);
                (task, stage)
            }
            Request::Signal { task, signal } => {
                if let (Some(pid), Some(signal)) =
                    (state.children.get(&task), Signal::from_named_raw(signal))
                {
                    // A group that is gone has ended, which is as good.
                    let _ = kill_process_group(*pid, signal);
                }
                return;
            }
            Request::Forget { task } => {
                state.marks.remove(&task);
                complain(state.journal.remove(&task));
                return;
            }
        };
        if let Some(engine) = state.engines.get(&engine) {
            // An engine that is gone asks again when it is back.
            let _ = engine.send(News { task, stage });
        }
    }

    /// Stays with a job until it has ended.
    async fn watch(self: Rc<Self>, task: String, mut child: Child) {
        complain(child.ended().await);
        let state = &mut *self.state.borrow_mut();
        let code = child.reap();
        state.children.remove(&task);
        // Without its mark it is taken for killed by the next keeper, and known to this one.
        complain(state.mark(&task, Mark::Ended(code)));
        for engine in state.engines.values() {
            // An engine that is gone asks again when it is back.
            let _ = engine.send(News { task: task.clone(), stage: Stage::Ended(code) });
        }
        self.quiet.notify_one();
    }
}

impl State {
    fn mark(&mut self, task: &str, mark: Mark) -> io::Result<()> {
        let written = self.journal.put(task, &mark);
        self.marks.insert(task.to_owned(), mark);
        written
    }

    fn start(&mut self, task: &str, launch: &Launch, log: &Path) -> io::Result<Child> {
        if self.marks.contains_key(task) {
            return Err(io::Error::other("the task was started, or given up, before"));
        }
        self.mark(task, Mark::Starting)?;
        let started = Child::start(launch, log);
        let mark = match &started {
            Ok(child) => {
                self.children.insert(task.to_owned(), child.pid);
                let pid = child.pid.as_raw_nonzero().get();
                Mark::Running { pid, began: pid::began(pid) }
            }
            Err(_) => Mark::Never,
        };
        complain(self.mark(task, mark));
        started
    }

    fn adopt(&mut self, task: &str) -> Stage {
        match self.marks.get(task) {
            None => match self.mark(task, Mark::Never) {
                Ok(()) => Stage::Never,
                Err(error) => Stage::Refused(error.to_string()),
            },
            Some(Mark::Never) => Stage::Never,
            Some(Mark::Starting | Mark::Running { .. }) => Stage::Running,
            Some(Mark::Ended(code)) => Stage::Ended(*code),
        }
    }
}

/// Writes the news to an engine, a greeting first: a keeper that is about to end does not greet.
async fn speak(mut told: UnboundedReceiver<News>, mut write: OwnedWriteHalf) {
    let mut sent = write.write_all(GREETING).await;
    while sent.is_ok()
        && let Some(news) = told.recv().await
    {
        sent = match line(&news) {
            Ok(line) => write.write_all(&line).await,
            Err(error) => Err(error),
        };
    }
}

/// Into the keeper's log: nobody else hears it.
fn complain(result: io::Result<()>) {
    if let Err(error) = result {
        eprintln!("the keeper's disk or a job's process: {error}");
    }
}
