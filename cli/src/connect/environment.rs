//! A deployment on AWS, named by environment variables.

use signalbox_cloud::config::{Account, Buckets, ConfigFault, from_env};

use crate::exit::Exit;

#[cfg(test)]
mod tests;

/// The account and the buckets that `lookup` names.
pub(super) fn deployment(
    lookup: impl Fn(&str) -> Option<String>,
) -> anyhow::Result<(Account, Buckets)> {
    let either = |name: &str| match (name, lookup(name)) {
        ("AWS_REGION", None) => lookup("AWS_DEFAULT_REGION"),
        (_, found) => found,
    };
    from_env::<(Account, Buckets)>(either).map_err(|faults| {
        let named = lookup("SIGNALBOX_STATE_BUCKET").is_some();
        Exit::Unreachable.because(advice(&faults.0, named))
    })
}

fn advice(faults: &[ConfigFault], named: bool) -> String {
    let faults = faults.iter().map(|ConfigFault { name, problem }| format!("\n  {name} {problem}"));
    let faults: String = faults.collect();
    if named {
        return format!(
            "the environment does not say all that is needed to reach the deployment:{faults}\n\
             The buckets are outputs of the stack; keys are put into the environment by\n  \
             eval \"$(aws configure export-credentials --format env)\""
        );
    }
    format!(
        "nothing says where the state lies. Either name the folder of a local engine:\n  \
         --dir DIR   (one is started by `signalbox local --dir DIR`)\n\
         or set what leads to a deployment on AWS:{faults}\n\
         The buckets are outputs of the stack; keys are put into the environment by\n  \
         eval \"$(aws configure export-credentials --format env)\""
    )
}
