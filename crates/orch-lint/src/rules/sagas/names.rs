//! What the events and the handlers of a choreographed saga are called, as its `SagaEvents` say.
//!
//! **Invariant:** names are made as the runtime makes them, and so is the list of who has to hear what.

use crate::known;
use crate::model::Function;
use crate::rules::Check;
use crate::syntax::{Expr, ExprKind, Stmt};

use super::builders::Builders;
use super::plans::{Plan, PlanStep, Weighs};

/// The handler that undoes.
const COMPENSATION_HANDLER: &str = "CompensationHandler";
/// The handler of failures that do not make the saga fail.
const TOLERATED_HANDLER: &str = "ToleratedFailureHandler";
/// What is told of compensations.
const OF_COMPENSATIONS: [&str; 5] = [
    "CompensationInitiated",
    "CompensationDue",
    "CompensationStepCompleted",
    "CompensationFailed",
    "CompensationCompleted",
];

/// The deepest call of a function that gives names.
const MAX_DEPTH: usize = 5;

/// The names.
#[derive(Debug, Clone)]
pub(in crate::rules) struct EventNames<'a> {
    saga: &'a str,
    steps: Vec<Named<'a>>,
}

/// What is said of one step.
#[derive(Debug, Clone, Copy)]
enum Named<'a> {
    /// Its success and its failure.
    Events(&'a str, [&'a str; 2]),
    /// Its handler.
    Handler(&'a str, &'a str),
}

/// An event that must reach a handler.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::rules) struct Need {
    /// The name of the event.
    pub(in crate::rules) event: String,
    /// The name of the handler.
    pub(in crate::rules) handler: String,
    /// What for.
    pub(in crate::rules) purpose: Purpose,
}

/// What an event must reach a handler for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::rules) enum Purpose {
    /// It begins this step.
    Begin(String),
    /// It undoes what happened.
    Undo,
    /// It notes a failure that the saga goes on without.
    Note,
}

impl<'a> EventNames<'a> {
    /// Reads `SagaEvents::of("Order").step("pay", "Paid", "PayFailed")`.
    pub(super) fn read(body: &Builders<'_, '_, 'a>, expr: &'a Expr) -> Option<Self> {
        read(body, expr, 0)
    }

    /// Who has to hear what; `None` when the plan does not say it.
    pub(in crate::rules) fn needs(&self, plan: &Plan<'_>) -> Option<Vec<Need>> {
        let is_clear = |step: &PlanStep<'_>| step.weighs.is_some() && step.waits_clearly;
        if !plan.is_whole || !plan.steps.iter().all(is_clear) {
            return None;
        }
        let mut needs = Vec::new();
        let is_optional = |step: &&PlanStep<'_>| step.weighs == Some(Weighs::Optional);
        for step in &plan.steps {
            let handler = self.handler(step.name);
            let earlier = step.after.iter().filter_map(|(name, _)| plan.step(name));
            let events = earlier.flat_map(|earlier| {
                let [succeeded, failed] = self.events(earlier.name);
                let tolerated = [failed, self.in_doubt(earlier.name)];
                let tolerated = tolerated.into_iter().filter(move |_| is_optional(&earlier));
                std::iter::once(succeeded).chain(tolerated)
            });
            let mut events: Vec<String> = events.collect();
            if step.after.is_empty() {
                events.push(format!("{}Initiated", self.saga));
            }
            needs.extend(events.into_iter().map(|event| Need {
                event,
                handler: handler.clone(),
                purpose: Purpose::Begin(step.name.to_owned()),
            }));
        }
        let need = |event, handler: &str, purpose| Need {
            event,
            handler: handler.to_owned(),
            purpose,
        };
        let required = plan.steps.iter().filter(|step| !is_optional(step));
        let failures = required.map(|step| self.events(step.name)[1].clone());
        let [_, due, step_completed, failed, _] = OF_COMPENSATIONS;
        let own = [due, step_completed, failed].map(str::to_owned);
        let undone = failures.chain([format!("{}Stopped", self.saga)]).chain(own);
        needs.extend(undone.map(|event| need(event, COMPENSATION_HANDLER, Purpose::Undo)));
        for step in plan.steps.iter().filter(is_optional) {
            let [_, failed] = self.events(step.name);
            let noted = [failed, self.in_doubt(step.name)];
            let noted = noted.into_iter();
            needs.extend(noted.map(|event| need(event, TOLERATED_HANDLER, Purpose::Note)));
        }
        Some(needs)
    }

    /// Whether an event is one of this saga.
    pub(in crate::rules) fn has(&self, event: &str, plan: &Plan<'_>) -> bool {
        let of_saga = ["Initiated", "Stopped", "Completed", "Failed"];
        let is_of_saga = |rest: &str| of_saga.contains(&rest);
        let is_of_step = |step: &PlanStep<'_>| {
            let own = self.events(step.name);
            own.iter().any(|of| of == event) || self.in_doubt(step.name) == event
        };
        OF_COMPENSATIONS.contains(&event)
            || event.strip_prefix(self.saga).is_some_and(is_of_saga)
            || plan.steps.iter().any(is_of_step)
    }

    /// The success and the failure of a step.
    fn events(&self, step: &str) -> [String; 2] {
        let mut named = self.steps.iter().rev().filter_map(|of| match of {
            Named::Events(name, events) if *name == step => Some(events.map(str::to_owned)),
            _ => None,
        });
        let usual = || ["Succeeded", "Failed"].map(|end| format!("{}{end}", camel(step)));
        named.next().unwrap_or_else(usual)
    }

    fn in_doubt(&self, step: &str) -> String {
        format!("{}InDoubt", camel(step))
    }

    fn handler(&self, step: &str) -> String {
        let mut named = self.steps.iter().rev().filter_map(|of| match of {
            Named::Handler(name, handler) if *name == step => Some((*handler).to_owned()),
            _ => None,
        });
        named
            .next()
            .unwrap_or_else(|| format!("{}Handler", camel(step)))
    }
}

/// The handler of a step that the runtime has, by the step that it is made for.
pub(in crate::rules) fn is_handler_of(need: &Need, step: &str) -> bool {
    matches!(&need.purpose, Purpose::Begin(of) if of == step)
}

fn read<'a>(body: &Builders<'_, '_, 'a>, expr: &'a Expr, depth: usize) -> Option<EventNames<'a>> {
    match &expr.kind {
        ExprKind::Method {
            receiver,
            name,
            args,
        } => {
            let mut names = read(body, receiver, depth)?;
            match (name.text.as_str(), args.as_slice()) {
                ("step", [step, succeeded, failed]) => {
                    let events = [succeeded.as_text()?, failed.as_text()?];
                    names.steps.push(Named::Events(step.as_text()?, events));
                }
                ("handled_by", [step, handler]) => {
                    let named = Named::Handler(step.as_text()?, handler.as_text()?);
                    names.steps.push(named);
                }
                ("sharing" | "about", [_]) | ("clone", []) => {}
                _ => return None,
            }
            Some(names)
        }
        ExprKind::Call { callee, args } => {
            let ExprKind::Path(path) = &callee.kind else {
                return None;
            };
            let found = body.workspace().resolve_value(body.module(), path);
            if let Some(path) = found.external() {
                let (last, of) = path.split_last()?;
                let is_it = last == "of" && known::is_runtime(of, "SagaEvents");
                let saga = args.first().filter(|_| is_it)?.as_text()?;
                let steps = Vec::new();
                return Some(EventNames { saga, steps });
            }
            let called = body.called(path).filter(|_| depth < MAX_DEPTH)?;
            given(body.check, called, depth)
        }
        ExprKind::Path(path) => {
            let init = body.bound(path.as_ident()?, expr.span.start)?;
            read(body, init, depth)
        }
        ExprKind::Place(inner) | ExprKind::Try(inner) => read(body, inner, depth),
        _ => None,
    }
}

/// What a function gives.
fn given<'a>(
    check: &Check<'_, 'a>,
    function: &Function<'a>,
    depth: usize,
) -> Option<EventNames<'a>> {
    let block: &'a crate::syntax::Block = function.body;
    match block.stmts.last() {
        Some(Stmt::Expr(value)) if block.has_value => {
            read(&Builders::of(check, function), value, depth + 1)
        }
        _ => None,
    }
}

/// `item_grant` as `ItemGrant`.
fn camel(name: &str) -> String {
    let words = name.split('_').map(|word| {
        let mut letters = word.chars();
        let first = letters.next().map(|letter| letter.to_ascii_uppercase());
        first.into_iter().chain(letters).collect::<String>()
    });
    words.collect()
}
