//! Which packages belong to a workspace, from `Cargo.toml` alone.

use std::collections::BTreeSet;

use toml::{Table, Value};

use crate::manifest::{all_dependencies, read, table};
use crate::settings::glob;
use crate::sources::{MAX_DEPTH, SourceTree, is_skipped, join};

/// The directories of the members of the workspace at a root; `None` when there is no workspace.
pub(crate) fn of_root(tree: &dyn SourceTree) -> Option<Vec<String>> {
    let root = read(tree, "").ok()??;
    let found = root.contains_key("workspace");
    found.then(|| of(tree, &root).unwrap_or_default())
}

/// Directories of workspace members, and of packages below the root that these depend on by a path, which cargo
/// builds as well. Vendored ones are left out.
pub(crate) fn of(tree: &dyn SourceTree, root: &Table) -> Result<Vec<String>, String> {
    let excluded = strings(root, &["workspace"], "exclude");
    let excluded: Vec<String> = excluded.iter().map(|of| join("", of)).collect();
    let is_ours = |dir: &str| {
        let parts = || dir.split('/');
        !dir.is_empty() && !parts().any(|part| part == ".." || is_skipped(part))
    };
    let patterns = strings(root, &["workspace"], "members");
    let mut ahead: Vec<String> = patterns.iter().flat_map(|of| expand(tree, of)).collect();
    ahead.extend(paths_of(root, "", &Table::new()));
    let shared = table(root, &["workspace", "dependencies"]);
    let shared = shared.cloned().unwrap_or_default();
    let mut found = BTreeSet::new();
    while let Some(dir) = ahead.pop() {
        if !is_ours(&dir) || excluded.contains(&dir) || !found.insert(dir.clone()) {
            continue;
        }
        if let Some(manifest) = read(tree, &dir)? {
            ahead.extend(paths_of(&manifest, &dir, &shared));
        }
    }
    Ok(found.into_iter().collect())
}

/// The directories of dependencies that have a path.
fn paths_of(manifest: &Table, dir: &str, shared: &Table) -> Vec<String> {
    let path = |of: &Value| of.get("path").and_then(Value::as_str).map(String::from);
    let own = |(key, value): (&String, &Value)| match path(value) {
        Some(path) => Some(join(dir, &path)),
        None => {
            let inherited = value.get("workspace").and_then(|_| shared.get(key))?;
            Some(join("", &path(inherited)?))
        }
    };
    all_dependencies(manifest)
        .into_iter()
        .flatten()
        .filter_map(own)
        .collect()
}

/// Expands `crates/*` and `crates/**`.
fn expand(tree: &dyn SourceTree, pattern: &str) -> Vec<String> {
    let mut dirs = vec![String::new()];
    for part in pattern.split('/').filter(|part| !matches!(*part, "" | ".")) {
        dirs = dirs.iter().flat_map(|dir| step(tree, dir, part)).collect();
    }
    dirs
}

/// A directory and all below it.
fn all_below(tree: &dyn SourceTree, dir: &str, depth: usize) -> Vec<String> {
    let mut found = vec![dir.to_owned()];
    let entries = tree.entries(dir).into_iter();
    let folders = entries.filter(|entry| entry.is_dir && !is_skipped(&entry.name));
    if depth < MAX_DEPTH {
        found.extend(folders.flat_map(|of| all_below(tree, &join(dir, &of.name), depth + 1)));
    }
    found
}

fn step(tree: &dyn SourceTree, dir: &str, part: &str) -> Vec<String> {
    if part == "**" {
        return all_below(tree, dir, 0);
    }
    if !part.contains(['*', '?']) {
        return vec![join(dir, part)];
    }
    let entries = tree.entries(dir).into_iter();
    let found = entries.filter(|entry| entry.is_dir && glob::fits_name(part, &entry.name));
    found.map(|entry| join(dir, &entry.name)).collect()
}

fn strings(from: &Table, path: &[&str], key: &str) -> Vec<String> {
    let list = table(from, path)
        .and_then(|table| table.get(key))
        .and_then(Value::as_array);
    let texts = list.into_iter().flatten().filter_map(Value::as_str);
    texts.map(String::from).collect()
}

#[cfg(test)]
mod tests {
    use crate::manifest::packages;
    use crate::sources::Memory;

    #[test]
    fn members_are_expanded_and_vendored_ones_left_out() {
        let tree = Memory::from([
            (
                "Cargo.toml",
                "[workspace]\nmembers = ['crates/*', 'vendor/rt']\nexclude = ['crates/old']",
            ),
            ("crates/a/Cargo.toml", "[package]\nname = 'a'"),
            ("crates/old/Cargo.toml", "[package]\nname = 'old'"),
            ("vendor/rt/Cargo.toml", "[package]\nname = 'rt'"),
        ]);
        assert_eq!(dirs(&tree), ["crates/a"]);
    }

    fn dirs(tree: &Memory) -> Vec<String> {
        let packages = packages(tree).unwrap().into_iter();
        packages.map(|of| of.dir).collect()
    }

    #[test]
    fn what_a_member_depends_on_by_a_path_is_built_and_linted() {
        let tree = Memory::from([
            (
                "Cargo.toml",
                "[package]\nname = 'app'\n[dependencies]\na = { path = 'libs/a' }\n\
                 [workspace]\nexclude = ['libs/old']\n[workspace.dependencies]\n\
                 c = { path = 'libs/c' }",
            ),
            (
                "libs/a/Cargo.toml",
                "[package]\nname = 'a'\n[target.'cfg(unix)'.dependencies]\nb = { path = '../b' }\n\
                 up = { path = '../../../elsewhere' }\nold = { path = '../old' }\n\
                 rt = { path = '../../vendor/rt' }",
            ),
            (
                "libs/b/Cargo.toml",
                "[package]\nname = 'b'\n[dev-dependencies]\nc.workspace = true\na.path = '../a'",
            ),
            ("libs/c/Cargo.toml", "[package]\nname = 'c'"),
            ("libs/old/Cargo.toml", "[package]\nname = 'old'"),
            ("vendor/rt/Cargo.toml", "[package]\nname = 'rt'"),
        ]);
        assert_eq!(dirs(&tree), ["", "libs/a", "libs/b", "libs/c"]);
    }

    #[test]
    fn members_may_lie_deeper() {
        let tree = Memory::from([
            ("Cargo.toml", "[workspace]\nmembers = ['crates/**']"),
            ("crates/a/Cargo.toml", "[package]\nname = 'a'"),
            ("crates/b/c/Cargo.toml", "[package]\nname = 'c'"),
        ]);
        assert_eq!(dirs(&tree), ["crates/a", "crates/b/c"]);
    }
}
