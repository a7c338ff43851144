//! `Cargo.toml` and what git leaves alone.

use super::{Class, Component, Context, GeneratedFile, Render, Rendered};
use crate::model::PackageModel;
use crate::spec::{RuntimeSource, StoreKind};
use askama::Template;

/// The component.
pub(super) const COMPONENT: Component = Component {
    id: "manifest",
    needs: &[],
    templates: &["Cargo.toml.j2", ".gitignore.j2"],
    render: Render::Package(render),
};

#[derive(Template)]
#[template(path = "Cargo.toml.j2", escape = "none")]
struct ManifestView<'a> {
    name: &'a str,
    standalone: bool,
    vendored: bool,
    runtime: String,
    runtime_for_tests: String,
    lint: String,
}

#[derive(Template)]
#[template(path = ".gitignore.j2", escape = "none")]
struct GitignoreView;

fn render(context: &Context<'_>) -> Rendered {
    let package = context.package;
    let view = ManifestView {
        name: &package.name,
        standalone: package.standalone,
        vendored: package.runtime == RuntimeSource::Vendored,
        runtime: runtime(package, &[]),
        runtime_for_tests: runtime(package, &["testing"]),
        lint: package.dependency("orch-lint"),
    };
    Ok(vec![
        GeneratedFile::toml("Cargo.toml", Class::Yours, &view)?,
        GeneratedFile::text(".gitignore", Class::Yours, &GitignoreView)?,
    ])
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
        features.extend(domain.callbacks.map(|_| "callbacks"));
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
