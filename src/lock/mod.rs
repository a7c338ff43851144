//! `orch.lock`: what this program wrote, so that it can tell its own work from the user's.
//!
//! One line per file, sorted, with the component that owns it and the hash of what was written
//! last. For a file of class *yours* the text behind the hash is kept in `.orch/base/<hash>`: the
//! base of the next merge. So is that of a migration, which is never made anew, and that of the
//! built-in template behind one of the package's own. There are no dates and no paths of a machine in
//! it, so two people who generate the same spec get the same bytes.

mod hash;
mod lines;

pub use hash::Hash;

use crate::components::Class;
use crate::error::{Code, Error, Result};
use crate::inject::Item;
use crate::schema::History;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use toml_edit::{Document, TableLike};

/// Name of the lock's file at the root of a package.
pub const FILE: &str = "orch.lock";

/// Folder of the merge bases.
pub const BASE: &str = ".orch/base";

const SCHEMA: i64 = 2;
/// The versions that are read. The first had neither a spec nor anything injected.
const READABLE: [i64; 2] = [1, SCHEMA];

const HEADER: &str = "\
# Written by orch-gen; commit it, do not edit it. It tells generated files from edited ones.
# The files behind the hashes of [yours], and migrations, are in .orch/base.
";

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lock {
    /// The version of the program that wrote it.
    pub generator: String,
    /// The hash of the `orch.toml` that was applied last.
    pub spec: Option<Hash>,
    /// The files by path.
    pub files: BTreeMap<String, LockedFile>,
    /// What was put into files of somebody else, by path.
    pub injected: BTreeMap<String, Vec<Item>>,
    /// The package's own templates, with the hash of the built-in one that each began as.
    pub templates: BTreeMap<String, Hash>,
}

/// What was written to one path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LockedFile {
    /// The component that owns the file.
    pub owner: String,
    /// Who may change it.
    pub class: Class,
    /// The hash of what the program wrote last.
    pub hash: Hash,
}

impl Default for Lock {
    fn default() -> Self {
        Self {
            generator: env!("CARGO_PKG_VERSION").to_owned(),
            spec: None,
            files: BTreeMap::new(),
            injected: BTreeMap::new(),
            templates: BTreeMap::new(),
        }
    }
}

impl Lock {
    /// Reads the text of an `orch.lock`.
    ///
    /// # Errors
    /// When the text was damaged, for example by a merge of two branches.
    pub fn parse(text: &str) -> Result<Self> {
        let Some(listed) = lines::read(text) else {
            return Self::parse_as_toml(text);
        };
        let rest = document(listed.rest)?;
        Ok(Self {
            injected: read_injected(rest.as_table())?,
            templates: read_templates(rest.as_table())?,
            ..listed.lock
        })
    }

    fn parse_as_toml(text: &str) -> Result<Self> {
        let document = document(text)?;
        let root = document.as_table();
        let version = root.get("version").and_then(toml_edit::Item::as_integer);
        if !version.is_some_and(|version| READABLE.contains(&version)) {
            return Err(unreadable("it has another schema version"));
        }
        let generator = root
            .get("generator")
            .and_then(toml_edit::Item::as_str)
            .ok_or_else(|| unreadable("`generator` is missing"))?;
        let mut files = BTreeMap::new();
        for class in [Class::Generated, Class::Yours] {
            let Some(table) = root
                .get(class.word())
                .and_then(toml_edit::Item::as_table_like)
            else {
                continue;
            };
            read_files(table, class, &mut files)?;
        }
        let spec = root.get("spec").and_then(toml_edit::Item::as_str);
        Ok(Self {
            generator: generator.to_owned(),
            spec: spec.and_then(Hash::parse),
            files,
            injected: read_injected(root)?,
            templates: read_templates(root)?,
        })
    }

    /// The text of the lock.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut text = format!(
            "{HEADER}version = {SCHEMA}\ngenerator = \"{}\"\n",
            self.generator
        );
        if let Some(spec) = &self.spec {
            let _ = writeln!(text, "spec = \"{spec}\"");
        }
        for class in [Class::Generated, Class::Yours] {
            let _ = write!(text, "\n[{}]\n", class.word());
            for (path, file) in self.files.iter().filter(|(_, file)| file.class == class) {
                let path = toml_edit::Value::from(path.as_str());
                let LockedFile { owner, hash, .. } = file;
                let _ = writeln!(
                    text,
                    "{path} = {{ owner = \"{owner}\", hash = \"{hash}\" }}"
                );
            }
        }
        if !self.injected.is_empty() {
            text.push_str("\n[injected]\n");
        }
        for (path, items) in &self.injected {
            let path = toml_edit::Value::from(path.as_str());
            let items: toml_edit::Array = items.iter().map(Item::to_string).collect();
            let _ = writeln!(text, "{path} = {items}");
        }
        if !self.templates.is_empty() {
            text.push_str("\n[templates]\n");
        }
        for (path, hash) in &self.templates {
            let path = toml_edit::Value::from(path.as_str());
            let _ = writeln!(text, "{path} = \"{hash}\"");
        }
        text
    }

    /// Whether the text behind the file's hash is kept: what the program wrote last is the base of the
    /// next merge, and a migration cannot be made anew once the templates are others.
    #[must_use]
    pub fn keeps(path: &str, file: &LockedFile) -> bool {
        file.class == Class::Yours || History::holds(path)
    }

    /// The hashes whose texts are kept.
    pub fn kept(&self) -> impl Iterator<Item = &Hash> {
        let kept = self
            .files
            .iter()
            .filter(|(path, file)| Self::keeps(path, file));
        kept.map(|(_, file)| &file.hash)
            .chain(&self.spec)
            .chain(self.templates.values())
    }
}

fn document(text: &str) -> Result<Document<&str>> {
    Document::parse(text).map_err(|error| unreadable(error.message()))
}

fn read_files(
    table: &dyn TableLike,
    class: Class,
    files: &mut BTreeMap<String, LockedFile>,
) -> Result<()> {
    for (path, item) in table.iter() {
        let field = |key| {
            item.as_table_like()
                .and_then(|t| t.get(key))
                .and_then(|i| i.as_str())
        };
        let (Some(owner), Some(hash)) = (field("owner"), field("hash").and_then(Hash::parse))
        else {
            return Err(unreadable(&format!("the line of `{path}` is damaged")));
        };
        if !is_inside(path) {
            return Err(unreadable(&format!(
                "`{}` leads out of the package",
                path.escape_debug()
            )));
        }
        files.insert(
            path.to_owned(),
            LockedFile {
                owner: owner.to_owned(),
                class,
                hash,
            },
        );
    }
    Ok(())
}

fn read_injected(root: &toml_edit::Table) -> Result<BTreeMap<String, Vec<Item>>> {
    let table = root
        .get("injected")
        .and_then(toml_edit::Item::as_table_like);
    let mut injected = BTreeMap::new();
    for (path, items) in table.into_iter().flat_map(TableLike::iter) {
        let damaged = || unreadable(&format!("the line of `{path}` is damaged"));
        let items = items.as_array().ok_or_else(damaged)?.iter();
        let items = items.map(|item| item.as_str().and_then(Item::parse).ok_or_else(damaged));
        let inside = path.trim_start_matches("../");
        if !is_plain(inside) {
            return Err(damaged());
        }
        injected.insert(path.to_owned(), items.collect::<Result<_>>()?);
    }
    Ok(injected)
}

fn read_templates(root: &toml_edit::Table) -> Result<BTreeMap<String, Hash>> {
    let table = root
        .get("templates")
        .and_then(toml_edit::Item::as_table_like);
    let lines = table.into_iter().flat_map(TableLike::iter);
    let lines = lines.map(|(path, item)| match item.as_str().and_then(Hash::parse) {
        Some(hash) => Ok((path.to_owned(), hash)),
        None => Err(unreadable(&format!("the line of `{path}` is damaged"))),
    });
    lines.collect()
}

/// Whether a path is one that this program writes to.
fn is_inside(path: &str) -> bool {
    is_plain(vendored(path))
}

/// A path without the way up that crates have which are vendored for a whole workspace.
fn vendored(path: &str) -> &str {
    let inside = path.trim_start_matches("../");
    let is_vendored =
        inside.starts_with("vendor/orch-runtime/") || inside.starts_with("vendor/orch-lint/");
    if is_vendored { inside } else { path }
}

/// Whether the path stays below the root: a damaged lock must not make a plan delete elsewhere.
fn is_plain(path: &str) -> bool {
    !path.contains(['\\', '\n']) && path.split('/').all(|part| !matches!(part, "" | "." | ".."))
}

fn unreadable(why: &str) -> Error {
    Error::new(
        Code::LockUnreadable,
        format!("{FILE} cannot be read: {why}"),
    )
    .at(FILE)
    .help(format!(
        "take it from version control, or delete {FILE} and run `orch-gen apply` to make it anew"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) fn lock() -> Lock {
        let mut lock = Lock::default();
        let file = |class, text: &[u8]| LockedFile {
            owner: "x".into(),
            class,
            hash: Hash::of(text),
        };
        lock.files
            .insert("src/lib.rs".into(), file(Class::Generated, b"a"));
        lock.files
            .insert("Cargo.toml".into(), file(Class::Yours, b"b"));
        lock.templates
            .insert("src/[domain]/rules.rs.j2".into(), Hash::of(b"c"));
        lock
    }

    #[test]
    fn is_read_as_it_was_written() {
        assert_eq!(Lock::parse(&lock().to_text()).unwrap(), lock());
    }

    #[test]
    fn damage_is_named() {
        let text = lock().to_text();
        for (from, to) in [
            ("version = 2", "version = 9"),
            ("hash = \"", "hash = \"z"),
            ("[yours]", "<<<<<<<"),
        ] {
            let error = Lock::parse(&text.replace(from, to)).unwrap_err();
            assert_eq!(error.code(), Code::LockUnreadable);
        }
        let outside = text.replace("src/lib.rs", "../../etc/passwd");
        assert_eq!(
            Lock::parse(&outside).unwrap_err().code(),
            Code::LockUnreadable
        );
    }

    #[test]
    fn hashes_are_sha256() {
        assert_eq!(
            Hash::of(b"abc").as_str(),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
    }
}
