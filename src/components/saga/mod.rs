//! `src/<saga>/`: the wiring of a saga, what it is asked for, its steps and its HTTP face.

mod events;
mod step;
mod tests;

pub(super) use tests::COMPONENT as TESTS;

use super::command;
use super::domain::capitalised;
use super::fit::{array, import};
use super::{Class, Component, Context, Render, Rendered};
use crate::model::{SagaModel, StepModel};
use crate::spec::{Limits, TimeBudget};
use crate::templates::views;
use serde::Serialize;

/// The component.
pub(super) const COMPONENT: Component = Component {
    id: "saga",
    needs: &[],
    templates: &[
        "src/[saga]/mod.rs.j2",
        "src/[saga]/controller.rs.j2",
        "src/[saga]/generated/mod.rs.j2",
        "src/[saga]/generated/events.rs.j2",
        "src/[saga]/generated/handlers/mod.rs.j2",
        "src/[saga]/generated/handlers/handler.rs.j2",
        "src/[saga]/steps/mod.rs.j2",
        "src/[saga]/steps/call.rs.j2",
        "src/[saga]/steps/local.rs.j2",
    ],
    render: Render::Saga(render),
};

views! {
    ModuleView<'a> in "src/[saga]/mod.rs.j2" {
        title: String,
        name: &'a str,
        plural_prose: String,
        tables_literal: String,
        module_literal: String,
        imports: String,
        /// In seconds; nothing where it is the runtime's own.
        time_budget: String,
        /// Whether a time is named.
        times: bool,
        /// Whether a step is an operation.
        calls: bool,
        /// Whether it can also be choreographed.
        choreography: bool,
        steps: Vec<StepView<'a>>,
    }

    ControllerView<'a> in "src/[saga]/controller.rs.j2" {
        name: &'a str,
        a_prose: String,
        plural_prose: String,
        route: String,
        choreography: bool,
    }

    GeneratedView in "src/[saga]/generated/mod.rs.j2" {
        a_prose: String,
        choreography: bool,
    }

    StepsView<'a> in "src/[saga]/steps/mod.rs.j2" {
        a_prose: String,
        modules: Vec<&'a str>,
    }
}

/// A step as the wiring names it.
#[derive(Serialize)]
struct StepView<'a> {
    name: &'a str,
    type_name: String,
    /// The steps that it comes after, as an array.
    after: String,
    after_prose: String,
    does: &'a str,
    undone_by: String,
    /// Why nothing undoes it, as a literal; nothing where something does.
    reason: String,
    optional: bool,
    /// The tables of the domain that serves it; nothing for work in our own database.
    call: &'a str,
    /// The same of the domain that undoes it.
    undo: &'a str,
    /// What the names of its constants begin with.
    constant: String,
    /// What limits its operation in place of a policy, as lines of a `StepLimits`.
    limits: Vec<String>,
    /// The same of the operation that undoes it.
    undo_limits: Vec<String>,
}

fn render(context: &Context<'_>, saga: &SagaModel) -> Rendered {
    let prose = saga.name.prose();
    let module = ModuleView {
        title: capitalised(&prose),
        name: saga.name.type_name(),
        plural_prose: plural(saga),
        tables_literal: literal(&[format!("prefix: \"{}\"", saga.tables_name())]),
        module_literal: literal(&[
            format!("saga: \"{}\"", saga.name.screaming()),
            "start".to_owned(),
        ]),
        imports: import("orch_runtime::saga", &imports(saga)),
        time_budget: time_budget(saga),
        times: has_times(saga),
        calls: saga.steps.iter().any(|step| step.call.is_some()),
        choreography: saga.choreography,
        steps: saga.steps.iter().map(step_view).collect(),
    };
    let controller = ControllerView {
        name: saga.name.type_name(),
        a_prose: saga.name.with_article(),
        plural_prose: plural(saga),
        route: route(saga),
        choreography: saga.choreography,
    };
    let generated = GeneratedView {
        a_prose: saga.name.with_article(),
        choreography: saga.choreography,
    };
    let mut modules: Vec<&str> = saga.steps.iter().map(|step| step.name.as_str()).collect();
    modules.sort_unstable();
    let steps = StepsView {
        a_prose: saga.name.with_article(),
        modules,
    };
    let path = |file: &str| format!("{}/{file}", saga.folder());
    let mut files = vec![
        context.rust(path("mod.rs"), Class::Generated, &module)?,
        context.rust(path("controller.rs"), Class::Yours, &controller)?,
        context.rust(path("generated/mod.rs"), Class::Generated, &generated)?,
        command::file(context, &saga.input)?,
        context.rust(path("steps/mod.rs"), Class::Generated, &steps)?,
    ];
    if saga.choreography {
        files.extend(events::files(context, saga)?);
    }
    for step in &saga.steps {
        files.push(step::file(context, saga, step)?);
    }
    Ok(files)
}

/// The fields of a struct in their braces: on one line where they are short (`struct_lit_width`).
fn literal(fields: &[String]) -> String {
    let line = fields.join(", ");
    match line.len() <= 18 {
        true => format!("{{ {line} }}"),
        false => format!("{{\n    {},\n}}", fields.join(",\n    ")),
    }
}

/// `/api/order-creations`.
fn route(saga: &SagaModel) -> String {
    format!("/api/{}", saga.input.route())
}

fn time_budget(saga: &SagaModel) -> String {
    let seconds = saga.time_budget.map(|seconds| seconds.to_string());
    seconds.map_or_else(String::new, |seconds| command::grouped(&seconds))
}

/// Each of what a saga says in place of policies.
fn all_limits(saga: &SagaModel) -> impl Iterator<Item = Limits> {
    let limits = saga.steps.iter();
    limits.flat_map(|step| [step.limits.does, step.limits.undoes])
}

fn has_times(saga: &SagaModel) -> bool {
    let is_time = |limits: Limits| {
        let times = [limits.backoff_base, limits.backoff_cap, limits.time_budget];
        times.iter().any(Option::is_some)
    };
    saga.time_budget.is_some() || all_limits(saga).any(is_time)
}

/// The lines of a `StepLimits`; none where nothing is said.
fn limits(limits: &Limits) -> Vec<String> {
    let time = |name, time: Option<TimeBudget>| {
        let seconds = command::grouped(&time?.seconds().to_string());
        Some(format!("{name}: Some(Duration::from_secs({seconds})),"))
    };
    let attempts = limits
        .max_attempts
        .map(|attempts| format!("max_attempts: Some({attempts}),"));
    let fields = [
        attempts,
        time("base", limits.backoff_base),
        time("cap", limits.backoff_cap),
        time("time_budget", limits.time_budget),
    ];
    let mut fields: Vec<String> = fields.into_iter().flatten().collect();
    if (1..4).contains(&fields.len()) {
        fields.push("..StepLimits::NONE".to_owned());
    }
    fields
}

/// `order creations`.
fn plural(saga: &SagaModel) -> String {
    saga.name.plural().replace('_', " ")
}

fn imports(saga: &SagaModel) -> Vec<String> {
    let mut names = vec![
        "Compensation",
        "SagaTables",
        "Sagas",
        "SagasBuilder",
        "StepPlan",
        "Weight",
    ];
    let has = |is_call| saga.steps.iter().any(|step| step.call.is_some() == is_call);
    names.extend(has(true).then_some("Call"));
    names.extend(has(false).then_some("Local"));
    names.extend(saga.time_budget.map(|_| "SagaConfig"));
    let is_limited = all_limits(saga).any(|limits| !limits.is_none());
    names.extend(is_limited.then_some("StepLimits"));
    if saga.choreography {
        names.extend(["Choreography", "ChoreographyBuilder", "ChoreographyError"]);
    }
    names.into_iter().map(str::to_owned).collect()
}

fn step_view(step: &StepModel) -> StepView<'_> {
    let quoted: Vec<String> = step
        .after
        .iter()
        .map(|name| format!("\"{name}\""))
        .collect();
    let named: Vec<String> = step.after.iter().map(|name| format!("`{name}`")).collect();
    let undone_by = match (&step.undo, &step.not_undone) {
        (Some(undo), _) => undo.title.clone(),
        (None, Some(reason)) => format!("nothing: {}", in_a_table(reason)),
        (None, None) => "code of yours".to_owned(),
    };
    StepView {
        name: &step.name,
        type_name: step.type_name(),
        after: array(&quoted, 8, "        after: &,".len()),
        after_prose: match named.is_empty() {
            true => "nothing".to_owned(),
            false => named.join(", "),
        },
        does: step
            .call
            .as_ref()
            .map_or("work in our own database", |call| &call.title),
        undone_by,
        reason: step
            .not_undone
            .as_ref()
            .map(|reason| format!("{reason:?}"))
            .unwrap_or_default(),
        optional: step.optional,
        call: step.call.as_ref().map_or("", |call| &call.tables),
        undo: step.undo.as_ref().map_or("", |call| &call.tables),
        constant: step.name.to_uppercase(),
        limits: limits(&step.limits.does),
        undo_limits: limits(&step.limits.undoes),
    }
}

/// A text between the bars of a table in documentation.
fn in_a_table(text: &str) -> String {
    let one_line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut escaped = String::with_capacity(one_line.len());
    for c in one_line.chars() {
        if matches!(c, '|' | '[' | ']' | '<' | '>' | '`' | '*' | '_' | '\\') {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}
