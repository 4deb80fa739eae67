//! `preflight`: under the role of an environment's jobs, what they are given is tried before anything
//! else runs there. Nothing of it is kept but whether it can be had.

use std::collections::BTreeMap;

use signalbox_pipeline::inspection::{Check, Finding, Outcome};
use signalbox_pipeline::report::FailureClass;

use crate::attempt::Attempt;
use crate::aws::Aws;
use crate::fault::{Fault, failure};
use crate::finished::Finished;
use crate::shelf;

mod place;
mod store;

use place::Place;
use store::{Buckets, Held, Looked};

/// What is to be tried.
pub(crate) struct Wanted<'a> {
    /// Where data lies, by the variable that names it.
    pub(crate) data: &'a BTreeMap<String, String>,
    /// The variables that hold secrets.
    pub(crate) secrets: &'a [String],
    /// The role that the job has to have.
    pub(crate) role: Option<&'a str>,
}

/// Tries all of it, and reports what came of each.
pub(crate) async fn preflight(
    attempt: &mut Attempt,
    wanted: &Wanted<'_>,
) -> Result<Finished, Fault> {
    let aws = Aws::of(&attempt.environment)?;
    let role = aws.credentials.role().await;
    let mut findings = vec![of_role(role, wanted.role)];
    let given = |name: &str| attempt.environment.get(name).is_some();
    findings.extend(wanted.secrets.iter().map(|name| of_secret(name, given(name))));
    let buckets = Held::new(shelf::client(aws));
    findings.extend(of_data(wanted.data, &buckets).await);
    for Finding { check, outcome, evidence } in &findings {
        let word = if *outcome == Outcome::Passed { "passed" } else { "failed" };
        attempt.log.say(format_args!("{check} {word}: {evidence}"));
    }
    Ok(finished(findings))
}

fn finished(findings: Vec<Finding>) -> Finished {
    let failed = findings.iter().filter(|finding| finding.outcome != Outcome::Passed);
    let failed: Vec<&str> = failed.map(|finding| finding.evidence.as_str()).collect();
    let exit_code = i32::from(!failed.is_empty());
    let failure = (exit_code != 0).then(|| failure(FailureClass::Exit, failed.join("; ")));
    let findings = findings.into_iter().map(Finding::bounded).collect();
    Finished { exit_code, failure, findings, ..Finished::default() }
}

fn of_role(found: anyhow::Result<Option<String>>, wanted: Option<&str>) -> Finding {
    match (found, wanted) {
        (Ok(Some(role)), Some(wanted)) if role != wanted => Finding::failed(
            Check::Role,
            format!("the job has the role {role}, and `service_account` names {wanted}"),
        ),
        (Ok(Some(role)), _) => Finding::passed(Check::Role, format!("the job has the role {role}")),
        (Ok(None), _) => Finding::passed(Check::Role, "the job has credentials"),
        (Err(error), _) => Finding::failed(
            Check::Role,
            format!("the job has no credentials: {error:#}; does the role trust ecs-tasks?"),
        ),
    }
}

/// Whether a secret is there: what it is stays with whoever needs it.
fn of_secret(name: &str, is_given: bool) -> Finding {
    if is_given {
        return Finding::passed(Check::Secret, format!("the secret {name} is there"));
    }
    let evidence = format!("the secret {name} is empty: give it a value, or leave it out");
    Finding::failed(Check::Secret, evidence)
}

async fn of_data(data: &BTreeMap<String, String>, buckets: &impl Buckets) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (name, address) in data {
        let finding = match Place::parse(address) {
            Ok(place) => of_place(name, address, &place, buckets).await,
            Err(why) => Finding::failed(Check::Data, format!("{name} is {address}: {why}")),
        };
        findings.push(finding);
    }
    findings
}

async fn of_place(name: &str, address: &str, place: &Place, buckets: &impl Buckets) -> Finding {
    let looked = match &place.key {
        Some(key) => buckets.object(&place.bucket, key).await,
        None => buckets.below(&place.bucket, &place.prefix).await,
    };
    let words = match looked {
        Looked::There => {
            return Finding::passed(Check::Data, format!("{name}: {address} can be read"));
        }
        Looked::Absent if place.key.is_some() => {
            "there is no such object: put it there, or end the address of a folder with /"
                .to_owned()
        }
        Looked::Absent => "nothing lies there: put the data there, or mend the address".to_owned(),
        Looked::Refused(why) => format!(
            "it cannot be read ({why}): let the role of the jobs have s3:GetObject and s3:ListBucket \
             there"
        ),
    };
    Finding::failed(Check::Data, format!("{name} is {address}: {words}"))
}

#[cfg(test)]
mod tests;
