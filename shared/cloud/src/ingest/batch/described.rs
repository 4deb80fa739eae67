//! A job out of DescribeJobs' answer: of the same shape as the detail of the event that Batch would
//! have sent, and read by the same code.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;
use signalbox_pipeline::names::EventId;

use super::detail::Detail;
use super::{Identity, JobEvent, Read, identify, interpret};
use crate::fault::Malformed;

/// A job as Batch describes it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Described(Value);

impl Described {
    /// Batch's id of it.
    #[must_use]
    pub fn job_id(&self) -> Option<&str> {
        self.0["jobId"].as_str()
    }

    /// The role that its containers have.
    #[must_use]
    pub fn job_role(&self) -> Option<&str> {
        self.0["ecsProperties"]["taskProperties"][0]["taskRoleArn"].as_str()
    }

    /// What it says, asked at `at`.
    ///
    /// # Errors
    /// When it has one of our definitions and is still not a job.
    pub fn event(&self, at: Timestamp) -> Result<Read<JobEvent>, Malformed> {
        let detail = self.detail()?;
        // The same state seen twice is one event: its id follows from what it says.
        let event: EventId =
            super::super::name(&format!("seen:{}:{}", detail.job_id, detail.status), "jobId")?;
        interpret(detail, event, at)
    }

    /// Whose job it is, in whatever state.
    ///
    /// # Errors
    /// As [`Described::event`].
    pub fn identity(&self) -> Result<Read<Identity>, Malformed> {
        identify(&self.detail()?)
    }

    fn detail(&self) -> Result<Detail, Malformed> {
        Detail::deserialize(&self.0).map_err(|error| {
            Malformed::new(error, "DescribeJobs' answer", "please report it with this line")
        })
    }
}
