//! The module of a domain: its wiring, and the gateway that all its operations share.

use askama::Template;

use super::fit::{array, import};
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
    callbacks_path: Option<String>,
    imports: Vec<String>,
    operations: Vec<OperationView<'a>>,
}

#[derive(Template)]
#[template(path = "src/[domain]/gateway.rs.j2", escape = "none")]
struct GatewayView<'a> {
    name: &'a str,
    prose: &'a str,
    a_prose: String,
    imports: Vec<String>,
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
        callbacks_path: domain.callbacks.then(|| domain.callbacks_path()),
        imports: imports(domain),
        operations: operations(domain),
    };
    let gateway = GatewayView {
        name,
        prose: &prose,
        a_prose: domain.name.with_article(),
        imports: commands(domain),
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
    modules.extend(domain.callbacks.then_some("callbacks"));
    modules.extend(domain.other_operations().map(OperationModel::module));
    modules.sort_unstable();
    modules
}

/// What the wiring uses of its own modules, sorted as rustfmt sorts.
fn imports(domain: &DomainModel) -> Vec<String> {
    let name = domain.type_name();
    let orchestrator = |operation: &OperationModel| {
        let (path, name) = (path(operation), operation.type_name());
        format!("use self::{path}orchestrator::{name}Orchestrator;")
    };
    let mut imports: Vec<String> = domain.operations.iter().map(orchestrator).collect();
    imports.extend([
        gateway_use("self", domain),
        format!("use self::generated::finalizer::{name}Finalizer;"),
        format!("use self::generated::reaper::{name}Reaper;"),
    ]);
    imports.extend(
        domain
            .callbacks
            .then(|| format!("use self::callbacks::{name}Callbacks;")),
    );
    imports.sort_unstable();
    imports
}

/// The commands that the gateway's methods take, sorted as rustfmt sorts.
fn commands(domain: &DomainModel) -> Vec<String> {
    let command = |operation: &OperationModel| {
        let (path, name) = (path(operation), operation.type_name());
        format!("use super::{path}generated::command::{name}Command;")
    };
    let mut imports: Vec<String> = domain.operations.iter().map(command).collect();
    imports.sort_unstable();
    imports
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
    OperationView {
        name: operation.type_name(),
        module: operation.module(),
        path: path(operation),
        below: (!operation.is_root).then(|| operation.route()),
    }
}

fn path(operation: &OperationModel) -> String {
    if operation.is_root {
        String::new()
    } else {
        format!("{}::", operation.module())
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
