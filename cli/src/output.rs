//! What people and scripts get to read.

use std::fmt::Display;
use std::io::{IsTerminal as _, Write as _};

use anstyle::{AnsiColor, Style};
use serde::Serialize;
use signalbox_pipeline::phase::Phase;

/// Where results go: standard output, as text for people or as JSON for scripts. What is said by
/// the way goes to standard error.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Output {
    /// JSON for scripts.
    pub(crate) json: bool,
    /// Standard output takes colours: a terminal, and no `NO_COLOR`.
    pub(crate) color: bool,
    /// Standard output is a terminal: lines may be rewritten.
    pub(crate) terminal: bool,
}

/// One cell of a table.
#[derive(Clone, Debug)]
pub(crate) struct Cell {
    text: String,
    style: Style,
}

impl<T: Into<String>> From<T> for Cell {
    fn from(text: T) -> Self {
        Self { text: text.into(), style: Style::new() }
    }
}

impl Cell {
    /// A phase in its colour.
    pub(crate) fn phase(phase: Phase) -> Self {
        Self { text: phase.to_string(), style: of_phase(phase) }
    }

    /// Text of less weight.
    pub(crate) fn dim(text: impl Into<String>) -> Self {
        Self { text: text.into(), style: Style::new().dimmed() }
    }
}

impl Output {
    /// Looks at standard output and at `NO_COLOR`.
    pub(crate) fn new(json: bool) -> Self {
        let terminal = std::io::stdout().is_terminal();
        let color = anstream::AutoStream::choice(&std::io::stdout());
        let color = !matches!(color, anstream::ColorChoice::Never);
        Self { json, color, terminal: terminal && !json }
    }

    /// A line for people; styles are taken out where nobody sees them.
    pub(crate) fn line(&self, text: impl Display) -> std::io::Result<()> {
        writeln!(anstream::stdout(), "{text}")
    }

    /// A value as one line of JSON.
    pub(crate) fn object<T: Serialize + ?Sized>(&self, value: &T) -> anyhow::Result<()> {
        let text = serde_json::to_string(value)?;
        let mut stdout = std::io::stdout();
        writeln!(stdout, "{text}")?;
        Ok(stdout.flush()?)
    }

    /// A table: columns as wide as their longest cell, the last one as long as it likes.
    pub(crate) fn table(&self, head: &[&str], rows: &[Vec<Cell>]) -> std::io::Result<()> {
        let long = |text: &str| text.chars().count();
        let widths: Vec<usize> = (0..head.len())
            .map(|column| {
                let cells = rows.iter().filter_map(|row| row.get(column));
                cells.map(|cell| long(&cell.text)).max().unwrap_or(0).max(long(head[column]))
            })
            .collect();
        let head = head.iter().map(|name| Cell::dim(*name)).collect();
        for row in std::iter::once(&head).chain(rows) {
            let mut line = String::new();
            for (index, cell) in row.iter().enumerate() {
                let last = index + 1 == row.len();
                let gap = if last { 0 } else { widths[index] + 2 - long(&cell.text) };
                let Cell { text, style } = cell;
                line.push_str(&format!("{style}{text}{style:#}{:gap$}", ""));
            }
            self.line(line.trim_end())?;
        }
        Ok(())
    }

    /// Something for people: on standard output, unless that is for JSON alone.
    pub(crate) fn say(&self, text: impl Display) {
        if self.json {
            return self.note(text);
        }
        // A reader that is gone needs no words.
        let _ = self.line(text);
    }

    /// Something by the way, on standard error.
    pub(crate) fn note(&self, text: impl Display) {
        // Nobody has to listen.
        let _ = writeln!(anstream::stderr(), "{text}");
    }

    /// An error with its causes, on standard error.
    pub(crate) fn error(&self, error: &anyhow::Error) {
        let red = Style::new().fg_color(Some(AnsiColor::Red.into())).bold();
        self.note(format!("{red}error:{red:#} {error:#}"));
    }
}

/// A phase's colour.
pub(crate) fn of_phase(phase: Phase) -> Style {
    let color = match phase {
        Phase::Succeeded => AnsiColor::Green,
        Phase::Failed => AnsiColor::Red,
        Phase::Errored => AnsiColor::Magenta,
        Phase::Running => AnsiColor::Cyan,
        _ => return Style::new().dimmed(),
    };
    Style::new().fg_color(Some(color.into()))
}

/// `text` in that style.
pub(crate) fn styled(style: Style, text: impl Display) -> String {
    format!("{style}{text}{style:#}")
}
