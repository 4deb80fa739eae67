//! Names that only settings have.

use crate::text::texts;

texts! { 2048;
    /// A secret, by its ARN: never its value.
    SecretArn = "the ARN of a secret", |text| {
        let parts: Vec<&str> = text.splitn(7, ':').collect();
        let plain = |text: &str| text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_/+=.@:".contains(&b));
        let is_of = |parts: &[&str]| match (parts[2], parts[5]) {
            ("secretsmanager", "secret") => parts.len() == 7 && !parts[6].is_empty(),
            ("ssm", name) => parts.len() == 6 && name.len() > "parameter/".len() && name.starts_with("parameter/"),
            _ => false,
        };
        parts.len() > 5
            && parts[0] == "arn" && parts[1].starts_with("aws")
            && parts[4].len() == 12 && parts[4].bytes().all(|b| b.is_ascii_digit())
            && is_of(&parts) && plain(text)
    }, "arn:aws:secretsmanager:<region>:<account>:secret:<name>, or arn:aws:ssm:<region>:<account>:parameter/<name>";
    /// A role that a job may be given.
    RoleArn = "a role that jobs may have", |text| {
        let parts: Vec<&str> = text.split(':').collect();
        let &["arn", partition, "iam", "", account, role] = parts.as_slice() else {
            return false;
        };
        let name = role.strip_prefix("role/signalbox/").unwrap_or_default();
        partition.starts_with("aws")
            && account.len() == 12 && account.bytes().all(|b| b.is_ascii_digit())
            && !name.is_empty()
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"+=,.@_/-".contains(&b))
    }, "arn:aws:iam::<account>:role/signalbox/<name>: the functions may pass on no other roles";
    /// The id of a role, which no other role ever bears.
    RoleId = "the id of a role", |text| {
        text.len() > 4 && text.starts_with("AROA")
            && text.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
    }, "AROA and capital letters and digits, as `aws iam get-role --role-name <name> --query Role.RoleId` says";
}

texts! { 128;
    /// An environment variable that settings may set.
    VariableName = "a variable that can be set here", |text| {
        !text.starts_with("SIGNALBOX_")
            && !text.starts_with("AWS_")
            && !text.starts_with(|c: char| c.is_ascii_digit())
            && text.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
    }, "capital letters, digits and _, not beginning with a digit, SIGNALBOX_ or AWS_, 128 at most";
    /// A job queue of AWS Batch.
    QueueName = "a Batch job queue", |text| {
        text.starts_with(|c: char| c.is_ascii_alphanumeric())
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-".contains(&b))
    }, "the name of a queue: a letter or digit, then letters, digits, _ and -, 128 at most";
}
