//! What can be said of a condition before there are any values.

use cel::common::ast::{CallExpr, Expr, IdedExpr, LiteralValue, operators};

use super::evaluate::is_constant;
use super::read::{ReadValue, read};
use super::{ConditionError, Scope};
use crate::gate::read::reads;

/// The kinds of values in conditions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Number,
    Truth,
    Text,
    /// A metric: a number or true or false, as the job will have it.
    Metric,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Number => "a number",
            Self::Truth => "true or false",
            Self::Text => "a text",
            Self::Metric => "a metric",
        }
    }

    fn may_be(self, wanted: Self) -> bool {
        self == wanted || (self == Self::Metric && wanted != Self::Text)
    }

    /// Whether two values can be compared, or stand for each other.
    fn goes_with(self, other: Self) -> bool {
        self.may_be(other) || other.may_be(self)
    }
}

/// Checks that `condition` is true or false, and not always the same.
pub(super) fn check(condition: &IdedExpr) -> Result<(), ConditionError> {
    let kind = kind(&condition.expr)?;
    if !kind.may_be(Kind::Truth) {
        let message = format!("the condition is {}, not true or false", kind.name());
        return Err(ConditionError::new(message).help("compare it, as in metrics.auc > 0.6"));
    }
    if reads(&condition.expr).is_empty() || is_constant(condition, &Scope::default()) {
        return Err(ConditionError::new("the condition is constant")
            .help("let it depend on metrics, tests, current or image"));
    }
    Ok(())
}

fn kind(expr: &Expr) -> Result<Kind, ConditionError> {
    if let Some(occurrence) = read(expr) {
        let occurrence = occurrence?;
        return Ok(match occurrence.read.value {
            _ if occurrence.presence => Kind::Truth,
            ReadValue::Metric(_) => Kind::Metric,
            ReadValue::ImageDigest => Kind::Text,
            ReadValue::Count(_) | ReadValue::ImageBytes => Kind::Number,
        });
    }
    match expr {
        Expr::Literal(literal) => literal_kind(literal),
        Expr::Call(call) => call_kind(call),
        Expr::List(_) => Err(ConditionError::new("a list can only stand after `in`")),
        Expr::Comprehension(_) => Err(unsupported("macros such as all and exists")),
        Expr::Map(_) | Expr::Struct(_) => Err(unsupported("mappings")),
        Expr::Select(_) | Expr::Ident(_) | Expr::Unspecified => Err(unsupported("such names")),
    }
}

fn unsupported(what: &str) -> ConditionError {
    ConditionError::new(format!("{what} are not supported in conditions"))
}

fn literal_kind(literal: &LiteralValue) -> Result<Kind, ConditionError> {
    match literal {
        LiteralValue::Double(_) | LiteralValue::Int(_) | LiteralValue::UInt(_) => Ok(Kind::Number),
        LiteralValue::Boolean(_) => Ok(Kind::Truth),
        LiteralValue::String(_) => Ok(Kind::Text),
        LiteralValue::Null | LiteralValue::Bytes(_) => Err(unsupported("null and bytes")),
    }
}

fn call_kind(call: &CallExpr) -> Result<Kind, ConditionError> {
    let arguments: Vec<&Expr> =
        call.target.iter().map(AsRef::as_ref).chain(&call.args).map(|arg| &arg.expr).collect();
    match (call.func_name.as_str(), &arguments[..]) {
        (operators::LOGICAL_AND | operators::LOGICAL_OR, [_, _])
        | (operators::LOGICAL_NOT, [_]) => all(call, &arguments, Kind::Truth, Kind::Truth),
        (operators::EQUALS | operators::NOT_EQUALS, [a, b]) => {
            same(call, kind(a)?, kind(b)?).map(|_| Kind::Truth)
        }
        (
            operators::LESS
            | operators::LESS_EQUALS
            | operators::GREATER
            | operators::GREATER_EQUALS,
            [_, _],
        ) => all(call, &arguments, Kind::Number, Kind::Truth),
        (
            operators::ADD | operators::SUBSTRACT | operators::MULTIPLY | operators::DIVIDE,
            [_, _],
        )
        | (operators::NEGATE, [_]) => all(call, &arguments, Kind::Number, Kind::Number),
        (operators::MODULO, _) => {
            Err(ConditionError::new("`%` has no meaning here: every number is a double"))
        }
        (operators::CONDITIONAL, [when, yes, no]) => {
            let when = kind(when)?;
            wanted(call, when, Kind::Truth)?;
            same(call, kind(yes)?, kind(no)?)
        }
        (operators::IN, [value, Expr::List(list)]) => {
            let value = kind(value)?;
            for element in &list.elements {
                same(call, value, kind(&element.expr)?)?;
            }
            Ok(Kind::Truth)
        }
        (operators::IN, _) => Err(ConditionError::new("a list must stand after `in`")
            .help("ask has(metrics.auc) to learn whether a metric was reported")),
        ("startsWith" | "endsWith" | "contains", [_, _]) if call.target.is_some() => {
            all(call, &arguments, Kind::Text, Kind::Truth)
        }
        (name, _) => Err(ConditionError::new(format!("there is no function `{name}`"))),
    }
}

/// `result`, where every argument may be `kind_wanted`.
fn all(
    call: &CallExpr,
    arguments: &[&Expr],
    kind_wanted: Kind,
    result: Kind,
) -> Result<Kind, ConditionError> {
    for argument in arguments {
        wanted(call, kind(argument)?, kind_wanted)?;
    }
    Ok(result)
}

fn wanted(call: &CallExpr, found: Kind, wanted: Kind) -> Result<(), ConditionError> {
    if found.may_be(wanted) {
        return Ok(());
    }
    let sign = sign(call);
    let message = format!("`{sign}` wants {}, not {}", wanted.name(), found.name());
    Err(ConditionError::new(message))
}

fn same(call: &CallExpr, a: Kind, b: Kind) -> Result<Kind, ConditionError> {
    if a.goes_with(b) {
        return Ok(if a == Kind::Metric { b } else { a });
    }
    let message = format!("`{}` cannot take {} and {}", sign(call), a.name(), b.name());
    Err(ConditionError::new(message))
}

/// The operator as it is written.
fn sign(call: &CallExpr) -> String {
    match call.func_name.as_str() {
        operators::CONDITIONAL => "? :".to_owned(),
        name => name.trim_matches(['_', '@']).to_owned(),
    }
}
