//! What templates see: the spec with every name, type and sample worked out.
//!
//! Components and templates decide nothing about case, types or SQL; they print what is here.

mod column;
mod domain;
mod field;
mod saga;
mod sample;
#[cfg(test)]
mod tests;

pub use column::Column;
pub use domain::{DomainModel, OperationModel};
pub use field::{FieldModel, Variant};
pub use saga::{Argument, CallModel, SagaModel, Source, StepModel};
pub use sample::Invalid;

use crate::naming;
use crate::schema::{self, History, Migration};
use crate::spec::{PackageKind, RuntimeSource, Spec, StoreKind};

/// The module with the schema and the service of a package that was there before.
pub const ORCHESTRATIONS: &str = "orchestrations";

/// A package and everything in it.
#[derive(Debug, Clone)]
pub struct PackageModel {
    /// The name in `Cargo.toml`.
    pub name: String,
    /// What the package is.
    pub kind: PackageKind,
    /// Its library, as other crates name it.
    library: String,
    /// Whether the library is ours; a package that was there before may have one.
    pub owns_library: bool,
    /// Whether clippy is told about it by a file of its own.
    pub owns_clippy: bool,
    /// How rustfmt writes it.
    pub style: Style,
    /// Where vendored crates are: `vendor`, or `../vendor` for all members of a workspace.
    pub vendor: String,
    /// Where the runtime comes from.
    pub runtime: RuntimeSource,
    /// Where operations are kept.
    pub store: StoreKind,
    /// Whether the package is a workspace of its own.
    pub standalone: bool,
    /// The domains in the order of `orch.toml`.
    pub domains: Vec<DomainModel>,
    /// Modules of the owner's own.
    pub own_modules: Vec<String>,
    /// The sagas in the order of `orch.toml`.
    pub sagas: Vec<SagaModel>,
    /// The migrations in the order of application.
    pub migrations: Vec<Migration>,
}

/// How rustfmt writes a package: its edition, unless it is told otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Style {
    /// Names in small letters stand before those in capitals.
    Edition2021,
    /// Capitals stand first.
    #[default]
    Edition2024,
}

/// What the model takes from the place it is generated into.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The package's name.
    pub package: String,
    /// The name of its library, where it is not the package's.
    pub library: Option<String>,
    /// How rustfmt writes the package.
    pub style: Style,
    /// Where vendored crates are.
    pub vendor: String,
    /// Whether the library is ours, or there is none yet.
    pub owns_library: bool,
    /// Whether the configuration of clippy is ours, or there is none yet.
    pub owns_clippy: bool,
    /// Whether the package is a workspace of its own.
    pub standalone: bool,
    /// The migrations that were written before.
    pub history: History,
    /// Whether migrations that nothing needs go.
    pub prune: bool,
}

impl Place {
    /// A new package that nothing is around.
    #[must_use]
    pub fn alone(package: &str) -> Self {
        Self {
            package: package.to_owned(),
            library: None,
            style: Style::default(),
            vendor: "vendor".to_owned(),
            owns_library: true,
            owns_clippy: true,
            standalone: true,
            history: History::default(),
            prune: false,
        }
    }
}

impl PackageModel {
    /// Works out the model of a spec.
    #[must_use]
    pub fn new(spec: &Spec, place: &Place) -> Self {
        let domains: Vec<_> = spec.domains.iter().map(DomainModel::new).collect();
        let sagas = spec.sagas.iter();
        let sagas: Vec<_> = sagas
            .map(|saga| SagaModel::new(saga, &spec.domains))
            .collect();
        let tables = domains.iter().map(|d| d.tables(spec.store));
        let tables = tables.chain(sagas.iter().map(|saga| saga.tables(spec.store)));
        let tables: Vec<_> = tables.collect();
        let mut history = place.history.clone();
        if place.prune {
            history = history.without_unneeded(&tables, spec.store);
        }
        Self {
            name: place.package.clone(),
            kind: spec.package,
            library: place
                .library
                .clone()
                .unwrap_or_else(|| place.package.replace('-', "_")),
            owns_library: place.owns_library,
            owns_clippy: place.owns_clippy,
            style: place.style,
            vendor: place.vendor.clone(),
            runtime: spec.runtime.clone(),
            store: spec.store,
            standalone: place.standalone,
            domains,
            own_modules: spec.modules.clone(),
            sagas,
            migrations: schema::migrations(&history, &tables, spec.store),
        }
    }

    /// The domain with these tables, such as `payment`.
    #[must_use]
    pub fn domain_of(&self, tables: &str) -> Option<&DomainModel> {
        let mut domains = self.domains.iter();
        domains.find(|domain| domain.tables_name() == tables)
    }

    /// The saga with these tables, such as `order_creation_saga`.
    #[must_use]
    pub fn saga_of(&self, tables: &str) -> Option<&SagaModel> {
        let mut sagas = self.sagas.iter();
        sagas.find(|saga| saga.tables_name() == tables)
    }

    /// The library as an identifier: `my_service`.
    #[must_use]
    pub fn crate_name(&self) -> String {
        self.library.clone()
    }

    /// Where the schema and the service are: at the library's root, or in a module of it.
    #[must_use]
    pub fn wiring(&self) -> String {
        match self.kind {
            PackageKind::Service => self.crate_name(),
            PackageKind::Existing { .. } => format!("{}::{ORCHESTRATIONS}", self.crate_name()),
        }
    }

    /// The modules at the root of the library of a package that was there before, sorted.
    #[must_use]
    pub fn root_modules(&self) -> Vec<&str> {
        let mut modules = self.modules();
        if !modules.is_empty() {
            modules.push(ORCHESTRATIONS);
        }
        modules.sort_unstable();
        modules
    }

    /// The modules of the domains and the sagas, sorted.
    #[must_use]
    pub fn modules(&self) -> Vec<&str> {
        let domains = self.domains.iter().map(DomainModel::module);
        let sagas = self.sagas.iter().map(SagaModel::module);
        let mut modules: Vec<&str> = domains.chain(sagas).collect();
        modules.sort_unstable();
        modules
    }

    /// The right side of a dependency on `orch-runtime` or `orch-lint` in `Cargo.toml`.
    #[must_use]
    pub fn dependency(&self, name: &str) -> String {
        let quoted = |text: &str| toml_edit::Value::from(text).to_string();
        match &self.runtime {
            RuntimeSource::Vendored => {
                format!(
                    "{{ path = {} }}",
                    quoted(&format!("{}/{name}", self.vendor))
                )
            }
            RuntimeSource::Path(path) => {
                let path = path.trim_end_matches('/');
                format!("{{ path = {} }}", quoted(&format!("{path}/{name}")))
            }
            RuntimeSource::Git { url, rev: None } => format!("{{ git = {} }}", quoted(url)),
            RuntimeSource::Git {
                url,
                rev: Some(rev),
            } => {
                format!("{{ git = {}, rev = {} }}", quoted(url), quoted(rev))
            }
            RuntimeSource::Registry(version) => quoted(version),
        }
    }

    /// The package in prose: `my service`.
    #[must_use]
    pub fn title(&self) -> String {
        naming::snake_of(&self.name).replace('_', " ")
    }

    /// Every operation of every domain.
    pub fn operations(&self) -> impl Iterator<Item = (&DomainModel, &OperationModel)> {
        self.domains
            .iter()
            .flat_map(|domain| domain.operations.iter().map(move |o| (domain, o)))
    }
}
