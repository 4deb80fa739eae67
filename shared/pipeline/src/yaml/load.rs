//! From text to a tree, within bounds.

use saphyr_parser::{Event, Parser, ScalarStyle, ScanError};

use super::node::{Entry, Node, Place, Text, Value};
use crate::faults::{Collector, Fault};

/// The longest text that is read.
const LONGEST: usize = 64 * 1024;
/// How deep values may lie in each other.
const DEEPEST: usize = 12;
/// How many values a document may have.
const MOST: usize = 5_000;

/// Reads the one document in `text`, noting what is wrong.
pub(crate) fn load(text: &str, faults: &mut Collector) -> Option<Node> {
    if let Some(fault) = unreadable(text) {
        faults.fault_with_help(fault.0, fault.1, fault.2);
        return None;
    }
    let mut loader = Loader { faults, open: Vec::new(), root: None, values: 0 };
    match loader.run(text) {
        Ok(()) => loader.root,
        Err(fault) => {
            faults.add(fault);
            None
        }
    }
}

/// Why `text` is not worth parsing.
fn unreadable(text: &str) -> Option<(Place, String, String)> {
    if text.len() > LONGEST {
        return Some((
            Place::START,
            format!("the file has {} bytes, {LONGEST} are read at most", text.len()),
            "move long commands into scripts of the repository".to_owned(),
        ));
    }
    for (line, content) in (1..).zip(text.split('\n')) {
        let content = content.strip_suffix('\r').unwrap_or(content);
        let odd = (1..).zip(content.chars()).find(|(_, c)| !is_text(*c));
        if let Some((column, c)) = odd {
            return Some((
                Place::new(line, column, 1),
                format!("the character U+{:04X} does not belong in a text file", u32::from(c)),
                "save the file as UTF-8".to_owned(),
            ));
        }
    }
    None
}

/// U+FFFD is what a decoder leaves where the bytes were not UTF-8.
fn is_text(c: char) -> bool {
    c == '\t' || (!c.is_control() && c != '\u{FFFD}' && c != '\u{FEFF}')
}

struct Loader<'f> {
    faults: &'f mut Collector,
    open: Vec<Open>,
    root: Option<Node>,
    values: usize,
}

/// A list or mapping that has not ended.
struct Open {
    place: Place,
    content: Content,
}

enum Content {
    List(Vec<Node>),
    Mapping { entries: Vec<Entry>, key: Option<(String, Place)> },
}

impl Loader<'_> {
    fn run(&mut self, text: &str) -> Result<(), Fault> {
        let mut documents = 0;
        for event in Parser::new_from_str(text) {
            let (event, span) = event.map_err(|error| syntax(&error, text))?;
            let place = Place::of_span(&span);
            match event {
                Event::DocumentStart(_) => {
                    documents += 1;
                    if documents > 1 {
                        return Err(place.fault(
                            "a second document begins here",
                            Some("keep one document per file".to_owned()),
                        ));
                    }
                }
                Event::Scalar(text, style, anchor, tag) => {
                    self.plain_only(place, anchor, tag.is_some())?;
                    let text = Text { text: text.into_owned(), plain: style == ScalarStyle::Plain };
                    self.insert(Node { place, value: Value::Scalar(text) })?;
                }
                Event::SequenceStart(anchor, tag) => {
                    self.plain_only(place, anchor, tag.is_some())?;
                    self.begin(place, Content::List(Vec::new()))?;
                }
                Event::MappingStart(anchor, tag) => {
                    self.plain_only(place, anchor, tag.is_some())?;
                    self.begin(place, Content::Mapping { entries: Vec::new(), key: None })?;
                }
                Event::SequenceEnd | Event::MappingEnd => self.end()?,
                Event::Alias(_) => return Err(anchored(place)),
                Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => {}
            }
        }
        match &self.root {
            Some(_) => Ok(()),
            None => Err(Place::START.fault("the file is empty", None)),
        }
    }

    fn plain_only(&self, place: Place, anchor: usize, tagged: bool) -> Result<(), Fault> {
        if anchor > 0 {
            return Err(anchored(place));
        }
        if tagged {
            return Err(place.fault(
                "tags (!…) are not supported",
                Some("write the value without a tag, in quotes where it is a text".to_owned()),
            ));
        }
        Ok(())
    }

    fn begin(&mut self, place: Place, content: Content) -> Result<(), Fault> {
        if self.open.len() == DEEPEST {
            return Err(too_deep(place));
        }
        self.count(place)?;
        self.open.push(Open { place, content });
        Ok(())
    }

    fn count(&mut self, place: Place) -> Result<(), Fault> {
        self.values += 1;
        if self.values > MOST {
            return Err(place.fault(format!("more than {MOST} values"), None));
        }
        Ok(())
    }

    fn end(&mut self) -> Result<(), Fault> {
        let Some(Open { place, content }) = self.open.pop() else { return Ok(()) };
        let value = match content {
            Content::List(list) => Value::List(list),
            Content::Mapping { entries, .. } => Value::Mapping(entries),
        };
        self.insert(Node { place, value })
    }

    fn insert(&mut self, node: Node) -> Result<(), Fault> {
        self.count(node.place)?;
        match self.open.last_mut().map(|open| &mut open.content) {
            None => self.root = Some(node),
            Some(Content::List(list)) => list.push(node),
            Some(Content::Mapping { entries, key }) => match key.take() {
                Some((key, place)) => match entries.iter().find(|entry| entry.key == key) {
                    Some(first) => self.faults.fault(
                        place,
                        format!("`{key}` is given twice, first in line {}", first.place.line()),
                    ),
                    None => entries.push(Entry { key, place, value: node }),
                },
                None => match node.value {
                    Value::Scalar(text) => *key = Some((text.text, node.place)),
                    _ => return Err(node.place.fault("a key must be a text", None)),
                },
            },
        }
        Ok(())
    }
}

fn too_deep(place: Place) -> Fault {
    place.fault(format!("nested deeper than {DEEPEST} levels"), None)
}

fn anchored(place: Place) -> Fault {
    place.fault(
        "anchors (&…) and aliases (*…) are not supported",
        Some("write the value out; put a text that begins with & or * in quotes".to_owned()),
    )
}

/// The scanner's words for a fault, and better ones for the most frequent.
fn syntax(error: &ScanError, text: &str) -> Fault {
    let place = Place::of_marker(error.marker());
    let line = text.split('\n').nth(place.line().saturating_sub(1) as usize).unwrap_or_default();
    let indent = line.len() - line.trim_start().len();
    if line[..indent].contains('\t') || error.info().contains("tab") {
        let column = line.chars().position(|c| c == '\t').unwrap_or_default();
        let column = u32::try_from(column).unwrap_or_default() + 1;
        return Place::new(place.line(), column, 1)
            .fault("a tab where YAML wants spaces", Some("indent with spaces".to_owned()));
    }
    // The scanner reads ahead and has a bound of its own.
    if error.info().contains("recursion limit") {
        return too_deep(place);
    }
    place.fault(format!("not YAML: {}", error.info()), None)
}
