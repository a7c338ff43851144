//! `tests/<operation>/`: the promises of an operation, as tests that attack them.

mod provider_tests;

use super::fit::sort_imports;
use super::operation::total;
use super::{Class, Component, Context, GeneratedFile, Made, Render, Rendered};
use crate::model::{DomainModel, FieldModel, OperationModel};
use crate::spec::Track;
use crate::templates::views;
use serde::Serialize;

/// The component.
pub(super) const COMPONENT: Component = Component {
    id: "tests",
    needs: &[],
    templates: &[
        "tests/[operation]/main.rs.j2",
        "tests/[operation]/world.rs.j2",
        "tests/[operation]/callbacks/http.rs.j2",
        "tests/[operation]/callbacks/stripe.rs.j2",
        "tests/[operation]/callbacks/twilio.rs.j2",
        "tests/[operation]/callbacks/common.rs.j2",
        "tests/[operation]/command.rs.j2",
        "tests/[operation]/controller.rs.j2",
        "tests/[operation]/crashes.rs.j2",
        "tests/[operation]/duplicates.rs.j2",
        "tests/[operation]/gateway/http.rs.j2",
        "tests/[operation]/gateway/stripe.rs.j2",
        "tests/[operation]/gateway/twilio.rs.j2",
        "tests/[operation]/gateway/fcm.rs.j2",
        "tests/[operation]/gateway/s3.rs.j2",
        "tests/[operation]/gateway/smtp.rs.j2",
        "tests/[operation]/gateway/server.rs.j2",
        "tests/[operation]/outcomes.rs.j2",
        "tests/[operation]/schedulers.rs.j2",
        "tests/[operation]/transactions.rs.j2",
    ],
    render: Render::Operation(render),
};

/// Names that several of the tests need.
struct Names<'a> {
    crate_name: String,
    wiring: String,
    name: &'a str,
    module: &'a str,
    path: String,
    domain_name: &'a str,
    domain_module: &'a str,
    table: String,
    wal_table: String,
    progress: &'static str,
    history: bool,
    callbacks: bool,
}

views! {
    MainView<'a> in "tests/[operation]/main.rs.j2" { a_prose: &'a str, callbacks: bool }

    WorldView<'a> in "tests/[operation]/world.rs.j2" {
        imports: Vec<String>, name: &'a str, domain_name: &'a str, commands: Vec<CommandView<'a>>,
        callbacks: bool
    }

    CommandTestView<'a> in "tests/[operation]/command.rs.j2" {
        crate_name: &'a str, name: &'a str, path: &'a str, event_type: String, cases: Vec<CaseView<'a>>,
        secrets: Vec<&'a str>, bad_stored: &'static str
    }

    ControllerView<'a> in "tests/[operation]/controller.rs.j2" {
        crate_name: &'a str, path: &'a str, route: String, history: bool
    }

    CrashesView<'a> in "tests/[operation]/crashes.rs.j2" { wal_table: &'a str }

    DuplicatesView<'a> in "tests/[operation]/duplicates.rs.j2" { table: &'a str }

    TransactionsView<'a> in "tests/[operation]/transactions.rs.j2" {
        crate_name: &'a str, name: &'a str, path: &'a str
    }

    SchedulersView<'a> in "tests/[operation]/schedulers.rs.j2" {
        crate_name: &'a str, domain_name: &'a str, domain_module: &'a str, callbacks: bool
    }

    OutcomesView<'a> in "tests/[operation]/outcomes.rs.j2" {
        progress: &'static str,
        history: bool,
        table: &'a str,
        secret: String,
    }
}

/// An operation as a scripted gateway names it.
#[derive(Serialize)]
struct CommandView<'a> {
    name: &'a str,
    module: &'a str,
}

#[derive(Serialize)]
struct CaseView<'a> {
    test: String,
    json: &'a str,
    literal: String,
}

fn render(context: &Context<'_>, domain: &DomainModel, operation: &OperationModel) -> Rendered {
    let names = Names {
        crate_name: context.package.crate_name(),
        wiring: context.package.wiring(),
        name: operation.type_name(),
        module: operation.module(),
        path: operation.module_path(),
        domain_name: domain.type_name(),
        domain_module: domain.module(),
        table: domain.operations_table(),
        wal_table: domain.wal_table(),
        progress: total(operation, "sample().size()"),
        history: operation.track == Track::History,
        callbacks: domain.callbacks,
    };
    let file = |stem: &str| format!("tests/{}/{stem}", operation.module());
    let mut files = rust_files(context, &names, domain, operation)?;
    for (stem, json) in [
        ("sample.json", operation.sample_json()),
        ("other.json", operation.other_json()),
    ] {
        files.push(GeneratedFile::ready(
            file(stem),
            Class::Yours,
            pretty(&json),
        ));
    }
    Ok(files)
}

fn rust_files(
    context: &Context<'_>,
    names: &Names<'_>,
    domain: &DomainModel,
    operation: &OperationModel,
) -> Rendered {
    let file = |stem: &str| format!("tests/{}/{stem}", names.module);
    let main = MainView {
        a_prose: &operation.name.with_article(),
        callbacks: names.callbacks,
    };
    let crashes = CrashesView {
        wal_table: &names.wal_table,
    };
    let duplicates = DuplicatesView {
        table: &names.table,
    };
    let outcomes = OutcomesView {
        progress: names.progress,
        history: names.history,
        table: &names.table,
        secret: secret(operation),
    };
    let transactions = TransactionsView {
        crate_name: &names.crate_name,
        name: names.name,
        path: &names.path,
    };
    let class = Class::Yours;
    let mut files = vec![
        context.rust(file("main.rs"), class, &main)?,
        context.rust(file("world.rs"), class, &world(names, domain))?,
        context.rust(
            file("command.rs"),
            class,
            &command(&names.crate_name, &names.path, operation),
        )?,
        context.rust(file("controller.rs"), class, &controller(names, operation))?,
        context.rust(file("crashes.rs"), class, &crashes)?,
        context.rust(file("duplicates.rs"), class, &duplicates)?,
        provider_tests::gateway(context, names, domain, operation, file("gateway.rs"))?,
        context.rust(file("outcomes.rs"), class, &outcomes)?,
        context.rust(file("schedulers.rs"), class, &schedulers(names))?,
        context.rust(file("transactions.rs"), class, &transactions)?,
    ];
    if names.callbacks {
        let path = file("callbacks.rs");
        files.push(provider_tests::callbacks(
            context, names, domain, operation, path,
        )?);
    }
    Ok(files)
}

/// A required secret, by its key in payloads; nothing when there is none.
fn secret(operation: &OperationModel) -> String {
    let mut secrets = operation
        .fields
        .iter()
        .filter(|field| field.secret && !field.optional);
    secrets
        .next()
        .map_or_else(String::new, FieldModel::stored_json)
}

fn world<'a>(names: &'a Names<'_>, domain: &'a DomainModel) -> WorldView<'a> {
    WorldView {
        imports: world_imports(names, domain),
        name: names.name,
        domain_name: names.domain_name,
        commands: commands(domain),
        callbacks: names.callbacks,
    }
}

fn controller<'a>(names: &'a Names<'_>, operation: &OperationModel) -> ControllerView<'a> {
    ControllerView {
        crate_name: &names.crate_name,
        path: &names.path,
        route: format!("/api/{}", operation.route()),
        history: names.history,
    }
}

fn schedulers<'a>(names: &'a Names<'_>) -> SchedulersView<'a> {
    SchedulersView {
        crate_name: &names.crate_name,
        domain_name: names.domain_name,
        domain_module: names.domain_module,
        callbacks: names.callbacks,
    }
}

/// The tests of what a saga is asked for.
pub(super) fn command_of_saga(context: &Context<'_>, input: &OperationModel, path: String) -> Made {
    let (crate_name, module) = (context.package.crate_name(), input.module_path());
    let view = command(&crate_name, &module, input);
    context.rust(path, Class::Yours, &view)
}

fn command<'a>(
    crate_name: &'a str,
    path: &'a str,
    operation: &'a OperationModel,
) -> CommandTestView<'a> {
    let required = operation.fields.iter().any(|field| !field.optional);
    CommandTestView {
        crate_name,
        name: operation.type_name(),
        path,
        event_type: operation.event_type(),
        cases: operation.fields.iter().flat_map(cases).collect(),
        secrets: operation
            .fields
            .iter()
            .filter(|f| f.secret)
            .map(|f| f.name.as_str())
            .collect(),
        bad_stored: if required { "{}" } else { "null" },
    }
}

fn cases(field: &FieldModel) -> impl Iterator<Item = CaseView<'_>> {
    field.invalid.iter().map(|invalid| CaseView {
        test: format!("{}_that_is_{}_is_refused", field.name, invalid.why),
        json: &field.json,
        literal: literal(&invalid.json),
    })
}

/// `json` as a Rust string; a long run of one character is written as a repetition.
fn literal(json: &str) -> String {
    let body = json.trim_matches('"');
    let first = body.chars().next();
    let run = first.filter(|first| body.len() > 40 && body.chars().all(|c| c == *first));
    match run {
        Some(first) => format!(
            "&format!(\"\\\"{{}}\\\"\", \"{first}\".repeat({}))",
            body.chars().count()
        ),
        None if json.contains('"') => {
            let mut fence = "#".to_owned();
            while json.contains(&format!("\"{fence}")) {
                fence.push('#');
            }
            format!("r{fence}\"{json}\"{fence}")
        }
        None => format!("\"{json}\""),
    }
}

fn commands(domain: &DomainModel) -> Vec<CommandView<'_>> {
    domain.operations.iter().map(command_view).collect()
}

/// What a test's world uses of the package under test, sorted as rustfmt does.
fn world_imports(names: &Names<'_>, domain: &DomainModel) -> Vec<String> {
    let Names {
        crate_name,
        wiring,
        domain_module: module,
        domain_name,
        ..
    } = names;
    let mut imports = vec![
        format!("use {wiring}::{{MIGRATIONS, STORE}};"),
        format!("use {crate_name}::{module}::TABLES;"),
        format!("use {crate_name}::{module}::gateway::{domain_name}Gateway;"),
        format!(
            "use {crate_name}::{}::orchestrator::{}Orchestrator;",
            names.path, names.name
        ),
    ];
    imports.extend(domain.operations.iter().map(|operation| {
        let path = operation.module_path();
        let command = operation.type_name();
        format!("use {crate_name}::{path}::generated::command::{command}Command;")
    }));
    sort_imports(&mut imports);
    imports
}

fn command_view(operation: &OperationModel) -> CommandView<'_> {
    CommandView {
        name: operation.type_name(),
        module: operation.module(),
    }
}

pub(super) fn pretty(json: &str) -> String {
    let value: Option<serde_json::Value> = serde_json::from_str(json).ok();
    let text = value.and_then(|value| serde_json::to_string_pretty(&value).ok());
    text.map_or_else(|| json.to_owned(), |text| text + "\n")
}
