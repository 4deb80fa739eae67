//! ListJobs: the jobs of a queue, newest first.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::batch::job::{Job, Status};
use crate::batch::state::State;
use crate::batch::{detail, refuse};
use crate::wire::{Answer, WireError};

const PAGE: usize = 100;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Request {
    job_queue: Option<String>,
    job_status: Option<Status>,
    filters: Option<Vec<Filter>>,
    max_results: Option<usize>,
    next_token: Option<String>,
}

#[derive(Deserialize)]
struct Filter {
    name: String,
    values: Vec<String>,
}

/// What jobs are asked for.
enum Wanted {
    Status(Status),
    Name(Pattern),
    Definition(Pattern),
    Before(i64),
    After(i64),
}

/// A name without regard to case, or what it begins with.
struct Pattern {
    text: String,
    prefix: bool,
}

/// The jobs of a queue that `body` asks for.
pub(super) fn jobs(state: &State, body: Value) -> Answer {
    let request: Request = serde_json::from_value(body)
        .map_err(|error| refuse(format!("the request cannot be read: {error}")))?;
    let Some(queue) = &request.job_queue else {
        // Array jobs and multi-node jobs have children; this engine has neither.
        return Ok(json!({ "jobSummaryList": [] }));
    };
    let queue = state.queues.arn(queue)?;
    let wanted = Wanted::read(&request)?;
    let before: u64 = match &request.next_token {
        Some(token) => {
            token.parse().map_err(|_| refuse("the nextToken is not one of this engine"))?
        }
        None => u64::MAX,
    };
    let size = request.max_results.unwrap_or(PAGE).clamp(1, PAGE);
    let mut found = state
        .order
        .range(..before)
        .rev()
        .filter_map(|(_, id)| state.jobs.get(id))
        .filter(|job| job.queue == queue && wanted.fits(job));
    let page: Vec<&Job> = found.by_ref().take(size).collect();
    let mut answer = json!({ "jobSummaryList": page.iter().map(|job| detail::summary(job)).collect::<Vec<_>>() });
    if let (Some(last), true) = (page.last(), found.next().is_some()) {
        answer["nextToken"] = json!(last.number.to_string());
    }
    Ok(answer)
}

impl Wanted {
    fn read(request: &Request) -> Result<Self, WireError> {
        let filters = request.filters.as_deref().unwrap_or_default();
        let [filter] = filters else {
            return match filters {
                [] => Ok(Self::Status(request.job_status.unwrap_or(Status::Running))),
                _ => Err(refuse("only one filter can be used at a time")),
            };
        };
        let [value] = filter.values.as_slice() else {
            return Err(refuse(format!("the filter {} takes one value", filter.name)));
        };
        let time =
            || value.parse().map_err(|_| refuse(format!("`{value}` is no time in milliseconds")));
        match filter.name.as_str() {
            "JOB_NAME" => Ok(Self::Name(Pattern::new(value))),
            "JOB_DEFINITION" => Ok(Self::Definition(Pattern::new(value))),
            "BEFORE_CREATED_AT" => Ok(Self::Before(time()?)),
            "AFTER_CREATED_AT" => Ok(Self::After(time()?)),
            other => Err(refuse(format!("there is no filter {other}"))),
        }
    }

    fn fits(&self, job: &Job) -> bool {
        match self {
            Self::Status(status) => job.status == *status,
            Self::Name(pattern) => pattern.fits(&job.name),
            Self::Definition(pattern) => {
                let short = crate::batch::arn::last(&job.definition);
                let name = short.split(':').next().unwrap_or_default();
                [job.definition.as_str(), short, name].into_iter().any(|one| pattern.fits(one))
            }
            Self::Before(at) => job.created_at < *at,
            Self::After(at) => job.created_at > *at,
        }
    }
}

impl Pattern {
    fn new(value: &str) -> Self {
        let value = value.to_lowercase();
        match value.strip_suffix('*') {
            Some(start) => Self { text: start.to_owned(), prefix: true },
            None => Self { text: value, prefix: false },
        }
    }

    fn fits(&self, name: &str) -> bool {
        let name = name.to_lowercase();
        if self.prefix { name.starts_with(&self.text) } else { name == self.text }
    }
}

/// One page of a list that is not too long to be made whole.
pub(super) fn page(body: &Value, all: Vec<Value>, member: &str, most: usize) -> Answer {
    let from: usize = match body["nextToken"].as_str() {
        Some(token) => {
            token.parse().map_err(|_| refuse("the nextToken is not one of this engine"))?
        }
        None => 0,
    };
    let size = body["maxResults"]
        .as_u64()
        .and_then(|size| usize::try_from(size).ok())
        .unwrap_or(most)
        .clamp(1, most);
    let more = all.len() > from.saturating_add(size);
    let mut answer = json!({ member: all.into_iter().skip(from).take(size).collect::<Vec<_>>() });
    if more {
        answer["nextToken"] = json!((from + size).to_string());
    }
    Ok(answer)
}
