//! The files that are open in the editor.

use super::wire;
use gen_lsp_types::{Position, Range, TextDocumentContentChangeEvent, Uri};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// One open file.
#[derive(Debug)]
pub(super) struct Document {
    /// Its name as the editor writes it.
    pub(super) uri: Uri,
    /// The editor's number of its text.
    pub(super) version: i32,
    /// What it is now.
    pub(super) text: String,
    /// The last text of it that parsed.
    pub(super) parsed: Option<String>,
}

impl Document {
    /// Types what the editor says was typed: a stretch, or everything.
    pub(super) fn change(&mut self, change: TextDocumentContentChangeEvent) {
        match change {
            TextDocumentContentChangeEvent::TextDocumentContentChangeWholeDocument(whole) => {
                self.text = whole.text;
            }
            TextDocumentContentChangeEvent::TextDocumentContentChangePartial(part) => {
                let from = wire::byte(part.range.start, &self.text);
                let to = wire::byte(part.range.end, &self.text).max(from);
                self.text.replace_range(from..to, &part.text);
            }
        }
    }
}

/// The open files, by path.
pub(super) type Documents = BTreeMap<PathBuf, Document>;

/// The text of each open file below a folder, by its path in it. Those in `broken` have the last text that
/// parsed, if there is one.
pub(super) fn below(
    documents: &Documents,
    root: &Path,
    broken: &[String],
) -> BTreeMap<String, Option<String>> {
    let files = documents.iter().filter_map(|(path, document)| {
        let name = name(path, root)?;
        let text = match &document.parsed {
            Some(parsed) if broken.contains(&name) => parsed,
            _ => &document.text,
        };
        Some((name, Some(text.clone())))
    });
    files.collect()
}

/// A path in a folder, with `/`.
pub(super) fn name(path: &Path, root: &Path) -> Option<String> {
    let rest = path.strip_prefix(root).ok()?;
    Some(rest.to_string_lossy().replace('\\', "/"))
}

/// Where a stretch of one text is in another; `None` when one of its lines is not there any more.
pub(super) fn moved(range: Range, from: &str, to: &str) -> Option<Range> {
    let lines = diffy::create_patch(from, to);
    let line = |of: u32| follow(&lines, of as usize);
    let (start, end) = (line(range.start.line)?, line(range.end.line)?);
    Some(Range::new(
        Position::new(start, range.start.character),
        Position::new(end, range.end.character),
    ))
}

/// The number of a line after a patch, both from zero.
fn follow(patch: &diffy::Patch<'_, str>, line: usize) -> Option<u32> {
    let mut shift = 0_isize;
    for hunk in patch.hunks() {
        let (mut old, mut new) = (hunk.old_range().start(), hunk.new_range().start());
        // A range of no lines is named by the line before it.
        old = old.saturating_sub(usize::from(!hunk.old_range().is_empty()));
        new = new.saturating_sub(usize::from(!hunk.new_range().is_empty()));
        if line < old {
            break;
        }
        for part in hunk.lines() {
            match part {
                diffy::Line::Context(_) if old == line => return u32::try_from(new).ok(),
                diffy::Line::Delete(_) if old == line => return None,
                diffy::Line::Context(_) => (old, new) = (old + 1, new + 1),
                diffy::Line::Delete(_) => old += 1,
                diffy::Line::Insert(_) => new += 1,
            }
        }
        shift = new.cast_signed() - old.cast_signed();
    }
    let line = line.cast_signed() + shift;
    u32::try_from(line).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn at(line: u32) -> Range {
        Range::new(Position::new(line, 4), Position::new(line, 9))
    }

    fn typed(text: &str, changes: &[serde_json::Value]) -> String {
        let mut document = Document {
            uri: Uri("file:///a.rs".into()),
            version: 1,
            text: text.into(),
            parsed: None,
        };
        for change in changes {
            document.change(serde_json::from_value(change.clone()).unwrap());
        }
        document.text
    }

    fn part(from: (u32, u32), to: (u32, u32), text: &str) -> serde_json::Value {
        let place = |(line, character)| json!({ "line": line, "character": character });
        json!({ "range": { "start": place(from), "end": place(to) }, "text": text })
    }

    /// A server that takes one key in another place judges a text that nobody wrote, and its fixes destroy
    /// the one that is there.
    #[test]
    fn what_is_typed_arrives_where_it_was_typed() {
        for (text, from, to, new, expected) in [
            ("let a;\n", (0, 4), (0, 5), "b", "let b;\n"),
            ("\u{1f600}x\n", (0, 2), (0, 3), "y", "\u{1f600}y\n"),
            ("\u{1f600}x", (0, 0), (0, 2), "", "x"),
            ("a\r\nb\r\n", (1, 0), (1, 1), "c", "a\r\nc\r\n"),
            ("a\r\nb\r\n", (0, 1), (1, 0), "", "ab\r\n"),
            ("a\r\nb", (0, 9), (0, 9), ";", "a;\r\nb"),
            ("a\n", (1, 0), (1, 0), "b", "a\nb"),
            ("a", (0, 1), (0, 1), "\nb", "a\nb"),
            ("a\n", (7, 3), (9, 9), "b", "a\nb"),
            ("a\nb\n", (0, 0), (9, 0), "", ""),
            ("", (0, 0), (0, 0), "a", "a"),
        ] {
            let typed = typed(text, &[part(from, to, new)]);
            assert_eq!(typed, expected, "{text:?} {from:?} {to:?}");
        }
        let changes = [
            json!({ "text": "fn a() {}\n" }),
            part((0, 3), (0, 4), "bcd"),
            part((0, 6), (0, 8), "(x: u8)"),
        ];
        assert_eq!(typed("old", &changes), "fn bcd(x: u8) {}\n");
    }

    /// A finding stays at its line while another one is typed.
    #[test]
    fn a_stretch_moves_with_its_line() {
        let from: String = (0..30).map(|line| format!("line {line}\n")).collect();
        let to = from
            .replace("line 3\n", "line 3\nnew\nnew\n")
            .replace("line 20\n", "");
        assert_eq!(moved(at(0), &from, &to), Some(at(0)));
        assert_eq!(moved(at(3), &from, &to), Some(at(3)));
        assert_eq!(moved(at(4), &from, &to), Some(at(6)));
        assert_eq!(moved(at(12), &from, &to), Some(at(14)));
        assert_eq!(moved(at(20), &from, &to), None);
        assert_eq!(moved(at(29), &from, &to), Some(at(30)));
        assert_eq!(moved(at(5), &from, &from), Some(at(5)));
    }
}
