//! Carries out the intrinsic functions: what is left is plain data with its places.

use std::borrow::Cow;

use super::Fault;
use super::scope::Scope;
use super::yaml::{Entry, Node, Place, Value};

impl Scope<'_> {
    /// The node without intrinsics; nothing where it is `AWS::NoValue`.
    pub(super) fn resolve(&self, node: &Node) -> Result<Option<Node>, Fault> {
        if let Some((name, argument)) = node.intrinsic() {
            return self.function(name, argument, node.place);
        }
        let value = match &node.value {
            Value::List(items) => {
                let mut resolved = Vec::with_capacity(items.len());
                for item in items {
                    resolved.extend(self.resolve(item)?);
                }
                Value::List(resolved)
            }
            Value::Map(entries) => {
                let mut resolved = Vec::with_capacity(entries.len());
                for entry in entries {
                    if let Some(value) = self.resolve(&entry.value)? {
                        resolved.push(Entry { key: entry.key.clone(), place: entry.place, value });
                    }
                }
                Value::Map(resolved)
            }
            other => other.clone(),
        };
        Ok(Some(Node { place: node.place, value }))
    }

    /// The node as one text.
    pub(super) fn text(&self, node: &Node) -> Result<String, Fault> {
        match self.resolve(node)?.as_ref().map(|node| &node.value) {
            Some(Value::Text { text, .. }) => Ok(text.clone()),
            Some(Value::Null) => Ok(String::new()),
            Some(Value::List(_)) => Err(Fault::new(node.place, "a text is needed, not a list")),
            Some(Value::Map(_)) => Err(Fault::new(node.place, "a text is needed, not a map")),
            None => Err(Fault::new(node.place, "a text is needed, not `AWS::NoValue`")),
        }
    }

    /// The node as a list of texts.
    fn texts(&self, node: &Node) -> Result<Vec<String>, Fault> {
        match self.resolve(node)? {
            Some(Node { value: Value::List(items), .. }) => {
                items.iter().map(|item| self.text(item)).collect()
            }
            _ => Err(Fault::new(node.place, "a list is needed")),
        }
    }

    fn function(&self, name: &str, argument: &Node, at: Place) -> Result<Option<Node>, Fault> {
        let text = match name {
            "Ref" => match argument.as_text() {
                Some("AWS::NoValue") => return Ok(None),
                Some("AWS::NotificationARNs") => {
                    return Ok(Some(Node { place: at, value: Value::List(Vec::new()) }));
                }
                Some(name) => match self.parameters.get(name) {
                    Some(value) => return Ok(Some(Node { place: at, ..value.clone() })),
                    None => self.reference(name, at)?,
                },
                None => return Err(Fault::new(at, "`Ref` takes one name")),
            },
            "Fn::GetAtt" => match argument.items() {
                [resource, attribute] => {
                    let resource = resource.as_text().unwrap_or_default();
                    self.attribute(resource, &self.text(attribute)?, at)?
                }
                _ => return Err(Fault::new(at, "`GetAtt` takes a resource and an attribute")),
            },
            "Fn::Sub" => self.sub(argument, at)?,
            "Fn::Join" => match argument.items() {
                [separator, list] => self.texts(list)?.join(&self.text(separator)?),
                _ => return Err(Fault::new(at, "`Join` takes a separator and a list")),
            },
            "Fn::Select" => match argument.items() {
                [index, list] => self.select(index, list, at)?,
                _ => return Err(Fault::new(at, "`Select` takes an index and a list")),
            },
            "Fn::Split" => match argument.items() {
                [separator, text] => {
                    let (separator, text) = (self.text(separator)?, self.text(text)?);
                    let items = text.split(&separator).map(|part| Node::text(at, part)).collect();
                    return Ok(Some(Node { place: at, value: Value::List(items) }));
                }
                _ => return Err(Fault::new(at, "`Split` takes a separator and a text")),
            },
            "Fn::If" => match argument.items() {
                [condition, yes, no] => {
                    let branch = if self.condition(condition)? { yes } else { no };
                    return self.resolve(branch);
                }
                _ => return Err(Fault::new(at, "`If` takes a condition and two values")),
            },
            "Fn::FindInMap" => return self.find_in_map(argument, at).map(Some),
            other => {
                let message = format!("the local engine cannot carry out `{other}`");
                return Err(Fault::new(at, message));
            }
        };
        Ok(Some(Node::text(at, text)))
    }

    fn select(&self, index: &Node, list: &Node, at: Place) -> Result<String, Fault> {
        let index = self.text(index)?;
        let list = self.texts(list)?;
        index.parse().ok().and_then(|index: usize| list.get(index).cloned()).ok_or_else(|| {
            let length = list.len();
            Fault::new(at, format!("`Select` asks for item {index} of a list of {length}"))
        })
    }

    fn find_in_map(&self, argument: &Node, at: Place) -> Result<Node, Fault> {
        let [map, first, second] = argument.items() else {
            return Err(Fault::new(at, "`FindInMap` takes a map and two keys"));
        };
        let (map, first, second) = (self.text(map)?, self.text(first)?, self.text(second)?);
        let found = self.root.get("Mappings").and_then(|maps| maps.get(&map));
        found
            .and_then(|map| map.get(&first)?.get(&second))
            .cloned()
            .ok_or_else(|| Fault::new(at, format!("`Mappings` has no `{map}.{first}.{second}`")))
    }

    fn sub(&self, argument: &Node, at: Place) -> Result<String, Fault> {
        let (template, own) = match argument.items() {
            [template, own] => (template, own.entries()),
            [] => (argument, &[][..]),
            _ => return Err(Fault::new(at, "`Sub` takes a text, or a text and a map")),
        };
        let template = template
            .as_text()
            .ok_or_else(|| Fault::new(at, "the text of `Sub` must be written out"))?;
        let mut out = String::new();
        for piece in pieces(template) {
            match piece {
                Piece::Text(text) => out.push_str(text),
                Piece::Literal(name) => out.extend(["${", name, "}"]),
                Piece::Name(name) => {
                    let value = match own.iter().find(|entry| entry.key == name) {
                        Some(entry) => self.text(&entry.value)?,
                        None => self.named(name, at)?,
                    };
                    out.push_str(&value);
                }
            }
        }
        Ok(out)
    }

    /// What `${name}` or `${name.attribute}` stands for.
    fn named(&self, name: &str, at: Place) -> Result<String, Fault> {
        match name.split_once('.') {
            Some((resource, attribute)) => self.attribute(resource, attribute, at),
            None => match self.parameters.get(name) {
                Some(value) => self.text(value),
                None => self.reference(name, at),
            },
        }
    }

    /// Whether a condition holds; `node` is its name or an expression.
    pub(super) fn condition(&self, node: &Node) -> Result<bool, Fault> {
        if let Some(name) = node.as_text() {
            let named = self.root.get("Conditions").and_then(|conditions| conditions.get(name));
            return match named {
                Some(expression) => self.condition(expression),
                None => Err(Fault::new(node.place, format!("there is no condition `{name}`"))),
            };
        }
        let [entry] = node.entries() else {
            return Err(Fault::new(node.place, "a condition is one function"));
        };
        let items = entry.value.items();
        match (entry.key.as_str(), items) {
            ("Condition", _) => self.condition(&entry.value),
            ("Fn::Equals", [left, right]) => Ok(self.text(left)? == self.text(right)?),
            ("Fn::Not", [one]) => Ok(!self.condition(one)?),
            ("Fn::And", items) => {
                items.iter().try_fold(true, |all, item| Ok(self.condition(item)? && all))
            }
            ("Fn::Or", items) => {
                items.iter().try_fold(false, |any, item| Ok(self.condition(item)? || any))
            }
            (other, _) => {
                let message = format!("the local engine cannot carry out the condition `{other}`");
                Err(Fault::new(node.place, message))
            }
        }
    }
}

/// A piece of the text of `Sub`.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Piece<'a> {
    /// Text as it stands.
    Text(&'a str),
    /// `${name}`.
    Name(&'a str),
    /// `${!name}`, which means `${name}` unresolved.
    Literal(&'a str),
}

/// Cuts the text of `Sub` at its variables.
pub(super) fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        let Some((name, after)) = after.split_once('}') else { break };
        if !before.is_empty() {
            pieces.push(Piece::Text(before));
        }
        pieces.push(match name.trim().strip_prefix('!') {
            Some(literal) => Piece::Literal(literal),
            None => Piece::Name(name.trim()),
        });
        rest = after;
    }
    if !rest.is_empty() {
        pieces.push(Piece::Text(rest));
    }
    pieces
}

/// A name made safe where AWS wants lower case, such as a bucket.
pub(super) fn lower(name: &str) -> Cow<'_, str> {
    if name.bytes().any(|byte| byte.is_ascii_uppercase()) {
        name.to_ascii_lowercase().into()
    } else {
        name.into()
    }
}
