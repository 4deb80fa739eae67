//! Faults shown in the text that they are in, as compilers do.

use std::ops::Range;

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};

use super::{Fault, Faults};

impl Faults {
    /// The faults, each with the line of `text` that it is in.
    ///
    /// `path` is how the reader knows the text; `color` adds the escapes of a terminal.
    #[must_use]
    pub fn render(&self, path: &str, text: &str, color: bool) -> String {
        let renderer = if color { Renderer::styled() } else { Renderer::plain() };
        let shown: Vec<String> =
            self.iter().map(|fault| render(&renderer, fault, path, text)).collect();
        shown.join("\n\n")
    }
}

fn render(renderer: &Renderer, fault: &Fault, path: &str, text: &str) -> String {
    // Only the line itself: text that is read can be long, and is scanned for each fault.
    let line = text.split('\n').nth(fault.line.saturating_sub(1) as usize).unwrap_or_default();
    let line = line.strip_suffix('\r').unwrap_or(line);
    let snippet = Snippet::source(line)
        .line_start(fault.line as usize)
        .path(path)
        .annotation(AnnotationKind::Primary.span(bytes(line, fault)));
    let mut group = Level::ERROR.primary_title(fault.message.as_str()).element(snippet);
    if let Some(help) = &fault.help {
        group = group.element(Level::HELP.message(help.as_str()));
    }
    renderer.render(&[group])
}

/// The bytes of `line` that a fault is about.
fn bytes(line: &str, fault: &Fault) -> Range<usize> {
    let at = |column: usize| line.char_indices().nth(column).map_or(line.len(), |(byte, _)| byte);
    let start = fault.column.saturating_sub(1) as usize;
    at(start)..at(start.saturating_add(fault.length as usize))
}
