//! Line ends: everything is written with LF, and a checkout with CRLF is the same text.

use std::borrow::Cow;

/// The text with LF.
pub(super) fn unified(text: &[u8]) -> Cow<'_, [u8]> {
    if !text.windows(2).any(|pair| pair == b"\r\n") {
        return Cow::Borrowed(text);
    }
    let mut unified = Vec::with_capacity(text.len());
    for (index, byte) in text.iter().enumerate() {
        if *byte != b'\r' || text.get(index + 1) != Some(&b'\n') {
            unified.push(*byte);
        }
    }
    Cow::Owned(unified)
}

/// The text with the line ends that the model has at its first line.
pub(super) fn like(model: &[u8], text: String) -> String {
    let first = model.iter().position(|byte| *byte == b'\n');
    let crlf = first.is_some_and(|at| at > 0 && model[at - 1] == b'\r');
    if crlf {
        text.replace('\n', "\r\n")
    } else {
        text
    }
}
