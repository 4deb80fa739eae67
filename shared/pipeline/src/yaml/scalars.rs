//! What a value means where a certain kind is expected.

use std::fmt::Display;
use std::ops::RangeInclusive;
use std::str::FromStr;

use super::fields::Field;
use super::node::{Entry, Node, Text, Value};
use crate::faults::Collector;

/// What an unquoted scalar means, by the core schema of YAML 1.2.
enum Meaning<'t> {
    Nothing,
    Boolean(bool),
    Number(&'t str),
    Text,
}

fn meaning(text: &Text) -> Meaning<'_> {
    if !text.plain {
        return Meaning::Text;
    }
    match text.text.as_str() {
        "" | "~" | "null" | "Null" | "NULL" => Meaning::Nothing,
        "true" | "True" | "TRUE" => Meaning::Boolean(true),
        "false" | "False" | "FALSE" => Meaning::Boolean(false),
        text if is_number(text) => Meaning::Number(text),
        _ => Meaning::Text,
    }
}

fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let based = digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0o"));
    if based.is_some_and(|rest| !rest.is_empty() && rest.chars().all(|c| c.is_ascii_hexdigit())) {
        return true;
    }
    let named = [".inf", ".Inf", ".INF", ".nan", ".NaN", ".NAN"].contains(&digits);
    named || (digits.contains(|c: char| c.is_ascii_digit()) && digits.parse::<f64>().is_ok())
}

/// The digits of a number that stands without quotes.
pub(crate) fn bare_number(node: &Node) -> Option<&str> {
    match &node.value {
        Value::Scalar(text) => match meaning(text) {
            Meaning::Number(number) => Some(number),
            _ => None,
        },
        _ => None,
    }
}

/// Whether a key stands there without a value.
pub(crate) fn is_nothing(node: &Node) -> bool {
    matches!(&node.value, Value::Scalar(text) if matches!(meaning(text), Meaning::Nothing))
}

/// A value in words, for "expected this, found that".
pub(crate) fn shown(node: &Node) -> String {
    match &node.value {
        Value::List(_) => "a list".to_owned(),
        Value::Mapping(_) => "a mapping".to_owned(),
        Value::Scalar(text) => match meaning(text) {
            Meaning::Nothing => "nothing".to_owned(),
            Meaning::Boolean(value) => value.to_string(),
            Meaning::Number(number) => format!("the number {}", short(number)),
            Meaning::Text => format!("{:?}", short(&text.text)),
        },
    }
}

fn short(text: &str) -> String {
    let mut short: String = text.chars().take(40).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}

fn expected(field: Field<'_>, what: &str, help: Option<String>, faults: &mut Collector) {
    field.fault(faults, &format!("must be {what}, found {}", shown(field.node)), help);
}

/// A text that says something.
pub(crate) fn text(field: Field<'_>, faults: &mut Collector) -> Option<String> {
    let Value::Scalar(scalar) = &field.node.value else {
        expected(field, "a text", None, faults);
        return None;
    };
    if matches!(meaning(scalar), Meaning::Boolean(_) | Meaning::Number(_)) {
        let help = format!("put it in quotes: \"{}\"", short(&scalar.text));
        expected(field, "a text", Some(help), faults);
        return None;
    }
    if matches!(meaning(scalar), Meaning::Nothing) || scalar.text.trim().is_empty() {
        field.fault(faults, "is empty", None);
        return None;
    }
    if scalar.text.contains(|c: char| c.is_control() && c != '\n' && c != '\t') {
        field.fault(faults, "holds a control character", None);
        return None;
    }
    Some(scalar.text.clone())
}

/// A text that parses as `T`.
pub(crate) fn named<T>(field: Field<'_>, faults: &mut Collector) -> Option<T>
where
    T: FromStr<Err: Display>,
{
    let name = text(field, faults)?;
    match name.parse() {
        Ok(name) => Some(name),
        Err(error) => {
            faults.fault(field.node.place, error.to_string());
            None
        }
    }
}

/// One of the words in `choices`.
pub(crate) fn choice(field: Field<'_>, choices: &[&str], faults: &mut Collector) -> Option<String> {
    let word = text(field, faults)?;
    if choices.contains(&word.as_str()) {
        return Some(word);
    }
    expected(field, &format!("one of {}", choices.join(", ")), None, faults);
    None
}

/// `true` or `false`.
pub(crate) fn boolean(field: Field<'_>, faults: &mut Collector) -> Option<bool> {
    if let Value::Scalar(text) = &field.node.value
        && let Meaning::Boolean(value) = meaning(text)
    {
        return Some(value);
    }
    expected(field, "true or false", None, faults);
    None
}

/// A finite number.
pub(crate) fn number(field: Field<'_>, faults: &mut Collector) -> Option<f64> {
    if let Value::Scalar(text) = &field.node.value
        && let Meaning::Number(number) = meaning(text)
        && let Ok(number) = number.parse::<f64>()
        && number.is_finite()
    {
        return Some(number);
    }
    expected(field, "a number", None, faults);
    None
}

/// A whole number in `range`.
pub(crate) fn whole_number(
    field: Field<'_>,
    range: RangeInclusive<u32>,
    faults: &mut Collector,
) -> Option<u32> {
    if let Value::Scalar(text) = &field.node.value
        && let Meaning::Number(number) = meaning(text)
        && let Ok(number) = number.parse::<u32>()
        && range.contains(&number)
    {
        return Some(number);
    }
    let what = format!("a whole number from {} to {}", range.start(), range.end());
    expected(field, &what, None, faults);
    None
}

/// A list of at most `most` values.
pub(crate) fn list<'n>(
    field: Field<'n>,
    most: usize,
    faults: &mut Collector,
) -> Option<&'n [Node]> {
    let Value::List(items) = &field.node.value else {
        expected(field, "a list", None, faults);
        return None;
    };
    within(field, items.len(), most, faults).then_some(items)
}

/// A list of texts that parse as `T`, not empty and none of them twice.
pub(crate) fn names<T>(field: Field<'_>, most: usize, faults: &mut Collector) -> Option<Vec<T>>
where
    T: FromStr<Err: Display> + PartialEq,
{
    let items = list(field, most, faults)?;
    if items.is_empty() {
        let help = format!("leave `{}` out where nothing is meant", field.key);
        field.fault(faults, "is empty", Some(help));
        return None;
    }
    let mut found = Vec::new();
    for item in items {
        match named::<T>(Field::item(field.key, item), faults) {
            Some(name) if found.contains(&name) => {
                faults.fault(item.place, format!("{} stands there twice", shown(item)));
            }
            name => found.extend(name),
        }
    }
    Some(found)
}

/// A mapping of at most `most` keys.
pub(crate) fn mapping<'n>(
    field: Field<'n>,
    most: usize,
    faults: &mut Collector,
) -> Option<&'n [Entry]> {
    let Value::Mapping(entries) = &field.node.value else {
        expected(field, "a mapping", None, faults);
        return None;
    };
    within(field, entries.len(), most, faults).then_some(entries)
}

fn within(field: Field<'_>, count: usize, most: usize, faults: &mut Collector) -> bool {
    if count > most {
        let message = format!("`{}` has {count} entries, at most {most} are allowed", field.key);
        faults.fault(field.place, message);
    }
    count <= most
}

/// A list of texts, not empty.
pub(crate) fn text_list(
    field: Field<'_>,
    most: usize,
    faults: &mut Collector,
) -> Option<Vec<String>> {
    let items = list(field, most, faults)?;
    if items.is_empty() {
        field.fault(faults, "is empty", None);
        return None;
    }
    let texts: Vec<Option<String>> =
        items.iter().map(|item| text(Field::item(field.key, item), faults)).collect();
    texts.into_iter().collect()
}
