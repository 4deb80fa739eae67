//! The tree that a document is read into.

use saphyr_parser::{Marker, Span};

use crate::faults::Fault;

/// A stretch of characters in one line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    line: u32,
    column: u32,
    length: u32,
}

impl Place {
    /// The beginning of the text.
    pub(crate) const START: Self = Self { line: 1, column: 1, length: 0 };

    /// The place from line and column, both counted from 1.
    pub(crate) fn new(line: u32, column: u32, length: u32) -> Self {
        Self { line, column, length }
    }

    pub(crate) fn of_marker(marker: &Marker) -> Self {
        Self::new(narrow(marker.line()), narrow(marker.col() + 1), 0)
    }

    /// What `span` covers in its first line.
    pub(crate) fn of_span(span: &Span) -> Self {
        let start = Self::of_marker(&span.start);
        let length =
            if span.start.line() == span.end.line() { span.len() } else { 1.min(span.len()) };
        Self { length: narrow(length), ..start }
    }

    pub(crate) fn line(self) -> u32 {
        self.line
    }

    /// The number of characters.
    pub(crate) fn length(self) -> u32 {
        self.length
    }

    /// The part that begins `offset` characters further on.
    pub(crate) fn part(self, offset: u32, length: u32) -> Self {
        Self::new(self.line, self.column.saturating_add(offset), length)
    }

    pub(crate) fn fault(self, message: impl Into<String>, help: Option<String>) -> Fault {
        Fault {
            line: self.line,
            column: self.column,
            length: self.length,
            message: message.into(),
            help,
        }
    }
}

fn narrow(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// A value with its place.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) place: Place,
    pub(crate) value: Value,
}

impl Node {
    /// The place of one character of a text, where that can be told: in one line, without escapes.
    pub(crate) fn inside(&self, offset: u32) -> Option<Place> {
        let Value::Scalar(Text { text, plain }) = &self.value else { return None };
        let quote = if *plain { 0 } else { 1 };
        let whole =
            text.chars().count() == (self.place.length() as usize).checked_sub(2 * quote)?;
        whole.then(|| self.place.part(offset + u32::from(!plain), 1))
    }
}

/// The three kinds of values.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    Scalar(Text),
    List(Vec<Node>),
    Mapping(Vec<Entry>),
}

/// A scalar as it was written; what it means depends on what is expected there.
#[derive(Clone, Debug)]
pub(crate) struct Text {
    pub(crate) text: String,
    /// Whether it stands without quotes, and so may mean a number, `true` or nothing.
    pub(crate) plain: bool,
}

/// A key with its value.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) key: String,
    pub(crate) place: Place,
    pub(crate) value: Node,
}
