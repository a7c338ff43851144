//! The service around the domains: library, program, who is asking, and the conventions as a test.

use super::{Class, Component, Context, Render, Rendered};
use crate::model::{DomainModel, PackageModel, SagaModel};
use crate::spec::{PackageKind, StoreKind};
use crate::templates::views;
use serde::Serialize;

/// The component.
pub(super) const COMPONENT: Component = Component {
    id: "service",
    needs: &[],
    templates: &[
        "src/lib.rs.j2",
        "src/library.rs.j2",
        "src/main.rs.j2",
        "src/auth.rs.j2",
        "src/orchestrations/mod.rs.j2",
        "tests/architecture.rs.j2",
    ],
    render: Render::Package(render),
};

views! {
    LibraryView<'a> in "src/lib.rs.j2" {
        title: String,
        store: &'static str,
        store_folder: &'static str,
        migrations: Vec<&'a str>,
        modules: Vec<&'a str>,
        domains: Vec<DomainView<'a>>,
        sagas: Vec<&'a str>,
    }

    /// The library of a package that was there before and had none.
    OwnLibraryView<'a> in "src/library.rs.j2" {
        title: String,
        modules: Vec<&'a str>,
    }

    /// The wiring of a package that was there before.
    OrchestrationsView<'a> in "src/orchestrations/mod.rs.j2" {
        store: &'static str,
        store_folder: &'static str,
        migrations: Vec<&'a str>,
        /// Sorted as rustfmt sorts imports.
        modules: Vec<&'a str>,
        domains: Vec<DomainView<'a>>,
        sagas: Vec<&'a str>,
    }

    MainView in "src/main.rs.j2" {
        crate_name: String,
    }

    AuthView in "src/auth.rs.j2" {}

    ArchitectureView in "tests/architecture.rs.j2" {}
}

/// A domain as the service names it.
#[derive(Serialize)]
struct DomainView<'a> {
    module: &'a str,
    screaming: String,
    callbacks: bool,
}

fn render(context: &Context<'_>) -> Rendered {
    let package = context.package;
    let mut files = match package.kind {
        PackageKind::Service => service(context)?,
        PackageKind::Existing { .. } if package.domains.is_empty() => Vec::new(),
        PackageKind::Existing { .. } => orchestrations(context)?,
    };
    if !package.domains.is_empty() {
        let architecture =
            context.rust("tests/architecture.rs", Class::Yours, &ArchitectureView {})?;
        files.push(architecture);
    }
    Ok(files)
}

fn service(context: &Context<'_>) -> Rendered {
    let package = context.package;
    let library = LibraryView {
        title: package.title(),
        store: store(package),
        store_folder: package.store.keyword(),
        migrations: migrations(package),
        modules: modules(package),
        domains: domains(package),
        sagas: sagas(package),
    };
    let main = MainView {
        crate_name: package.crate_name(),
    };
    Ok(vec![
        context.rust("src/lib.rs", Class::Generated, &library)?,
        context.rust("src/main.rs", Class::Yours, &main)?,
        context.rust("src/auth.rs", Class::Yours, &AuthView {})?,
    ])
}

fn orchestrations(context: &Context<'_>) -> Rendered {
    let package = context.package;
    let view = OrchestrationsView {
        store: store(package),
        store_folder: package.store.keyword(),
        migrations: migrations(package),
        modules: package.modules(),
        domains: domains(package),
        sagas: sagas(package),
    };
    let mut files = vec![
        context.rust("src/orchestrations/mod.rs", Class::Generated, &view)?,
        context.rust("src/orchestrations/auth.rs", Class::Yours, &AuthView {})?,
    ];
    if package.owns_library {
        let library = OwnLibraryView {
            title: package.title(),
            modules: package.root_modules(),
        };
        files.push(context.rust("src/lib.rs", Class::Yours, &library)?);
    }
    Ok(files)
}

fn domains(package: &PackageModel) -> Vec<DomainView<'_>> {
    package.domains.iter().map(domain).collect()
}

fn domain(domain: &DomainModel) -> DomainView<'_> {
    DomainView {
        module: domain.module(),
        screaming: domain.screaming(),
        callbacks: domain.callbacks,
    }
}

const fn store(package: &PackageModel) -> &'static str {
    match package.store {
        StoreKind::Sqlite => "Sqlite",
        StoreKind::Postgres => "Postgres",
    }
}

fn migrations(package: &PackageModel) -> Vec<&str> {
    let migrations = package.migrations.iter();
    migrations.map(|known| known.name.as_str()).collect()
}

fn sagas(package: &PackageModel) -> Vec<&str> {
    package.sagas.iter().map(SagaModel::module).collect()
}

fn modules(package: &PackageModel) -> Vec<&str> {
    let mut modules = package.modules();
    modules.push("auth");
    modules.extend(package.own_modules.iter().map(String::as_str));
    modules.sort_unstable();
    modules
}
