//! YAML as the files of Signalbox use it: one document of texts, lists and mappings.
//!
//! Read from the parser's events instead of a loaded tree, since a tree has lost what must be
//! refused: aliases, duplicate keys, tags.

mod fields;
mod load;
mod node;
mod scalars;
mod suggest;

pub(crate) use fields::{Field, Fields, Keys};
pub(crate) use load::load;
pub(crate) use node::{Entry, Node, Place, Value};
pub(crate) use scalars::{
    boolean, choice, list, mapping, named, names, number, text, text_list, whole_number,
};
pub(crate) use suggest::nearest;

#[cfg(test)]
mod tests;
