//! What is put into a file of somebody else.

use std::fmt;

use super::{manifest, modules, router, workspace};
use crate::error::Result;

/// One thing that is put into a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Item {
    /// `pub mod payment;`
    Module(String),
    /// An entry of a table of `Cargo.toml`.
    Dependency(Dependency),
    /// A folder that is no member of a workspace.
    Exclude(String),
    /// A member of a workspace.
    Member(String),
    /// The API in the program's router, by the path of the module that starts it.
    Router(String),
}

/// An entry of `[dependencies]` or `[dev-dependencies]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dependency {
    /// `dependencies`.
    pub table: String,
    /// `orch-runtime`.
    pub name: String,
    /// What it is, as TOML: `{ path = "vendor/orch-runtime" }`.
    pub value: String,
    /// Whether it may be the package's own already, and only has to have the features.
    pub shared: bool,
}

/// A text after an edit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Injected {
    /// The text.
    pub text: String,
    /// What of it is ours.
    pub items: Vec<Item>,
}

impl Item {
    /// The item as `orch.lock` names it.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (kind, rest) = text.split_once(' ')?;
        let own = || rest.to_owned();
        Some(match kind {
            "mod" => Self::Module(own()),
            "exclude" => Self::Exclude(own()),
            "member" => Self::Member(own()),
            "router" => Self::Router(own()),
            table => Self::Dependency(Dependency {
                table: table.to_owned(),
                name: own(),
                value: String::new(),
                shared: false,
            }),
        })
    }

    /// Whether it is in the same place as the other.
    pub(super) fn is(&self, other: &Self) -> bool {
        self.to_string() == other.to_string()
    }

    /// Puts it in; whether it was not there.
    pub(super) fn put_in(&self, path: &str, text: &mut String) -> Result<bool> {
        match self {
            Self::Module(name) => modules::declare(path, text, name),
            Self::Dependency(dependency) => manifest::depend(path, text, dependency),
            Self::Exclude(folder) => workspace::add(path, text, "exclude", folder),
            Self::Member(folder) => workspace::add(path, text, "members", folder),
            Self::Router(module) => router::register(path, text, module),
        }
    }

    /// The text without it.
    pub(super) fn take_out(&self, path: &str, text: &str) -> Result<String> {
        match self {
            Self::Module(name) => modules::remove(path, text, name),
            Self::Dependency(dependency) => manifest::remove(path, text, dependency),
            Self::Exclude(folder) => workspace::remove(path, text, "exclude", folder),
            Self::Member(folder) => workspace::remove(path, text, "members", folder),
            Self::Router(module) => router::remove(path, text, module),
        }
    }
}

impl fmt::Display for Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Module(name) => write!(f, "mod {name}"),
            Self::Dependency(Dependency { table, name, .. }) => write!(f, "{table} {name}"),
            Self::Exclude(folder) => write!(f, "exclude {folder}"),
            Self::Member(folder) => write!(f, "member {folder}"),
            Self::Router(module) => write!(f, "router {module}"),
        }
    }
}
