//! Texts in header lines: as they are, or as encoded words (RFC 2047).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// Bytes of text in one encoded word, so that it fits into a line of 76 behind the name of its header.
const WORD: usize = 39;
/// Characters of a text that stands in its line as it is.
const PLAIN: usize = 66;

/// A text behind `Subject: `; `text` has no control characters.
pub(super) fn unstructured(text: &str) -> String {
    let is_plain = |text: &str| {
        text.bytes()
            .all(|byte| byte == b' ' || byte.is_ascii_graphic())
    };
    let is_trimmed = text.trim() == text;
    if text.len() <= PLAIN && is_plain(text) && is_trimmed && !text.contains("=?") {
        return text.to_owned();
    }
    encoded(text)
}

/// A name before an address: words of letters and digits as they are.
pub(super) fn phrase(text: &str) -> String {
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b' ';
    if text.len() <= PLAIN && text.bytes().all(is_word) {
        return text.to_owned();
    }
    encoded(text)
}

/// Each word is on a line of its own and holds whole characters.
fn encoded(text: &str) -> String {
    let mut words = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let whole = (0..=WORD.min(rest.len())).rfind(|at| rest.is_char_boundary(*at));
        let (word, after) = rest.split_at(whole.unwrap_or(rest.len()));
        words.push(format!("=?UTF-8?B?{}?=", STANDARD.encode(word)));
        rest = after;
    }
    words.join("\r\n ")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A reader puts the words together again.
    fn decoded(header: &str) -> String {
        let words = header.split("\r\n ").map(|word| {
            assert!(word.len() <= 67, "{word}");
            let text = word.strip_prefix("=?UTF-8?B?").unwrap();
            let bytes = STANDARD.decode(text.strip_suffix("?=").unwrap()).unwrap();
            String::from_utf8(bytes).unwrap()
        });
        words.collect()
    }

    #[test]
    fn plain_text_stays_and_everything_else_survives() {
        assert_eq!(unstructured("Order 7: done!"), "Order 7: done!");
        for text in [
            "Größe: ✓",
            "=?UTF-8?B?SGVsbG8=?=",
            " leading",
            &"ü".repeat(200),
            &"a😀".repeat(100),
            &"plain ".repeat(30),
        ] {
            assert_eq!(decoded(&unstructured(text)), text);
        }
    }
}
