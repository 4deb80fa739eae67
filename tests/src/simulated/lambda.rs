//! Lambda: instances of functions, fed from queues and by the clock.
//!
//! A function has a number of seats. Each takes a batch off the queue, has its instance handle it,
//! and deletes what was not reported as failed. An instance that dies, or takes longer than the
//! function's timeout, is thrown away in the middle of what it did; its messages come again when
//! their visibility is over.

use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;
use std::time::Duration;

use anyhow::Context as _;
use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};
use fastrand::Rng;
use jiff::{SignedDuration, Timestamp};
use signalbox_cloud::chance::Chance;
use signalbox_cloud::clock::Clock;
use signalbox_local::lambda::payload;
use signalbox_local::sqs::Message;
use signalbox_local::template::{self, QueueSource, Schedule};
use tokio::time::Instant;

use super::connector::{Caller, Wire, http};
use super::functions::{Function, Start};

/// The newest schema that the version before knows, in a deploy: it knows no cancels.
const BEFORE_CANCELS: u32 = 1;

/// What all instances share.
#[derive(Clone)]
pub struct Lambda {
    /// The network.
    pub wire: Arc<Wire>,
    /// When the world began, on the calendar and in tokio's time.
    pub origin: (Timestamp, Instant),
    /// By how much the clock of an instance may be wrong, either way.
    pub skew: Duration,
    /// Where instances draw their seeds.
    pub chance: Arc<Mutex<Rng>>,
    /// When a newer version is deployed: each seat gets it at some moment in this time. Before, its
    /// instances know no run document that is newer than the schema before the newest.
    pub deploy: Option<Range<Duration>>,
}

/// A place for one instance of a function.
pub struct Seat {
    lambda: Lambda,
    function: template::Function,
    /// When it gets the newer version.
    renewed: Option<Instant>,
    instance: Option<Instance>,
}

struct Instance {
    function: Function,
    caller: Arc<Caller>,
    knows: u32,
}

impl Lambda {
    fn draw(&self) -> u64 {
        self.chance.lock().unwrap_or_else(PoisonError::into_inner).u64(..)
    }

    /// A clock that is a little wrong.
    fn clock(&self) -> Clock {
        let (start, since) = self.origin;
        let most = i64::try_from(self.skew.as_millis()).unwrap_or(i64::MAX);
        let off = Rng::with_seed(self.draw()).i64(-most..=most);
        let start = start + SignedDuration::from_millis(off);
        Clock::new(move || start + since.elapsed())
    }

    fn chance(&self) -> Chance {
        let rng = Mutex::new(Rng::with_seed(self.draw()));
        Chance::new(move || rng.lock().unwrap_or_else(PoisonError::into_inner).u64(..))
    }

    fn start(&self, function: &template::Function, knows: u32) -> anyhow::Result<Instance> {
        let caller = Caller::instance(&function.binary, knows);
        let start = Start {
            variables: self.wire.engine().variables(function)?,
            http: http(&self.wire, &caller),
            clock: self.clock(),
            chance: self.chance(),
            knows,
        };
        let started = Function::start(&function.binary, start);
        let function = started.with_context(|| format!("{} does not start", function.binary))?;
        Ok(Instance { function, caller, knows })
    }

    /// A moment of the deploy, if there is one.
    fn renewal(&self) -> Option<Instant> {
        let Range { start, end } = self.deploy.clone()?;
        let millis = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        let after = Rng::with_seed(self.draw()).u64(millis(start)..=millis(end));
        Some(self.origin.1 + Duration::from_millis(after))
    }
}

impl Seat {
    /// A seat whose instance is started by its first event.
    #[must_use]
    pub fn new(lambda: &Lambda, function: &template::Function) -> Self {
        let renewed = lambda.renewal();
        Self { lambda: lambda.clone(), function: function.clone(), renewed, instance: None }
    }

    /// The newest schema of documents that its instance has to know now.
    fn knows(&self) -> u32 {
        let is_old = self.renewed.is_some_and(|at| Instant::now() < at);
        if is_old { BEFORE_CANCELS } else { u32::MAX }
    }

    /// Handles what is on the queue, for ever.
    ///
    /// # Errors
    /// When the engine fails, or a function does not start or answers nonsense.
    pub async fn serve_queue(mut self, source: QueueSource) -> anyhow::Result<()> {
        let wire = Arc::clone(&self.lambda.wire);
        let sqs = wire.engine().sqs();
        loop {
            let messages = sqs.receive_wait(&source.queue, source.batch_size as usize).await?;
            let event = serde_json::from_value(payload::batch(&source.queue, &messages))?;
            let Some(answer) = self.invoke(event).await? else { continue };
            for message in done(&answer, &messages)? {
                sqs.delete(&source.queue, &message.receipt_handle).await?;
            }
        }
    }

    /// Is started by the clock, for ever.
    ///
    /// # Errors
    /// When the function does not start.
    pub async fn serve_schedule(mut self, schedule: Schedule) -> anyhow::Result<()> {
        let mut minutes = tokio::time::interval(schedule.rate);
        loop {
            minutes.tick().await;
            self.invoke(SqsEvent::default()).await?;
        }
    }

    /// The answer to `event`, unless the instance dies or takes too long.
    async fn invoke(&mut self, event: SqsEvent) -> anyhow::Result<Option<SqsBatchResponse>> {
        let knows = self.knows();
        let instance = match self.instance.take().filter(|instance| instance.knows == knows) {
            Some(instance) => instance,
            None => self.lambda.start(&self.function, knows)?,
        };
        let work = instance.function.handle(event);
        let Some(answer) = carry(&instance.caller, self.function.timeout, work).await else {
            return Ok(None);
        };
        // An error of the handler is the batch's; the instance lives on.
        self.instance = Some(instance);
        Ok(answer.ok())
    }
}

/// Carries `work` on until it is done, unless `caller` dies or takes longer than `timeout`; time
/// that it sleeps through does not count.
async fn carry<T>(caller: &Caller, timeout: Duration, work: impl Future<Output = T>) -> Option<T> {
    let mut work = std::pin::pin!(work);
    let mut deadline = Instant::now() + timeout;
    loop {
        let awake = std::future::poll_fn(|context| match work.as_mut().poll(context) {
            Poll::Ready(done) => Poll::Ready(Some(done)),
            Poll::Pending if caller.wakes().is_some() => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        });
        tokio::select! {
            biased;
            () = caller.died() => return None,
            done = awake => if done.is_some() { return done },
            () = tokio::time::sleep_until(deadline) => return None,
        }
        if let Some(wakes) = caller.wakes() {
            deadline += wakes - Instant::now();
            tokio::time::sleep_until(wakes).await;
        }
    }
}

/// The messages that are done with: those that were not reported as failed.
fn done<'m>(
    answer: &SqsBatchResponse,
    messages: &'m [Message],
) -> anyhow::Result<Vec<&'m Message>> {
    let answer = serde_json::to_vec(answer)?;
    let failed = payload::failed(&answer, messages).map_err(anyhow::Error::msg)?;
    Ok(messages.iter().filter(|message| !failed.contains(message.id.as_str())).collect())
}
