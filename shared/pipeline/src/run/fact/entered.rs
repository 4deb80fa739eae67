//! An environment as a run finds it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::inspection::Finding;
use crate::names::{EnvironmentName, ImageDigest, RunId, Sha256};
use crate::report::Metric;
use crate::settings::Settings;
use crate::shared::Shared;

/// An environment as it was when the run entered it, or asked again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entered {
    /// The environment.
    pub environment: EnvironmentName,
    /// Its settings; absent where ops have applied none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settings: Option<Shared<Settings>>,
    /// The release that was live.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub current: Option<LiveRelease>,
    /// How the run stands there; absent in runs of the first [`crate::stage::Flow`], which take no
    /// place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub standing: Option<Standing>,
}

/// The release that was live when a run entered the environment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LiveRelease {
    /// The run that it came from.
    pub run: RunId,
    /// Its image.
    pub image: ImageDigest,
    /// What its verification had measured.
    pub metrics: BTreeMap<String, Metric>,
}

/// How a run stands before an environment, which has room for one run at a time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// Its place.
    pub place: Place,
    /// The run that it waits for, where it has to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub behind: Option<RunId>,
    /// A newer run that is there too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub newer: Option<RunId>,
    /// Why a person or a fallback keeps releases out, where that is so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_hold: Option<String>,
    /// The freeze that it was met in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub frozen: Option<Frozen>,
}

/// Whose turn it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// The run's.
    Held,
    /// Another's.
    Behind,
    /// The run has left, and does not come back.
    Gone,
}

/// What the platform says of an environment, as the run finds it when its turn has come there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inspected {
    /// The environment.
    pub environment: EnvironmentName,
    /// The digest of the settings that it was looked at for.
    pub settings: Sha256,
    /// What was found: all of it, whatever one of them says.
    pub findings: Vec<Finding>,
}

/// A time in which nothing is released.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Frozen {
    /// Its end.
    pub until: Timestamp,
    /// Why, in the words of the settings.
    pub reason: String,
}

impl Entered {
    /// Whether its settings are such as schema 1 of them can say, which is all that older code knows.
    pub(super) fn is_plain(&self) -> bool {
        self.settings.as_ref().is_none_or(|settings| settings.schema == 1)
    }

    /// Whether only code that knows the second flow can hold it.
    pub(super) fn is_of_the_second_flow(&self) -> bool {
        let settings = self.settings.as_ref();
        self.standing.is_some() || settings.is_some_and(|settings| settings.schema > 2)
    }

    /// Whether only code that knows the third flow can hold it.
    pub(super) fn is_of_the_third_flow(&self) -> bool {
        self.settings.as_ref().is_some_and(|settings| settings.schema > 3)
    }

    /// Whether `other` leads to the same as this: that the queue has moved, or what is live, does
    /// not.
    pub(in crate::run) fn leads_where(&self, other: &Self) -> bool {
        let open = |entered: &Self| {
            let standing = entered.standing.as_ref();
            standing.map(|s| (s.place, s.newer.is_some(), s.on_hold.is_some(), s.frozen.clone()))
        };
        self.settings == other.settings && open(self) == open(other)
    }
}
