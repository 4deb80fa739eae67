//! What a variable's value has to look like.

use signalbox_pipeline::names::Host;

type Checked<T = String> = Result<T, String>;

/// How much of a wrong value is repeated; variables checked here hold no secret.
const SHOWN: usize = 80;

fn not(value: &str, expected: &str) -> String {
    let shown: String = value.chars().take(SHOWN).collect();
    format!("is {shown:?}, expected {expected}")
}

fn when(value: String, fits: bool, expected: &str) -> Checked {
    if fits { Ok(value) } else { Err(not(&value, expected)) }
}

pub(super) fn bucket(value: String) -> Checked {
    let fits = (3..=63).contains(&value.len())
        && value
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-.".contains(&b));
    when(value, fits, "the name of a bucket")
}

pub(super) fn job_queue(value: String) -> Checked {
    let fits =
        value.starts_with("arn:") && value.contains(":batch:") && value.contains(":job-queue/");
    when(value, fits, "the ARN of a Batch job queue")
}

pub(super) fn role(value: String) -> Checked {
    let fits = value.starts_with("arn:") && value.contains(":iam::") && value.contains(":role/");
    when(value, fits, "the ARN of a role")
}

/// The id becomes part of a key, so it must not hold a `/` or `:`.
pub(super) fn role_id(value: String) -> Checked {
    let fits = value.len() <= 64 && value.bytes().all(|b| b.is_ascii_alphanumeric());
    when(value, fits, "the id of a role (AROA…, !GetAtt JobRole.RoleId)")
}

pub(super) fn image(value: String) -> Checked {
    let fits = value.len() <= 512 && value.bytes().all(|b| b.is_ascii_graphic());
    when(value, fits, "an image reference")
}

pub(super) fn registry(value: String) -> Checked {
    let (host, port) = value.rsplit_once(':').map_or((value.as_str(), None), |(h, p)| (h, Some(p)));
    let fits = Host::parse(host).is_ok() && port.is_none_or(|port| port.parse::<u16>().is_ok());
    when(value, fits, "the host of a registry, with its port where it has one")
}

pub(super) fn host(value: String) -> Checked<Host> {
    Host::parse(value).map_err(|error| format!("is wrong: {error}"))
}

pub(super) fn url(value: String) -> Checked {
    let fits = value.starts_with("https://") || value.starts_with("http://");
    when(value, fits, "a URL with https:// or http://")
}

pub(super) fn region(value: String) -> Checked {
    let fits = value.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    when(value, fits, "a region such as eu-west-1")
}
