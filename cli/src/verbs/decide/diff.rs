//! How a document would change, line by line.

use anstyle::{AnsiColor, Style};
use similar::TextDiff;

use crate::output::{Output, styled};
use crate::view::safe;

/// Lines that stay, around those that change.
const AROUND: usize = 3;

/// The change from `before`, which is empty where there is no such document yet.
pub(super) fn unified(key: &str, before: &str, after: &str) -> String {
    let old = if before.is_empty() { "/dev/null" } else { key };
    let diff = TextDiff::from_lines(before, after);
    diff.unified_diff()
        .context_radius(AROUND)
        .header(old, key)
        .missing_newline_hint(false)
        .to_string()
}

/// Prints it, what goes in red and what comes in green.
pub(super) fn print(diff: &str, output: &Output) -> std::io::Result<()> {
    for line in diff.lines() {
        let color = match line.as_bytes().first() {
            Some(b'+') => Some(AnsiColor::Green),
            Some(b'-') => Some(AnsiColor::Red),
            Some(b'@') => Some(AnsiColor::Cyan),
            _ => None,
        };
        let style = Style::new().fg_color(color.map(Into::into));
        output.line(styled(style, safe::block(line).trim_end()))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_changes_is_shown_with_a_few_lines_around_it() {
        let before: String = (1..=20).map(|line| format!("line {line}\n")).collect();
        let after = before.replace("line 10\n", "line ten\n");
        let diff = unified("run.json", &before, &after);
        assert!(diff.starts_with("--- run.json\n+++ run.json\n@@"), "{diff}");
        assert!(diff.contains("\n-line 10\n+line ten\n"), "{diff}");
        assert!(diff.contains("line 7\n") && !diff.contains("line 6\n"), "{diff}");
    }

    #[test]
    fn a_document_that_is_not_there_yet_is_all_new() {
        let diff = unified("run.json", "", "{}\n");
        assert!(
            diff.starts_with("--- /dev/null\n+++ run.json\n") && diff.contains("\n+{}"),
            "{diff}"
        );
    }
}
