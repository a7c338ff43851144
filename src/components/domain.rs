//! The module of a domain: its wiring.

use super::fit::{array, import, sort_imports};
use super::{Class, Component, Context, Render, Rendered};
use crate::model::{DomainModel, OperationModel};
use crate::spec::GatewayKind;
use crate::templates::views;
use serde::Serialize;

/// The component.
pub(super) const COMPONENT: Component = Component {
    id: "domain",
    needs: &[],
    templates: &["src/[domain]/mod.rs.j2", "src/[domain]/generated/mod.rs.j2"],
    render: Render::Domain(render),
};

views! {
    ModuleView<'a> in "src/[domain]/mod.rs.j2" {
        title: String,
        name: &'a str,
        prose: &'a str,
        tables: &'a str,
        screaming: &'a str,
        modules: Vec<&'a str>,
        columns: String,
        adapter: String,
        gateway: GatewayView,
        callbacks: bool,
        callbacks_path: String,
        /// Whether the signature of a callback covers its address.
        signs_url: bool,
        /// Whether more is served than the operations' own routes.
        has_more_routes: bool,
        imports: Vec<String>,
        operations: Vec<OperationView<'a>>,
    }
}

/// How the provider is wired.
#[derive(Serialize)]
struct GatewayView {
    /// Its kind, as the runtime names it.
    kind: &'static str,
    /// What of the setup hands out its client.
    getter: &'static str,
    /// The last variables that configure it, in prose.
    variables: String,
    /// Where clients upload the contents that commands name; nothing for other kinds.
    contents: String,
}

views! {
    GeneratedView<'a> in "src/[domain]/generated/mod.rs.j2" {
        prose: &'a str,
        modules: Vec<&'static str>,
    }
}

/// An operation as the modules of its domain name it.
#[derive(Serialize)]
struct OperationView<'a> {
    name: &'a str,
    /// `refund::`, or nothing at the domain's root.
    path: String,
}

fn render(context: &Context<'_>, domain: &DomainModel) -> Rendered {
    let (name, prose) = (domain.type_name(), domain.prose());
    let module = ModuleView {
        title: capitalised(&prose),
        name,
        prose: &prose,
        tables: domain.tables_name(),
        screaming: &domain.screaming(),
        modules: modules(domain),
        columns: columns(domain),
        adapter: domain.adapter(),
        gateway: gateway(domain),
        callbacks: domain.callbacks,
        callbacks_path: domain.callbacks_path(),
        signs_url: domain.gateway == GatewayKind::Twilio,
        has_more_routes: domain.callbacks || domain.gateway == GatewayKind::S3,
        imports: imports(domain),
        operations: operations(domain),
    };
    let generated = GeneratedView {
        prose: &prose,
        modules: generated_modules(domain),
    };
    let path = |file: &str| format!("{}/{file}", domain.folder());
    Ok(vec![
        context.rust(path("mod.rs"), Class::Generated, &module)?,
        context.rust(path("generated/mod.rs"), Class::Generated, &generated)?,
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
    sort_imports(&mut imports);
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
        path: path(operation),
    }
}

/// `refund::`, or nothing at the domain's root.
pub(super) fn path(operation: &OperationModel) -> String {
    if operation.is_root {
        String::new()
    } else {
        format!("{}::", operation.module())
    }
}

fn gateway(domain: &DomainModel) -> GatewayView {
    let (kind, screaming) = (domain.gateway, domain.screaming());
    let (getter, ends): (_, &[&str]) = match kind {
        GatewayKind::Http => ("gateway", &["TOKEN", "TIMEOUT"]),
        GatewayKind::Twilio => ("twilio", &["TOKEN", "FROM", "TIMEOUT"]),
        GatewayKind::Fcm => ("fcm", &["CREDENTIALS_FILE", "TIMEOUT"]),
        GatewayKind::S3 => ("s3", &["TIMEOUT"]),
        GatewayKind::Smtp => ("smtp", &["FROM", "TOKEN", "PROBE_URL", "TIMEOUT"]),
        GatewayKind::Stripe => ("stripe", &["TOKEN", "TIMEOUT"]),
    };
    let variable = |end: &&str| format!("`{screaming}_GATEWAY_{end}`");
    let mut names: Vec<String> = ends.iter().map(variable).collect();
    let mut contents = String::new();
    if kind == GatewayKind::S3 {
        contents = domain.contents_path();
        names.push(format!("`{screaming}_SPOOL`"));
        names.push("those of AWS".to_owned());
    }
    GatewayView {
        kind: kind.type_name(),
        getter,
        variables: match names.split_last() {
            Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
            None => String::new(),
        },
        contents,
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
    let names = [domain.adapter(), format!("{name}Gateway")];
    import(&format!("{path}::gateway"), &names)
}

/// `payment` as the beginning of a sentence.
pub(super) fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(chars).collect()
    })
}
