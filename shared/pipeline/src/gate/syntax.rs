//! From text to an expression, within bounds.

use cel::common::ast::{EntryExpr, Expr, IdedExpr};
use cel::parser::PrattParser;

use super::{ConditionError, LONGEST};

/// How deep brackets may lie in each other, and expressions in expressions.
const DEEPEST: usize = 32;

/// The expression in `text`.
pub(super) fn compile(text: &str) -> Result<IdedExpr, ConditionError> {
    let length = text.chars().count();
    if length > LONGEST {
        let message = format!("the condition has {length} characters, at most {LONGEST} are read");
        return Err(ConditionError::new(message).help("split it into several conditions"));
    }
    // Before parsing, which recurses.
    if brackets(text) > DEEPEST {
        return Err(too_deep());
    }
    let expression = PrattParser::new().parse(text).map_err(|errors| {
        let first = errors.errors.first();
        let message = first.map_or("it is not CEL", |error| error.msg.as_str());
        ConditionError {
            offset: first.and_then(|error| offset(text, error.pos)),
            ..ConditionError::new(format!("the condition does not parse: {}", plain(message)))
        }
    })?;
    if depth(&expression.expr, 0) > DEEPEST { Err(too_deep()) } else { Ok(expression) }
}

fn too_deep() -> ConditionError {
    ConditionError::new("the condition is nested too deeply")
        .help("split it into several conditions")
}

/// The parser's words without its list of everything that could have been.
fn plain(message: &str) -> String {
    let message = message.strip_prefix("Syntax error: ").unwrap_or(message);
    let message = message.split(" expecting ").next().unwrap_or(message);
    let found = message
        .strip_prefix("mismatched input ")
        .or_else(|| message.strip_prefix("extraneous input "));
    match found.map(|token| token.trim_matches('\'')) {
        Some("<EOF>") => "it ends too early".to_owned(),
        Some(token) => format!("unexpected `{token}`"),
        None => message.to_owned(),
    }
}

/// The character at the parser's line and column; known for one line of ASCII only.
fn offset(text: &str, (line, column): (isize, isize)) -> Option<u32> {
    let column = u32::try_from(column).ok()?.checked_sub(1)?;
    let within = text.is_ascii() && !text.contains('\n') && column as usize <= text.len();
    (line == 1 && within).then_some(column)
}

/// How many brackets are open at once, at most; those in texts count too.
fn brackets(text: &str) -> usize {
    let (mut open, mut most) = (0_usize, 0);
    for c in text.chars() {
        match c {
            '(' | '[' | '{' => open += 1,
            ')' | ']' | '}' => open = open.saturating_sub(1),
            _ => {}
        }
        most = most.max(open);
    }
    most
}

/// How deep `expr` is; not searched beyond the bound.
fn depth(expr: &Expr, above: usize) -> usize {
    if above > DEEPEST {
        return above;
    }
    children(expr).into_iter().map(|child| depth(child, above + 1)).max().unwrap_or(above)
}

/// The expressions right below `expr`.
pub(super) fn children(expr: &Expr) -> Vec<&Expr> {
    match expr {
        Expr::Call(call) => {
            call.target.iter().map(AsRef::as_ref).chain(&call.args).map(|arg| &arg.expr).collect()
        }
        Expr::Select(select) => vec![&select.operand.expr],
        Expr::List(list) => list.elements.iter().map(|element| &element.expr).collect(),
        Expr::Map(map) => entries(&map.entries.iter().map(|e| &e.expr).collect::<Vec<_>>()),
        Expr::Struct(of) => entries(&of.entries.iter().map(|e| &e.expr).collect::<Vec<_>>()),
        Expr::Comprehension(of) => {
            [&of.iter_range, &of.accu_init, &of.loop_cond, &of.loop_step, &of.result]
                .map(|part| &part.expr)
                .to_vec()
        }
        Expr::Ident(_) | Expr::Literal(_) | Expr::Unspecified => Vec::new(),
    }
}

fn entries<'e>(entries: &[&'e EntryExpr]) -> Vec<&'e Expr> {
    entries
        .iter()
        .flat_map(|entry| match entry {
            EntryExpr::StructField(field) => vec![&field.value.expr],
            EntryExpr::MapEntry(entry) => vec![&entry.key.expr, &entry.value.expr],
        })
        .collect()
}
