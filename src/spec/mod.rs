//! The spec: what a package is made of, as `orch.toml` says it.
//!
//! `orch.toml` is the single source of truth. Commands edit it and then make the tree match it.
//! Reading is strict: an unknown key is an error that names the key, because a misspelt setting
//! that is silently ignored is a setting that is silently wrong.

mod constraint;
mod document;
mod edit;
mod field;
mod gateway;
pub(crate) mod lint;
mod pattern;
mod preset;
mod reader;
pub(crate) mod saga;
mod slot;
#[cfg(test)]
pub(crate) mod tests;
pub mod types;
mod validate;

pub use constraint::Constraints;
pub use document::{parse_store, parse_track};
pub use edit::{
    Edit, Given, add_metrics, add_operation, add_saga, new_document, remove, set_runtime, set_store,
};
pub use field::Field;
pub use gateway::GatewayKind;
pub use pattern::{Part, Pattern};
pub use preset::Preset;
pub use saga::{Callee, Compensation, Limits, Saga, Step, StepLimits, TimeBudget};
pub use slot::Slot;
pub use types::Type;
pub use validate::check_fields;
#[cfg(test)]
pub(crate) use validate::{generated_types, is_gateway_function, is_runtime_type};

use crate::error::{Code, Error};
use crate::naming::{self, Name};

/// Name of the spec's file at the root of a package.
pub const FILE: &str = orch_lint::settings::FILE;

/// The version of the file's schema that this program reads and writes.
pub const SCHEMA: i64 = 1;

/// Everything `orch.toml` says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spec {
    /// What the package is.
    pub package: PackageKind,
    /// Modules that the package's owner wrote, and the library declares.
    pub modules: Vec<String>,
    /// Where the runtime comes from.
    pub runtime: RuntimeSource,
    /// Which store the package starts on.
    pub store: StoreKind,
    /// The domains in the order of the file.
    pub domains: Vec<Domain>,
    /// The sagas in the order of the file.
    pub sagas: Vec<Saga>,
}

/// What a package is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PackageKind {
    /// A service that was generated as a whole.
    #[default]
    Service,
    /// A package that was there before; modules are added to it.
    Existing {
        /// Whether the API is put into the router that it serves.
        router: bool,
    },
}

/// Where generated packages get the runtime from.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum RuntimeSource {
    /// Its sources are written to `vendor/`.
    #[default]
    Vendored,
    /// A folder that holds `orch-runtime` and `orch-lint`.
    Path(String),
    /// A git repository, at a revision if one is given.
    Git {
        /// The repository.
        url: String,
        /// The commit.
        rev: Option<String>,
    },
    /// A version from the registry.
    Registry(String),
}

impl RuntimeSource {
    /// The value of `source` in `orch.toml`.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Vendored => "vendored",
            Self::Path(_) => "path",
            Self::Git { .. } => "git",
            Self::Registry(_) => "registry",
        }
    }
}

/// A store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum StoreKind {
    /// One `SQLite` file.
    #[default]
    Sqlite,
    /// One PostgreSQL, shared by any number of processes.
    Postgres,
}

impl StoreKind {
    /// Every value, as `orch.toml` and the command line spell them.
    pub const ALL: &'static [(&'static str, Self)] =
        &[("sqlite", Self::Sqlite), ("postgres", Self::Postgres)];

    /// The value's spelling, and the name of the runtime's feature.
    #[must_use]
    pub const fn keyword(self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgres",
        }
    }
}

/// A domain: one module, one pair of tables, one gateway.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Domain {
    /// Its name.
    pub name: Name,
    /// The name that it had: its tables and metrics go by that.
    pub was: Option<Name>,
    /// How it reaches its provider.
    pub gateway: GatewayKind,
    /// Whether its provider reports results by callbacks.
    pub callbacks: bool,
    /// Whether a dashboard and alerts are written for it.
    pub metrics: bool,
    /// Its operations in the order of the file.
    pub operations: Vec<Operation>,
}

/// One external call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operation {
    /// The event that starts it.
    pub event: Name,
    /// The event's name as it was: operations are stored by that.
    pub was: Option<Name>,
    /// Its name: the event without its participle, or the whole event where that is taken.
    pub name: Name,
    /// What is kept while and after it runs, beside its state.
    pub track: Track,
    /// The fields of its command.
    pub fields: Vec<Field>,
}

impl Domain {
    /// The name of its tables and metrics: the first one that it had.
    #[must_use]
    pub fn stored(&self) -> &Name {
        self.was.as_ref().unwrap_or(&self.name)
    }
}

impl Operation {
    /// The event as operations are stored by it: the first name that it had.
    #[must_use]
    pub fn stored(&self) -> &Name {
        self.was.as_ref().unwrap_or(&self.event)
    }
}

/// What an operation keeps beside its state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Track {
    /// Nothing.
    #[default]
    None,
    /// How far a long call has come.
    Progress,
    /// Every attempt that was made.
    History,
}

impl Track {
    /// Every value, as `orch.toml` and the command line spell them.
    pub const ALL: &'static [(&'static str, Self)] = &[
        ("none", Self::None),
        ("progress", Self::Progress),
        ("history", Self::History),
    ];

    /// The value's spelling.
    #[must_use]
    pub const fn keyword(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Progress => "progress",
            Self::History => "history",
        }
    }
}

impl Spec {
    /// A package without domains.
    #[must_use]
    pub const fn empty(runtime: RuntimeSource, store: StoreKind) -> Self {
        Self {
            package: PackageKind::Service,
            modules: Vec::new(),
            runtime,
            store,
            domains: Vec::new(),
            sagas: Vec::new(),
        }
    }

    /// The domain of this name.
    #[must_use]
    pub fn domain(&self, name: &Name) -> Option<&Domain> {
        self.domains.iter().find(|domain| domain.name == *name)
    }
}

/// A word that is none of those that `key` knows.
fn not_one_of(key: &str, value: &str, known: &[&str]) -> Error {
    let what = format!("`{key}` cannot be `{}`", value.escape_debug());
    let help = match naming::nearest(value, known.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("available: {}", known.join(", ")),
    };
    Error::new(Code::SpecValue, what).help(help)
}
