//! The module of a domain: its wiring, and the gateway that all its operations share.

use askama::Template;

use super::layout::{array, import, methods};
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
    columns: String,
    migration: String,
    gateway_use: String,
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
    act: String,
    probe: String,
    ask: String,
    probe_port: String,
    /// Where below the domain's address the provider takes it; the root operation's is the address.
    below: Option<String>,
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
        columns: columns(domain),
        migration: domain.migration(),
        gateway_use: gateway_use("self", domain),
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
    domain.operations.iter().map(operation).collect()
}

fn operation(operation: &OperationModel) -> OperationView<'_> {
    let command = format!("{}Command", operation.type_name());
    let methods = methods(operation.module(), &command);
    OperationView {
        name: operation.type_name(),
        module: operation.module(),
        path: if operation.is_root {
            String::new()
        } else {
            format!("{}::", operation.module())
        },
        act: methods.act,
        probe: methods.probe,
        ask: methods.probe_unused,
        probe_port: methods.probe_port,
        below: (!operation.is_root).then(|| operation.route()),
    }
}

fn columns(domain: &DomainModel) -> String {
    let names: Vec<String> = domain
        .columns()
        .into_iter()
        .map(|column| format!("\"{}\"", column.name))
        .collect();
    array(&names, 4, "    columns: &,".len())
}

/// The `use` of the adapter and the port, from the module at `path`.
pub(super) fn gateway_use(path: &str, domain: &DomainModel) -> String {
    let name = domain.type_name();
    let names = [format!("Http{name}Gateway"), format!("{name}Gateway")];
    import(&format!("{path}::gateway"), &names)
}

/// `payment` as the beginning of a sentence.
pub(super) fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(chars).collect()
    })
}
