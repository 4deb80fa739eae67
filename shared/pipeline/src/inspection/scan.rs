//! Whether the registry's scan of an image found no more than it may.
//!
//! That a scan names no finding says something only once there is a list of findings: an image that
//! was never scanned has none either.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Check, Finding, Scan};

/// How long a scan that is under way is waited for.
const UNDER_WAY: SignedDuration = SignedDuration::from_mins(30);
/// How long one is waited for that the registry does not know of: it begins after the push.
const UNKNOWN: SignedDuration = SignedDuration::from_mins(5);

/// As many findings of each severity there may be; of those that are not named, any number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bounds {
    /// Of the severity `CRITICAL`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub critical: Option<u32>,
    /// Of `HIGH`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub high: Option<u32>,
    /// Of `MEDIUM`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub medium: Option<u32>,
    /// Of `LOW`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub low: Option<u32>,
}

impl Bounds {
    fn all(&self) -> impl Iterator<Item = (&'static str, u32)> {
        let all = [
            ("CRITICAL", self.critical),
            ("HIGH", self.high),
            ("MEDIUM", self.medium),
            ("LOW", self.low),
        ];
        all.into_iter().filter_map(|(severity, most)| Some((severity, most?)))
    }
}

/// What is said of `scan`, which is waited for since `since`.
pub(crate) fn scan(
    bounds: Bounds,
    scan: Option<&Scan>,
    since: Timestamp,
    now: Timestamp,
) -> Finding {
    let waited = now.duration_since(since);
    let failed = |words: String| Finding::failed(Check::Scan, words).bounded();
    let (status, description, is_listed, counts) = match scan {
        Some(Scan::Known { status, description, is_listed, counts }) => {
            (status.as_str(), description.as_deref(), *is_listed, counts)
        }
        Some(Scan::Absent) if waited < UNKNOWN => {
            return Finding::open(Check::Scan, "the registry knows of no scan of the image yet");
        }
        Some(Scan::Absent) | None => {
            return failed(
                "the image was never scanned: turn scanning on for its repository (scan on push, or \
                 enhanced scanning), and retry"
                    .to_owned(),
            );
        }
    };
    let why = description.map(|why| format!(" ({why})")).unwrap_or_default();
    match status {
        "COMPLETE" | "ACTIVE" if is_listed => counted(bounds, counts),
        "COMPLETE" | "ACTIVE" | "IN_PROGRESS" | "PENDING" if waited < UNDER_WAY => {
            Finding::open(Check::Scan, format!("the scan of the image is {status}"))
        }
        "COMPLETE" | "ACTIVE" | "IN_PROGRESS" | "PENDING" => failed(format!(
            "the scan of the image has been {status} for more than {} minutes{why}: look at the \
             repository's scanning, and retry once it is over",
            UNDER_WAY.as_mins()
        )),
        "SCAN_ELIGIBILITY_EXPIRED" => failed(format!(
            "the image is older than the registry goes on scanning{why}: build it again, or scan \
             for longer"
        )),
        "UNSUPPORTED_IMAGE" => failed(format!(
            "the registry cannot scan the image{why}: use a base image whose packages it knows, one \
             platform to an image, or leave `validate.scan` out"
        )),
        other => failed(format!("the scan of the image is {other}{why}: scan it again, and retry")),
    }
}

fn counted(bounds: Bounds, counts: &BTreeMap<String, u64>) -> Finding {
    let found = |severity: &str| counts.get(severity).copied().unwrap_or(0);
    let over: Vec<String> = bounds
        .all()
        .filter(|(severity, most)| found(severity) > u64::from(*most))
        .map(|(severity, most)| {
            format!("{} of {severity}, and `validate.scan` allows {most}", found(severity))
        })
        .collect();
    if !over.is_empty() {
        let words = format!("the scan found {}: mend or replace the packages", over.join("; "));
        return Finding::failed(Check::Scan, words);
    }
    let found: Vec<String> =
        counts.iter().map(|(severity, count)| format!("{count} of {severity}")).collect();
    let found = if found.is_empty() { "nothing".to_owned() } else { found.join(", ") };
    Finding::passed(Check::Scan, format!("the scan is over, and found {found}")).bounded()
}
