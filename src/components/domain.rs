//! The module of a domain: its wiring, and the gateway that all its operations share.

use askama::Template;

use super::{Class, Component, Context, GeneratedFile, Render, Rendered};
use crate::model::{DomainModel, OperationModel};

/// The component.
pub(super) const COMPONENT: Component = Component {
    id: "domain",
    needs: &[],
    templates: &[
        "src/[domain]/mod.rs.j2",
        "src/[domain]/gateway.rs.j2",
        "src/[domain]/generated/mod.rs.j2",
    ],
    render: Render::Domain(render),
};

#[derive(Template)]
#[template(path = "src/[domain]/mod.rs.j2", escape = "none")]
struct ModuleView<'a> {
    title: String,
    name: &'a str,
    prose: &'a str,
    module: &'a str,
    screaming: &'a str,
    modules: Vec<&'a str>,
    columns: Vec<String>,
    operations: Vec<OperationView<'a>>,
}

#[derive(Template)]
#[template(path = "src/[domain]/gateway.rs.j2", escape = "none")]
struct GatewayView<'a> {
    name: &'a str,
    prose: &'a str,
    operations: Vec<OperationView<'a>>,
}

#[derive(Template)]
#[template(path = "src/[domain]/generated/mod.rs.j2", escape = "none")]
struct GeneratedView<'a> {
    prose: &'a str,
    modules: Vec<&'static str>,
}

/// An operation as the modules of its domain name it.
struct OperationView<'a> {
    name: &'a str,
    module: &'a str,
    /// `refund::`, or nothing at the domain's root.
    path: String,
}

fn render(_: &Context<'_>, domain: &DomainModel) -> Rendered {
    let (name, prose) = (domain.type_name(), domain.prose());
    let module = ModuleView {
        title: capitalised(&prose),
        name,
        prose: &prose,
        module: domain.module(),
        screaming: &domain.screaming(),
        modules: modules(domain),
        columns: domain
            .columns()
            .into_iter()
            .map(|column| column.name)
            .collect(),
        operations: operations(domain),
    };
    let gateway = GatewayView {
        name,
        prose: &prose,
        operations: operations(domain),
    };
    let generated = GeneratedView {
        prose: &prose,
        modules: generated_modules(domain),
    };
    let path = |file: &str| format!("{}/{file}", domain.folder());
    Ok(vec![
        GeneratedFile::rust(path("mod.rs"), Class::Generated, &module)?,
        GeneratedFile::rust(path("gateway.rs"), Class::Yours, &gateway)?,
        GeneratedFile::rust(path("generated/mod.rs"), Class::Generated, &generated)?,
    ])
}

fn modules(domain: &DomainModel) -> Vec<&str> {
    let mut modules = vec!["gateway", "generated"];
    if domain.root_operation().is_some() {
        modules.extend(["controller", "orchestrator", "rules"]);
    }
    modules.extend(domain.other_operations().map(OperationModel::module));
    modules.sort_unstable();
    modules
}

fn generated_modules(domain: &DomainModel) -> Vec<&'static str> {
    let root = domain.root_operation().map(|_| "command");
    root.into_iter()
        .chain(["finalizer", "operation", "reaper", "repository", "wal"])
        .collect()
}

fn operations(domain: &DomainModel) -> Vec<OperationView<'_>> {
    let view = |operation| OperationView {
        name: OperationModel::type_name(operation),
        module: operation.module(),
        path: if operation.is_root {
            String::new()
        } else {
            format!("{}::", operation.module())
        },
    };
    domain.operations.iter().map(view).collect()
}

/// `payment` as the beginning of a sentence.
pub(super) fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(chars).collect()
    })
}
