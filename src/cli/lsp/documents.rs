//! The files that are open in the editor.

use gen_lsp_types::{Position, Range, Uri};
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

    fn at(line: u32) -> Range {
        Range::new(Position::new(line, 4), Position::new(line, 9))
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
