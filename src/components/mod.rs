//! Components: who writes which files.
//!
//! A [`Component`] is a row of [`ALL`]: an id, the components it waits for, the templates it owns
//! and a function from the model to files. Components never touch the disk and do not know each
//! other; what one needs of another it finds in [`Context::produced`].
//!
//! To add one: put the template under `templates/` at the path of the file it makes, write a view
//! and a function in a file here, and add a row to [`ALL`].

mod callbacks;
mod clippy;
mod command;
mod domain;
mod entities;
mod file;
mod fit;
mod gateway;
mod manifest;
mod metrics;
mod migrations;
mod operation;
mod operation_tests;
mod phases;
mod saga;
mod service;
mod shape;
#[cfg(test)]
mod tests;
mod vendor;

pub use clippy::clippy_lines;
pub use file::{Class, GeneratedFile, Made};
pub use manifest::dependencies;
pub use phases::{Owned, Phase, render};
pub use shape::Shapes;

use crate::error::Result;
use crate::model::{DomainModel, OperationModel, PackageModel, SagaModel};
use crate::templates::Templates;

/// What a component's function returns.
pub type Rendered = Result<Vec<GeneratedFile>>;

/// What a component may look at, and what it makes its files with.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// The package with all its domains.
    pub package: &'a PackageModel,
    /// The files of earlier phases.
    pub produced: &'a [Owned],
    /// What files are made of.
    pub templates: &'a Templates,
}

/// A component's function, by how often it runs.
#[derive(Debug, Clone, Copy)]
pub enum Render {
    /// Once for the package.
    Package(fn(&Context<'_>) -> Rendered),
    /// Once for each domain.
    Domain(fn(&Context<'_>, &DomainModel) -> Rendered),
    /// Once for each operation.
    Operation(fn(&Context<'_>, &DomainModel, &OperationModel) -> Rendered),
    /// Once for each saga.
    Saga(fn(&Context<'_>, &SagaModel) -> Rendered),
}

/// Writes some of the files of a package.
#[derive(Debug, Clone, Copy)]
pub struct Component {
    /// Its name in plans and in `orch.lock`.
    pub id: &'static str,
    /// Components whose files it looks at; they run in an earlier phase.
    pub needs: &'static [&'static str],
    /// The templates it owns, relative to `templates/`.
    pub templates: &'static [&'static str],
    /// Its function.
    pub render: Render,
}

/// Every component. The order decides nothing but the order of output.
pub const ALL: &[Component] = &[
    manifest::COMPONENT,
    clippy::COMPONENT,
    service::COMPONENT,
    domain::COMPONENT,
    gateway::COMPONENT,
    callbacks::COMPONENT,
    command::COMPONENT,
    entities::COMPONENT,
    operation::COMPONENT,
    saga::COMPONENT,
    migrations::COMPONENT,
    metrics::COMPONENT,
    operation_tests::COMPONENT,
    saga::TESTS,
    vendor::COMPONENT,
];
