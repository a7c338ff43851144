//! `Cargo.toml` and what git leaves alone.

use super::{Class, Component, Context, GeneratedFile, Render, Rendered};
use crate::model::PackageModel;
use crate::spec::RuntimeSource;
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
        runtime: runtime(package),
        runtime_for_tests: with_features(&package.dependency("orch-runtime"), &["testing"]),
        lint: package.dependency("orch-lint"),
    };
    Ok(vec![
        GeneratedFile::toml("Cargo.toml", Class::Yours, &view)?,
        GeneratedFile::text(".gitignore", Class::Yours, &GitignoreView)?,
    ])
}

/// The runtime with the features that the domains need.
fn runtime(package: &PackageModel) -> String {
    let dependency = package.dependency("orch-runtime");
    if package
        .domains
        .iter()
        .any(|domain| domain.callbacks.is_some())
    {
        with_features(&dependency, &["callbacks"])
    } else {
        dependency
    }
}

/// The same dependency with these features.
fn with_features(dependency: &str, features: &[&str]) -> String {
    let features: Vec<String> = features.iter().map(|name| format!("\"{name}\"")).collect();
    let features = features.join(", ");
    match dependency.strip_suffix(" }") {
        Some(table) => format!("{table}, features = [{features}] }}"),
        None => format!("{{ version = {dependency}, features = [{features}] }}"),
    }
}
