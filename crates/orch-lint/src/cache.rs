//! What was found in files before, so that a text is parsed once.
//!
//! Facts are kept by the hash of the text they were found in, never by its path or its time: a checkout,
//! another branch and an editor's buffer all find theirs. They are read when a run
//! begins to parse: one that reads what an earlier one read (`runs`) needs none.
//!
//! ```text
//! orch-lint facts PROGRAM\n                            the build that wrote it
//! [hash of the text: 32][check: 8][length: 4][facts]   again and again
//! ```
//!
//! What a run finds anew is put behind what is there. Two programs may do that at once, and one of them may
//! be another build, or die halfway: the check speaks of the build too, and what comes behind a piece that is
//! not whole is not read. The file is written anew when more than half of it is not used.
//!
//! **Invariant:** a cache changes how long a run takes, never what it finds. A file that another version
//! wrote, or that is damaged, is as good as none.

use std::io::{self, Write as _};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use rustc_hash::FxHashMap;
use sha2::{Digest, Sha256};

use crate::runs::Runs;
use crate::syntax::kept::reading;
use crate::syntax::{self, Facts, FileFacts, ParseFailure};
use crate::threads;

const CHECK: usize = 8;

/// With so many texts, several threads write down what was found in them.
const PARALLEL_FROM: usize = 12;

type Key = [u8; 32];

/// Facts by the text they were found in, and the reports of earlier runs.
#[derive(Debug, Default)]
pub struct Cache {
    file: Option<PathBuf>,
    program: String,
    earlier: OnceLock<Earlier>,
    found: Mutex<FxHashMap<Key, Found>>,
    /// Whether anything was since texts were forgotten.
    is_asked: AtomicBool,
    /// Bytes that were put behind those of the file since the program started.
    added: AtomicUsize,
    pub(crate) runs: Runs,
}

/// What is in the file.
#[derive(Debug, Default)]
struct Earlier {
    bytes: Arc<Vec<u8>>,
    stored: FxHashMap<Key, Stored>,
    /// What the check of each piece begins with.
    seed: u64,
    /// Whether there is a file of this build, and it ends where a piece ends.
    is_whole: bool,
}

/// Facts that were asked for since the program started, as far as they are not forgotten.
#[derive(Debug)]
struct Found {
    facts: Facts,
    is_new: bool,
    /// How many bytes of the file say so, where it was not there before.
    written: usize,
    /// How many runs ended since somebody asked.
    age: u8,
}

/// The run that ended, and the one before it: what is taken back is often what was just typed.
const KEPT_RUNS: u8 = 2;

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

    /// What [`save`](Self::save) wrote to a file; nothing when that cannot be read, or was written by another
    /// `program`: a name for this build of it, with everything that decides what it finds.
    #[must_use]
    pub fn open(file: &Path, program: &str) -> Self {
        Cache {
            file: Some(file.to_owned()),
            program: program.to_owned(),
            runs: Runs::open(&runs_beside(file), program),
            ..Self::default()
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

    /// Keeps everything in the file, for later runs. Facts they do not use go once they are more than half.
    ///
    /// # Errors
    ///
    /// When the file cannot be written; the old one is as it was.
    pub fn save(&self) -> io::Result<()> {
        let Some(file) = &self.file else {
            return Ok(());
        };
        let runs = || self.runs.save(&runs_beside(file), &self.program);
        let (facts, runs) = threads::both(|| self.save_facts(file), runs);
        facts.and(runs)
    }

    fn save_facts(&self, file: &Path) -> io::Result<()> {
        let unwritten: Vec<(Key, Facts)> = self.unwritten();
        let pieces = threads::map(&unwritten, PARALLEL_FROM, |(key, facts)| {
            let mut piece = Vec::new();
            put_facts(&mut piece, &self.program, key, facts)?;
            Ok((*key, piece))
        });
        let pieces: Vec<(Key, Vec<u8>)> = pieces.into_iter().collect::<io::Result<_>>()?;
        if pieces.is_empty() {
            return Ok(());
        }
        let mut found = self.found();
        let new: Vec<&[u8]> = pieces.iter().map(|(_, piece)| &**piece).collect();
        let new = new.concat();
        let earlier = self.earlier();
        let used = earlier.stored.iter();
        let used = used.filter(|(key, _)| found.contains_key(*key));
        let of_earlier: usize = used.clone().map(|(_, stored)| stored.at.len()).sum();
        let of_now = found.values().map(|one| one.written).sum::<usize>() + new.len();
        let added = self.added.fetch_add(new.len(), Ordering::Relaxed) + new.len();
        let all = earlier.bytes.len() + added;
        if earlier.is_whole && all <= 2 * (of_earlier + of_now) {
            append(file, &new)?;
        } else {
            let mut text = first_line(&self.program).into_bytes();
            text.extend(new);
            for (key, one) in found.iter().filter(|(_, one)| one.written != 0) {
                put_facts(&mut text, &self.program, key, &one.facts)?;
            }
            for (key, stored) in used {
                let facts = &earlier.bytes[stored.at.clone()];
                put(&mut text, &self.program, key, facts);
            }
            replace(file, &text)?;
        }
        for (key, piece) in &pieces {
            if let Some(one) = found.get_mut(key) {
                one.written = piece.len();
            }
        }
        Ok(())
    }

    /// Reads what is in the file, before a text is asked for.
    pub(crate) fn read_ahead(&self) {
        self.earlier();
    }

    /// Ends a run of a program that goes on: forgets texts that neither this run nor the one before it asked
    /// for. What [`open`](Self::open) read stays; [`save`](Self::save) does not write what is forgotten.
    pub fn forget(&self) {
        if !self.is_asked.swap(false, Ordering::Relaxed) {
            return;
        }
        self.found().retain(|_, found| {
            found.age += 1;
            found.age <= KEPT_RUNS
        });
    }

    /// The facts of a text.
    pub(crate) fn parse(&self, text: &str) -> Facts {
        self.parse_hashed(text, Sha256::digest(text).into())
    }

    /// The facts of a text whose SHA-256 is known.
    pub(crate) fn parse_hashed(&self, text: &str, key: Key) -> Facts {
        self.is_asked.store(true, Ordering::Relaxed);
        if let Some(known) = self.found().get_mut(&key) {
            known.age = 0;
            return known.facts.clone();
        }
        let stored = self.earlier().read(&key);
        let is_new = stored.is_none();
        let facts = stored.unwrap_or_else(|| syntax::parse(text));
        let found = Found {
            facts: facts.clone(),
            is_new,
            written: 0,
            age: 0,
        };
        self.found().insert(key, found);
        facts
    }

    /// What was found and is not in the file.
    fn unwritten(&self) -> Vec<(Key, Facts)> {
        let found = self.found();
        let unwritten = found.iter();
        let unwritten = unwritten.filter(|(_, one)| one.is_new && one.written == 0);
        unwritten
            .map(|(key, one)| (*key, one.facts.clone()))
            .collect()
    }

    fn earlier(&self) -> &Earlier {
        let open = || match &self.file {
            Some(file) => Earlier::open(file, &self.program),
            None => Earlier::default(),
        };
        self.earlier.get_or_init(open)
    }

    fn found(&self) -> MutexGuard<'_, FxHashMap<Key, Found>> {
        // A map is whole whenever its lock is free.
        self.found.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Earlier {
    fn open(file: &Path, program: &str) -> Self {
        let bytes = std::fs::read(file).unwrap_or_default();
        let mut stored = FxHashMap::default();
        let is_whole = index(&bytes, program, &mut stored).is_some();
        Earlier {
            bytes: Arc::new(bytes),
            stored,
            seed: seed(program),
            is_whole,
        }
    }

    fn read(&self, key: &Key) -> Option<Facts> {
        let stored = self.stored.get(key)?;
        let bytes = &self.bytes[stored.at.clone()];
        if check(self.seed, bytes) != stored.check {
            return None;
        }
        let read = || postcard::from_bytes(bytes).ok();
        let facts: Result<FileFacts, ParseFailure> = reading(&self.bytes, read)?;
        Some(facts.map(Arc::new))
    }
}

fn first_line(program: &str) -> String {
    format!("orch-lint facts {program}\n")
}

/// The file of earlier runs, beside that of facts.
fn runs_beside(file: &Path) -> PathBuf {
    file.with_extension("runs")
}

/// Writes a file whole, or leaves it as it is.
pub(crate) fn replace(file: &Path, bytes: &[u8]) -> io::Result<()> {
    let draft = draft(file);
    std::fs::write(&draft, bytes)?;
    std::fs::rename(&draft, file).inspect_err(|_| _ = std::fs::remove_file(&draft))
}

/// Where a file is written before it takes its place. Others write theirs beside it at the same time.
fn draft(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(format!(".{}", std::process::id()));
    name.into()
}

/// Puts bytes behind those of a file, in one go: others may do so at the same time.
fn append(file: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = std::fs::OpenOptions::new().append(true).open(file)?;
    file.write_all(bytes)
}

fn put_facts(text: &mut Vec<u8>, program: &str, key: &Key, facts: &Facts) -> io::Result<()> {
    let facts = facts.as_ref().map(AsRef::as_ref);
    let facts: Result<&FileFacts, &ParseFailure> = facts;
    let facts = postcard::to_stdvec(&facts).map_err(io::Error::other)?;
    put(text, program, key, &facts);
    Ok(())
}

fn put(text: &mut Vec<u8>, program: &str, key: &Key, facts: &[u8]) {
    let Ok(length) = u32::try_from(facts.len()) else {
        return;
    };
    text.extend(key);
    text.extend(check(seed(program), facts));
    text.extend(length.to_le_bytes());
    text.extend(facts);
}

/// Tells facts that were damaged on their way, or that another build wrote, from those that are sound. Nobody
/// is kept from forging them, who could as well write others: each step is one to one, so that no change of a
/// word goes unseen.
fn check(seed: u64, facts: &[u8]) -> [u8; CHECK] {
    let (words, rest) = facts.as_chunks::<CHECK>();
    let words = words.iter().map(|word| u64::from_le_bytes(*word));
    let rest = rest.iter().map(|byte| u64::from(*byte));
    let hash = words.chain(rest).fold(step(seed, facts.len() as u64), step);
    (hash ^ hash >> 32).to_le_bytes()
}

fn step(hash: u64, word: u64) -> u64 {
    const ODD: u64 = 0x9e37_79b9_7f4a_7c15;
    (hash.rotate_left(23) ^ word).wrapping_mul(ODD)
}

/// What stands for a build in the checks of what it wrote.
fn seed(program: &str) -> u64 {
    program.bytes().map(u64::from).fold(0, step)
}

/// Finds out where the facts of each text are; nothing when the bytes are not as they were written. What
/// stands before that is found all the same.
fn index(bytes: &[u8], program: &str, stored: &mut FxHashMap<Key, Stored>) -> Option<()> {
    let first_line = first_line(program);
    let mut at = bytes
        .starts_with(first_line.as_bytes())
        .then_some(first_line.len())?;
    while at < bytes.len() {
        let key: Key = take(bytes, &mut at)?;
        let check = take(bytes, &mut at)?;
        let length = u32::from_le_bytes(take(bytes, &mut at)?) as usize;
        let end = at.checked_add(length).filter(|end| *end <= bytes.len())?;
        stored.insert(key, Stored { check, at: at..end });
        at = end;
    }
    Some(())
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
        let first = Cache::open(&file.0, "1");
        let found = shown(&first);
        first.save().unwrap();
        let second = Cache::open(&file.0, "1");
        assert_eq!(second.earlier().stored.len(), TEXTS.len());
        assert_eq!(shown(&second), found);
        let is_new = second.found().values().any(|found| found.is_new);
        assert!(!is_new, "nothing was parsed again");
    }

    /// An editor's texts of an hour are thousands; each is a whole file with all that was found in it.
    #[test]
    fn what_two_runs_did_not_ask_for_is_forgotten() {
        let file = Kept::new("forgotten");
        let cache = Cache::open(&file.0, "1");
        let run = |typed: &str| {
            let _ = shown(&cache);
            let _ = cache.parse(typed);
            cache.forget();
        };
        for round in 0..300 {
            run(&format!("fn of_round_{round}() {{}}"));
            assert!(cache.found().len() <= TEXTS.len() + 2, "round {round}");
        }
        let knows = |text: &str| {
            cache
                .found()
                .contains_key::<Key>(&Sha256::digest(text).into())
        };
        assert!(knows("fn of_round_298() {}"), "what is taken back is there");
        assert!(TEXTS.iter().all(|text| knows(text)));
        cache.save().unwrap();
        let kept = Cache::open(&file.0, "1").earlier().stored.len();
        assert_eq!(kept, TEXTS.len() + 2);
        for _ in 0..3 {
            cache.forget();
        }
        assert!(
            knows(TEXTS[0]),
            "runs that parse nothing let nothing grow old"
        );
    }

    #[test]
    fn damage_costs_time_and_nothing_else() {
        let file = Kept::new("damage");
        let first = Cache::open(&file.0, "1");
        let found = shown(&first);
        first.save().unwrap();
        let whole = std::fs::read(&file.0).unwrap();
        for at in 0..whole.len() {
            let mut damaged = whole.clone();
            damaged[at] ^= 1;
            std::fs::write(&file.0, &damaged).unwrap();
            assert_eq!(shown(&Cache::open(&file.0, "1")), found, "byte {at}");
            std::fs::write(&file.0, &whole[..at]).unwrap();
            assert_eq!(shown(&Cache::open(&file.0, "1")), found, "cut at {at}");
        }
    }

    #[test]
    fn what_is_not_used_goes_when_it_is_more_than_half() {
        let file = Kept::new("unused");
        let first = Cache::open(&file.0, "1");
        shown(&first);
        first.save().unwrap();
        for round in 0..4 {
            let later = Cache::open(&file.0, "1");
            let _ = later.parse(&format!("fn of_round_{round}() {{}}"));
            later.save().unwrap();
        }
        let last = Cache::open(&file.0, "1");
        assert!(
            last.earlier().stored.len() < TEXTS.len() + 4,
            "{}",
            last.earlier().stored.len()
        );
    }

    /// What is written anew each time costs the disk more than the run.
    #[test]
    fn what_is_new_is_put_behind_what_is_there() {
        let file = Kept::new("behind");
        let first = Cache::open(&file.0, "1");
        let found = shown(&first);
        first.save().unwrap();
        let before = std::fs::read(&file.0).unwrap();
        let second = Cache::open(&file.0, "1");
        let _ = shown(&second);
        let _ = second.parse("fn typed() {}");
        second.save().unwrap();
        second.save().unwrap();
        let after = std::fs::read(&file.0).unwrap();
        assert!(after.starts_with(&before), "nothing is written twice");
        let third = Cache::open(&file.0, "1");
        assert_eq!(third.earlier().stored.len(), TEXTS.len() + 1);
        assert_eq!(shown(&third), found);
        assert!(third.found().values().all(|found| !found.is_new));
    }

    /// Both files are saved at the same time; one draft would be torn between them.
    #[test]
    fn each_file_has_a_draft_of_its_own() {
        let facts = Path::new("target/orch-lint/0123");
        assert_ne!(draft(facts), draft(&runs_beside(facts)));
    }

    /// Two programs that run at the same time may be of two builds.
    #[test]
    fn what_another_build_put_behind_is_not_believed() {
        let file = Kept::new("builds");
        let first = Cache::open(&file.0, "1");
        let found = shown(&first);
        first.save().unwrap();
        let key: Key = Sha256::digest(TEXTS[0]).into();
        let mut foreign = Vec::new();
        put_facts(&mut foreign, "2", &key, &syntax::parse(TEXTS[1])).unwrap();
        append(&file.0, &foreign).unwrap();
        assert_eq!(shown(&Cache::open(&file.0, "1")), found);
    }

    /// Who dies while it writes leaves half of a piece behind.
    #[test]
    fn half_of_a_piece_costs_only_what_stands_behind_it() {
        let file = Kept::new("half");
        let first = Cache::open(&file.0, "1");
        let found = shown(&first);
        first.save().unwrap();
        append(&file.0, &[7; 20]).unwrap();
        let second = Cache::open(&file.0, "1");
        assert_eq!(second.earlier().stored.len(), TEXTS.len());
        let _ = shown(&second);
        let _ = second.parse("fn typed() {}");
        second.save().unwrap();
        let third = Cache::open(&file.0, "1");
        assert!(third.earlier().is_whole, "it was written anew");
        assert_eq!(third.earlier().stored.len(), TEXTS.len() + 1);
        assert_eq!(shown(&third), found);
    }
}
