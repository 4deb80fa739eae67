//! What a condition reads: `metrics.auc`, `current.tests.failed`, `image.digest`.

use std::fmt;

use cel::common::ast::{Expr, LiteralValue, operators};

use super::{ConditionError, Scope};
use crate::report::{LONGEST_EVIDENCE, Metric, Tests};
use crate::yaml::nearest;

/// The roots that a condition may read.
pub(super) const ROOTS: [&str; 4] = ["metrics", "tests", "current", "image"];
const COUNTS: [&str; 5] = ["total", "passed", "failed", "errored", "skipped"];

/// One value of a [`Scope`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Read {
    /// Whether it is one of the current release.
    pub(super) current: bool,
    pub(super) value: ReadValue,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum ReadValue {
    Metric(String),
    Count(&'static str),
    ImageDigest,
    ImageBytes,
}

/// What was found where a condition reads.
pub(super) enum Found {
    Metric(Metric),
    Text(String),
}

/// A read as it stands in an expression.
pub(super) struct Occurrence {
    pub(super) read: Read,
    /// Whether only its presence is asked for, with `has(…)`.
    pub(super) presence: bool,
}

impl Read {
    /// The value that is read in `scope`.
    pub(super) fn find(&self, scope: &Scope) -> Option<Found> {
        let (metrics, tests) = match (&scope.current, self.current) {
            (Some(current), true) => (&current.metrics, current.tests),
            (None, true) => return None,
            (_, false) => (&scope.metrics, scope.tests),
        };
        match &self.value {
            ReadValue::Metric(name) => metrics.get(name).copied().map(Found::Metric),
            ReadValue::Count(name) => tests.map(|tests| counted(tests, name)),
            ReadValue::ImageDigest => {
                scope.image.as_ref().map(|image| Found::Text(image.digest.to_string()))
            }
            ReadValue::ImageBytes => scope.image.as_ref()?.bytes.map(whole),
        }
    }

    /// What is behind the value; where there is none, why, as it is kept by the first part of the name.
    pub(super) fn evidence(&self, scope: &Scope, is_there: bool) -> Option<String> {
        let ReadValue::Metric(name) = &self.value else { return None };
        let key = if is_there { Some(name.as_str()) } else { name.split('.').next() };
        let words = scope.evidence.get(key?).filter(|_| !self.current)?;
        // A job may have written anything there.
        Some(words.chars().take(LONGEST_EVIDENCE).collect())
    }

    /// Why nothing was found.
    pub(super) fn absence(&self) -> String {
        match self.value {
            ReadValue::Metric(_) => format!("{self} was not reported"),
            ReadValue::Count(_) => format!("{self} was not reported: there were no test results"),
            ReadValue::ImageDigest | ReadValue::ImageBytes => format!("{self} is not known"),
        }
    }
}

fn counted(tests: Tests, name: &str) -> Found {
    whole(match name {
        "passed" => tests.passed,
        "failed" => tests.failed,
        "errored" => tests.errored,
        "skipped" => tests.skipped,
        _ => tests.total,
    })
}

#[expect(clippy::cast_precision_loss, reason = "all numbers are doubles before evaluation")]
fn whole(number: u64) -> Found {
    Found::Metric(Metric::Number(number as f64))
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Metric(metric) => metric.fmt(f),
            Self::Text(text) => f.write_str(text),
        }
    }
}

impl fmt::Display for Read {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.current {
            f.write_str("current.")?;
        }
        match &self.value {
            ReadValue::Metric(name) if is_dotted(name) => write!(f, "metrics.{name}"),
            ReadValue::Metric(name) => write!(f, "metrics[{name:?}]"),
            ReadValue::Count(name) => write!(f, "tests.{name}"),
            ReadValue::ImageDigest => f.write_str("image.digest"),
            ReadValue::ImageBytes => f.write_str("image.bytes"),
        }
    }
}

fn is_dotted(name: &str) -> bool {
    name.split('.').all(|part| {
        part.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && part.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    })
}

/// The read that `expr` is, or why it cannot be one; nothing where it is something else.
pub(super) fn read(expr: &Expr) -> Option<Result<Occurrence, ConditionError>> {
    let presence = matches!(expr, Expr::Select(select) if select.test);
    let mut names = Vec::new();
    let mut inner = expr;
    let root = loop {
        inner = match inner {
            Expr::Ident(root) => break root,
            Expr::Select(select) => {
                names.push(select.field.as_str());
                &select.operand.expr
            }
            Expr::Call(call) if call.func_name == operators::INDEX => match &call.args[..] {
                [operand, index] => {
                    let Expr::Literal(LiteralValue::String(name)) = &index.expr else {
                        return Some(Err(ConditionError::new("only a text can stand in [ ]")));
                    };
                    names.push(name.inner());
                    &operand.expr
                }
                _ => return None,
            },
            _ => return None,
        };
    };
    names.reverse();
    Some(resolve(root, &names).map(|read| Occurrence { read, presence }))
}

fn resolve(root: &str, names: &[&str]) -> Result<Read, ConditionError> {
    match (root, names) {
        ("current", ["metrics", rest @ ..]) if !rest.is_empty() => {
            Ok(Read { current: true, value: ReadValue::Metric(rest.join(".")) })
        }
        ("current", ["tests", count]) => Ok(Read { current: true, value: count_of(count)? }),
        ("metrics", rest) if !rest.is_empty() => {
            Ok(Read { current: false, value: ReadValue::Metric(rest.join(".")) })
        }
        ("tests", [count]) => Ok(Read { current: false, value: count_of(count)? }),
        ("image", ["digest"]) => Ok(Read { current: false, value: ReadValue::ImageDigest }),
        ("image", ["bytes"]) => Ok(Read { current: false, value: ReadValue::ImageBytes }),
        _ => Err(unknown(root, names)),
    }
}

fn count_of(name: &str) -> Result<ReadValue, ConditionError> {
    match COUNTS.into_iter().find(|count| *count == name) {
        Some(count) => Ok(ReadValue::Count(count)),
        None => {
            let help = match nearest(name, COUNTS) {
                Some(meant) => format!("did you mean `{meant}`?"),
                None => format!("there are: {}", COUNTS.join(", ")),
            };
            Err(ConditionError::new(format!("`tests` has no `{name}`")).help(help))
        }
    }
}

fn unknown(root: &str, names: &[&str]) -> ConditionError {
    if !ROOTS.contains(&root) {
        let help = match nearest(root, ROOTS) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => "a condition can read metrics, tests, current and image".to_owned(),
        };
        return ConditionError::new(format!("`{root}` is not known in a condition")).help(help);
    }
    let written = std::iter::once(root).chain(names.iter().copied()).collect::<Vec<_>>().join(".");
    let help = match root {
        "metrics" => "name one, such as metrics.auc, or ask has(metrics.auc)",
        "tests" => "name one count, such as tests.failed",
        "current" => "write current.metrics.… or current.tests.…",
        _ => "write image.digest or image.bytes",
    };
    ConditionError::new(format!("`{written}` is not a value")).help(help)
}

/// Every read in `expr`, in the order in which they stand there.
pub(super) fn reads(expr: &Expr) -> Vec<Occurrence> {
    match read(expr) {
        Some(Ok(occurrence)) => vec![occurrence],
        Some(Err(_)) => Vec::new(),
        None => super::syntax::children(expr).into_iter().flat_map(reads).collect(),
    }
}
