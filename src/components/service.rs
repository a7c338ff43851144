//! The service around the domains: library, program, who is asking, and the conventions as a test.

use askama::Template;

use super::{Class, Component, Context, GeneratedFile, Render, Rendered};
use crate::model::{DomainModel, PackageModel};
use crate::spec::{PackageKind, StoreKind};

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

#[derive(Template)]
#[template(path = "src/lib.rs.j2", escape = "none")]
struct LibraryView<'a> {
    title: String,
    store: &'static str,
    store_folder: &'static str,
    migrations: Vec<&'a str>,
    modules: Vec<&'a str>,
    domains: &'a [DomainModel],
}

/// The library of a package that was there before and had none.
#[derive(Template)]
#[template(path = "src/library.rs.j2", escape = "none")]
struct OwnLibraryView<'a> {
    title: String,
    modules: Vec<&'a str>,
}

/// The wiring of a package that was there before.
#[derive(Template)]
#[template(path = "src/orchestrations/mod.rs.j2", escape = "none")]
struct OrchestrationsView<'a> {
    store: &'static str,
    store_folder: &'static str,
    migrations: Vec<&'a str>,
    /// Sorted as rustfmt sorts imports.
    modules: Vec<&'a str>,
    domains: &'a [DomainModel],
}

#[derive(Template)]
#[template(path = "src/main.rs.j2", escape = "none")]
struct MainView {
    crate_name: String,
}

#[derive(Template)]
#[template(path = "src/auth.rs.j2", escape = "none")]
struct AuthView;

#[derive(Template)]
#[template(path = "tests/architecture.rs.j2", escape = "none")]
struct ArchitectureView;

fn render(context: &Context<'_>) -> Rendered {
    let package = context.package;
    let mut files = match package.kind {
        PackageKind::Service => service(package)?,
        PackageKind::Existing { .. } if package.domains.is_empty() => Vec::new(),
        PackageKind::Existing { .. } => orchestrations(package)?,
    };
    if !package.domains.is_empty() {
        let architecture =
            GeneratedFile::rust("tests/architecture.rs", Class::Yours, &ArchitectureView)?;
        files.push(architecture);
    }
    Ok(files)
}

fn service(package: &PackageModel) -> Rendered {
    let library = LibraryView {
        title: package.title(),
        store: store(package),
        store_folder: package.store.keyword(),
        migrations: migrations(package),
        modules: modules(&package.domains),
        domains: &package.domains,
    };
    let main = MainView {
        crate_name: package.crate_name(),
    };
    Ok(vec![
        GeneratedFile::rust("src/lib.rs", Class::Generated, &library)?,
        GeneratedFile::rust("src/main.rs", Class::Yours, &main)?,
        GeneratedFile::rust("src/auth.rs", Class::Yours, &AuthView)?,
    ])
}

fn orchestrations(package: &PackageModel) -> Rendered {
    let view = OrchestrationsView {
        store: store(package),
        store_folder: package.store.keyword(),
        migrations: migrations(package),
        modules: sorted(&package.domains),
        domains: &package.domains,
    };
    let mut files = vec![
        GeneratedFile::rust("src/orchestrations/mod.rs", Class::Generated, &view)?,
        GeneratedFile::rust("src/orchestrations/auth.rs", Class::Yours, &AuthView)?,
    ];
    if package.owns_library {
        let library = OwnLibraryView {
            title: package.title(),
            modules: package.root_modules(),
        };
        files.push(GeneratedFile::rust("src/lib.rs", Class::Yours, &library)?);
    }
    Ok(files)
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

fn modules(domains: &[DomainModel]) -> Vec<&str> {
    let mut modules = sorted(domains);
    modules.push("auth");
    modules.sort_unstable();
    modules
}

fn sorted(domains: &[DomainModel]) -> Vec<&str> {
    let mut modules: Vec<&str> = domains.iter().map(DomainModel::module).collect();
    modules.sort_unstable();
    modules
}
