//! What names mean: parameters, conditions, resources, pseudo parameters.

use std::cell::RefCell;
use std::collections::BTreeMap;

use super::yaml::{Node, Place, Value};
use super::{Context, Fault, Faults};
use crate::{ACCOUNT, REGION};

/// The template with everything that a reference may name.
pub(super) struct Scope<'t> {
    pub(super) root: &'t Node,
    pub(super) context: &'t Context,
    pub(super) parameters: BTreeMap<String, Node>,
    pub(super) resources: BTreeMap<&'t str, Resource<'t>>,
    /// The logical ids that are being resolved just now: a second visit is a circle.
    pub(super) visiting: RefCell<Vec<String>>,
}

/// One resource, unresolved.
#[derive(Clone, Copy)]
pub(super) struct Resource<'t> {
    pub(super) logical_id: &'t str,
    pub(super) kind: &'t str,
    pub(super) place: Place,
    pub(super) node: &'t Node,
}

impl<'t> Resource<'t> {
    /// A property, unresolved.
    pub(super) fn property(&self, key: &str) -> Option<&'t Node> {
        self.node.get("Properties").and_then(|properties| properties.get(key))
    }
}

impl<'t> Scope<'t> {
    pub(super) fn new(root: &'t Node, context: &'t Context) -> Result<Self, Vec<Fault>> {
        let mut faults = Faults::default();
        let parameters = parameters(root, context, &mut faults);
        let mut resources = BTreeMap::new();
        for entry in root.get("Resources").map_or(&[][..], Node::entries) {
            match entry.value.get("Type").and_then(Node::as_text) {
                Some(kind) => {
                    let (logical_id, place) = (entry.key.as_str(), entry.place);
                    let resource = Resource { logical_id, kind, place, node: &entry.value };
                    resources.insert(logical_id, resource);
                }
                None => {
                    let message = format!("resource `{}` has no `Type`", entry.key);
                    faults.0.push(Fault::new(entry.place, message));
                }
            }
        }
        if resources.is_empty() && faults.0.is_empty() {
            faults.0.push(Fault::new(root.place, "the template has no `Resources`"));
        }
        if !faults.0.is_empty() {
            return Err(faults.0);
        }
        Ok(Self { root, context, parameters, resources, visiting: RefCell::default() })
    }

    /// The resources that exist here: those whose condition holds.
    pub(super) fn present(&self) -> Result<Vec<Resource<'t>>, Fault> {
        let mut present = Vec::new();
        for resource in self.resources.values() {
            if self.exists(resource)? {
                present.push(*resource);
            }
        }
        present.sort_by_key(|resource| resource.place);
        Ok(present)
    }

    /// Whether a resource's condition holds.
    pub(super) fn exists(&self, resource: &Resource<'_>) -> Result<bool, Fault> {
        match resource.node.get("Condition") {
            Some(name) => self.condition(name),
            None => Ok(true),
        }
    }

    /// A pseudo parameter, such as `AWS::Region`.
    pub(super) fn pseudo(&self, name: &str) -> Option<String> {
        Some(match name {
            "AWS::Region" => REGION.to_owned(),
            "AWS::AccountId" => ACCOUNT.to_owned(),
            "AWS::Partition" => "aws".to_owned(),
            "AWS::URLSuffix" => "amazonaws.com".to_owned(),
            "AWS::StackName" => self.context.stack_name.clone(),
            "AWS::StackId" => {
                let stack = &self.context.stack_name;
                format!("arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/{stack}/local")
            }
            _ => return None,
        })
    }
}

fn parameters(root: &Node, context: &Context, faults: &mut Faults) -> BTreeMap<String, Node> {
    let mut parameters = BTreeMap::new();
    let entries = root.get("Parameters").map_or(&[][..], Node::entries);
    for name in context.parameters.keys() {
        if !entries.iter().any(|entry| entry.key == *name) {
            let message =
                format!("parameter `{name}` is given, but the template knows no such one");
            faults.0.push(Fault::new(root.get("Parameters").unwrap_or(root).place, message));
        }
    }
    for entry in entries {
        let name = &entry.key;
        let kind = entry.value.get("Type").and_then(Node::as_text).unwrap_or("String");
        let place = entry.place;
        let given = context.parameters.get(name).map(|text| Node::text(place, text));
        let Some(value) = given.or_else(|| entry.value.get("Default").cloned()) else {
            let message = format!("parameter `{name}` has no `Default` and no value was given");
            faults.0.push(Fault::new(place, message));
            continue;
        };
        let allowed = entry.value.get("AllowedValues").map_or(&[][..], Node::items);
        let text = value.as_text().unwrap_or_default();
        if !allowed.is_empty() && !allowed.iter().any(|one| one.as_text() == Some(text)) {
            let list: Vec<_> = allowed.iter().filter_map(Node::as_text).collect();
            let message =
                format!("parameter `{name}` is `{text}`, and must be one of {}", list.join(", "));
            faults.0.push(Fault::new(place, message));
        }
        let value = if kind == "CommaDelimitedList" || kind.starts_with("List<") {
            let items = text.split(',').map(|item| Node::text(place, item.trim())).collect();
            Node { place, value: Value::List(items) }
        } else {
            // A parameter is text, whatever its default looks like, except where a number is asked for.
            let plain = kind == "Number";
            Node { place, value: Value::Text { text: text.to_owned(), plain } }
        };
        parameters.insert(name.clone(), value);
    }
    parameters
}
