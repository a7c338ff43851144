//! Packages, their targets and their dependencies, from `Cargo.toml` alone.
//!
//! **Deliberately absent:** features and versions. They decide nothing that rules ask about.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};

use toml::{Table, Value};

use crate::members;
use crate::sources::{Content, Entry, SourceTree, has_extension, join};

/// One package.
#[derive(Debug, Clone)]
pub(crate) struct Package {
    /// Its directory relative to the root, empty for the root itself.
    pub(crate) dir: String,
    /// Dependencies: the name used in paths, and the crate that is meant.
    pub(crate) deps: BTreeMap<String, String>,
    /// What cargo would compile.
    pub(crate) targets: Vec<Target>,
}

/// One compiled unit.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    /// What it is.
    pub(crate) kind: TargetKind,
    /// The name of the crate in paths.
    pub(crate) name: String,
    /// Its first file.
    pub(crate) root: String,
}

/// Kinds of targets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TargetKind {
    /// A library.
    Lib,
    /// A binary.
    Bin,
    /// Tests, benchmarks, examples, build scripts: not what runs in production.
    Support,
}

/// Reads the packages below a root: the one there, or the members of the workspace there.
pub(crate) fn packages(tree: &dyn SourceTree) -> Result<Vec<Package>, String> {
    let root = read(tree, "")?.ok_or("there is no Cargo.toml here")?;
    let shared = table(&root, &["workspace", "dependencies"])
        .cloned()
        .unwrap_or_default();
    let mut packages = Vec::new();
    if root.contains_key("package") {
        packages.push(package(tree, "", &root, &shared));
    }
    for dir in members::of(tree, &root)? {
        if let Some(manifest) = read(tree, &dir)?
            && manifest.contains_key("package")
        {
            packages.push(package(tree, &dir, &manifest, &shared));
        }
    }
    Ok(packages)
}

pub(crate) fn read(tree: &dyn SourceTree, dir: &str) -> Result<Option<Table>, String> {
    let path = join(dir, "Cargo.toml");
    match tree.read(&path) {
        None => Ok(None),
        Some(Content::Unreadable(why)) => Err(format!("cannot read {path}: {why}")),
        Some(Content::Text(text)) => {
            let table = text.parse::<Table>();
            let first = |error: toml::de::Error| format!("cannot read {path}: {}", error.message());
            table.map(Some).map_err(first)
        }
    }
}

pub(crate) fn table<'t>(from: &'t Table, path: &[&str]) -> Option<&'t Table> {
    let mut at = from;
    for key in path {
        at = at.get(*key)?.as_table()?;
    }
    Some(at)
}

fn package(tree: &dyn SourceTree, dir: &str, manifest: &Table, shared: &Table) -> Package {
    let text = |key| {
        table(manifest, &["package"])
            .and_then(|of| of.get(key))
            .and_then(Value::as_str)
    };
    let name = text("name").unwrap_or("package").to_owned();
    let mut targets = Targets {
        tree,
        dir,
        manifest,
        found: Vec::new(),
        entries: RefCell::default(),
    };
    targets.lib(&name);
    targets.bins(&name);
    for (section, folder) in [
        ("test", "tests"),
        ("example", "examples"),
        ("bench", "benches"),
    ] {
        targets.declared(section, folder, TargetKind::Support);
        targets.inferred(folder, TargetKind::Support);
    }
    let build = text("build").unwrap_or("build.rs");
    targets.add(TargetKind::Support, "build_script_build", join(dir, build));
    Package {
        dir: dir.into(),
        deps: dependencies(manifest, shared),
        targets: targets.found,
    }
}

fn dependencies(manifest: &Table, shared: &Table) -> BTreeMap<String, String> {
    let mut deps = BTreeMap::new();
    for (key, value) in all_dependencies(manifest).into_iter().flatten() {
        let inherited = value.get("workspace").and_then(|_| shared.get(key));
        let named = |of: &Value| of.get("package").and_then(Value::as_str).map(ident);
        let meant = named(value).or_else(|| inherited.and_then(named));
        deps.insert(ident(key), meant.unwrap_or_else(|| ident(key)));
    }
    deps
}

/// The dependencies of all kinds, for all targets.
pub(crate) fn all_dependencies(manifest: &Table) -> Vec<&Table> {
    let targets = table(manifest, &["target"])
        .into_iter()
        .flat_map(Table::values);
    let places = targets.filter_map(Value::as_table).chain([manifest]);
    let kinds = ["dependencies", "dev-dependencies", "build-dependencies"];
    let found = places.flat_map(|place| kinds.map(|kind| table(place, &[kind])));
    found.flatten().collect()
}

fn ident(name: &str) -> String {
    name.replace('-', "_")
}

/// Collects the targets of one package.
struct Targets<'t> {
    tree: &'t dyn SourceTree,
    dir: &'t str,
    manifest: &'t Table,
    found: Vec<Target>,
    /// What is in the directories that were asked about.
    entries: RefCell<HashMap<String, Vec<Entry>>>,
}

impl Targets<'_> {
    fn add(&mut self, kind: TargetKind, name: &str, root: String) {
        let is_new = self.found.iter().all(|target| target.root != root);
        if is_new && self.exists(&root) {
            self.found.push(Target {
                kind,
                name: ident(name),
                root,
            });
        }
    }

    fn exists(&self, path: &str) -> bool {
        let (dir, name) = path.rsplit_once('/').unwrap_or(("", path));
        let mut entries = self.entries.borrow_mut();
        let entries = entries
            .entry(dir.to_owned())
            .or_insert_with(|| self.tree.entries(dir));
        let mut files = entries.iter().filter(|entry| !entry.is_dir);
        files.any(|entry| entry.name == name)
    }

    fn lib(&mut self, package: &str) {
        let lib = table(self.manifest, &["lib"]);
        let text = |key| lib.and_then(|lib| lib.get(key)).and_then(Value::as_str);
        let root = join(self.dir, text("path").unwrap_or("src/lib.rs"));
        self.add(TargetKind::Lib, text("name").unwrap_or(package), root);
    }

    fn bins(&mut self, package: &str) {
        self.declared("bin", "src/bin", TargetKind::Bin);
        self.add(TargetKind::Bin, package, join(self.dir, "src/main.rs"));
        self.inferred("src/bin", TargetKind::Bin);
    }

    /// `[[bin]]` and the like.
    fn declared(&mut self, section: &str, folder: &str, kind: TargetKind) {
        let list = self.manifest.get(section).and_then(Value::as_array);
        for entry in list.into_iter().flatten().filter_map(Value::as_table) {
            let text = |key: &str| entry.get(key).and_then(Value::as_str);
            let name = text("name").unwrap_or(section);
            let guesses = match text("path") {
                Some(path) => vec![path.to_owned()],
                None => vec![
                    format!("{folder}/{name}.rs"),
                    format!("{folder}/{name}/main.rs"),
                ],
            };
            for guess in guesses {
                self.add(kind, name, join(self.dir, &guess));
            }
        }
    }

    /// `src/bin/*.rs`, `src/bin/*/main.rs` and the like.
    fn inferred(&mut self, folder: &str, kind: TargetKind) {
        let folder = join(self.dir, folder);
        let mut entries = self.tree.entries(&folder);
        entries.sort_by(|a, b| a.name.cmp(&b.name));
        for entry in entries {
            let path = join(&folder, &entry.name);
            if entry.is_dir {
                self.add(kind, &entry.name, join(&path, "main.rs"));
            } else if has_extension(&entry.name, "rs") {
                let stem = entry.name.trim_end_matches(".rs").to_owned();
                self.add(kind, &stem, path);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sources::Memory;

    #[test]
    fn targets_are_found_as_cargo_finds_them() {
        let tree = Memory::from([
            (
                "Cargo.toml",
                "[package]\nname = 'pay-service'\n[[bin]]\nname = 'x'\npath = 'src/x/go.rs'",
            ),
            ("src/lib.rs", ""),
            ("src/main.rs", ""),
            ("src/x/go.rs", ""),
            ("src/bin/a.rs", ""),
            ("src/bin/b/main.rs", ""),
            ("tests/it/main.rs", ""),
            ("tests/one.rs", ""),
            ("build.rs", ""),
        ]);
        let packages = packages(&tree).unwrap();
        let roots: Vec<_> = packages[0]
            .targets
            .iter()
            .map(|of| of.root.as_str())
            .collect();
        assert_eq!(
            roots,
            [
                "src/lib.rs",
                "src/x/go.rs",
                "src/main.rs",
                "src/bin/a.rs",
                "src/bin/b/main.rs",
                "tests/it/main.rs",
                "tests/one.rs",
                "build.rs"
            ]
        );
        assert_eq!(packages[0].targets[0].name, "pay_service");
    }

    #[test]
    fn renamed_dependencies_keep_their_crate() {
        let tree = Memory::from([(
            "Cargo.toml",
            "[package]\nname='a'\n[dependencies]\nrt = { package = 'orch-runtime', version = '1' }\n\
             db = { workspace = true }\n[workspace.dependencies]\ndb = { package = 'sqlx' }",
        )]);
        let package = &packages(&tree).unwrap()[0];
        assert_eq!(package.deps["rt"], "orch_runtime");
        assert_eq!(package.deps["db"], "sqlx");
    }
}
