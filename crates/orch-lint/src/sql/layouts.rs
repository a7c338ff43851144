//! Where a package keeps its migrations.
//!
//! `migrations` is where all tools look when nothing else is said. Other folders are named by `sqlx.toml` and
//! `diesel.toml`, and by the code: `migrate!("db/schema")`, `embed_migrations!("sql")`,
//! `Migrator::new(Path::new("db"))`.
//!
//! **Deliberately absent:** the syntax around these names. A name in a comment costs a look at a folder.

use toml::Table;

use crate::load::Loaded;
use crate::manifest::Package;
use crate::sources::{Content, SourceTree, join};

/// The folder when nothing else is said.
pub(super) const USUAL: &str = "migrations";

/// Files of tools that may say another folder: the section, and the key.
const FILES: [(&str, &str, &str); 2] = [
    ("sqlx.toml", "migrate", "migrations-dir"),
    ("diesel.toml", "migrations_directory", "dir"),
];

/// What all of [`CALLS`] have in them, so that most files are searched once.
const IN_ALL: &str = "igrat";

/// What stands before a folder in code.
const CALLS: [&str; 4] = [
    "migrate!",
    "embed_migrations!",
    "Migrator::new",
    "load_sql_migrations",
];

/// The folders of a package, relative to the root; none of them lies in another one.
pub(super) fn folders(tree: &dyn SourceTree, loaded: &Loaded, package: &Package) -> Vec<String> {
    let mut named = vec![USUAL.to_owned()];
    named.extend(FILES.iter().filter_map(|of| said_by(tree, package, *of)));
    let is_own = |path: &str| package.dir.is_empty() || is_within(path, &package.dir);
    let may_name = |text: &str| text.contains(IN_ALL);
    let own = loaded.files.iter().filter(|file| is_own(&file.path));
    for file in own.filter(|file| may_name(&file.text)) {
        named.extend(in_code(&file.text).map(String::from));
    }
    let mut found: Vec<String> = named.iter().map(|of| join(&package.dir, of)).collect();
    // A path out of the tree is nothing that can be read; the root of a package holds more than migrations.
    found.retain(|of| *of != package.dir && !of.starts_with(".."));
    found.sort();
    found.dedup();
    let all = found.clone();
    found.retain(|of| !all.iter().any(|outer| is_within(of, outer)));
    found
}

fn said_by(
    tree: &dyn SourceTree,
    package: &Package,
    (file, section, key): (&str, &str, &str),
) -> Option<String> {
    let Content::Text(text) = tree.read(&join(&package.dir, file))? else {
        return None;
    };
    let table = text.parse::<Table>().ok()?;
    Some(table.get(section)?.get(key)?.as_str()?.to_owned())
}

/// The first texts between the brackets of calls.
fn in_code(text: &str) -> impl Iterator<Item = &str> {
    let behind = CALLS.iter().flat_map(move |call| {
        let found = text.match_indices(call);
        found.map(move |(at, _)| &text[at + call.len()..])
    });
    behind.filter_map(|behind| {
        let arguments = behind.trim_start().strip_prefix(['(', '[', '{'])?;
        let before = arguments.find([')', ']', '}', ';']).unwrap_or(0);
        let (_, rest) = arguments.get(..before)?.split_once('"')?;
        Some(rest.split_once('"')?.0)
    })
}

fn is_within(path: &str, folder: &str) -> bool {
    path.strip_prefix(folder)
        .is_some_and(|rest| rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_named_in_code() {
        let named = |text| in_code(text).collect::<Vec<_>>();
        assert_eq!(named(r#"sqlx::migrate!("./db").run(&pool)"#), ["./db"]);
        assert_eq!(named(r#"Migrator::new(Path::new("db"))"#), ["db"]);
        assert_eq!(named(r#"embed_migrations! { "sql" }"#), ["sql"]);
        assert!(named(r#"sqlx::migrate!(); let a = "b";"#).is_empty());
        assert!(named(r#"fn migrate() {} let a = "migrate!"; f("b")"#).is_empty());
    }

    #[test]
    fn no_call_is_passed_over() {
        assert!(CALLS.iter().all(|call| call.contains(IN_ALL)));
    }

    #[test]
    fn a_folder_in_another_one_is_read_once() {
        assert!(is_within("migrations/sqlite", "migrations"));
        assert!(!is_within("migrations_old", "migrations"));
    }
}
