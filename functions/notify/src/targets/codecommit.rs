//! A comment on the commit in CodeCommit, which has no statuses of commits.
//!
//! The notice's id is the request's token: a second delivery is answered with the first comment.

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::json;
use signalbox_cloud::clients::{JsonClient, Trouble};
use signalbox_cloud::fault::Fault;
use signalbox_pipeline::notice::Notice;

use crate::Notify;

#[derive(Deserialize)]
struct GotCommit {
    commit: Commit,
}

#[derive(Deserialize)]
struct Commit {
    #[serde(default)]
    parents: Vec<String>,
}

pub(crate) async fn comment(notify: &Notify, notice: &Notice) -> Result<(), Fault> {
    let commit = &notice.commit;
    if !commit.host.as_str().starts_with("codecommit.") {
        return Err(Fault::NotOurs(format!("{} is not in CodeCommit", commit.repository)));
    }
    let client = notify.clients.codecommit(&commit.host);
    match post(&client, notice).await {
        // The same notice in other words, of another version of this function.
        Err(trouble) if trouble.code() == Some("IdempotencyParameterMismatchException") => Ok(()),
        Err(trouble) => {
            Err(trouble.fault(format!("commenting on {} of {}", commit.commit, commit.repository)))
        }
        Ok(()) => Ok(()),
    }
}

async fn post(client: &JsonClient, notice: &Notice) -> Result<(), Trouble> {
    let (repository, commit) = (&notice.commit.repository, &notice.commit.commit);
    let asked = json!({ "repositoryName": repository, "commitId": commit });
    let got = client.call::<_, GotCommit>("GetCommit", &asked).await?;
    let mut comment = json!({
        "repositoryName": repository,
        "afterCommitId": commit,
        "content": format!("{}\n\n`{}`", notice.text, notice.command),
        "clientRequestToken": notice.id,
    });
    // A comment lies on a comparison: with the commit before, where there is one.
    if let Some(parent) = got.commit.parents.first() {
        comment["beforeCommitId"] = json!(parent);
    }
    let posted = client.call::<_, IgnoredAny>("PostCommentForComparedCommit", &comment).await;
    posted.map(|_| ())
}
