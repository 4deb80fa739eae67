//! The status of a commit on GitHub.
//!
//! The newest status of a context is the one that counts, and the end of a run is told by one: a
//! second delivery changes nothing. What comes before the end is not told here, since a status that
//! is late would hide the end.

use serde::Deserialize;
use serde_json::json;
use signalbox_cloud::fault::Fault;
use signalbox_pipeline::notice::{Kind, Notice, SecretName};
use signalbox_pipeline::phase::Phase;

use crate::{Notify, secret};

const HOST: &str = "github.com";
const API: &str = "https://api.github.com";
/// What the secret has to hold.
const SHAPE: &str = r#"{"token": "…"}, of somebody who may write commit statuses there"#;
/// As long as the description of a status may be.
const LONGEST: usize = 140;

#[derive(Deserialize)]
struct Access {
    token: String,
    /// Where the API of a GitHub of one's own is.
    api: Option<String>,
}

pub(crate) async fn status(
    notify: &Notify,
    name: &SecretName,
    notice: &Notice,
) -> Result<(), Fault> {
    let commit = &notice.commit;
    if !matches!(notice.kind, Kind::Finished | Kind::Errored | Kind::FellBack) {
        return Err(Fault::NotOurs("a status tells the end of a run and nothing else".to_owned()));
    }
    if commit.host.as_str() != HOST {
        return Err(Fault::NotOurs(format!("{} is not on {HOST}", commit.repository)));
    }
    let Access { token, api } = secret::read(&notify.clients, name, SHAPE).await?;
    let api = api.as_deref().unwrap_or(API);
    let url = format!("{api}/repos/{}/statuses/{}", commit.repository, commit.commit);
    let status = json!({
        "state": state(notice.phase),
        "context": format!("signalbox/{}", notice.pipeline),
        "description": notice.subject.chars().take(LONGEST).collect::<String>(),
    });
    let headers = vec![
        ("accept", "application/vnd.github+json".to_owned()),
        ("authorization", format!("Bearer {token}")),
        ("content-type", "application/json".to_owned()),
        ("user-agent", "signalbox".to_owned()),
        ("x-github-api-version", "2022-11-28".to_owned()),
    ];
    let posted = notify.clients.web().post(&url, headers, status.to_string().into_bytes()).await;
    posted.map_err(|trouble| {
        let mend = format!("look whether the token of {name} may write statuses of commits there");
        super::fault(trouble, &format!("telling {HOST} of {}", commit.repository), &mend)
    })
}

fn state(phase: Phase) -> &'static str {
    match phase {
        Phase::Succeeded => "success",
        Phase::Failed => "failure",
        Phase::Pending | Phase::Running => "pending",
        Phase::Errored | Phase::Cancelled | Phase::Superseded | Phase::Skipped => "error",
    }
}
