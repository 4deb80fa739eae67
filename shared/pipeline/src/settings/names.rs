//! Names that only settings have.

use crate::text::texts;

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
