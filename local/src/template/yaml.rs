//! YAML with places: the template as a tree in which every node knows its line and column.

use std::fmt;

use saphyr::{MarkedYaml, Marker, ScalarStyle, YamlData, YamlLoader};
use saphyr_parser::Parser;

use super::Fault;

/// A line and a column, both counted from 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The line.
    pub line: usize,
    /// The column.
    pub column: usize,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

impl From<Marker> for Place {
    fn from(marker: Marker) -> Self {
        Self { line: marker.line(), column: marker.col() + 1 }
    }
}

/// One node of the template and where it stands.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) place: Place,
    pub(super) value: Value,
}

/// What a node holds.
#[derive(Clone, Debug)]
pub(super) enum Value {
    Null,
    /// A scalar as written; `plain` when it stands without quotes, so that it may mean a number.
    Text {
        text: String,
        plain: bool,
    },
    List(Vec<Node>),
    Map(Vec<Entry>),
}

/// One key of a map with its value.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) key: String,
    pub(super) place: Place,
    pub(super) value: Node,
}

/// Reads one document. Short intrinsics (`!Ref x`) come out in their long form (`{Ref: x}`).
pub(super) fn load(text: &str) -> Result<Node, Fault> {
    let mut loader = YamlLoader::<MarkedYaml<'_>>::default();
    // Unparsed, because parsing a scalar loses its tag, and `!Ref` is one.
    loader.early_parse(false);
    Parser::new_from_str(text)
        .load(&mut loader, true)
        .map_err(|error| Fault::new((*error.marker()).into(), error.info()))?;
    if let Some(error) = loader.error() {
        return Err(Fault::new((*error.marker()).into(), error.info()));
    }
    match loader.into_documents().as_slice() {
        [document] => node(document),
        documents => Err(Fault::new(
            Place { line: 1, column: 1 },
            format!("the template must be one YAML document, and there are {}", documents.len()),
        )),
    }
}

fn node(yaml: &MarkedYaml<'_>) -> Result<Node, Fault> {
    let place = Place::from(yaml.span.start);
    let value = match &yaml.data {
        YamlData::Representation(text, style, tag) => {
            let plain = *style == ScalarStyle::Plain;
            let inner = match text.as_ref() {
                "" | "~" | "null" if plain && tag.is_none() => Value::Null,
                text => Value::Text { text: text.to_owned(), plain },
            };
            match tag {
                Some(tag) if !tag.is_yaml_core_schema() => {
                    intrinsic(&tag.suffix, Node { place, value: inner })
                }
                _ => inner,
            }
        }
        YamlData::Tagged(tag, inner) => {
            // The tagged copy keeps the data; the span belongs to the whole.
            let mut inner = node(inner)?;
            inner.place = place;
            intrinsic(&tag.suffix, inner)
        }
        YamlData::Sequence(items) => Value::List(items.iter().map(node).collect::<Result<_, _>>()?),
        YamlData::Mapping(entries) => {
            Value::Map(entries.iter().map(entry).collect::<Result<_, _>>()?)
        }
        YamlData::BadValue => Value::Null,
        YamlData::Value(_) | YamlData::Alias(_) => {
            return Err(Fault::new(place, "a value that the reader does not know"));
        }
    };
    Ok(Node { place, value })
}

fn entry((key, value): (&MarkedYaml<'_>, &MarkedYaml<'_>)) -> Result<Entry, Fault> {
    let place = Place::from(key.span.start);
    match &key.data {
        YamlData::Representation(text, ..) => {
            let mut value = node(value)?;
            if text == "Fn::GetAtt" {
                value = attribute(value);
            }
            Ok(Entry { key: text.clone().into_owned(), place, value })
        }
        _ => Err(Fault::new(place, "a key must be plain text")),
    }
}

/// `!Sub x` is `{Fn::Sub: x}`.
fn intrinsic(name: &str, argument: Node) -> Value {
    let place = argument.place;
    let (key, value) = match name {
        "Ref" | "Condition" => (name.to_owned(), argument),
        "GetAtt" => ("Fn::GetAtt".to_owned(), attribute(argument)),
        other => (format!("Fn::{other}"), argument),
    };
    Value::Map(vec![Entry { key, place, value }])
}

/// `a.b` is `[a, b]`: the argument of `GetAtt`, cut at the first dot, as CloudFormation does.
fn attribute(argument: Node) -> Node {
    let place = argument.place;
    match argument.as_text().and_then(|text| text.split_once('.')) {
        Some((resource, attribute)) => {
            let pair = vec![Node::text(place, resource), Node::text(place, attribute)];
            Node { place, value: Value::List(pair) }
        }
        None => argument,
    }
}

impl Node {
    /// A quoted text.
    pub(super) fn text(place: Place, text: impl Into<String>) -> Self {
        Self { place, value: Value::Text { text: text.into(), plain: false } }
    }

    /// The scalar as written.
    pub(super) fn as_text(&self) -> Option<&str> {
        match &self.value {
            Value::Text { text, .. } => Some(text),
            _ => None,
        }
    }

    /// The entries of a map; none for anything else.
    pub(super) fn entries(&self) -> &[Entry] {
        match &self.value {
            Value::Map(entries) => entries,
            _ => &[],
        }
    }

    /// The items of a list; none for anything else.
    pub(super) fn items(&self) -> &[Node] {
        match &self.value {
            Value::List(items) => items,
            _ => &[],
        }
    }

    /// The value under `key` of a map.
    pub(super) fn get(&self, key: &str) -> Option<&Node> {
        self.entries().iter().find(|entry| entry.key == key).map(|entry| &entry.value)
    }

    /// The node that a path of keys leads to, or the last one that exists on the way.
    pub(super) fn nearest(&self, path: &[String]) -> &Node {
        match path.split_first().and_then(|(key, rest)| Some((self.get(key)?, rest))) {
            Some((node, rest)) => node.nearest(rest),
            None => self,
        }
    }

    /// The name and the argument, where this node is an intrinsic function.
    pub(super) fn intrinsic(&self) -> Option<(&str, &Node)> {
        match self.entries() {
            [entry] if entry.key == "Ref" || entry.key.starts_with("Fn::") => {
                Some((&entry.key, &entry.value))
            }
            _ => None,
        }
    }

    /// As JSON: a plain scalar that reads as a number or a boolean becomes one.
    pub(super) fn to_json(&self) -> serde_json::Value {
        use serde_json::Value as Json;
        match &self.value {
            Value::Null => Json::Null,
            Value::Text { text, plain: true } => match text.as_str() {
                "true" => Json::Bool(true),
                "false" => Json::Bool(false),
                text => match text.parse::<serde_json::Number>() {
                    // An account id such as 012… is text: JSON knows no leading zero, nor does `parse`.
                    Ok(number) => Json::Number(number),
                    Err(_) => Json::String(text.to_owned()),
                },
            },
            Value::Text { text, plain: false } => Json::String(text.clone()),
            Value::List(items) => Json::Array(items.iter().map(Node::to_json).collect()),
            Value::Map(entries) => Json::Object(
                entries.iter().map(|entry| (entry.key.clone(), entry.value.to_json())).collect(),
            ),
        }
    }
}
