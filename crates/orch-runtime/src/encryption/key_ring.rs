//! The keys of a process: one that seals, older ones that still open, and one for fingerprints.

use std::fmt;
use std::path::Path;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use ring::aead::{AES_256_GCM, LessSafeKey, UnboundKey};
use ring::hmac;

use super::envelope;

/// The id of the line that holds the key of fingerprints.
const FINGERPRINT: &str = "fingerprint";
/// Bytes of every key.
const KEY_BYTES: usize = 32;
/// Characters of an id.
const ID_CHARACTERS: std::ops::RangeInclusive<usize> = 1..=32;

/// Keys, read from lines of an id and 32 bytes in hexadecimal or base64.
///
/// The first line is the **current** key, which seals; the others only open. One line has the id
/// `fingerprint`: its key makes the digests that recognise repeated requests, so it stays for as long
/// as the rows do. Where it stands does not matter.
///
/// ```
/// use orch_runtime::encryption::KeyRing;
///
/// let ring = KeyRing::parse(
///     "# made by: openssl rand -hex 32\n\
///      2026-11 1f9e1c3e0f3b8d0a5b7c6d4e2f1a0b9c8d7e6f5a4b3c2d1e0f9a8b7c6d5e4f3a\n\
///      fingerprint 7a6b5c4d3e2f1a0b9c8d7e6f5a4b3c2d1e0f9a8b7c6d5e4f3a2b1c0d9e8f7a6b\n",
/// );
/// assert_eq!(ring.unwrap().current(), "2026-11");
/// ```
///
/// **At most 2³² texts may be sealed with one key.** Nonces are 96 random bits, and up to that number
/// the chance that two are the same, which would give both texts away, stays below 2⁻³². An operation
/// seals three texts or four, and one more per further attempt: change keys before a billion operations. A new
/// key begins at zero.
pub struct KeyRing {
    keys: Vec<Key>,
    fingerprints: hmac::Key,
}

/// One key, and how the texts begin that it sealed.
pub(super) struct Key {
    id: String,
    pub(super) prefix: String,
    pub(super) cipher: LessSafeKey,
}

/// A list of keys cannot be used. No part of a key is in the message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidKeyRing(String);

impl KeyRing {
    /// Reads a ring from a file; see [`parse`](Self::parse).
    ///
    /// # Errors
    /// When the file cannot be read, named by its path, or its text cannot be used.
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self, InvalidKeyRing> {
        let path = path.as_ref();
        let text = std::fs::read_to_string(path).map_err(|error| {
            InvalidKeyRing(format!("{} cannot be read: {error}", path.display()))
        })?;
        Self::parse(&text).map_err(|error| InvalidKeyRing(format!("{}: {error}", path.display())))
    }

    /// Reads lines of an id and a key, with a space between. Ids have up to 32 letters, digits, `.`,
    /// `_` and `-`. Empty lines and those that begin with `#` are passed over.
    ///
    /// # Errors
    /// Names the first line that is no such line, or whose id or key stands in a line before; also when
    /// there is no key to seal with, or none for fingerprints.
    pub fn parse(text: &str) -> Result<Self, InvalidKeyRing> {
        let mut lines: Vec<(usize, &str, [u8; KEY_BYTES])> = Vec::new();
        for (index, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let number = index + 1;
            let problem = |problem: &str| InvalidKeyRing(format!("line {number}: {problem}"));
            let (id, key) = read(line).map_err(problem)?;
            for (other, known, bytes) in &lines {
                if *known == id {
                    return Err(problem(&format!("its id stands in line {other} already")));
                }
                if *bytes == key {
                    return Err(problem(&format!("its key stands in line {other} already")));
                }
            }
            lines.push((number, id, key));
        }
        let fingerprints = lines.iter().find(|(_, id, _)| *id == FINGERPRINT);
        let fingerprints = fingerprints.ok_or_else(|| {
            InvalidKeyRing(format!(
                "there is no line \"{FINGERPRINT} …\": it holds the key that recognises repeated \
                 requests, and never changes"
            ))
        })?;
        let sealing = lines.iter().filter(|(_, id, _)| *id != FINGERPRINT);
        let keys: Vec<Key> = sealing
            .map(|(_, id, bytes)| Key::new(id, bytes))
            .collect::<Option<_>>()
            .ok_or_else(|| InvalidKeyRing("a key is not usable".to_owned()))?;
        if keys.is_empty() {
            return Err(InvalidKeyRing(
                "there is no key to encrypt with in the list".to_owned(),
            ));
        }
        Ok(Self {
            keys,
            fingerprints: hmac::Key::new(hmac::HMAC_SHA256, &fingerprints.2),
        })
    }

    /// The id of the key that seals.
    #[must_use]
    pub fn current(&self) -> &str {
        &self.sealing().id
    }

    /// The ids of all keys that open, the current one first.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.keys.iter().map(|key| &*key.id)
    }

    pub(super) fn sealing(&self) -> &Key {
        &self.keys[0]
    }

    pub(super) fn key(&self, id: &str) -> Option<&Key> {
        self.keys.iter().find(|key| key.id == id)
    }

    pub(super) fn fingerprints(&self) -> &hmac::Key {
        &self.fingerprints
    }
}

impl Key {
    /// `None` never happens for bytes of the right number.
    fn new(id: &str, bytes: &[u8; KEY_BYTES]) -> Option<Self> {
        let key = UnboundKey::new(&AES_256_GCM, bytes).ok()?;
        Some(Self {
            id: id.to_owned(),
            prefix: envelope::prefix(id),
            cipher: LessSafeKey::new(key),
        })
    }
}

fn read(line: &str) -> Result<(&str, [u8; KEY_BYTES]), &'static str> {
    let mut words = line.split_whitespace();
    let (Some(id), Some(key), None) = (words.next(), words.next(), words.next()) else {
        return Err("expected two words, an id and a key");
    };
    let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    if !ID_CHARACTERS.contains(&id.len()) || !id.chars().all(legal) {
        return Err("the id must have 1 to 32 letters, digits, \".\", \"_\" or \"-\"");
    }
    let key = of_hex(key.as_bytes()).or_else(|| of_base64(key));
    let key = key.ok_or("the key must be 32 bytes, as 64 hexadecimal digits or in base64")?;
    Ok((id, key))
}

fn of_hex(hex: &[u8]) -> Option<[u8; KEY_BYTES]> {
    if hex.len() != 2 * KEY_BYTES {
        return None;
    }
    let mut key = [0; KEY_BYTES];
    for (byte, pair) in key.iter_mut().zip(hex.chunks_exact(2)) {
        let high = char::from(pair[0]).to_digit(16)?;
        let low = char::from(pair[1]).to_digit(16)?;
        *byte = u8::try_from(16 * high + low).ok()?;
    }
    Some(key)
}

/// Either alphabet, with or without padding.
fn of_base64(text: &str) -> Option<[u8; KEY_BYTES]> {
    let config =
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    [&alphabet::STANDARD, &alphabet::URL_SAFE]
        .into_iter()
        .find_map(|alphabet| GeneralPurpose::new(alphabet, config).decode(text).ok())
        .and_then(|key| key.try_into().ok())
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyRing")
            .field("ids", &self.ids().collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str = "1f9e1c3e0f3b8d0a5b7c6d4e2f1a0b9c8d7e6f5a4b3c2d1e0f9a8b7c6d5e4f3a";
    const TWO: &str = "H54cPg87jQpbfG1OLxoLnI1+b1pLPC0eD5qLfG1eTzo=";
    const THREE: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    const FOUR: &str = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";

    #[test]
    fn the_first_line_is_current_wherever_the_fingerprint_stands() {
        let text = format!("# keys\n\nfingerprint {THREE}\r\nnew {ONE}\n  old\t{FOUR}\n");
        let ring = KeyRing::parse(&text).unwrap();
        assert_eq!(ring.ids().collect::<Vec<_>>(), ["new", "old"]);
        assert_eq!(ring.current(), "new");
    }

    #[test]
    fn hexadecimal_and_both_kinds_of_base64_are_read() {
        let url_safe = TWO.replace('+', "-").replace('=', "");
        for key in [TWO, &url_safe, &THREE.to_uppercase()] {
            let text = format!("k {key}\nfingerprint {FOUR}");
            assert!(KeyRing::parse(&text).is_ok(), "{key}");
        }
        assert_eq!(of_base64(TWO), of_base64(&url_safe));
    }

    /// A wrong line is often a cut key: what is left of it must not reach a log.
    #[test]
    fn a_wrong_line_is_named_and_no_key_is_repeated() {
        let cut = &ONE[1..];
        for (text, part) in [
            (format!("k {cut}"), "line 1: "),
            (format!("\nk g{cut}"), "line 2: "),
            (ONE.to_owned(), "line 1: "),
            (format!("k k {ONE}"), "line 1: "),
            (format!("k:1 {ONE}"), "line 1: "),
            (format!("{} {ONE}", "k".repeat(33)), "line 1: "),
            (
                format!("k {ONE}\nk {FOUR}"),
                "line 2: its id stands in line 1",
            ),
            (
                format!("k {ONE}\nl {ONE}"),
                "line 2: its key stands in line 1",
            ),
            (format!("k {ONE}\nfingerprint {ONE}"), "line 2: its key"),
            (format!("k {ONE}"), "no line \"fingerprint"),
            (format!("fingerprint {ONE}"), "no key to encrypt with"),
            (String::new(), "no line \"fingerprint"),
        ] {
            let error = KeyRing::parse(&text).unwrap_err().to_string();
            assert!(error.contains(part), "{text:?}: {error}");
            assert!(!error.contains(&cut[..8]), "{error}");
        }
    }

    #[test]
    fn nothing_that_is_printed_holds_a_key() {
        let ring = KeyRing::parse(&format!("k {ONE}\nfingerprint {FOUR}")).unwrap();
        assert_eq!(format!("{ring:?}"), r#"KeyRing { ids: ["k"], .. }"#);
        let error = KeyRing::from_file("no/such/keys").unwrap_err();
        assert!(error.to_string().starts_with("no/such/keys cannot be read"));
    }
}
