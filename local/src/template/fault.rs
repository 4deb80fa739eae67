//! What is wrong with a template, and where.

use std::fmt;

use super::Place;

/// One fault at one place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Where it stands.
    pub place: Place,
    /// What is wrong, in one sentence.
    pub message: String,
}

impl Fault {
    pub(super) fn new(place: Place, message: impl Into<String>) -> Self {
        Self { place, message: message.into() }
    }
}

/// Every fault of one template, in the order of its lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateError {
    /// The file's name, as it is put before each fault.
    pub file: String,
    /// The faults.
    pub faults: Vec<Fault>,
}

impl TemplateError {
    pub(super) fn new(file: &str, mut faults: Vec<Fault>) -> Self {
        faults.sort_by_key(|fault| fault.place);
        faults.dedup();
        Self { file: file.to_owned(), faults }
    }
}

impl fmt::Display for TemplateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, fault) in self.faults.iter().enumerate() {
            let end = if index + 1 < self.faults.len() { "\n" } else { "" };
            write!(f, "{}:{}: {}{end}", self.file, fault.place, fault.message)?;
        }
        Ok(())
    }
}

impl std::error::Error for TemplateError {}

/// Faults gathered while reading goes on, so that all are told at once.
#[derive(Default)]
pub(super) struct Faults(pub(super) Vec<Fault>);

impl Faults {
    /// The value, or nothing and one fault more.
    pub(super) fn keep<T>(&mut self, result: Result<T, Fault>) -> Option<T> {
        result.map_err(|fault| self.0.push(fault)).ok()
    }
}
