//! Between the SDK's clients and the engine: every call of a function passes here.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpClient, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::body::SdkBody;
use axum::body::Body;
use axum::http::header::{CONTENT_LENGTH, HOST};
use axum::http::request::Parts;
use axum::http::{Method, Request, Uri};
use bytes::Bytes;
use fastrand::Rng;
use signalbox_local::engine::Embedded;
use signalbox_local::http::When;
use tokio::sync::Notify;
use tokio::time::Instant;

use super::calls::{Blow, Blows, Call};

/// How long a request is on its way, and an answer on its way back.
const WAY: std::ops::RangeInclusive<u64> = 1..=12;

/// Who sends a request gives it up after so long.
const PATIENCE: Duration = Duration::from_secs(5);

/// The network of a world, with its engine at the other end.
pub struct Wire {
    engine: Embedded,
    traffic: Mutex<Traffic>,
}

struct Traffic {
    calls: Vec<Call>,
    /// Submissions that came to Batch after their sender had given them up.
    unknowable: usize,
    /// How long whoever submitted a job of this name had stood still until then.
    slept: BTreeMap<String, Duration>,
    blows: Blows,
    chance: Rng,
    /// How often an instance was given a document that is newer than it knows.
    met: usize,
    /// What instances wrote that is newer than they know.
    trespasses: Vec<String>,
}

impl Traffic {
    fn blow(&self, call: &Call) -> Option<Blow> {
        let before = self.calls.iter().filter(|before| before.is_submission()).count() as u64;
        let of_submission = self.blows.submissions.get(&(before + 1));
        let of_submission = of_submission.filter(|_| call.is_submission());
        of_submission.or_else(|| self.blows.calls.get(&call.number)).copied()
    }
}

impl Wire {
    /// A network on which `blows` fall.
    #[must_use]
    pub fn new(engine: Embedded, blows: Blows, seed: u64) -> Arc<Self> {
        let traffic = Traffic {
            calls: Vec::new(),
            unknowable: 0,
            slept: BTreeMap::new(),
            blows,
            chance: Rng::with_seed(seed),
            met: 0,
            trespasses: Vec::new(),
        };
        Arc::new(Self { engine, traffic: Mutex::new(traffic) })
    }

    /// The engine at the other end.
    #[must_use]
    pub fn engine(&self) -> &Embedded {
        &self.engine
    }

    /// The calls of functions so far.
    #[must_use]
    pub fn calls(&self) -> Vec<Call> {
        self.traffic().calls.clone()
    }

    /// How many submissions came to Batch after their sender had given them up, or are about to.
    #[must_use]
    pub fn unknowable_submissions(&self) -> usize {
        self.traffic().unknowable
    }

    /// How long whoever submitted the job `name` had stood still until then.
    #[must_use]
    pub fn slept(&self, name: &str) -> Duration {
        self.traffic().slept.get(name).copied().unwrap_or_default()
    }

    /// How often an instance was given a document that is newer than it knows.
    #[must_use]
    pub fn met(&self) -> usize {
        self.traffic().met
    }

    /// What instances wrote that is newer than they know.
    #[must_use]
    pub fn trespasses(&self) -> Vec<String> {
        self.traffic().trespasses.clone()
    }

    fn traffic(&self) -> MutexGuard<'_, Traffic> {
        self.traffic.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a call of a function, and says what is to happen to it.
    fn note(&self, caller: &Caller, request: &Parts) -> Option<(Call, Option<Blow>)> {
        let function = caller.function.as_deref()?;
        let mut traffic = self.traffic();
        let number = u64::try_from(traffic.calls.len()).unwrap_or(u64::MAX).saturating_add(1);
        let call = Call::of(number, function, request);
        let blow = traffic.blow(&call).filter(|blow| blow.fits(request));
        traffic.calls.push(call.clone());
        Some((call, blow))
    }

    /// Notes that `caller` submits a job, and how long it has stood still.
    fn submits(&self, caller: &Caller, body: &[u8]) {
        #[derive(serde::Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Submission {
            job_name: String,
        }
        let Ok(Submission { job_name }) = serde_json::from_slice(body) else { return };
        let mut traffic = self.traffic();
        let slept = traffic.slept.entry(job_name).or_default();
        *slept = caller.slept().max(*slept);
    }

    async fn way(&self) {
        let millis = self.traffic().chance.u64(WAY);
        tokio::time::sleep(Duration::from_millis(millis)).await;
    }
}

/// A submission at the engine: dropped there, it may yet be carried out, and nobody is told.
struct Asked<'w> {
    wire: &'w Wire,
    counts: bool,
}

impl Asked<'_> {
    fn is_given_up(&mut self) {
        self.wire.traffic().unknowable += usize::from(self.counts);
        self.counts = false;
    }
}

impl Drop for Asked<'_> {
    fn drop(&mut self) {
        self.is_given_up();
    }
}

/// Who calls, and whether it is dead or asleep.
#[derive(Debug)]
pub struct Caller {
    /// The function, such as `job`; nobody else's calls are counted or hit.
    function: Option<String>,
    /// The newest schema of documents that it knows.
    knows: u32,
    death: Notify,
    wakes: Mutex<Option<Instant>>,
    /// For how many milliseconds it has stood still so far.
    slept: AtomicU64,
}

impl Caller {
    /// An instance of `function` that knows documents up to the schema `knows`.
    #[must_use]
    pub fn instance(function: &str, knows: u32) -> Arc<Self> {
        Arc::new(Self { function: Some(function.to_owned()), knows, ..Self::default() })
    }

    /// Whether `bytes` are a document that is newer than it knows.
    fn is_behind(&self, bytes: &[u8]) -> bool {
        #[derive(serde::Deserialize)]
        struct Header {
            schema: u32,
        }
        self.knows != u32::MAX
            && serde_json::from_slice(bytes).is_ok_and(|Header { schema }| schema > self.knows)
    }

    /// Returns when the instance has died: whoever carries it drops what it did.
    pub async fn died(&self) {
        self.death.notified().await;
    }

    /// When the instance wakes, if it is asleep: until then whoever carries it leaves it alone.
    pub fn wakes(&self) -> Option<Instant> {
        let wakes = *self.wakes.lock().unwrap_or_else(PoisonError::into_inner);
        wakes.filter(|wakes| *wakes > Instant::now())
    }

    fn slept(&self) -> Duration {
        Duration::from_millis(self.slept.load(Ordering::Relaxed))
    }

    async fn sleep(&self, millis: u64) {
        self.slept.fetch_add(millis, Ordering::Relaxed);
        let wakes = Instant::now() + Duration::from_millis(millis);
        *self.wakes.lock().unwrap_or_else(PoisonError::into_inner) = Some(wakes);
        tokio::task::yield_now().await;
    }

    async fn die(&self) -> ! {
        self.death.notify_one();
        std::future::pending().await
    }
}

impl Default for Caller {
    fn default() -> Self {
        let (death, wakes) = (Notify::new(), Mutex::default());
        Self { function: None, knows: u32::MAX, death, wakes, slept: AtomicU64::new(0) }
    }
}

/// A client whose requests go over `wire` in the name of `caller`, for as long as its world lasts.
#[must_use]
pub fn http(wire: &Arc<Wire>, caller: &Arc<Caller>) -> SharedHttpClient {
    let connector = Connector { wire: Arc::downgrade(wire), caller: Arc::clone(caller) };
    http_client_fn(move |_, _| SharedHttpConnector::new(connector.clone()))
}

#[derive(Clone)]
struct Connector {
    /// Jobs hold their client, and the wire's engine holds the jobs.
    wire: Weak<Wire>,
    caller: Arc<Caller>,
}

impl std::fmt::Debug for Connector {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Connector").field(&self.caller).finish()
    }
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let this = self.clone();
        HttpConnectorFuture::new(async move { this.carry(request).await })
    }
}

impl Connector {
    async fn carry(&self, request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
        let wire = self.wire.upgrade();
        let wire = wire.ok_or_else(|| ConnectorError::user("the world is over".into()))?;
        let (mut parts, bytes) = outgoing(request)?;
        if parts.method == Method::PUT && self.caller.is_behind(&bytes) {
            wire.traffic().trespasses.push(parts.uri.to_string());
        }
        let sent = Instant::now();
        let noted = wire.note(&self.caller, &parts);
        let blow = noted.as_ref().and_then(|(_, blow)| *blow);
        let is_submission = noted.is_some_and(|(call, _)| call.is_submission());
        wire.way().await;
        match blow {
            Some(Blow::Dies(When::Before)) => self.caller.die().await,
            Some(Blow::Fault(fault)) => {
                parts.extensions.insert(fault);
            }
            Some(Blow::Sleeps(When::Before, millis)) => self.caller.sleep(millis).await,
            Some(Blow::Dies(When::After) | Blow::Sleeps(When::After, _)) | None => {}
        }
        if is_submission {
            wire.submits(&self.caller, &bytes);
        }
        let is_read = parts.method == Method::GET;
        let request = Request::from_parts(parts, Body::from(bytes));
        let mut asked = Asked { wire: &wire, counts: is_submission };
        if sent.elapsed() > PATIENCE {
            asked.is_given_up();
        }
        let response = wire.engine.call(request).await;
        asked.counts = false;
        if blow == Some(Blow::Dies(When::After)) {
            self.caller.die().await;
        }
        let (parts, body) = response.into_parts();
        let body = axum::body::to_bytes(body, usize::MAX).await;
        let body = body.map_err(|error| ConnectorError::io(error.into()))?;
        if is_read && self.caller.is_behind(&body) {
            wire.traffic().met += 1;
        }
        match blow {
            // The answer waits for the sleeper.
            Some(Blow::Sleeps(When::After, millis)) => self.caller.sleep(millis).await,
            _ => wire.way().await,
        }
        let mut response = HttpResponse::new(parts.status.into(), SdkBody::from(body));
        for (name, value) in &parts.headers {
            let value =
                value.to_str().map_err(|error| ConnectorError::other(error.into(), None))?;
            response.headers_mut().append(name.as_str().to_owned(), value.to_owned());
        }
        Ok(response)
    }
}

/// The request as a server gets it. Nothing that the functions or jobs send is a stream.
fn outgoing(request: HttpRequest) -> Result<(Parts, Bytes), ConnectorError> {
    let request = request.try_into_http1x();
    let (mut parts, body) =
        request.map_err(|error| ConnectorError::user(error.into()))?.into_parts();
    let bytes = body.bytes().map(Bytes::copy_from_slice);
    let bytes = bytes.ok_or_else(|| ConnectorError::user("the body is a stream".into()))?;
    // What a client of the network adds on its way out.
    let host = parts.uri.host().zip(parts.uri.port_u16());
    let host = host.map_or_else(String::new, |(host, port)| format!("{host}:{port}"));
    for (name, value) in [(HOST, host), (CONTENT_LENGTH, bytes.len().to_string())] {
        let value = value.parse().map_err(|_| ConnectorError::user("an odd header".into()))?;
        parts.headers.insert(name, value);
    }
    let path = parts.uri.path_and_query().cloned();
    parts.uri = path.map(Uri::from).unwrap_or_default();
    Ok((parts, bytes))
}
