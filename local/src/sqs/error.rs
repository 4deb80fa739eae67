//! SQS's errors and the names they had in its older protocol.

use crate::wire::WireError;

pub(super) fn no_such_queue(name: &str) -> WireError {
    let message = format!("The specified queue does not exist: {name}");
    WireError::client("QueueDoesNotExist", message)
}

/// A parameter whose value cannot be taken.
pub(super) fn invalid(message: impl std::fmt::Display) -> WireError {
    WireError::client("InvalidParameterValue", message.to_string())
}

pub(super) fn missing(parameter: &str) -> WireError {
    WireError::client(
        "MissingParameter",
        format!("The request must contain the parameter {parameter}."),
    )
}

/// What `__type` holds.
pub(crate) fn error_type(code: &str) -> String {
    format!("com.amazonaws.sqs#{code}")
}

/// What `x-amzn-query-error` holds: the code of the older protocol, and whose fault it is.
pub(crate) fn query_error(error: &WireError) -> String {
    let fault = if error.status < 500 { "Sender" } else { "Receiver" };
    let code = match error.code.as_str() {
        "QueueDoesNotExist" => "AWS.SimpleQueueService.NonExistentQueue",
        "QueueNameExists" => "QueueAlreadyExists",
        "BatchEntryIdsNotDistinct"
        | "BatchRequestTooLong"
        | "EmptyBatchRequest"
        | "InvalidBatchEntryId"
        | "MessageNotInflight"
        | "PurgeQueueInProgress"
        | "TooManyEntriesInBatchRequest"
        | "UnsupportedOperation" => {
            return format!("AWS.SimpleQueueService.{};{fault}", error.code);
        }
        same => same,
    };
    format!("{code};{fault}")
}
