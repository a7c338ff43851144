//! Reading a lock line by line, as it is written.
//!
//! A lock has a line for each file, up to thousands, and a parser for all of TOML takes longer over them
//! than everything else that a command does. So exactly what this program writes is read here, and any
//! other spelling is left to that parser, which also says what is wrong.

use super::{Hash, Lock, LockedFile, SCHEMA, is_inside};
use crate::components::Class;
use std::collections::BTreeMap;

/// The part of a lock that lists files, and the rest of its text.
pub(super) struct Listed<'t> {
    pub(super) lock: Lock,
    /// The sections after the files.
    pub(super) rest: &'t str,
}

/// Reads the files; nothing when the text is not spelled as this program spells it.
pub(super) fn read(text: &str) -> Option<Listed<'_>> {
    let end = ["\n[injected]\n", "\n[templates]\n"]
        .iter()
        .filter_map(|section| text.find(section))
        .min()
        .unwrap_or(text.len());
    let (listed, rest) = text.split_at(end);
    let is_about_files = |line: &str| line.starts_with("[generated") || line.starts_with("[yours");
    if rest.lines().any(is_about_files) {
        return None;
    }
    let mut lines = listed
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .peekable();
    if lines.next()?.strip_prefix("version = ")? != SCHEMA.to_string() {
        return None;
    }
    let generator = plain(lines.next()?.strip_prefix("generator = ")?)?.to_owned();
    let spec = match lines.peek()?.strip_prefix("spec = ") {
        Some(spec) => {
            lines.next();
            Some(Hash::parse(plain(spec)?)?)
        }
        None => None,
    };
    let mut files = BTreeMap::new();
    let mut class = None;
    for line in lines {
        match line {
            "[generated]" if class.is_none() => class = Some(Class::Generated),
            "[yours]" if class != Some(Class::Yours) => class = Some(Class::Yours),
            line => {
                let (path, file) = file(line, class?)?;
                if files.insert(path.to_owned(), file).is_some() {
                    return None;
                }
            }
        }
    }
    let lock = Lock {
        generator,
        spec,
        files,
        injected: BTreeMap::new(),
        templates: BTreeMap::new(),
    };
    Some(Listed { lock, rest })
}

fn file(line: &str, class: Class) -> Option<(&str, LockedFile)> {
    let (path, entry) = line.split_once(" = ")?;
    let path = plain(path).filter(|path| is_inside(path))?;
    let entry = entry.strip_prefix("{ owner = ")?.strip_suffix(" }")?;
    let (owner, hash) = entry.split_once(", hash = ")?;
    let file = LockedFile {
        owner: plain(owner)?.to_owned(),
        class,
        hash: Hash::parse(plain(hash)?)?,
    };
    Some((path, file))
}

/// What is between quotes, where nothing in it is escaped.
fn plain(quoted: &str) -> Option<&str> {
    let inner = quoted.strip_prefix('"')?.strip_suffix('"')?;
    let needs_a_parser = |c: char| matches!(c, '"' | '\\') || c.is_control();
    (!inner.contains(needs_a_parser)).then_some(inner)
}

#[cfg(test)]
mod tests {
    use super::super::{Lock, tests::lock};
    use super::read;
    use proptest::prelude::*;

    #[test]
    fn what_is_written_is_read_here() {
        let text = lock().to_text();
        let listed = read(&text).unwrap();
        assert_eq!(listed.lock.files, lock().files);
        assert!(listed.rest.contains("[templates]"));
    }

    #[test]
    fn what_is_listed_twice_is_left_to_the_parser() {
        let text = lock().to_text();
        let line = text
            .lines()
            .find(|line| line.contains("src/lib.rs"))
            .unwrap();
        assert!(read(&text.replace(line, &format!("{line}\n{line}"))).is_none());
        assert!(read(&format!("{text}\n[generated]\n{line}\n")).is_none());
    }

    proptest! {
        /// However a text was damaged, it is not read as something else than the parser reads.
        #[test]
        fn damage_is_left_to_the_parser(at in 0usize..900, insert in "[ -~\n]{0,3}", cut in 0usize..9) {
            let mut text = lock().to_text();
            let from = at.min(text.len());
            let to = (from + cut).min(text.len());
            text.replace_range(from..to, &insert);
            if let Some(listed) = read(&text) {
                let parsed = Lock::parse_as_toml(&text);
                let is_same = parsed.is_ok_and(|lock| {
                    (lock.generator, lock.spec, lock.files)
                        == (listed.lock.generator, listed.lock.spec, listed.lock.files)
                });
                prop_assert!(is_same || Lock::parse(&text).is_err(), "{text}");
            }
        }
    }
}
