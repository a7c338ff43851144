//! Rows of sagas and their steps by the names of their columns, and the statements that write many at a time.
//!
//! The statements whose names end in `rows` are for PostgreSQL, which reads the rows out of a JSON text with the
//! types that the table's own columns have.

use crate::clock::Timestamp;
use crate::ids::SagaId;
use crate::value::Value;

use super::decision::Stop;
use super::record::{NewSaga, SagaRecord};
use super::seals::StepRow;
use super::tables::SagaTables;

/// The columns of a row, and what goes into them.
pub(super) type Fields<'r> = Vec<(&'r str, Value)>;

/// What steps are written with.
const STEP_COLUMNS: &str = "transaction_id, updated_at, step, status, data, error_code, error_message, op_id, \
     undo_op_id, undo_attempts, executed_at, provider_ref";

/// A row of a saga that is recorded together with what its first turn made of it.
pub(super) fn state_row<'r>(
    new: &'r NewSaga,
    saga: &SagaRecord,
    next: Option<Timestamp>,
) -> Fields<'r> {
    let mut row = turn_row(saga, next);
    // The turn was written, as any other that raises the version.
    row.retain(|(name, _)| *name != "version");
    row.extend([
        ("version", Value::from(saga.version + 1)),
        ("owner_id", Value::from(&new.owner_id)),
        ("idem_key", Value::from(&new.idem_key)),
        ("fingerprint", Value::from(new.fingerprint.as_str())),
        ("pattern", Value::from(new.pattern.as_str())),
        ("payload", Value::from(&new.stored)),
        ("deadline_at", Value::from(new.deadline_at)),
        ("saga_plan", Value::from(&new.demands)),
        ("created_at", Value::from(new.now)),
    ]);
    let columns = new.columns.iter();
    row.extend(columns.map(|column| (column.name, column.value.clone())));
    row
}

/// Where a saga stands, with the version that was read.
pub(super) fn turn_row(saga: &SagaRecord, next: Option<Timestamp>) -> Fields<'static> {
    let error = saga.steps.iter().find_map(|step| step.error.as_ref());
    vec![
        ("transaction_id", Value::from(saga.id.as_str())),
        ("status", Value::from(saga.state.as_str())),
        ("stop", Value::from(saga.stop.map(Stop::as_str))),
        ("look_at", Value::from(next)),
        ("updated_at", Value::from(saga.updated_at)),
        ("completed_at", Value::from(saga.completed_at)),
        (
            "error_message",
            Value::from(error.map(|error| error.message.clone())),
        ),
        ("version", Value::from(saga.version)),
    ]
}

/// A row of a step.
pub(super) fn step_row(id: &SagaId, now: Timestamp, row: &StepRow) -> Fields<'static> {
    let StepRow { step, data } = row;
    let error = step.error.as_ref();
    vec![
        ("transaction_id", Value::from(id.as_str())),
        ("updated_at", Value::from(now)),
        ("step", Value::from(&*step.name)),
        ("status", Value::from(step.state.as_str())),
        ("data", Value::from(data.clone())),
        (
            "error_code",
            Value::from(error.map(|error| error.code.clone())),
        ),
        (
            "error_message",
            Value::from(error.map(|error| error.message.clone())),
        ),
        ("op_id", Value::from(step.op_id.as_ref())),
        ("undo_op_id", Value::from(step.undo_op_id.as_ref())),
        ("undo_attempts", Value::from(step.undo_attempts)),
        ("executed_at", Value::from(step.executed_at)),
        ("provider_ref", Value::from(step.provider_ref.clone())),
    ]
}

impl SagaTables {
    /// Records a saga, unless its owner used the key before.
    pub(super) fn insert_row(self, names: &[&str]) -> String {
        let places: Vec<String> = (1..=names.len()).map(|place| format!("?{place}")).collect();
        format!(
            "insert into {}_states ({}) values ({}) on conflict (owner_id, idem_key) do nothing",
            self.prefix,
            quoted(names),
            places.join(", ")
        )
    }

    /// Records the sagas in `?1` whose owners did not use their keys before; says which these are.
    pub(super) fn insert_rows(self, names: &[&str]) -> String {
        let names = quoted(names);
        format!(
            "insert into {0}_states ({names}) \
             select {names} from json_populate_recordset(null::{0}_states, ?1::json) \
             on conflict (owner_id, idem_key) do nothing returning transaction_id",
            self.prefix
        )
    }

    /// Writes where the sagas in `?1` stand that are as they were read, and that nobody holds; says which these
    /// are.
    pub(super) fn save_rows(self) -> String {
        format!(
            "with given as materialized (\
             select * from json_populate_recordset(null::{0}_states, ?1::json)), \
             free as materialized (\
             select s.transaction_id from {0}_states s \
             where s.transaction_id in (select g.transaction_id from given g) \
             for update of s skip locked) \
             update {0}_states s set status = g.status, stop = g.stop, look_at = g.look_at, \
             updated_at = g.updated_at, completed_at = g.completed_at, \
             error_message = g.error_message, version = s.version + 1 \
             from given g join free f on f.transaction_id = g.transaction_id \
             where s.transaction_id = g.transaction_id and s.version = g.version \
             returning s.transaction_id",
            self.prefix
        )
    }

    /// Writes where the steps in `?1` stand.
    pub(super) fn save_step_rows(self) -> String {
        format!(
            "insert into {0}_step_results ({STEP_COLUMNS}) \
             select {STEP_COLUMNS} from json_populate_recordset(null::{0}_step_results, ?1::json) \
             {1}",
            self.prefix,
            Self::STEP_IS_THERE
        )
    }

    /// Behind the rows of steps: one that is there is written anew.
    pub(super) const STEP_IS_THERE: &'static str = "on conflict (transaction_id, step) do update set status = excluded.status, \
         data = excluded.data, error_code = excluded.error_code, \
         error_message = excluded.error_message, op_id = excluded.op_id, \
         undo_op_id = excluded.undo_op_id, undo_attempts = excluded.undo_attempts, \
         executed_at = excluded.executed_at, updated_at = excluded.updated_at, \
         provider_ref = excluded.provider_ref";
}

fn quoted(names: &[&str]) -> String {
    let names: Vec<String> = names.iter().map(|name| format!("\"{name}\"")).collect();
    names.join(", ")
}
