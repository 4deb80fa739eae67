//! Checks the names that CloudFormation itself gives: a section or attribute with a typing error
//! would be passed over in silence.

use super::scope::Scope;
use super::yaml::{Entry, Node};
use super::{Fault, Faults};

const SECTIONS: &[&str] = &[
    "AWSTemplateFormatVersion",
    "Transform",
    "Description",
    "Metadata",
    "Parameters",
    "Mappings",
    "Conditions",
    "Rules",
    "Globals",
    "Resources",
    "Outputs",
];

const ATTRIBUTES: &[&str] = &[
    "Type",
    "Properties",
    "Metadata",
    "DependsOn",
    "Condition",
    "DeletionPolicy",
    "UpdateReplacePolicy",
    "CreationPolicy",
    "UpdatePolicy",
];

impl Scope<'_> {
    /// Every section, attribute of a resource and dependency that CloudFormation does not know.
    pub(super) fn check_shape(&self, faults: &mut Faults) {
        let mut check = |entry: &Entry, known: &[&str], what: &str| {
            if !known.contains(&entry.key.as_str()) {
                let message = format!("CloudFormation knows no {what} `{}`", entry.key);
                faults.0.push(Fault::new(entry.place, message));
            }
        };
        for entry in self.root.entries() {
            check(entry, SECTIONS, "section");
        }
        for entry in self.root.get("Globals").map_or(&[][..], Node::entries) {
            check(entry, &["Function"], "global settings, as far as the local engine goes,");
        }
        for resource in self.resources.values() {
            for entry in resource.node.entries() {
                check(entry, ATTRIBUTES, "attribute");
            }
        }
        for resource in self.resources.values() {
            let Some(node) = resource.node.get("DependsOn") else { continue };
            for name in node.items().iter().chain([node]).filter_map(|one| one.as_text()) {
                if !self.resources.contains_key(name) {
                    faults.0.push(Fault::new(node.place, self.missing(name)));
                }
            }
        }
    }
}
