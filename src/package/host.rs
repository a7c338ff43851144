//! What a package that was there before looks like, as far as something has to be put into it.

use super::{clippy, edition, workspace};
use crate::disk::{Entry, Read, Tree};
use crate::error::{Code, Error, Result};
use crate::inject;
use crate::lock;
use crate::model::Style;
use std::path::{Component, Path};
use toml_edit::{Document, Item};

/// The oldest Rust that the runtime builds with.
const RUST: (u64, u64) = (1, 89);
/// The version of axum whose routers the runtime speaks of.
const AXUM: &str = "0.8";

/// A package that was there before.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Host {
    /// Whether it has a library.
    pub has_library: bool,
    /// The library's name, where the manifest gives it one.
    pub library: Option<String>,
    /// How rustfmt writes it.
    pub style: Style,
    /// The files that serve a router.
    pub servers: Vec<Server>,
    /// The `Cargo.toml` of the workspace around it, as seen from the package; its own counts.
    pub workspace: Option<String>,
    /// The package's folder as the workspace names it.
    pub folder: String,
    /// Whether the workspace has to be told of it.
    pub joins: bool,
    /// Whether another member of the workspace uses the crates that are vendored there.
    pub shares_vendor: bool,
    /// The configuration of clippy in force in a package that is generated as a whole, as seen from it.
    pub clippy: Option<String>,
    /// What its owner should know.
    pub notes: Vec<String>,
}

/// A file that serves a router.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Server {
    /// Where it is.
    pub path: String,
    /// Whether it is a module of the library, and not a program.
    pub is_in_library: bool,
}

impl Host {
    /// Looks at the package of a tree.
    ///
    /// # Errors
    /// When it cannot be read, or its library is where nothing is generated.
    pub fn look(disk: &dyn Read, tree: Tree<'_>) -> Result<Self> {
        let text = tree.read_text("Cargo.toml")?.unwrap_or_default();
        let manifest = super::parsed(tree, &text)?;
        library_is_in_src(&manifest)?;
        let (workspace, folder) = around(disk, tree, &manifest);
        let library = tree.read_text("src/lib.rs")?;
        let mut notes: Vec<String> = old_rust(&manifest).into_iter().collect();
        let mut servers = servers(disk, tree, library.as_deref())?;
        if !servers.is_empty() && !speaks_axum(&manifest) {
            let paths: Vec<&str> = servers.iter().map(|server| server.path.as_str()).collect();
            notes.push(format!(
                "the API is not put into {}: its axum is not {AXUM}",
                paths.join(", ")
            ));
            servers.clear();
        }
        let name = manifest.get("lib").and_then(|lib| lib.get("name"));
        Ok(Self {
            has_library: library.is_some(),
            library: name.and_then(Item::as_str).map(str::to_owned),
            style: edition::style(disk, tree, &manifest, workspace.as_deref())?,
            servers,
            shares_vendor: shares_vendor(disk, tree, workspace.as_deref())?,
            workspace,
            folder,
            joins: false,
            clippy: None,
            notes,
        })
    }

    /// The folder of vendored crates: one for all members of a workspace, because it cannot hold two
    /// packages of one name and version.
    #[must_use]
    pub fn vendor(&self) -> String {
        let root = self.workspace.as_deref().unwrap_or_default();
        format!("{}vendor", root.trim_end_matches("Cargo.toml"))
    }

    /// Looks at the place of a package that is generated as a whole: only the workspace counts.
    ///
    /// # Errors
    /// When the workspace cannot be read.
    pub fn of_service(disk: &dyn Read, tree: Tree<'_>, joins: bool) -> Result<Self> {
        let around = workspace::root_above(disk, tree.root());
        let joins = joins && around.is_none();
        let root = match around {
            None if joins => workspace::joinable(disk, tree.root()),
            around => around,
        };
        let (workspace, folder) = seen_from(tree, root.as_deref());
        Ok(Self {
            joins: joins && workspace.is_some(),
            shares_vendor: shares_vendor(disk, tree, workspace.as_deref())?,
            workspace,
            folder,
            clippy: clippy::in_force(disk, tree),
            ..Self::default()
        })
    }
}

/// Whether another member's lock names what is vendored at the workspace's root.
fn shares_vendor(disk: &dyn Read, tree: Tree<'_>, workspace: Option<&str>) -> Result<bool> {
    let Some(root) = workspace.and_then(|path| path.strip_suffix("Cargo.toml")) else {
        return Ok(false);
    };
    let others = workspace::members(disk, &tree.path(root))?.into_iter();
    let mut others = others.filter(|folder| folder != tree.root());
    Ok(others.any(|folder| {
        let lock = disk.read(&folder.join(lock::FILE)).unwrap_or_default();
        String::from_utf8_lossy(&lock).contains("vendor/orch-runtime/")
    }))
}

fn servers(disk: &dyn Read, tree: Tree<'_>, library: Option<&str>) -> Result<Vec<Server>> {
    let mut found = Vec::new();
    for path in programs(disk, tree)? {
        let source = tree.read_text(&path)?.unwrap_or_default();
        if inject::needs_router(&source) {
            let stem = path.trim_start_matches("src/").trim_end_matches(".rs");
            found.push(Server {
                is_in_library: stem == "lib"
                    || library.is_some_and(|library| inject::declares(library, stem)),
                path,
            });
        }
    }
    Ok(found)
}

fn library_is_in_src(manifest: &Document<&str>) -> Result<()> {
    let path = manifest.get("lib").and_then(|lib| lib.get("path"));
    let path = path.and_then(Item::as_str).unwrap_or("src/lib.rs");
    if path == "src/lib.rs" {
        return Ok(());
    }
    Err(Error::new(
        Code::Unavailable,
        format!("the library's root is `{path}`, and modules are generated beside `src/lib.rs`"),
    )
    .at("Cargo.toml")
    .help("generate a package of its own with `--out DIR`, and depend on it"))
}

/// Sources in which a server may be started: `src/*.rs`, `src/bin/*.rs` and `src/bin/*/main.rs`.
fn programs(disk: &dyn Read, tree: Tree<'_>) -> Result<Vec<String>> {
    let mut found = Vec::new();
    for folder in ["src", "src/bin"] {
        for name in tree.list(folder)? {
            let path = format!("{folder}/{name}");
            let is_rust = Path::new(&name).extension().is_some_and(|end| end == "rs");
            match disk.entry(&tree.path(&path)) {
                Ok(Some(Entry::File)) if is_rust => found.push(path),
                Ok(Some(Entry::Folder)) if folder == "src/bin" => {
                    found.push(format!("{path}/main.rs"));
                }
                _ => {}
            }
        }
    }
    Ok(found)
}

/// The workspace's manifest and the package's folder in it.
fn around(disk: &dyn Read, tree: Tree<'_>, manifest: &Document<&str>) -> (Option<String>, String) {
    if manifest.contains_key("workspace") {
        return (Some("Cargo.toml".to_owned()), String::new());
    }
    seen_from(tree, workspace::root_above(disk, tree.root()).as_deref())
}

/// The manifest in `root` as the package sees it, and the package as `root` does.
fn seen_from(tree: Tree<'_>, root: Option<&Path>) -> (Option<String>, String) {
    let Some(root) = root else {
        return (None, String::new());
    };
    let below = tree.root().strip_prefix(root).unwrap_or(Path::new(""));
    let names = below.components().filter_map(|part| match part {
        Component::Normal(name) => Some(name.to_string_lossy().into_owned()),
        _ => None,
    });
    let names: Vec<String> = names.collect();
    let up = "../".repeat(names.len());
    (Some(format!("{up}Cargo.toml")), names.join("/"))
}

fn speaks_axum(manifest: &Document<&str>) -> bool {
    let dependency = manifest
        .get("dependencies")
        .and_then(|table| table.get("axum"));
    let Some(dependency) = dependency else {
        return true;
    };
    let version = dependency.get("version").unwrap_or(dependency);
    let Some(version) = version.as_str() else {
        return true;
    };
    version
        .trim_start_matches(['^', '=', '~', '>', ' '])
        .starts_with(AXUM)
}

fn old_rust(manifest: &Document<&str>) -> Option<String> {
    let version = manifest.get("package")?.get("rust-version")?.as_str()?;
    let mut parts = version.split('.').map(|part| part.parse::<u64>().ok());
    let stated = (parts.next()??, parts.next().flatten().unwrap_or(0));
    (stated < RUST).then(|| {
        format!(
            "the package says `rust-version = \"{version}\"`, and the runtime needs {}.{}",
            RUST.0, RUST.1
        )
    })
}
