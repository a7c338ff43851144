//! Places and names as the protocol writes them.

use gen_lsp_types::{Position, Range, Uri};
use orch_lint::Place;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use std::path::{Path, PathBuf};

/// What stays as it is in the path of a URI.
const KEPT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'/')
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~');

/// The file that a URI names; `None` for one that is no file of this machine.
pub(super) fn path(uri: &Uri) -> Option<PathBuf> {
    let rest = uri.0.strip_prefix("file://")?;
    let rest = rest.strip_prefix("localhost").unwrap_or(rest);
    if !rest.starts_with('/') {
        return None;
    }
    let decoded = percent_decode_str(rest).decode_utf8().ok()?;
    // `/c:/shop` is `c:/shop`.
    let is_drive = decoded[1..].starts_with(|first: char| first.is_ascii_alphabetic())
        && decoded[2..].starts_with(':');
    Some(PathBuf::from(if is_drive {
        &decoded[1..]
    } else {
        &decoded
    }))
}

/// The URI of a file.
pub(super) fn uri(path: &Path) -> Uri {
    let text = path.to_string_lossy().replace('\\', "/");
    let slash = if text.starts_with('/') { "" } else { "/" };
    let encoded = utf8_percent_encode(&text, KEPT);
    Uri(format!("file://{slash}{encoded}"))
}

/// The stretch between two places of a text.
pub(super) fn range(start: Place, end: Place, text: &str) -> Range {
    Range::new(position(start, text), position(end, text))
}

/// Lines from zero, columns in the units of UTF-16 that every editor understands.
fn position(place: Place, text: &str) -> Position {
    // The linter knows one end of a line, the protocol three.
    let above = place.line.saturating_sub(1) as usize;
    let start: usize = text.split_inclusive('\n').take(above).map(str::len).sum();
    let written = text[start..].lines().next().unwrap_or_default();
    let before = written
        .chars()
        .take(place.column.saturating_sub(1) as usize);
    let until = &text[..start + before.map(char::len_utf8).sum::<usize>()];
    let line = until.rfind(ENDS).map_or(0, |end| end + 1);
    let units = until[line..].chars().map(char::len_utf16).sum();
    Position::new(number(lines(&until[..line]).count()), number(units))
}

fn number(of: usize) -> u32 {
    u32::try_from(of).unwrap_or(u32::MAX)
}

/// The byte of a text at a position; the end of its line when the line is shorter, and the end of the text
/// when there is no such line.
pub(super) fn byte(position: Position, text: &str) -> usize {
    let mut lines = lines(text);
    let above = lines.by_ref().take(position.line as usize);
    let before: usize = above.map(str::len).sum();
    let line = lines.next().unwrap_or_default().trim_end_matches(ENDS);
    let mut units = 0;
    for (at, char) in line.char_indices() {
        if units >= position.character as usize {
            return before + at;
        }
        units += char.len_utf16();
    }
    before + line.len()
}

/// What ends a line, alone or as `\r\n`.
const ENDS: [char; 2] = ['\n', '\r'];

/// The lines of a text as the protocol counts them, each with its end.
fn lines(mut text: &str) -> impl Iterator<Item = &str> {
    std::iter::from_fn(move || {
        let end = match text.find(ENDS) {
            _ if text.is_empty() => return None,
            None => text.len(),
            Some(at) if text[at..].starts_with("\r\n") => at + 2,
            Some(at) => at + 1,
        };
        let (line, rest) = text.split_at(end);
        text = rest;
        Some(line)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An editor's name of a file is the file, whatever is in the name.
    #[test]
    fn a_path_comes_back_from_its_uri() {
        for text in ["/shop/src/lib.rs", "/a b/ö#?.rs", "/100%/x.rs"] {
            assert_eq!(path(&uri(Path::new(text))), Some(PathBuf::from(text)));
        }
        assert_eq!(
            path(&Uri("file:///c%3A/shop/lib.rs".into())),
            Some(PathBuf::from("c:/shop/lib.rs"))
        );
        for foreign in [
            "untitled:Untitled-1",
            "file://server/share/a.rs",
            "git:/a.rs",
        ] {
            assert_eq!(path(&Uri(foreign.into())), None, "{foreign}");
        }
    }

    #[test]
    fn columns_are_counted_in_utf_16() {
        let text = "let a = 1;\nlet \u{1f600}ö = x;\n";
        let place = Place { line: 2, column: 7 };
        let found = position(place, text);
        assert_eq!(found, Position::new(1, 7));
        assert_eq!(&text[byte(found, text)..], " = x;\n");
        assert_eq!(byte(Position::new(0, 99), text), 10);
        assert_eq!(byte(Position::new(9, 0), text), text.len());
    }

    /// An editor that counts other lines than the server types in the wrong one.
    #[test]
    fn lines_end_as_the_protocol_says() {
        let text = "a\r\nbc\rd\n\r\n\u{1f600}";
        assert_eq!(lines(text).collect::<String>(), text);
        let starts: Vec<usize> = (0..7)
            .map(|line| byte(Position::new(line, 0), text))
            .collect();
        assert_eq!(starts, [0, 3, 6, 8, 10, 14, 14]);
        assert_eq!(byte(Position::new(0, 9), text), 1);
        assert_eq!(byte(Position::new(4, 2), text), 14);
        for ((line, column), (expected, character)) in [
            ((1, 9), (0, 1)),
            ((2, 2), (1, 1)),
            ((2, 4), (2, 0)),
            ((3, 1), (3, 0)),
            ((4, 2), (4, 2)),
        ] {
            let found = position(Place { line, column }, text);
            assert_eq!(found, Position::new(expected, character));
        }
    }
}
