//! `Cargo.toml` and what git leaves alone.

use super::{Class, Component, Context, Render, Rendered};
use crate::inject::Dependency;
use crate::model::PackageModel;
use crate::spec::{PackageKind, RuntimeSource, StoreKind};
use crate::templates::views;
/// The component.
pub(super) const COMPONENT: Component = Component {
    id: "manifest",
    needs: &[],
    templates: &["Cargo.toml.j2", ".gitignore.j2"],
    render: Render::Package(render),
};

views! {
    ManifestView<'a> in "Cargo.toml.j2" {
        name: &'a str,
        standalone: bool,
        vendored: bool,
        runtime: String,
        runtime_for_tests: String,
        lint: String,
    }

    GitignoreView in ".gitignore.j2" {}
}

fn render(context: &Context<'_>) -> Rendered {
    let package = context.package;
    if package.kind != PackageKind::Service {
        return Ok(Vec::new());
    }
    let view = ManifestView {
        name: &package.name,
        standalone: package.standalone,
        vendored: package.runtime == RuntimeSource::Vendored,
        runtime: runtime(package, &[]),
        runtime_for_tests: runtime(package, &["testing"]),
        lint: package.dependency("orch-lint"),
    };
    Ok(vec![
        context.toml("Cargo.toml", Class::Yours, &view)?,
        context.text(".gitignore", Class::Yours, &GitignoreView {})?,
    ])
}

/// What the manifest of a package that was there before has to depend on: table, name, value, and
/// whether it may be the package's own.
#[must_use]
pub fn dependencies(package: &PackageModel) -> Vec<Dependency> {
    let dependency = |table: &str, name: &str, value: String, shared| Dependency {
        table: table.to_owned(),
        name: name.to_owned(),
        value,
        shared,
    };
    let dev = "dev-dependencies";
    let tokio = "{ version = \"1\", features = [\"macros\", \"rt-multi-thread\"] }";
    vec![
        dependency("dependencies", "orch-runtime", runtime(package, &[]), false),
        dependency(dev, "orch-lint", package.dependency("orch-lint"), false),
        dependency(dev, "orch-runtime", runtime(package, &["testing"]), false),
        dependency(dev, "tokio", tokio.to_owned(), true),
    ]
}

/// The dependency on the runtime: without features, the one that keeps operations on SQLite.
fn runtime(package: &PackageModel, features: &[&str]) -> String {
    let dependency = package.dependency("orch-runtime");
    let mut features = features.to_vec();
    let mut options = String::new();
    if package.store != StoreKind::Sqlite {
        options += ", default-features = false";
        features.extend(["decimal", package.store.keyword()]);
    }
    for domain in &package.domains {
        features.extend(domain.callbacks.then_some("callbacks"));
        features.extend(domain.gateway.feature());
    }
    features.sort_unstable();
    features.dedup();
    if !features.is_empty() {
        let quoted: Vec<String> = features.iter().map(|one| format!("\"{one}\"")).collect();
        options += &format!(", features = [{}]", quoted.join(", "));
    }
    if options.is_empty() {
        return dependency;
    }
    match dependency.strip_suffix(" }") {
        Some(table) => format!("{table}{options} }}"),
        None => format!("{{ version = {dependency}{options} }}"),
    }
}
