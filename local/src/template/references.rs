//! Checks every reference of the whole template, the parts too that the engine does not carry out:
//! a name with a typing error is found before anything runs.

use super::resolve::{Piece, pieces};
use super::scope::Scope;
use super::yaml::{Node, Place, Value};
use super::{Fault, Faults};

impl Scope<'_> {
    /// Every reference to something that is not there.
    pub(super) fn check_references(&self, faults: &mut Faults) {
        for section in ["Globals", "Resources", "Outputs", "Conditions"] {
            if let Some(node) = self.root.get(section) {
                self.check(node, faults);
            }
        }
    }

    fn check(&self, node: &Node, faults: &mut Faults) {
        match node.intrinsic() {
            Some(("Ref", argument)) => {
                if let Some(name) = argument.as_text() {
                    self.check_name(name, node.place, faults);
                }
            }
            Some(("Fn::GetAtt", argument)) => {
                if let [resource, attribute] = argument.items() {
                    let attribute = attribute.as_text().unwrap_or_default();
                    let resource = resource.as_text().unwrap_or_default();
                    self.check_attribute(resource, attribute, node.place, faults);
                }
            }
            Some(("Fn::Sub", argument)) => self.check_sub(argument, node.place, faults),
            _ => match &node.value {
                Value::List(items) => items.iter().for_each(|item| self.check(item, faults)),
                Value::Map(entries) => {
                    entries.iter().for_each(|entry| self.check(&entry.value, faults));
                }
                Value::Null | Value::Text { .. } => {}
            },
        }
    }

    fn check_sub(&self, argument: &Node, at: Place, faults: &mut Faults) {
        let (template, own) = match argument.items() {
            [template, own] => (template, own.entries()),
            _ => (argument, &[][..]),
        };
        own.iter().for_each(|entry| self.check(&entry.value, faults));
        for piece in pieces(template.as_text().unwrap_or_default()) {
            match piece {
                Piece::Name(name) if own.iter().any(|entry| entry.key == name) => {}
                Piece::Name(name) => match name.split_once('.') {
                    Some((resource, attribute)) => {
                        self.check_attribute(resource, attribute, at, faults);
                    }
                    None => self.check_name(name, at, faults),
                },
                Piece::Text(_) | Piece::Literal(_) => {}
            }
        }
    }

    fn check_name(&self, name: &str, at: Place, faults: &mut Faults) {
        let known = self.pseudo(name).is_some()
            || matches!(name, "AWS::NoValue" | "AWS::NotificationARNs")
            || self.parameters.contains_key(name)
            || self.resources.contains_key(name)
            || self.implicit_role(name).is_some();
        if !known {
            faults.0.push(Fault::new(at, self.missing(name)));
        }
    }

    /// The attribute itself is checked for the types that the engine knows.
    fn check_attribute(&self, name: &str, attribute: &str, at: Place, faults: &mut Faults) {
        match self.resources.get(name) {
            Some(resource) if !super::CARRIED_OUT.contains(&resource.kind) => {}
            // A resource that is left out by its condition is met only where it is really used.
            Some(resource) if !self.exists(resource).unwrap_or(true) => {}
            Some(_) => {
                faults.keep(self.attribute(name, attribute, at));
            }
            None if self.implicit_role(name).is_some() => {}
            None => faults.0.push(Fault::new(at, self.missing(name))),
        }
    }
}
