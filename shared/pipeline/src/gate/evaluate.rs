//! From a condition and a scope to a verdict.

use cel::common::ast::{CallExpr, Expr, IdedExpr, LiteralValue, operators};
use cel::common::types::{CelBool, CelDouble, CelString};
use cel::{Context, ExecutionError, Value};

use super::read::{Found, Occurrence, Read, read, reads};
use super::{Condition, Ready, Scope, Verdict, ready, syntax};
use crate::report::Metric;

/// Wraps every sum and quotient: CEL follows IEEE 754, where a division by zero would be
/// infinitely good.
const FINITE: &str = "finite";
/// Stands for what was not reported; no function has this name, so calling it is an error.
const MISSING: &str = "missing";

pub(super) fn evaluate(condition: &Condition, scope: &Scope) -> Verdict {
    match judge(condition, scope) {
        Ok(note) => Verdict::Passed { note },
        Err(why) => Verdict::Failed { reason: why.told(condition) },
    }
}

/// Why a condition does not hold.
struct Failure {
    why: String,
    /// Whether the job owes what the condition reads.
    is_missing: bool,
}

impl Failure {
    /// With what to do about it, where that is known.
    fn told(self, condition: &Condition) -> String {
        let Self { why, is_missing } = self;
        let line = condition.line();
        match ready::of_condition(condition.as_str()) {
            Some(Ready { name, report, mend, .. }) => {
                let remedy = if is_missing { report } else { mend };
                format!("{name}: {line}: {why}; {remedy}")
            }
            None => format!("{line}: {why}"),
        }
    }
}

fn judge(condition: &Condition, scope: &Scope) -> Result<Option<String>, Failure> {
    let broken = |why| Failure { why, is_missing: false };
    let expression = syntax::compile(condition.as_str()).map_err(|error| broken(error.message))?;
    let compares = |part: &IdedExpr| reads(&part.expr).iter().any(|found| found.read.current);
    let (left_out, parts): (Vec<IdedExpr>, Vec<IdedExpr>) = conjuncts(expression)
        .into_iter()
        .partition(|part| scope.current.is_none() && compares(part));

    // What the job itself owes is demanded of the parts that pass for want of a release, too.
    let own = |found: &Occurrence| !found.read.current || scope.current.is_some();
    let all: Vec<Occurrence> =
        left_out.iter().chain(&parts).flat_map(|part| reads(&part.expr)).filter(own).collect();
    let faults = unusable(&all, scope);
    if !faults.is_empty() {
        let is_missing = all.iter().any(|found| found.read.find(scope).is_none());
        return Err(Failure { why: faults.join(", "), is_missing });
    }
    for part in &parts {
        match resolve(part, scope) {
            Ok(Value::Bool(true)) => {}
            Ok(Value::Bool(false)) => return Err(broken(values(&all, scope))),
            Ok(_) => {
                let why = format!("{}, which is not true or false", values(&all, scope));
                return Err(broken(why));
            }
            Err(ExecutionError::UndeclaredReference(name)) if name.as_str() == MISSING => {
                return Err(broken(values(&all, scope)));
            }
            Err(error) => return Err(broken(format!("{error} ({})", values(&all, scope)))),
        }
    }
    Ok((!left_out.is_empty())
        .then(|| format!("{}: there is no current release to compare with", condition.line())))
}

/// The parts that a chain of `&&` joins.
fn conjuncts(expression: IdedExpr) -> Vec<IdedExpr> {
    match expression.expr {
        Expr::Call(call) if call.func_name == operators::LOGICAL_AND => {
            call.args.into_iter().flat_map(conjuncts).collect()
        }
        _ => vec![expression],
    }
}

/// What makes the condition fail whatever the rest of it says.
fn unusable(all: &[Occurrence], scope: &Scope) -> Vec<String> {
    let asked_for = |read: &Read| all.iter().any(|other| other.presence && other.read == *read);
    let mut faults = Vec::new();
    for Occurrence { read, .. } in all.iter().filter(|found| !found.presence) {
        let fault = match read.find(scope) {
            None if !asked_for(read) => shown(read, scope),
            Some(Found::Metric(Metric::NaN | Metric::Infinity | Metric::NegativeInfinity)) => {
                shown(read, scope)
            }
            _ => continue,
        };
        if !faults.contains(&fault) {
            faults.push(fault);
        }
    }
    faults
}

/// The values that were read: "metrics.auc is 0.55, tests.failed is 0".
fn values(all: &[Occurrence], scope: &Scope) -> String {
    let mut values: Vec<String> = Vec::new();
    for found in all {
        let value = shown(&found.read, scope);
        if !values.contains(&value) {
            values.push(value);
        }
    }
    values.join(", ")
}

fn shown(read: &Read, scope: &Scope) -> String {
    let found = read.find(scope);
    let evidence = read.evidence(scope, found.is_some());
    let evidence = evidence.map(|words| format!(" ({words})")).unwrap_or_default();
    match found {
        Some(found) => format!("{read} is {found}{evidence}"),
        None => format!("{}{evidence}", read.absence()),
    }
}

/// Whether the condition has a value although everything that it reads is missing.
pub(super) fn is_constant(condition: &IdedExpr, nothing: &Scope) -> bool {
    run(&substitute(&condition.expr, nothing, true)).is_ok()
}

fn resolve(part: &IdedExpr, scope: &Scope) -> Result<Value, ExecutionError> {
    run(&substitute(&part.expr, scope, false))
}

fn run(expression: &Expr) -> Result<Value, ExecutionError> {
    let mut context = Context::default();
    context
        .add_function(FINITE, finite)
        .map_err(|error| ExecutionError::function_error(FINITE, error))?;
    Value::resolve(&ided(expression.clone()), &context)
}

fn finite(number: f64) -> Result<f64, ExecutionError> {
    if number.is_finite() {
        return Ok(number);
    }
    Err(ExecutionError::function_error(
        "arithmetic",
        format!("the result is {}", Metric::of(number)),
    ))
}

/// `expr` with the values of `scope` in the place of names, and doubles in the place of whole
/// numbers. With `unknown`, questions of presence have no answer either.
fn substitute(expr: &Expr, scope: &Scope, unknown: bool) -> Expr {
    if let Some(Ok(Occurrence { read, presence })) = read(expr) {
        return match (read.find(scope), presence && !unknown) {
            (found, true) => literal(LiteralValue::Boolean(CelBool::from(found.is_some()))),
            (Some(Found::Metric(metric)), false) => value(metric),
            (Some(Found::Text(text)), false) => {
                literal(LiteralValue::String(CelString::from(text)))
            }
            (None, false) => call(MISSING, Vec::new()),
        };
    }
    match expr {
        #[expect(clippy::cast_precision_loss, reason = "all numbers are doubles before evaluation")]
        Expr::Literal(LiteralValue::Int(number)) => double(*number.inner() as f64),
        #[expect(clippy::cast_precision_loss, reason = "all numbers are doubles before evaluation")]
        Expr::Literal(LiteralValue::UInt(number)) => double(*number.inner() as f64),
        Expr::Call(of) => {
            let inside = |arg: &IdedExpr| ided(substitute(&arg.expr, scope, unknown));
            let replaced = Expr::Call(CallExpr {
                func_name: of.func_name.clone(),
                target: of.target.as_deref().map(|target| Box::new(inside(target))),
                args: of.args.iter().map(inside).collect(),
            });
            match of.func_name.as_str() {
                operators::ADD | operators::SUBSTRACT | operators::MULTIPLY | operators::DIVIDE => {
                    call(FINITE, vec![ided(replaced)])
                }
                _ => replaced,
            }
        }
        Expr::List(list) => {
            let mut list = list.clone();
            for element in &mut list.elements {
                element.expr = substitute(&element.expr, scope, unknown);
            }
            Expr::List(list)
        }
        other => other.clone(),
    }
}

fn value(metric: Metric) -> Expr {
    match metric {
        Metric::Number(number) => double(number),
        Metric::Flag(flag) => literal(LiteralValue::Boolean(CelBool::from(flag))),
        Metric::NaN => double(f64::NAN),
        Metric::Infinity => double(f64::INFINITY),
        Metric::NegativeInfinity => double(f64::NEG_INFINITY),
    }
}

fn double(number: f64) -> Expr {
    literal(LiteralValue::Double(CelDouble::from(number)))
}

fn literal(value: LiteralValue) -> Expr {
    Expr::Literal(value)
}

fn call(name: &str, args: Vec<IdedExpr>) -> Expr {
    Expr::Call(CallExpr { func_name: name.to_owned(), target: None, args })
}

/// Ids only lead errors back to the source, which these expressions no longer have.
fn ided(expr: Expr) -> IdedExpr {
    IdedExpr { id: 0, expr }
}
