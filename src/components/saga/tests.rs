//! `tests/<saga>/`: that a saga happens as a whole or not at all, as tests that attack it.

use super::super::fit::{import, sort_imports};
use super::super::operation_tests::{self, pretty};
use super::super::{Class, Component, Context, GeneratedFile, Render, Rendered};
use super::{plural, route};
use crate::model::{DomainModel, SagaModel, StepModel};
use crate::spec::TimeBudget;
use crate::templates::views;
use serde::Serialize;

/// The component.
pub(in crate::components) const COMPONENT: Component = Component {
    id: "saga_tests",
    needs: &[],
    templates: &[
        "tests/[saga]/main.rs.j2",
        "tests/[saga]/world.rs.j2",
        "tests/[saga]/flows.rs.j2",
        "tests/[saga]/crashes.rs.j2",
        "tests/[saga]/controller.rs.j2",
        "tests/[saga]/operators.rs.j2",
    ],
    render: Render::Saga(render),
};

views! {
    MainView in "tests/[saga]/main.rs.j2" { a_prose: String }

    WorldView<'a> in "tests/[saga]/world.rs.j2" {
        imports: Vec<String>,
        runtime: String,
        testing: String,
        name: &'a str,
        domains: Vec<DomainView<'a>>,
        choreography: bool,
    }

    FlowsView<'a> in "tests/[saga]/flows.rs.j2" {
        module_path: String,
        calls: Vec<CallView<'a>>,
    }

    CrashesView in "tests/[saga]/crashes.rs.j2" {
        /// Whether there is so little time that a crash may use it up.
        hasty: bool,
    }

    ControllerView in "tests/[saga]/controller.rs.j2" { module_path: String, route: String }

    OperatorsView<'a> in "tests/[saga]/operators.rs.j2" {
        module_path: String,
        plural_prose: String,
        /// Whether there is a call that an operation undoes.
        parks: bool,
        /// The tables of the domain that serves it, and of the one that undoes it.
        call: &'a str,
        undo: &'a str,
        /// The calls of the same domain that come before it.
        before: usize,
    }
}

/// A domain that serves steps.
#[derive(Serialize)]
struct DomainView<'a> {
    name: &'a str,
    module: &'a str,
    operations: Vec<OperationView<'a>>,
}

#[derive(Serialize)]
struct OperationView<'a> {
    name: &'a str,
    module: &'a str,
}

/// A step that is an operation.
#[derive(Serialize)]
struct CallView<'a> {
    step: &'a str,
    tables: &'a str,
    /// The calls of the same domain that come before it.
    before: usize,
    optional: bool,
}

/// In seconds: what the next process needs at most until it goes on with what a dead one left.
const TIME_OF_A_CRASH: u64 = 600;

/// Whether a step that the saga cannot do without, or a compensation, has less.
fn is_hasty(saga: &SagaModel) -> bool {
    let budgets = saga.steps.iter().flat_map(|step| {
        let own = step.limits.does.time_budget;
        [
            own.filter(|_| !step.optional),
            step.limits.undoes.time_budget,
        ]
    });
    let mut budgets = budgets.flatten().map(TimeBudget::seconds);
    budgets.any(|seconds| seconds < TIME_OF_A_CRASH)
}

fn render(context: &Context<'_>, saga: &SagaModel) -> Rendered {
    let crate_name = context.package.crate_name();
    let module_path = format!("{crate_name}::{}", saga.module());
    let class = Class::Yours;
    let file = |stem: &str| format!("tests/{}/{stem}", saga.module());
    let main = MainView {
        a_prose: saga.name.with_article(),
    };
    let flows = FlowsView {
        module_path: module_path.clone(),
        calls: calls(saga),
    };
    let controller = ControllerView {
        module_path: module_path.clone(),
        route: route(saga),
    };
    let ready = |stem, json: String| GeneratedFile::ready(file(stem), class, pretty(&json));
    Ok(vec![
        context.rust(file("main.rs"), class, &main)?,
        context.rust(file("world.rs"), class, &world(context, saga))?,
        context.rust(file("flows.rs"), class, &flows)?,
        context.rust(
            file("crashes.rs"),
            class,
            &CrashesView {
                hasty: is_hasty(saga),
            },
        )?,
        context.rust(file("controller.rs"), class, &controller)?,
        context.rust(file("operators.rs"), class, &operators(module_path, saga))?,
        operation_tests::command_of_saga(context, &saga.input, file("command.rs"))?,
        ready("sample.json", saga.input.sample_json()),
        ready("other.json", saga.input.other_json()),
    ])
}

fn world<'a>(context: &Context<'a>, saga: &'a SagaModel) -> WorldView<'a> {
    let package = context.package;
    let served_by = saga.served_by();
    let domains = served_by
        .iter()
        .filter_map(|call| package.domain_of(&call.tables));
    let domains: Vec<&DomainModel> = domains.collect();
    let (crate_name, module) = (package.crate_name(), saga.module());
    let name = saga.name.type_name();
    let mut imports = vec![
        format!("use {}::{{MIGRATIONS, STORE}};", package.wiring()),
        format!("use {crate_name}::{module}::generated::command::{name}Command;"),
        format!("use {crate_name}::{module}::{{PLAN, TABLES, sagas}};"),
    ];
    if saga.choreography {
        imports.push(format!("use {crate_name}::{module}::generated::handlers;"));
    }
    for domain in &domains {
        let module = domain.module();
        imports.push(format!("use {crate_name}::{module};"));
        let gateway = format!("{}Gateway", domain.type_name());
        imports.push(format!("use {crate_name}::{module}::gateway::{gateway};"));
        imports.extend(domain.operations.iter().map(|operation| {
            let (path, name) = (operation.module_path(), operation.type_name());
            format!("use {crate_name}::{path}::generated::command::{name}Command;")
        }));
    }
    sort_imports(&mut imports);
    let calls = !domains.is_empty();
    let names = |names: &[(&str, bool)]| -> Vec<String> {
        let used = names.iter().filter(|(_, used)| *used);
        used.map(|(name, _)| (*name).to_owned()).collect()
    };
    WorldView {
        imports,
        runtime: match calls {
            true => import(
                "orch_runtime",
                &names(&[
                    ("Engine", true),
                    ("GatewayError", true),
                    ("Idempotency", true),
                    ("OpId", true),
                    ("Probe", true),
                    ("Receipt", true),
                    ("SagaId", true),
                ]),
            ),
            false => "use orch_runtime::SagaId;".to_owned(),
        },
        testing: import(
            "orch_runtime::testing",
            &names(&[
                ("Provider", calls),
                ("SagaDomain", calls),
                ("SagaWorld", true),
                ("SagaWorldSetup", true),
            ]),
        ),
        name,
        choreography: saga.choreography,
        domains: domains.into_iter().map(domain_view).collect(),
    }
}

fn domain_view(domain: &DomainModel) -> DomainView<'_> {
    let operations = domain.operations.iter();
    DomainView {
        name: domain.type_name(),
        module: domain.module(),
        operations: operations
            .map(|operation| OperationView {
                name: operation.type_name(),
                module: operation.module(),
            })
            .collect(),
    }
}

/// The first call that an operation undoes is the one of which somebody refuses to take it back.
fn operators(module_path: String, saga: &SagaModel) -> OperatorsView<'_> {
    let undone = in_order(&saga.steps).into_iter().find_map(|step| {
        let (call, undo) = (step.call.as_ref()?, step.undo.as_ref()?);
        Some((step.name.as_str(), &*call.tables, &*undo.tables))
    });
    let (step, call, undo) = undone.unwrap_or_default();
    let of_step = calls(saga).into_iter().find(|call| call.step == step);
    OperatorsView {
        module_path,
        plural_prose: plural(saga),
        parks: undone.is_some(),
        call,
        undo,
        before: of_step.map_or(0, |call| call.before),
    }
}

/// The steps that are operations, in an order in which they can happen.
fn calls(saga: &SagaModel) -> Vec<CallView<'_>> {
    let mut calls: Vec<CallView<'_>> = Vec::new();
    for step in in_order(&saga.steps) {
        let Some(call) = &step.call else {
            continue;
        };
        let before = calls.iter().filter(|other| other.tables == call.tables);
        calls.push(CallView {
            step: &step.name,
            tables: &call.tables,
            before: before.count(),
            optional: step.optional,
        });
    }
    calls
}

/// Each step behind all that it comes after; those that do not wait for each other as in `orch.toml`.
fn in_order(steps: &[StepModel]) -> Vec<&StepModel> {
    let mut ordered: Vec<&StepModel> = Vec::new();
    while ordered.len() < steps.len() {
        let is_there = |name: &String| ordered.iter().any(|step| step.name == *name);
        let ready = steps.iter().filter(|step| !is_there(&step.name));
        let ready: Vec<_> = ready
            .filter(|step| step.after.iter().all(is_there))
            .collect();
        if ready.is_empty() {
            break;
        }
        ordered.extend(ready);
    }
    ordered
}
