//! Reads the CloudFormation (SAM) template that is deployed to AWS.
//!
//! Strict: a reference to something that is not there, or a property that the engine would have to
//! carry out and cannot, is a fault with its line and column. Faults of one kind are told at once.

use std::collections::BTreeMap;
use std::path::Path;

mod fault;
mod fields;
mod function;
mod physical;
mod read;
mod references;
mod resolve;
mod scope;
mod shape;
mod stack;
#[cfg(test)]
mod tests;
mod yaml;

use fault::Faults;
pub use fault::{Fault, TemplateError};
pub use physical::{function_arn, job_queue_arn, queue_arn, role_id};
use read::CARRIED_OUT;
use scope::Scope;
pub use stack::{
    Bucket, Function, JobQueue, Queue, QueueSource, Redrive, Repository, Rule, Schedule, Stack,
};
pub use yaml::Place;
use yaml::{Node, Value};

/// What a template does not know by itself.
#[derive(Clone, Debug)]
pub struct Context {
    /// Values for the template's parameters; the defaults stand for the others.
    pub parameters: BTreeMap<String, String>,
    /// The stack's name.
    pub stack_name: String,
    /// Where the services answer, such as `http://127.0.0.1:4566`: queue URLs begin with it.
    pub endpoint: String,
}

/// Reads the template at `path`.
///
/// # Errors
/// When the file cannot be read, or with every fault that it has.
pub fn read(path: &Path, context: &Context) -> anyhow::Result<Stack> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| anyhow::anyhow!("cannot read the template {}: {error}", path.display()))?;
    let file = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
    Ok(parse(&file, &text, context)?)
}

/// Reads a template from its text; `file` is the name that faults are told with.
///
/// # Errors
/// With every fault that the text has.
pub fn parse(file: &str, text: &str, context: &Context) -> Result<Stack, TemplateError> {
    let fail = |faults| TemplateError::new(file, faults);
    let root = yaml::load(text).map_err(|fault| fail(vec![fault]))?;
    let scope = Scope::new(&root, context).map_err(fail)?;
    let mut faults = Faults::default();
    scope.check_shape(&mut faults);
    scope.check_references(&mut faults);
    if !faults.0.is_empty() {
        // What follows from a name that nothing has would only drown it.
        return Err(fail(faults.0));
    }
    let mut stack = Stack::default();
    scope.read(&mut stack, &mut faults);
    for entry in root.get("Outputs").map_or(&[][..], Node::entries) {
        if let Some(value) = faults.keep(output(&scope, &entry.value)).flatten() {
            stack.outputs.insert(entry.key.clone(), value);
        }
    }
    for (name, value) in &scope.parameters {
        let text = match &value.value {
            Value::List(items) => {
                items.iter().filter_map(Node::as_text).collect::<Vec<_>>().join(",")
            }
            _ => value.as_text().unwrap_or_default().to_owned(),
        };
        stack.parameters.insert(name.clone(), text);
    }
    if faults.0.is_empty() { Ok(stack) } else { Err(fail(faults.0)) }
}

/// The value of an output; nothing where its condition does not hold.
fn output(scope: &Scope<'_>, node: &Node) -> Result<Option<String>, Fault> {
    if let Some(condition) = node.get("Condition")
        && !scope.condition(condition)?
    {
        return Ok(None);
    }
    match node.get("Value") {
        Some(value) => scope.text(value).map(Some),
        None => Err(Fault::new(node.place, "an output needs a `Value`")),
    }
}
