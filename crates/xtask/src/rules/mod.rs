//! `cargo xtask rules`: what is said of the linter's rules outside of their files.
//!
//! | module | writes |
//! |---|---|
//! | `page` | `docs/rules/ORCxxx.md`, one page per rule, and `docs/rules/README.md`, the index |
//! | `schema` | their names in `schemas/orch.toml.schema.json`, for editors |
//!
//! **Invariant:** a rule's own file is the only source. A test compares; nobody edits these files.

mod page;
mod schema;

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use anyhow::{Context, Result};
use orch_lint::rules;

use crate::workspace::Workspace;

/// The folder of the pages. What else lies in it is a page of a rule that is gone.
const PAGES: &str = "docs/rules";

/// Writes all of them anew, and takes out pages of rules that are gone.
///
/// # Errors
/// When the disk refuses, or the schema has no section for rules.
pub fn write(workspace: &Workspace) -> Result<()> {
    let root = workspace.root();
    fs::create_dir_all(root.join(PAGES))?;
    for (path, text) in differences(root)? {
        let path = root.join(path);
        match text {
            Some(text) => fs::write(&path, text),
            None => fs::remove_file(&path),
        }
        .with_context(|| path.display().to_string())?;
    }
    Ok(())
}

/// What is not as it should be: paths, and the right texts; `None` for what should not be there.
fn differences(root: &Path) -> Result<BTreeMap<String, Option<String>>> {
    let mut wanted = BTreeMap::from([(format!("{PAGES}/README.md"), page::index())]);
    for rule in rules::ALL {
        wanted.insert(format!("{PAGES}/{}.md", rule.code()), page::page(rule));
    }
    let schema = schema::PATH;
    let text = fs::read_to_string(root.join(schema)).context(schema)?;
    wanted.insert(schema.to_owned(), schema::with_rules(&text)?);
    let mut differences = BTreeMap::new();
    for (path, text) in &wanted {
        let there = match fs::read_to_string(root.join(path)) {
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            there => Some(there?),
        };
        if there.as_ref() != Some(text) {
            differences.insert(path.clone(), Some(text.clone()));
        }
    }
    let pages = fs::read_dir(root.join(PAGES)).context(PAGES)?;
    for page in pages {
        let path = format!("{PAGES}/{}", page?.file_name().to_string_lossy());
        if !wanted.contains_key(&path) {
            differences.insert(path, None);
        }
    }
    Ok(differences)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A page that says something else than the rule does is worse than none.
    #[test]
    fn pages_and_schema_say_what_the_rules_say() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let differences = differences(&root).unwrap();
        let paths: Vec<&String> = differences.keys().collect();
        assert!(
            paths.is_empty(),
            "`cargo xtask rules` writes {paths:?} anew"
        );
    }
}
