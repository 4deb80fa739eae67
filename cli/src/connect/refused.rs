//! What S3 refuses, in the words of somebody at a terminal.

use signalbox_cloud::clients::Trouble;
use signalbox_cloud::store::StoreError;

use crate::exit::Exit;

/// An error that ends the command: `what` was tried and came to `trouble`.
pub(crate) fn troubled(what: &str, trouble: &Trouble) -> anyhow::Error {
    let (exit, mend) = match trouble {
        Trouble::Refused { status: 401 | 403, .. } => {
            (Exit::Unreachable, "; look at the keys in the environment and at what they allow")
        }
        Trouble::Refused { code, .. } if code == "NoSuchBucket" => {
            (Exit::Unreachable, "; the buckets' names are outputs of the stack")
        }
        Trouble::Unclear(_) | Trouble::Unsent(_) => {
            (Exit::Unreachable, "; look at AWS_REGION, AWS_ENDPOINT_URL and the network")
        }
        Trouble::Throttled(_) => (Exit::Unreachable, "; try again in a minute"),
        Trouble::Refused { .. } => (Exit::Errored, ""),
    };
    let trouble = trouble.to_string();
    exit.because(format!("{what}: {}{mend}", plainly(&trouble)))
}

/// What went wrong, without the SDK's own account of its inside that follows in parentheses.
fn plainly(trouble: &str) -> &str {
    let inside =
        [" (DispatchFailure(", " (TimeoutError(", " (ResponseError(", " (ConstructionFailure("];
    let end = inside.iter().filter_map(|word| trouble.find(word)).min();
    trouble[..end.unwrap_or(trouble.len())].trim_end_matches('.')
}

/// An error that ends the command: a document could not be read or written.
pub(crate) fn refused(error: StoreError) -> anyhow::Error {
    match error {
        StoreError::Storage { what, source } => troubled(&what, &source),
        other => Exit::Errored.because(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_that_does_not_answer_is_told_in_one_short_line() {
        let words = "dispatch failure: tcp connect error (DispatchFailure(DispatchFailure { .. }))";
        let error = troubled("listing s3://state/", &Trouble::Unclear(words.to_owned()));
        assert_eq!(
            error.to_string(),
            "listing s3://state/: no clear answer: dispatch failure: tcp connect error; look at \
             AWS_REGION, AWS_ENDPOINT_URL and the network"
        );
    }

    #[test]
    fn a_bucket_that_is_not_there_says_where_its_name_comes_from() {
        let refused = Trouble::Refused {
            status: 404,
            code: "NoSuchBucket".to_owned(),
            message: "It does not exist.".to_owned(),
        };
        let error = troubled("reading s3://stat/x", &refused).to_string();
        assert!(error.ends_with("exist; the buckets' names are outputs of the stack"), "{error}");
    }
}
