//! Owners named by the keys they hold.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fmt;
use std::path::Path;

use axum::http::request::Parts;
use sha2::{Digest as _, Sha256};

use crate::http::ApiError;
use crate::ids::OwnerId;

use super::{Authenticator, bearer};

/// Bytes that a key has. A shorter one can be guessed from its digest, a longer one is no key.
const KEY_BYTES: std::ops::RangeInclusive<usize> = 24..=512;

/// SHA-256 of a key.
type Digest = [u8; 32];

/// Takes the owner from a key, sent as `Authorization: Bearer <key>` or as `X-Api-Key: <key>`.
///
/// Only SHA-256 digests of keys are held, so that neither the list nor the memory of this process says
/// what a client has to send. Several keys may belong to one owner: a new one is added before the old
/// one is taken away.
///
/// ```
/// use orch_runtime::http::ApiKeys;
///
/// let keys = ApiKeys::parse(
///     "# owner, and the SHA-256 of a key\n\
///      shop-1 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08\n",
/// );
/// assert!(keys.is_ok());
/// ```
///
/// A key is found by its digest in a hash table. That takes a time that depends on the digest of what
/// was sent, and tells nothing useful: the table hashes with a secret of the process, so nobody can
/// send keys that come ever closer to one in the list; and whoever had a digest could still not send
/// the key, which is why digests are held. For the same reason they need neither salt nor a slow hash,
/// as long as keys are random: make them by a generator, see the security guide.
#[derive(Clone)]
pub struct ApiKeys {
    owners: HashMap<Digest, OwnerId>,
}

/// A list of keys cannot be used. Neither keys nor digests are in the message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidApiKeys(String);

impl ApiKeys {
    /// Reads a list from a file; see [`parse`](Self::parse).
    ///
    /// # Errors
    /// When the file cannot be read, named by its path, or its text cannot be used.
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self, InvalidApiKeys> {
        let path = path.as_ref();
        let text = std::fs::read_to_string(path).map_err(|error| {
            InvalidApiKeys(format!("{} cannot be read: {error}", path.display()))
        })?;
        Self::parse(&text).map_err(|error| InvalidApiKeys(format!("{}: {error}", path.display())))
    }

    /// Reads lines of an owner and the SHA-256 digest of one of its keys, in hexadecimal, with a space
    /// between. Empty lines and those that begin with `#` are passed over.
    ///
    /// # Errors
    /// Names the first line that is no such line, or whose digest stands under another owner before;
    /// also when there is no line at all.
    pub fn parse(text: &str) -> Result<Self, InvalidApiKeys> {
        let mut owners: HashMap<Digest, OwnerId> = HashMap::new();
        for (index, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let problem = |problem: &str| InvalidApiKeys(format!("line {}: {problem}", index + 1));
            let (owner, digest) = read(line).map_err(|error| problem(&error))?;
            match owners.entry(digest) {
                Entry::Occupied(other) if *other.get() != owner => {
                    return Err(problem("the same digest belongs to another owner"));
                }
                Entry::Occupied(_) => {}
                Entry::Vacant(place) => {
                    place.insert(owner);
                }
            }
        }
        if owners.is_empty() {
            return Err(InvalidApiKeys("there is no key in the list".to_owned()));
        }
        Ok(Self { owners })
    }
}

fn read(line: &str) -> Result<(OwnerId, Digest), String> {
    let mut words = line.split_whitespace();
    let (Some(owner), Some(digest), None) = (words.next(), words.next(), words.next()) else {
        return Err("expected two words, an owner and a digest".to_owned());
    };
    let owner = OwnerId::new(owner).map_err(|error| error.to_string())?;
    let digest = digest_of_hex(digest.as_bytes())
        .ok_or("the digest must be 64 hexadecimal digits, the SHA-256 of the key")?;
    Ok((owner, digest))
}

fn digest_of_hex(hex: &[u8]) -> Option<Digest> {
    let mut digest = Digest::default();
    if hex.len() != 2 * digest.len() {
        return None;
    }
    for (byte, pair) in digest.iter_mut().zip(hex.chunks_exact(2)) {
        let high = char::from(pair[0]).to_digit(16)?;
        let low = char::from(pair[1]).to_digit(16)?;
        *byte = u8::try_from(16 * high + low).ok()?;
    }
    Some(digest)
}

impl Authenticator for ApiKeys {
    fn owner(&self, parts: &Parts) -> Result<OwnerId, ApiError> {
        let key = bearer::key(&parts.headers)?;
        if !KEY_BYTES.contains(&key.len()) {
            return Err(bearer::refused("a key of an impossible length"));
        }
        let owner = self.owners.get::<Digest>(&Sha256::digest(key).into());
        owner
            .cloned()
            .ok_or_else(|| bearer::refused("an unknown key"))
    }
}

impl fmt::Debug for ApiKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiKeys")
            .field("keys", &self.owners.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::Request;
    use std::fmt::Write as _;

    const OLD: &str = "old-key-0123456789abcdef";
    const NEW: &str = "new-key-0123456789abcdef";
    const BOB: &str = "bob-key-0123456789abcdef";

    fn hex(key: &str) -> String {
        Sha256::digest(key)
            .iter()
            .fold(String::new(), |mut text, byte| {
                write!(text, "{byte:02x}").unwrap();
                text
            })
    }

    fn keys() -> ApiKeys {
        let (old, new, bob) = (hex(OLD), hex(NEW), hex(BOB).to_uppercase());
        let text = format!("# keys\n\nann {old}\n  ann\t{new}\r\nbob {bob}\n");
        ApiKeys::parse(&text).unwrap()
    }

    fn owner(key: &str) -> Result<String, u16> {
        let request = Request::builder().header("x-api-key", key);
        let (parts, ()) = request.body(()).unwrap().into_parts();
        let owner = keys().owner(&parts);
        owner
            .map(|owner| owner.to_string())
            .map_err(|error| error.status().as_u16())
    }

    /// A key is replaced without a moment in which its owner has none.
    #[test]
    fn an_owner_may_have_two_keys_at_once() {
        assert_eq!(owner(OLD), Ok("ann".to_owned()));
        assert_eq!(owner(NEW), Ok("ann".to_owned()));
        assert_eq!(owner(BOB), Ok("bob".to_owned()));
    }

    /// The list may be seen by more people than the keys: what stands in it must open nothing.
    #[test]
    fn a_digest_is_no_key() {
        assert_eq!(owner(&hex(OLD)), Err(401));
        assert_eq!(owner("somebody-elses-0123456789"), Err(401));
    }

    #[test]
    fn a_short_key_opens_nothing_even_when_its_digest_is_listed() {
        let short = "0123456789abcdef0123456";
        assert_eq!(short.len(), 23);
        let keys = ApiKeys::parse(&format!("ann {}", hex(short))).unwrap();
        let request = Request::builder().header("x-api-key", short);
        let (parts, ()) = request.body(()).unwrap().into_parts();
        assert!(keys.owner(&parts).is_err());
    }

    #[test]
    fn a_wrong_line_is_named_and_never_repeated() {
        let (old, cut) = (hex(OLD), &hex(OLD)[1..]);
        let long = "x".repeat(129);
        for (text, line) in [
            (format!("ann {cut}"), "line 1: "),
            (format!("\nann g{cut}"), "line 2: "),
            (format!("ann +{cut}"), "line 1: "),
            (old.clone(), "line 1: "),
            (format!("ann bob {old}"), "line 1: "),
            (format!("{long} {old}"), "line 1: "),
            (format!("ann {old}\nbob {old}"), "line 2: "),
            (format!("ann {old}\n{OLD}"), "line 2: "),
            ("# nobody\n".to_owned(), "there is no key"),
        ] {
            let error = ApiKeys::parse(&text).unwrap_err().to_string();
            assert!(error.starts_with(line), "{text:?}: {error}");
            assert!(!error.contains(cut) && !error.contains(OLD), "{error}");
        }
    }

    #[test]
    fn nothing_that_is_printed_holds_a_key_a_digest_or_an_owner() {
        let shown = format!("{:?}", keys());
        assert_eq!(shown, "ApiKeys { keys: 3, .. }");
    }

    #[test]
    fn a_file_that_cannot_be_read_is_named() {
        let error = ApiKeys::from_file("no/such/keys").unwrap_err();
        assert!(error.to_string().contains("no/such/keys"), "{error}");
    }
}
