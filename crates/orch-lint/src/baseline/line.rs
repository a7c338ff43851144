//! One finding as one line: `ORC302 <fingerprint> <kin> <file> <item> # <reason>`.
//!
//! Words hold no blanks: what would split a line, or show another text than it is, is written as the
//! bytes of its UTF-8 in the form `%20`. An empty word is `-`.

use std::fmt;

use crate::finding::Finding;
use crate::rules;

/// Hexadecimal digits of a fingerprint.
const DIGITS: usize = 32;

/// One finding of a baseline.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub struct Entry {
    /// The code of the rule.
    pub code: String,
    /// The file, as it was called when the line was written.
    pub path: String,
    /// The item, as it was called when the line was written.
    pub item: String,
    /// What identifies the finding.
    pub fingerprint: String,
    /// What identifies it when its file got another name.
    pub(super) kin: String,
    /// Why it is left for later; may be empty.
    pub reason: String,
}

impl Entry {
    /// The entry that holds back a finding.
    pub(super) fn of(finding: &Finding, reason: &str) -> Self {
        Entry {
            code: finding.code.to_owned(),
            path: finding.path.clone(),
            item: finding.item.clone(),
            fingerprint: finding.fingerprint.clone(),
            kin: finding.kin.clone(),
            reason: one_line(reason),
        }
    }

    /// What no two entries of a baseline share.
    pub(super) fn identity(&self) -> (&str, &str) {
        (&self.code, &self.fingerprint)
    }

    /// Why it can hold back nothing, if so: its rule does not exist, or allows no exceptions.
    #[must_use]
    pub fn ineffective(&self) -> Option<String> {
        let mut all = rules::ALL.iter();
        match all.find(|rule| rule.code() == self.code) {
            None => Some(format!("there is no rule {}", self.code)),
            Some(rule) if !rule.allows_exceptions() => {
                Some(format!("{} allows no exceptions", self.code))
            }
            Some(_) => None,
        }
    }

    /// Reads a line; `Err` says what is wrong with it.
    pub(super) fn parse(line: &str) -> Result<Self, String> {
        if ["<<<<<<<", "|||||||", "=======", ">>>>>>>"]
            .iter()
            .any(|mark| line.starts_with(mark))
        {
            return Err("a merge is not finished here: keep the lines of both sides".into());
        }
        let (words, reason) = line.split_once(" #").unwrap_or((line, ""));
        let words: Vec<&str> = words.split_whitespace().collect();
        let [code, fingerprint, kin, path, item] = words[..] else {
            return Err(
                "it is not `RULE FINGERPRINT FINGERPRINT FILE ITEM # REASON`; take the line out, or \
                 back from version control"
                    .into(),
            );
        };
        let is_code = code
            .bytes()
            .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
        if !is_code {
            return Err(format!(
                "`{}` is not the code of a rule",
                code.escape_debug()
            ));
        }
        Ok(Entry {
            code: code.to_owned(),
            path: unescape(path)?,
            item: unescape(item)?,
            fingerprint: digits(fingerprint)?,
            kin: digits(kin)?,
            reason: one_line(reason),
        })
    }
}

/// The line, without its end.
impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (path, item) = (escape(&self.path), escape(&self.item));
        let (code, fingerprint, kin) = (&self.code, &self.fingerprint, &self.kin);
        write!(f, "{code} {fingerprint} {kin} {path} {item}")?;
        if !self.reason.is_empty() {
            write!(f, " # {}", self.reason)?;
        }
        Ok(())
    }
}

fn digits(word: &str) -> Result<String, String> {
    let is_digit = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
    if word.len() == DIGITS && word.bytes().all(is_digit) {
        Ok(word.to_owned())
    } else {
        Err(format!(
            "`{}` is not a fingerprint of {DIGITS} digits",
            word.escape_debug()
        ))
    }
}

/// Characters that end a word or a line, or that cannot be seen.
fn is_unsafe(c: char) -> bool {
    let is_unseen = matches!(
        c,
        '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}'
    );
    c.is_whitespace() || c.is_control() || is_unseen
}

fn escape(word: &str) -> String {
    match word {
        "" => return "-".into(),
        "-" => return "%2D".into(),
        _ => {}
    }
    let mut escaped = String::with_capacity(word.len());
    for (at, c) in word.char_indices() {
        let would_be_reason = at == 0 && c == '#';
        if c == '%' || would_be_reason || is_unsafe(c) {
            for byte in c.encode_utf8(&mut [0; 4]).bytes() {
                escaped.push_str(&format!("%{byte:02X}"));
            }
        } else {
            escaped.push(c);
        }
    }
    escaped
}

fn unescape(word: &str) -> Result<String, String> {
    if word == "-" {
        return Ok(String::new());
    }
    let wrong = || format!("`{}` has a `%` that is not two digits", word.escape_debug());
    let mut parts = word.split('%');
    let mut bytes: Vec<u8> = parts.next().unwrap_or_default().into();
    for part in parts {
        let (digits, rest) = part.split_at_checked(2).ok_or_else(wrong)?;
        let is_digits = digits.bytes().all(|b| b.is_ascii_hexdigit());
        let byte = is_digits
            .then(|| u8::from_str_radix(digits, 16).ok())
            .flatten();
        bytes.push(byte.ok_or_else(wrong)?);
        bytes.extend_from_slice(rest.as_bytes());
    }
    String::from_utf8(bytes).map_err(|_| wrong())
}

/// A reason never makes a second line.
fn one_line(reason: &str) -> String {
    let words = reason.split(is_unsafe).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(path: &str, item: &str, reason: &str) -> Entry {
        Entry {
            code: "ORC302".into(),
            path: path.into(),
            item: item.into(),
            fingerprint: "0".repeat(DIGITS),
            kin: "f".repeat(DIGITS),
            reason: reason.into(),
        }
    }

    /// A path that could end its line would hold back what nobody wrote down.
    #[test]
    fn hostile_words_come_back_as_they_were() {
        for word in [
            "src/a b.rs",
            "src/%20.rs",
            "src/50%.rs",
            "#a # b",
            "-",
            "--",
            "",
            " ",
            "\n",
            "a\r\nORC302 b",
            "a\u{2028}b\u{85}c\u{a0}d",
            "\u{202e}sr.a",
            "\u{feff}",
            "ünï/日本.rs",
            "crate::r#type::T",
            "<a::B<'_> as C>::d",
            "\u{0}\u{1b}[31m",
        ] {
            let written = entry(word, word, "a # reason").to_string();
            assert_eq!(written.lines().count(), 1, "{written:?}");
            assert!(
                !written.chars().any(|c| c != ' ' && is_unsafe(c)),
                "{written:?}"
            );
            assert_eq!(Entry::parse(&written), Ok(entry(word, word, "a # reason")));
        }
    }

    #[test]
    fn a_line_reads_as_its_parts() {
        let (zeros, fs) = ("0".repeat(DIGITS), "f".repeat(DIGITS));
        let line = format!("ORC302 {zeros} {fs} src/a.rs crate::a::f # until the new provider");
        let read = entry("src/a.rs", "crate::a::f", "until the new provider");
        assert_eq!(Entry::parse(&line), Ok(read.clone()));
        assert_eq!(read.to_string(), line);
        let bare = entry("src/a.rs", "", "");
        assert_eq!(bare.to_string(), format!("ORC302 {zeros} {fs} src/a.rs -"));
    }

    #[test]
    fn a_reason_stays_on_its_line() {
        assert_eq!(one_line(" a\n# b\u{2028}\tc \u{202e}"), "a # b c");
    }

    #[test]
    fn a_damaged_line_is_refused() {
        let (zeros, fs) = ("0".repeat(DIGITS), "f".repeat(DIGITS));
        for line in [
            "ORC302".to_owned(),
            format!("ORC302 {zeros} {fs} src/a.rs"),
            format!("ORC302 {zeros} {fs} src/a.rs a b # why"),
            format!("orc302 {zeros} {fs} src/a.rs a"),
            format!("ORC302 {zeros}0 {fs} src/a.rs a"),
            format!("ORC302 {} {fs} src/a.rs a", zeros.replace('0', "G")),
            format!("ORC302 {zeros} {fs} src/%zz.rs a"),
            format!("ORC302 {zeros} {fs} src/%+1.rs a"),
            format!("ORC302 {zeros} {fs} src/a%2 a"),
            format!("ORC302 {zeros} {fs} src/%ü a"),
            format!("ORC302 {zeros} {fs} src/%FF a"),
            "<<<<<<< HEAD".to_owned(),
        ] {
            assert!(Entry::parse(&line).is_err(), "{line}");
        }
    }
}
