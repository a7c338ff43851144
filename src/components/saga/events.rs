//! `generated/events.rs` and `generated/handlers/`: what a choreographed saga tells, and who hears it.

use super::super::fit::{arm, slice, sort_imports};
use super::super::{Class, Context, Rendered};
use super::plural;
use crate::model::{SagaModel, StepModel};
use crate::templates::views;
use serde::Serialize;

views! {
    EventsView<'a> in "src/[saga]/generated/events.rs.j2" {
        name: &'a str,
        plural_prose: String,
        events: Vec<EventView>,
        steps: Vec<NamesView<'a>>,
        /// The fields of the input that are told.
        tells: &'a [String],
    }

    HandlersView<'a> in "src/[saga]/generated/handlers/mod.rs.j2" {
        name: &'a str,
        plural_prose: String,
        modules: Vec<String>,
        handlers: Vec<Listed>,
    }

    HandlerView<'a> in "src/[saga]/generated/handlers/handler.rs.j2" {
        title: String,
        doc: String,
        name: &'a str,
        module: &'a str,
        handler: String,
        subscriptions: String,
        /// The step that it begins; nothing for other handlers.
        step: &'a str,
        takes_sagas: bool,
    }
}

/// One event.
#[derive(Debug, Clone, Serialize)]
struct EventView {
    variant: String,
    /// The arm that gives its name on the bus.
    arm: String,
    prose: String,
}

/// What the events of a step are called.
#[derive(Serialize)]
struct NamesView<'a> {
    name: &'a str,
    event: &'a str,
    failure: &'a str,
    /// The fields of its result that are told.
    tells: &'a [String],
}

/// A handler in the list of all.
#[derive(Serialize)]
struct Listed {
    name: String,
    hears: String,
    path: String,
    made: String,
}

/// A handler: its module, what it is called, what it hears, and the step that it begins.
struct Handler<'a> {
    module: String,
    name: String,
    hears: Vec<String>,
    role: Role<'a>,
}

/// What a handler does.
#[derive(Clone, Copy)]
enum Role<'a> {
    Begins(&'a StepModel),
    Undoes,
    Tolerates,
}

/// The longest line.
const WIDTH: usize = 100;

/// What every saga tells when it undoes.
const UNDOING: [(&str, &str); 5] = [
    ("CompensationInitiated", "What happened is being undone."),
    ("CompensationDue", "There is something to undo."),
    ("CompensationStepCompleted", "A step was undone."),
    (
        "CompensationFailed",
        "A compensation did not work, and waits for a person.",
    ),
    ("CompensationCompleted", "Everything was undone."),
];

pub(super) fn files(context: &Context<'_>, saga: &SagaModel) -> Rendered {
    let path = |file: &str| format!("{}/generated/{file}", saga.folder());
    let class = Class::Generated;
    let handlers = handlers(saga);
    let events = EventsView {
        name: saga.name.type_name(),
        plural_prose: plural(saga),
        events: events(saga),
        steps: saga.steps.iter().map(names).collect(),
        tells: &saga.tells,
    };
    let mut modules: Vec<String> = handlers.iter().map(|h| h.module.clone()).collect();
    modules.sort_unstable();
    let mut listed: Vec<Listed> = handlers.iter().map(Handler::listed).collect();
    let mut order: Vec<String> = listed.iter().map(|one| one.path.clone()).collect();
    sort_imports(&mut order);
    listed.sort_by_key(|one| order.iter().position(|path| *path == one.path));
    let list = HandlersView {
        name: saga.name.type_name(),
        plural_prose: plural(saga),
        modules,
        handlers: listed,
    };
    let mut files = vec![
        context.rust(path("events.rs"), class, &events)?,
        context.rust(path("handlers/mod.rs"), class, &list)?,
    ];
    for handler in &handlers {
        let view = handler.view(saga);
        let file = path(&format!("handlers/{}.rs", handler.module));
        files.push(context.rust(file, class, &view)?);
    }
    Ok(files)
}

fn names(step: &StepModel) -> NamesView<'_> {
    NamesView {
        name: &step.name,
        event: &step.event,
        failure: &step.failure,
        tells: &step.tells,
    }
}

/// In the order in which they can come.
fn events(saga: &SagaModel) -> Vec<EventView> {
    let event = |variant: String, prose: String| EventView {
        arm: arm(&format!("Self::{variant}"), &format!("\"{variant}\""), 12),
        variant,
        prose,
    };
    let name = saga.name.type_name();
    let own = |end: &str, prose: &str| event(format!("{name}{end}"), prose.to_owned());
    let mut events = vec![own("Initiated", "It was recorded.")];
    for step in &saga.steps {
        let step_name = &step.name;
        events.extend([
            event(
                step.event.clone(),
                format!("The step `{step_name}` happened."),
            ),
            event(
                step.failure.clone(),
                format!("The step `{step_name}` certainly did not happen."),
            ),
            event(
                step.in_doubt.clone(),
                format!("Nobody but a person can say whether `{step_name}` happened."),
            ),
        ]);
    }
    events.push(own("Stopped", "It is not to go on."));
    let undoing = UNDOING.iter();
    events.extend(undoing.map(|(wire, prose)| event((*wire).to_owned(), (*prose).to_owned())));
    events.push(own("Completed", "It ended with every step done."));
    events.push(own("Failed", "It ended otherwise."));
    events
}

/// One for each step, the one that undoes, and one for failures that are tolerated. What each hears is what
/// the runtime refuses to start without.
fn handlers(saga: &SagaModel) -> Vec<Handler<'_>> {
    let name = saga.name.type_name();
    let of = |step: &String| saga.steps.iter().find(|other| other.name == *step);
    let begins = saga.steps.iter().map(|step| {
        let mut hears: Vec<String> = Vec::new();
        for earlier in step.after.iter().filter_map(of) {
            hears.push(earlier.event.clone());
            if earlier.optional {
                hears.extend([earlier.failure.clone(), earlier.in_doubt.clone()]);
            }
        }
        if hears.is_empty() {
            hears.push(format!("{name}Initiated"));
        }
        Handler {
            module: step.name.clone(),
            name: format!("{}Handler", step.type_name()),
            hears,
            role: Role::Begins(step),
        }
    });
    let mut handlers: Vec<Handler<'_>> = begins.collect();
    let required = saga.steps.iter().filter(|step| !step.optional);
    let mut hears: Vec<String> = required.map(|step| step.failure.clone()).collect();
    hears.push(format!("{name}Stopped"));
    let own = [
        "CompensationDue",
        "CompensationStepCompleted",
        "CompensationFailed",
    ];
    hears.extend(own.map(str::to_owned));
    handlers.push(Handler {
        module: "compensation_handler".to_owned(),
        name: "CompensationHandler".to_owned(),
        hears,
        role: Role::Undoes,
    });
    let optional = saga.steps.iter().filter(|step| step.optional);
    let hears: Vec<String> = optional
        .flat_map(|step| [step.failure.clone(), step.in_doubt.clone()])
        .collect();
    if !hears.is_empty() {
        handlers.push(Handler {
            module: "tolerated_failure_handler".to_owned(),
            name: "ToleratedFailureHandler".to_owned(),
            hears,
            role: Role::Tolerates,
        });
    }
    handlers
}

impl Handler<'_> {
    fn listed(&self) -> Listed {
        let quoted: Vec<String> = self
            .hears
            .iter()
            .map(|event| format!("`{event}`"))
            .collect();
        Listed {
            name: self.name.clone(),
            hears: quoted.join(", "),
            path: format!("self::{}::{}", self.module, self.name),
            made: match self.role {
                Role::Tolerates => self.name.clone(),
                Role::Begins(_) | Role::Undoes => format!("{}::new(sagas)", self.name),
            },
        }
    }

    fn view<'v>(&'v self, saga: &'v SagaModel) -> HandlerView<'v> {
        let name = saga.name.type_name();
        let step = match self.role {
            Role::Begins(step) => step.name.as_str(),
            Role::Undoes | Role::Tolerates => "",
        };
        let doc = match self.role {
            Role::Begins(_) => format!("Begins `{step}` when what it waits for has happened."),
            Role::Undoes => "Undoes what happened, as it is recorded, in reverse order.".to_owned(),
            Role::Tolerates => "Says which steps the saga goes on without.".to_owned(),
        };
        let event = |wire: &String| format!("{name}Event::{wire}");
        let events: Vec<String> = self.hears.iter().map(event).collect();
        let used = format!("    pub const SUBSCRIPTIONS: &'static [{name}Event] = &;").len();
        let subscriptions = match &events[..] {
            [only] if used + only.len() + 2 > WIDTH => format!("\n        &[{only}]"),
            _ => slice(&events, 4, used),
        };
        HandlerView {
            title: format!("The handler [`{}`] of {}.", self.name, plural(saga)),
            doc,
            name,
            module: saga.module(),
            handler: self.name.clone(),
            subscriptions,
            step,
            takes_sagas: !matches!(self.role, Role::Tolerates),
        }
    }
}
