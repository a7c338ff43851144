//! A saga as a section of `orch.toml`.

use super::{Compensation, Saga, Step};
use crate::spec::edit::{fields_array, push_table};
use toml_edit::{Array, Item, Table, Value, value};

/// `[[saga]]` with its steps.
pub(in crate::spec) fn table(saga: &Saga) -> Table {
    let mut table = Table::new();
    table.insert("name", value(saga.name.type_name()));
    table.insert(
        "fields",
        Item::Value(Value::Array(fields_array(&saga.fields))),
    );
    if let Some(budget) = saga.time_budget {
        table.insert("time_budget", value(budget.to_string()));
    }
    if saga.choreography {
        table.insert("choreography", value(true));
    }
    insert_tells(&mut table, &saga.tells);
    let mut before = None;
    for step in &saga.steps {
        push_table(&mut table, "step", step_table(step, before));
        before = Some(step);
    }
    table
}

fn step_table(step: &Step, before: Option<&Step>) -> Table {
    let mut table = Table::new();
    table.insert("name", value(step.name.as_str()));
    if step.after != Step::after_by_default(before) {
        table.insert("after", value(step.after.iter().collect::<Array>()));
    }
    if let Some(call) = &step.call {
        table.insert("call", value(call.to_string()));
    }
    match &step.compensation {
        Compensation::Code => {}
        Compensation::Operation(undo) => {
            table.insert("undo", value(undo.to_string()));
        }
        Compensation::None(reason) => {
            table.insert("compensation", value("none"));
            table.insert("reason", value(reason));
        }
    }
    if step.optional {
        table.insert("optional", value(true));
    }
    step.limits.write(&mut table);
    for (key, name) in [("event", &step.told.event), ("failure", &step.told.failure)] {
        if let Some(name) = name {
            table.insert(key, value(name));
        }
    }
    insert_tells(&mut table, &step.told.tells);
    table
}

fn insert_tells(table: &mut Table, fields: &[String]) {
    if !fields.is_empty() {
        table.insert("tells", value(fields.iter().collect::<Array>()));
    }
}
