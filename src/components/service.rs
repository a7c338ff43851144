//! The service around the domains: library, program, who is asking, and the conventions as a test.

use askama::Template;

use super::{Class, Component, Context, GeneratedFile, Render, Rendered};
use crate::model::DomainModel;
use crate::spec::StoreKind;

/// The component.
pub(super) const COMPONENT: Component = Component {
    id: "service",
    needs: &[],
    templates: &[
        "src/lib.rs.j2",
        "src/main.rs.j2",
        "src/auth.rs.j2",
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
    let migrations = package.migrations.iter();
    let library = LibraryView {
        title: package.title(),
        store: match package.store {
            StoreKind::Sqlite => "Sqlite",
            StoreKind::Postgres => "Postgres",
        },
        store_folder: package.store.keyword(),
        migrations: migrations.map(|known| known.name.as_str()).collect(),
        modules: modules(&package.domains),
        domains: &package.domains,
    };
    let main = MainView {
        crate_name: package.crate_name(),
    };
    let mut files = vec![
        GeneratedFile::rust("src/lib.rs", Class::Generated, &library)?,
        GeneratedFile::rust("src/main.rs", Class::Yours, &main)?,
        GeneratedFile::rust("src/auth.rs", Class::Yours, &AuthView)?,
    ];
    if !package.domains.is_empty() {
        let architecture =
            GeneratedFile::rust("tests/architecture.rs", Class::Yours, &ArchitectureView)?;
        files.push(architecture);
    }
    Ok(files)
}

fn modules(domains: &[DomainModel]) -> Vec<&str> {
    let mut modules: Vec<&str> = domains.iter().map(DomainModel::module).collect();
    modules.push("auth");
    modules.sort_unstable();
    modules
}
