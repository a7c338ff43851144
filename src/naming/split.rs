//! Words of an identifier in any case.
//!
//! - `_`, `-` and blanks separate words and are dropped.
//! - A capital after a small letter or a digit starts a word: `fileUpload`, `S3Upload`.
//! - In a run of capitals the last one starts a word when a small letter follows: `HTTPCall`.
//! - Digits stay with the word before them: `oauth2`, `sha256`.
//! - Words that break these rules by custom are listed in [`MIXED`]: `OAuth2Token`, `IPv4`.

/// Words whose capitals do not start new words.
const MIXED: &[&str] = &[
    "OAuth",
    "IPv",
    "GraphQL",
    "PostgreSQL",
    "MySQL",
    "NoSQL",
    "SQLite",
    "WebSub",
];

/// Whether the text is `^[A-Z][A-Za-z0-9]*$`.
pub(super) fn is_pascal(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_uppercase())
        && text.chars().all(|c| c.is_ascii_alphanumeric())
}

/// The words of `text` in lower case.
pub(super) fn words(text: &str) -> Vec<String> {
    text.split(|c: char| !c.is_alphanumeric())
        .flat_map(split_chunk)
        .collect()
}

/// `word` with a capital first letter.
pub(super) fn capitalize(word: &str) -> String {
    let mut chars = word.chars();
    chars.next().map_or_else(String::new, |first| {
        first.to_ascii_uppercase().to_string() + chars.as_str()
    })
}

/// The words joined in `camelCase`.
pub(super) fn camel(words: &[String]) -> String {
    let mut words = words.iter();
    let first = words.next().cloned().unwrap_or_default();
    words.fold(first, |text, word| text + &capitalize(word))
}

fn split_chunk(chunk: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut rest = chunk;
    while let Some(next) = rest.chars().next() {
        let before = chunk[..chunk.len() - rest.len()].chars().next_back();
        if starts_word(before, rest) && !word.is_empty() {
            words.push(std::mem::take(&mut word));
        }
        let taken = mixed_at(before, rest).map_or(next.len_utf8(), str::len);
        word.push_str(&rest[..taken].to_ascii_lowercase());
        rest = &rest[taken..];
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

/// A listed word at the start of `rest`, when a word can start here.
fn mixed_at(before: Option<char>, rest: &str) -> Option<&'static str> {
    let free = before.is_none_or(|c| !c.is_ascii_uppercase());
    MIXED
        .iter()
        .find(|mixed| free && rest.starts_with(**mixed))
        .copied()
}

fn starts_word(before: Option<char>, rest: &str) -> bool {
    let mut chars = rest.chars();
    let (Some(before), Some(this)) = (before, chars.next()) else {
        return false;
    };
    if !this.is_ascii_uppercase() {
        return false;
    }
    let next_is_small = chars.next().is_some_and(|c| c.is_ascii_lowercase());
    !before.is_ascii_uppercase() || next_is_small
}
