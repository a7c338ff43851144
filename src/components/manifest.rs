//! `Cargo.toml` and what git leaves alone.

use super::{Class, Component, Context, GeneratedFile, Render, Rendered};
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
        runtime: package.dependency("orch-runtime"),
        runtime_for_tests: testing(&package.dependency("orch-runtime")),
        lint: package.dependency("orch-lint"),
    };
    Ok(vec![
        GeneratedFile::toml("Cargo.toml", Class::Yours, &view)?,
        GeneratedFile::text(".gitignore", Class::Yours, &GitignoreView)?,
    ])
}

/// The same dependency with the feature that tests need.
fn testing(dependency: &str) -> String {
    match dependency.strip_suffix(" }") {
        Some(table) => format!("{table}, features = [\"testing\"] }}"),
        None => format!("{{ version = {dependency}, features = [\"testing\"] }}"),
    }
}
