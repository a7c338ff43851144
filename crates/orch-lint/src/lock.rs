//! What the generator wrote, as `orch.lock` tells it: generated files by the hash of their text.

use sha2::{Digest, Sha256};
use toml::{Table, Value};

use crate::load::Loaded;
use crate::manifest::Package;
use crate::sources::{Content, SourceTree, join};
use crate::syntax::Span;
use crate::syntax::span::LineIndex;

/// Name of the lock at the root of a package.
const FILE: &str = "orch.lock";

/// What the locks of a project say.
#[derive(Debug, Default)]
pub(crate) struct Locks {
    /// Generated files that are not as they were written, and the lock of each.
    pub(crate) edited: Vec<(String, String)>,
    /// Locks of earlier generators than this linter, and the version that each names.
    pub(crate) behind: Vec<Behind>,
    /// Locks that cannot be read, and why.
    pub(crate) damaged: Vec<(String, String)>,
}

/// A lock that an earlier generator wrote.
#[derive(Debug)]
pub(crate) struct Behind {
    /// The lock.
    pub(crate) lock: String,
    /// The version it names.
    pub(crate) version: String,
    /// Where it names it.
    pub(crate) span: Span,
    /// All that it says.
    pub(crate) text: String,
}

/// Compares the generated files of all packages with their locks. Those that were loaded are not read again.
pub(crate) fn compare(tree: &dyn SourceTree, packages: &[Package], loaded: &Loaded) -> Locks {
    let mut locks = Locks::default();
    for package in packages {
        let path = join(&package.dir, FILE);
        let text = match tree.read(&path) {
            None => continue,
            Some(Content::Text(text)) => text,
            Some(Content::Unreadable(why)) => {
                locks.damaged.push((path, why));
                continue;
            }
        };
        let own: String = text.split_inclusive('\n').filter(is_own).collect();
        match own.parse::<Table>() {
            Ok(lock) => {
                let edited = generated(&lock).filter(|(file, hash)| {
                    let file = join(&package.dir, file);
                    is_edited(tree, loaded, &file, hash)
                });
                let edited = edited.map(|(file, _)| (join(&package.dir, file), path.clone()));
                locks.edited.extend(edited);
                locks.behind.extend(behind(&lock, &path, &text));
            }
            Err(error) => locks.damaged.push((path, error.message().to_owned())),
        }
    }
    locks
}

/// What the lock says of its generator, when that is an earlier version than this one.
fn behind(lock: &Table, path: &str, text: &str) -> Option<Behind> {
    let version = lock.get("generator")?.as_str()?;
    let is_earlier = number(version)? < number(env!("CARGO_PKG_VERSION"))?;
    let quoted = format!("\"{version}\"");
    let at = text.find(&quoted)?;
    is_earlier.then(|| Behind {
        lock: path.to_owned(),
        version: version.to_owned(),
        span: LineIndex::new(text).span(at..at + quoted.len()),
        text: text.to_owned(),
    })
}

/// `0.3.0-rc.1` by its three numbers.
fn number(version: &str) -> Option<[u64; 3]> {
    let bare = version.split(['-', '+']).next()?;
    let parts: Option<Vec<u64>> = bare.split('.').map(|part| part.parse().ok()).collect();
    parts?.try_into().ok()
}

/// Whether a line of a lock tells of a file of the package. The many that came along with it are what
/// `orch-gen check` looks at: nobody edits them by mistake, and to read them all takes longer than a run.
fn is_own(line: &&str) -> bool {
    !line.contains("{ owner = \"vendor\",")
}

/// The paths and hashes of a lock. Paths that lead elsewhere are no files of the package.
fn generated(lock: &Table) -> impl Iterator<Item = (&str, &str)> {
    let listed = lock.get("generated").and_then(Value::as_table);
    let listed = listed.into_iter().flatten();
    let read =
        listed.filter_map(|(path, entry)| Some((path.as_str(), entry.get("hash")?.as_str()?)));
    read.filter(|(path, _)| !path.split('/').any(|part| part == "..") && !path.starts_with('/'))
}

/// Whether a file is there and differs.
fn is_edited(tree: &dyn SourceTree, loaded: &Loaded, path: &str, hash: &str) -> bool {
    let known = loaded.find(path).map(|id| &loaded.files[id.0]);
    // One that cannot be read is loaded without a text.
    if let Some(file) = known.filter(|file| !file.text.is_empty()) {
        return is_other(&file.text, file.hash, hash);
    }
    match tree.read_hashed(path) {
        None => false,
        Some((Content::Unreadable(_), _)) => true,
        Some((Content::Text(text), known)) => is_other(&text, known, hash),
    }
}

/// Whether a text differs, other than in its line ends: a checkout may have changed those.
fn is_other(text: &str, known: Option<[u8; 32]>, hash: &str) -> bool {
    let own = known.unwrap_or_else(|| Sha256::digest(text).into());
    let is_other = hex(own) != hash;
    is_other
        && !(text.contains('\r') && hex(Sha256::digest(text.replace("\r\n", "\n")).into()) == hash)
}

/// A SHA-256, as the lock writes it.
fn hex(hash: [u8; 32]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |half: u8| char::from(DIGITS[usize::from(half)]);
    let digits = hash.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits.map(digit).collect()
}
