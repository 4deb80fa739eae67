//! As much of S3, Batch, ECR and CodeCommit as a run needs, in memory, with a fault planted before or
//! after any request.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorFuture};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;
use serde_json::{Value, json};

use crate::{Answer, ENDPOINT, Seen, ok, s3_error};

mod batch;
mod codecommit;
mod ecr;

pub use batch::Job;

/// A fault of one request.
#[derive(Clone, Debug)]
pub enum Planted {
    /// Answered so, and not carried out.
    Before(Answer),
    /// Carried out, and answered so.
    After(Answer),
}

/// What AWS holds.
#[derive(Debug, Default)]
pub struct World {
    /// `<bucket>/<key>` to body and version.
    pub objects: BTreeMap<String, (String, u64)>,
    /// Every job that was submitted.
    pub jobs: Vec<Job>,
    /// The names of the job definitions.
    pub definitions: BTreeSet<String>,
    /// When jobs are submitted, in milliseconds since 1970.
    pub now: i64,
    /// Where branches point, by repository and branch.
    pub branches: BTreeMap<(String, String), String>,
    /// The ids of jobs that were told to end.
    pub terminated: Vec<String>,
    /// The reasons of the messages that were set aside.
    pub dead_letters: Vec<String>,
    /// The other messages that were sent.
    pub sent: Vec<String>,
    /// Every request, in short.
    pub requests: Vec<String>,
    /// Faults, by the number of the request.
    pub planted: BTreeMap<usize, Planted>,
    /// What `SubmitJob` refuses with, where it does.
    pub refusal: Option<&'static str>,
    /// Whether queues are disabled.
    pub is_disabled: bool,
    /// What a scan comes to: its status and its findings by severity; none where absent.
    pub scan: Option<(&'static str, Value)>,
    /// When what was put over the wire was put, in milliseconds since 1970.
    written: BTreeMap<String, i64>,
    versions: u64,
}

/// A handle on the world, and a connector to it.
#[derive(Clone, Debug, Default)]
pub struct Pretend(Arc<Mutex<World>>);

impl Pretend {
    /// What AWS holds now.
    pub fn world(&self) -> MutexGuard<'_, World> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl HttpConnector for Pretend {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let mut world = self.world();
        let seen = Seen::from(&request);
        let number = world.requests.len();
        world.requests.push(describe(&seen));
        match world.planted.remove(&number) {
            Some(Planted::Before(answer)) => answer,
            Some(Planted::After(answer)) => {
                world.carry_out(&seen);
                answer
            }
            None => world.carry_out(&seen),
        }
        .into_future()
    }
}

impl World {
    fn carry_out(&mut self, seen: &Seen) -> Answer {
        let (path, query) = split(&seen.uri);
        if let Some(operation) = path.strip_prefix("v1/") {
            let body = serde_json::from_str(&seen.body).unwrap_or_default();
            return self.batch(operation, &body);
        }
        if let Some(target) = seen.header("x-amz-target") {
            let body = serde_json::from_str(&seen.body).unwrap_or_default();
            return match target.split_once('.') {
                Some(("CodeCommit_20150413", operation)) => self.codecommit(operation, &body),
                Some(("AmazonEC2ContainerRegistry_V20150921", operation)) => self.ecr(operation),
                _ => self.sqs(target, &body),
            };
        }
        match seen.method.as_str() {
            "GET" if query.contains("list-type=2") => self.list(&path, &query),
            "GET" | "HEAD" => match self.objects.get(&path) {
                Some((body, version)) => found(*version, body),
                None => s3_error(404, "NoSuchKey"),
            },
            "DELETE" => {
                self.objects.remove(&path);
                Answer::Http(204, vec![], String::new())
            }
            "PUT" => self.put(&path, seen),
            other => panic!("{other} is not pretended"),
        }
    }

    fn put(&mut self, path: &str, seen: &Seen) -> Answer {
        let body = match seen.header("x-amz-copy-source") {
            Some(source) => match self.objects.get(&source.replace("%3A", ":")) {
                Some((body, _)) => body.clone(),
                None => return s3_error(404, "NoSuchKey"),
            },
            None => seen.body.clone(),
        };
        let there = self.objects.get(path).map(|(_, version)| etag(*version));
        match (seen.header("if-none-match"), seen.header("if-match"), there) {
            (Some(_), _, Some(_)) => return s3_error(412, "PreconditionFailed"),
            (_, Some(_), None) => return s3_error(404, "NoSuchKey"),
            (_, Some(wanted), Some(there)) if wanted != there => {
                return s3_error(412, "PreconditionFailed");
            }
            _ => {}
        }
        self.versions += 1;
        self.objects.insert(path.to_owned(), (body, self.versions));
        self.written.insert(path.to_owned(), self.now);
        let answer = match seen.header("x-amz-copy-source") {
            Some(_) => "<CopyObjectResult><ETag>e</ETag></CopyObjectResult>",
            None => "",
        };
        found(self.versions, answer)
    }

    fn list(&self, path: &str, query: &str) -> Answer {
        let parameter = |name: &str| {
            let found = query.split('&').find_map(|part| part.strip_prefix(name));
            found.unwrap_or_default().replace("%2F", "/")
        };
        let bucket = path.trim_end_matches('/');
        let below = format!("{bucket}/{}", parameter("prefix="));
        let after = format!("{bucket}/{}", parameter("start-after="));
        let keys = self
            .objects
            .keys()
            .filter(|key| key.starts_with(&below) && **key > after)
            .take(parameter("max-keys=").parse().unwrap_or(1000))
            .map(|key| {
                let written = DateTime::from_millis(self.written.get(key).copied().unwrap_or(0));
                let written = written.fmt(Format::DateTime).unwrap_or_default();
                let key = &key[bucket.len() + 1..];
                format!(
                    "<Contents><Key>{key}</Key><LastModified>{written}</LastModified></Contents>"
                )
            });
        ok(format!("<ListBucketResult>{}</ListBucketResult>", keys.collect::<String>()))
    }

    fn sqs(&mut self, target: &str, body: &Value) -> Answer {
        match target {
            "AmazonSQS.SendMessage" => {
                let reason = &body["MessageAttributes"]["signalbox-reason"]["StringValue"];
                match reason.as_str() {
                    Some(reason) => self.dead_letters.push(reason.to_owned()),
                    None => self.sent.extend(body["MessageBody"].as_str().map(str::to_owned)),
                }
                ok(json!({ "MessageId": "m", "MD5OfMessageBody": "" }).to_string())
            }
            other => panic!("{other} is not pretended"),
        }
    }
}

/// A request in short: its method and path, or its target.
fn describe(seen: &Seen) -> String {
    let (path, _) = split(&seen.uri);
    let target = seen.header("x-amz-target").unwrap_or_default();
    format!("{} {path}{target}", seen.method)
}

/// The decoded path without its first slash, and the query.
fn split(uri: &str) -> (String, String) {
    let rest = uri.strip_prefix(ENDPOINT).and_then(|rest| rest.strip_prefix('/')).unwrap_or(uri);
    let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
    (path.replace("%3A", ":"), query.to_owned())
}

fn etag(version: u64) -> String {
    format!("\"e{version}\"")
}

fn found(version: u64, body: &str) -> Answer {
    let headers = vec![("etag", etag(version)), ("x-amz-version-id", format!("v{version}"))];
    Answer::Http(200, headers, body.to_owned())
}
