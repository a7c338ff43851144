//! What was found in files before, so that a text is parsed once.
//!
//! Facts are kept by the hash of the text they were found in, never by its path or its time: a checkout,
//! another branch and an editor's buffer all find theirs. Findings are not kept; they follow from facts
//! and options, and are worked out each time.
//!
//! ```text
//! orch-lint facts 0.3.0 3\n                            the program and this layout
//! [hash of the text: 32][check: 8][length: 4][facts]   again and again
//! ```
//!
//! **Invariant:** a cache changes how long a run takes, never what it finds. A file that another version
//! wrote, or that is damaged, is as good as none.

use std::collections::HashMap;
use std::io;
use std::ops::Range;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sha2::{Digest, Sha256};

use crate::syntax::{self, Facts, FileFacts, ParseFailure};

const FIRST_LINE: &str = concat!("orch-lint facts ", env!("CARGO_PKG_VERSION"), " 4\n");
const CHECK: usize = 8;

type Key = [u8; 32];

/// Facts by the text they were found in.
#[derive(Debug, Default)]
pub struct Cache {
    bytes: Vec<u8>,
    stored: HashMap<Key, Stored>,
    found: Mutex<HashMap<Key, Found>>,
}

/// Facts that were asked for in this run.
#[derive(Debug)]
struct Found {
    facts: Facts,
    is_new: bool,
}

/// Facts of an earlier run.
#[derive(Debug)]
struct Stored {
    check: [u8; CHECK],
    at: Range<usize>,
}

impl Cache {
    /// Nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// What [`save`](Self::save) wrote to a file; nothing when that cannot be read.
    #[must_use]
    pub fn open(file: &Path) -> Self {
        let bytes = std::fs::read(file).unwrap_or_default();
        let stored = index(&bytes).unwrap_or_default();
        Cache {
            bytes,
            stored,
            found: Mutex::default(),
        }
    }

    /// Parses a text that is about to be linted.
    ///
    /// # Errors
    ///
    /// When it is no Rust file: the line, and why.
    pub fn check(&self, text: &str) -> Result<(), (usize, String)> {
        match self.parse(text) {
            Ok(_) => Ok(()),
            Err(failure) => Err((failure.span.start.line as usize, failure.message)),
        }
    }

    /// Keeps everything in a file, for later runs. What they do not use goes once it is more than half.
    ///
    /// # Errors
    ///
    /// When the file cannot be written; the old one is as it was.
    pub fn save(&self, file: &Path) -> io::Result<()> {
        let found = self.found();
        let new = found.iter().filter(|(_, found)| found.is_new);
        if new.clone().next().is_none() {
            return Ok(());
        }
        let mut text = FIRST_LINE.as_bytes().to_vec();
        for (key, found) in new {
            let facts = found.facts.as_ref().map(|facts| facts.as_ref());
            put(
                &mut text,
                key,
                &postcard::to_stdvec(&facts).map_err(io::Error::other)?,
            );
        }
        let (used, unused): (Vec<_>, Vec<_>) = self
            .stored
            .iter()
            .partition(|(key, _)| found.contains_key(*key));
        used.iter()
            .for_each(|(key, stored)| put(&mut text, key, &self.bytes[stored.at.clone()]));
        let idle: usize = unused.iter().map(|(_, stored)| stored.at.len()).sum();
        if idle <= text.len() {
            unused
                .iter()
                .for_each(|(key, stored)| put(&mut text, key, &self.bytes[stored.at.clone()]));
        }
        let draft = file.with_extension(std::process::id().to_string());
        std::fs::write(&draft, text)?;
        std::fs::rename(&draft, file).inspect_err(|_| _ = std::fs::remove_file(&draft))
    }

    /// The facts of a text.
    pub(crate) fn parse(&self, text: &str) -> Facts {
        let key: Key = Sha256::digest(text).into();
        if let Some(known) = self.found().get(&key) {
            return known.facts.clone();
        }
        let stored = self.stored.get(&key).and_then(|stored| self.read(stored));
        let is_new = stored.is_none();
        let facts = stored.unwrap_or_else(|| syntax::parse(text));
        let found = Found {
            facts: facts.clone(),
            is_new,
        };
        self.found().insert(key, found);
        facts
    }

    fn read(&self, stored: &Stored) -> Option<Facts> {
        let bytes = &self.bytes[stored.at.clone()];
        if check(bytes) != stored.check {
            return None;
        }
        let facts: Result<FileFacts, ParseFailure> = postcard::from_bytes(bytes).ok()?;
        Some(facts.map(Arc::new))
    }

    fn found(&self) -> MutexGuard<'_, HashMap<Key, Found>> {
        // A map is whole whenever its lock is free.
        self.found.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn put(text: &mut Vec<u8>, key: &Key, facts: &[u8]) {
    let Ok(length) = u32::try_from(facts.len()) else {
        return;
    };
    text.extend(key);
    text.extend(check(facts));
    text.extend(length.to_le_bytes());
    text.extend(facts);
}

/// Tells facts that were damaged on their way from those that were written.
fn check(facts: &[u8]) -> [u8; CHECK] {
    let digest: Key = Sha256::digest(facts).into();
    std::array::from_fn(|at| digest[at])
}

/// Where the facts of each text are; nothing when the bytes are not as they were written.
fn index(bytes: &[u8]) -> Option<HashMap<Key, Stored>> {
    let mut at = bytes
        .starts_with(FIRST_LINE.as_bytes())
        .then_some(FIRST_LINE.len())?;
    let mut stored = HashMap::new();
    while at < bytes.len() {
        let key: Key = take(bytes, &mut at)?;
        let check = take(bytes, &mut at)?;
        let length = u32::from_le_bytes(take(bytes, &mut at)?) as usize;
        let end = at.checked_add(length).filter(|end| *end <= bytes.len())?;
        stored.insert(key, Stored { check, at: at..end });
        at = end;
    }
    Some(stored)
}

fn take<const N: usize>(bytes: &[u8], at: &mut usize) -> Option<[u8; N]> {
    let taken = bytes.get(*at..*at + N)?.try_into().ok()?;
    *at += N;
    Some(taken)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;

    const TEXTS: [&str; 3] = [
        "/// A.\npub struct A { b: Vec<u8> } // orch: allow(ORC001) x",
        "fn f() -> u8 { g(|a| match a { _ if b => c!(d, 1), _ => 2 }) }",
        "fn broken( {",
    ];

    fn shown(cache: &Cache) -> Vec<String> {
        let facts = TEXTS.iter().map(|text| cache.parse(text));
        facts.map(|facts| format!("{facts:?}")).collect()
    }

    /// A file that is thrown away with the test.
    struct Kept(PathBuf);

    impl Kept {
        fn new(name: &str) -> Self {
            let name = format!("orch-lint-{name}-{}", std::process::id());
            Self(std::env::temp_dir().join(name))
        }
    }

    impl Drop for Kept {
        fn drop(&mut self) {
            let _ = std::fs::remove_file(&self.0);
        }
    }

    #[test]
    fn what_is_read_back_is_what_was_found() {
        let file = Kept::new("read-back");
        let first = Cache::new();
        let found = shown(&first);
        first.save(&file.0).unwrap();
        let second = Cache::open(&file.0);
        assert_eq!(second.stored.len(), TEXTS.len());
        assert_eq!(shown(&second), found);
        let is_new = second.found().values().any(|found| found.is_new);
        assert!(!is_new, "nothing was parsed again");
    }

    #[test]
    fn damage_costs_time_and_nothing_else() {
        let file = Kept::new("damage");
        let first = Cache::new();
        let found = shown(&first);
        first.save(&file.0).unwrap();
        let whole = std::fs::read(&file.0).unwrap();
        for at in 0..whole.len() {
            let mut damaged = whole.clone();
            damaged[at] ^= 1;
            std::fs::write(&file.0, &damaged).unwrap();
            assert_eq!(shown(&Cache::open(&file.0)), found, "byte {at}");
            std::fs::write(&file.0, &whole[..at]).unwrap();
            assert_eq!(shown(&Cache::open(&file.0)), found, "cut at {at}");
        }
    }

    #[test]
    fn what_is_not_used_goes_when_it_is_more_than_half() {
        let file = Kept::new("unused");
        let first = Cache::new();
        shown(&first);
        first.save(&file.0).unwrap();
        for round in 0..4 {
            let later = Cache::open(&file.0);
            let _ = later.parse(&format!("fn of_round_{round}() {{}}"));
            later.save(&file.0).unwrap();
        }
        let last = Cache::open(&file.0);
        assert!(last.stored.len() < TEXTS.len() + 4, "{}", last.stored.len());
    }
}
