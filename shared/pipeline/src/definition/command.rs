//! Commands: `run` and `setup`.

use crate::faults::Collector;
use crate::yaml::{Field, Node, Place, Value, list, text, text_list};

/// How many arguments a command may have.
const MOST_ARGUMENTS: usize = 128;
/// How many commands `setup` may have.
const MOST_COMMANDS: usize = 16;

/// What the commands of one job may take of the 30 KiB of a `SubmitJob` request, which also
/// carries the environment's variables and the rest of the order.
pub(super) struct Budget;

impl Budget {
    const RUN: usize = 8 * 1024;
    const SETUP: usize = 6 * 1024;

    pub(super) fn check(
        run: &[String],
        setup: &[Vec<String>],
        place: Place,
        faults: &mut Collector,
    ) {
        // As JSON inside of the request's JSON: `setup` travels in a variable.
        let run: usize = run.iter().map(|argument| escaped(argument) + 3).sum();
        let setup: usize = setup.iter().flatten().map(|argument| escaped(argument) + 6).sum();
        for (what, size, most) in [("run", run, Self::RUN), ("setup", setup, Self::SETUP)] {
            if size > most {
                let message = format!("`{what}` takes {size} bytes, at most {most} can be sent");
                let help = "put the commands into a script of the repository";
                faults.fault_with_help(place, message, help);
            }
        }
    }
}

/// The bytes of `text` in JSON, where quotes, backslashes and line ends take more than one.
fn escaped(text: &str) -> usize {
    text.chars()
        .map(|c| match c {
            '"' | '\\' | '\n' | '\t' => 4,
            c => c.len_utf8(),
        })
        .sum()
}

/// `run`: a text is a script of `sh`, a list is executed as it stands.
pub(super) fn command(field: Field<'_>, faults: &mut Collector) -> Option<Vec<String>> {
    match &field.node.value {
        Value::List(_) => text_list(field, MOST_ARGUMENTS, faults),
        _ => text(field, faults).map(script),
    }
}

/// `setup`: one command as `run` has it, or a list of lists, each a command as it stands.
pub(super) fn setup(field: Field<'_>, faults: &mut Collector) -> Option<Vec<Vec<String>>> {
    let Value::List(items) = &field.node.value else {
        return command(field, faults).map(|command| vec![command]);
    };
    if !items.iter().any(is_list) {
        return command(field, faults).map(|command| vec![command]);
    }
    let commands: Vec<Option<Vec<String>>> = list(field, MOST_COMMANDS, faults)?
        .iter()
        .map(|item| text_list(Field::item(field.key, item), MOST_ARGUMENTS, faults))
        .collect();
    commands.into_iter().collect()
}

fn is_list(node: &Node) -> bool {
    matches!(node.value, Value::List(_))
}

/// Nothing is ever put into the text: it is one argument.
fn script(text: String) -> Vec<String> {
    vec!["sh".to_owned(), "-ec".to_owned(), text]
}
