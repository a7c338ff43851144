//! Sagas as a document of `--json`.

use crate::plan::SCHEMA;
use crate::spec::{Compensation, Limits, Saga, Step, TimeBudget};
use serde_json::{Value, json};

/// The document, as `orch-gen schema graph` describes it.
pub(super) fn document(sagas: &[Saga]) -> Value {
    let sagas: Vec<Value> = sagas.iter().map(saga).collect();
    json!({ "schema": SCHEMA, "kind": "graph", "sagas": sagas })
}

fn saga(saga: &Saga) -> Value {
    let levels = saga.levels();
    let level_of = |step: usize| levels.iter().position(|level| level.contains(&step));
    let fields: Vec<String> = saga.fields.iter().map(ToString::to_string).collect();
    let steps: Vec<Value> = saga
        .steps
        .iter()
        .enumerate()
        .map(|(at, one)| step(one, level_of(at).map(|level| level + 1)))
        .collect();
    json!({
        "name": saga.name.type_name(),
        "fields": fields,
        "time_budget_seconds": saga.time_budget.map(|budget| budget.seconds()),
        "steps": steps,
    })
}

fn step(step: &Step, level: Option<usize>) -> Value {
    let (undone_by, undo, reason) = match &step.compensation {
        Compensation::Code => ("code", None, None),
        Compensation::Operation(callee) => ("operation", Some(callee.to_string()), None),
        Compensation::None(reason) => ("nothing", None, Some(reason)),
    };
    json!({
        "name": step.name,
        "level": level,
        "after": step.after,
        "call": step.call.as_ref().map(ToString::to_string),
        "undone_by": undone_by,
        "undo": undo,
        "reason": reason,
        "optional": step.optional,
        "limits": limits(&step.limits.does),
        "undo_limits": limits(&step.limits.undoes),
    })
}

fn limits(limits: &Limits) -> Value {
    let seconds = |time: Option<TimeBudget>| time.map(TimeBudget::seconds);
    json!({
        "max_attempts": limits.max_attempts,
        "backoff_base_seconds": seconds(limits.backoff_base),
        "backoff_cap_seconds": seconds(limits.backoff_cap),
        "time_budget_seconds": seconds(limits.time_budget),
    })
}
