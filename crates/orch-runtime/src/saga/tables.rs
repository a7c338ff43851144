//! Sagas and their steps in the database: one statement each, the same for every store.
//!
//! **Invariant:** a saga's row has a version, and whoever changes the saga or one of its steps raises it by
//! one from what was read. Of two who read the same, one is refused and begins anew.

use crate::clock::Timestamp;
use crate::ids::SagaId;
use crate::store::hook::{HookError, HookErrorKind, HookTx};
use crate::value::{DecodeError, Row, Value};

use super::decision::Stop;
use super::pattern::SagaPattern;
use super::plan::Plan;
use super::record::{NewSaga, SagaRecord, StepError, StepRecord};
use super::seals::{Seals, StepRow};

/// The two tables of one kind of saga: `<prefix>_states` and `<prefix>_step_results`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SagaTables {
    /// What their names begin with, in `snake_case`.
    pub prefix: &'static str,
}

/// A saga that somebody has to look at.
#[derive(Debug, Clone)]
pub(super) struct Due {
    pub(super) id: SagaId,
    pub(super) look_at: Timestamp,
    pub(super) version: i64,
}

impl Due {
    pub(super) fn read(row: &Row) -> Result<Self, DecodeError> {
        Ok(Self {
            id: row.get("transaction_id")?,
            look_at: row.get("look_at")?,
            version: row.get("version")?,
        })
    }
}

/// What became of a saga that was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Inserted {
    New,
    /// The same was asked for under this key before.
    Existing(SagaId),
    /// Something else was.
    Mismatch,
}

impl SagaTables {
    /// Records a saga, unless its owner used the key before.
    pub(super) async fn insert(
        self,
        tx: &mut HookTx<'_>,
        saga: &NewSaga,
    ) -> Result<Inserted, HookError> {
        let columns = saga.columns.iter();
        let names: String = columns
            .map(|column| format!(", \"{}\"", column.name))
            .collect();
        let places = 10..10 + saga.columns.len();
        let places: String = places.map(|place| format!(", ?{place}")).collect();
        let sql = format!(
            "insert into {}_states (transaction_id, owner_id, idem_key, fingerprint, pattern, payload, \
             status, version, look_at, deadline_at, created_at, updated_at, saga_plan{names}) \
             values (?1, ?2, ?3, ?4, ?8, ?5, 'PENDING', 0, ?6, ?7, ?6, ?6, ?9{places}) \
             on conflict (owner_id, idem_key) do nothing",
            self.prefix
        );
        let mut params = vec![
            Value::from(saga.id.as_str()),
            Value::from(&saga.owner_id),
            Value::from(&saga.idem_key),
            Value::from(saga.fingerprint.as_str()),
            Value::from(&saga.stored),
            Value::from(saga.now),
            Value::from(saga.deadline_at),
            Value::from(saga.pattern.as_str()),
            Value::from(&saga.demands),
        ];
        params.extend(saga.columns.iter().map(|column| column.value.clone()));
        match tx.execute(&sql, &params).await? {
            1 => Ok(Inserted::New),
            _ => self.existing(tx, saga).await,
        }
    }

    /// What has the key of a saga that could not be recorded.
    pub(super) async fn existing(
        self,
        tx: &mut HookTx<'_>,
        saga: &NewSaga,
    ) -> Result<Inserted, HookError> {
        let sql = format!(
            "select transaction_id, fingerprint from {}_states where owner_id = ?1 and idem_key = ?2",
            self.prefix
        );
        let keys = [Value::from(&saga.owner_id), Value::from(&saga.idem_key)];
        let rows = tx.query(&sql, &keys).await?;
        let row = rows
            .first()
            .ok_or_else(|| HookError::new("the saga is gone"))?;
        let fingerprint: String = row.get("fingerprint").map_err(undecodable)?;
        Ok(match saga.fingerprint.matches(&fingerprint) {
            true => Inserted::Existing(row.get("transaction_id").map_err(undecodable)?),
            false => Inserted::Mismatch,
        })
    }

    /// The statement that reads a saga with its steps, in one look at the database: see [`saga`].
    pub(super) fn select(self) -> String {
        format!(
            "select s.transaction_id, s.owner_id, s.pattern, s.payload, s.status as saga_status, s.stop, s.deadline_at, \
             s.created_at, s.updated_at, s.completed_at, s.version, s.look_at, r.step, r.status, r.data, r.provider_ref, r.error_code, \
             r.error_message, r.op_id, r.undo_op_id, r.undo_attempts, r.executed_at \
             from {0}_states s left join {0}_step_results r on r.transaction_id = s.transaction_id \
             where s.transaction_id = ?1",
            self.prefix
        )
    }

    /// A saga with its steps, if there is one of that name.
    pub(super) async fn load(
        self,
        tx: &mut HookTx<'_>,
        (plan, seals): (&Plan, &Seals),
        id: &SagaId,
    ) -> Result<Option<SagaRecord>, HookError> {
        let rows = tx
            .query(&self.select(), &[Value::from(id.as_str())])
            .await?;
        saga(plan, seals, &rows).map_err(undecodable)
    }

    /// [`load`](Self::load), which has whoever else would change the saga wait for the end of `tx`.
    pub(super) async fn load_alone(
        self,
        tx: &mut HookTx<'_>,
        known: (&Plan, &Seals),
        id: &SagaId,
    ) -> Result<Option<SagaRecord>, HookError> {
        // A file has one writer. Elsewhere steps that were read with the lock may be older than the lock, if it
        // was waited for: they are read behind it.
        if tx.is_remote() {
            let prefix = self.prefix;
            let sql = format!(
                "select transaction_id from {prefix}_states where transaction_id = ?1 for update"
            );
            tx.query(&sql, &[Value::from(id.as_str())]).await?;
        }
        self.load(tx, known, id).await
    }

    /// Writes where a saga stands, if it is as it was read.
    pub(super) async fn save(
        self,
        tx: &mut HookTx<'_>,
        saga: &SagaRecord,
        look_at: Option<Timestamp>,
    ) -> Result<(), HookError> {
        match self.saved(tx, saga, look_at).await? {
            true => Ok(()),
            false => Err(HookError::of(
                HookErrorKind::Conflict,
                "the saga was changed meanwhile",
            )),
        }
    }

    /// [`save`](Self::save), which says whether the saga was as it was read.
    pub(super) async fn saved(
        self,
        tx: &mut HookTx<'_>,
        saga: &SagaRecord,
        look_at: Option<Timestamp>,
    ) -> Result<bool, HookError> {
        let sql = format!(
            "update {}_states set status = ?2, stop = ?3, look_at = ?4, updated_at = ?5, \
             completed_at = ?6, error_message = ?7, version = version + 1 \
             where transaction_id = ?1 and version = ?8",
            self.prefix
        );
        let error = saga.steps.iter().find_map(|step| step.error.as_ref());
        let params = [
            Value::from(saga.id.as_str()),
            Value::from(saga.state.as_str()),
            Value::from(saga.stop.map(Stop::as_str)),
            Value::from(look_at),
            Value::from(saga.updated_at),
            Value::from(saga.completed_at),
            Value::from(error.map(|error| error.message.clone())),
            Value::from(saga.version),
        ];
        Ok(tx.execute(&sql, &params).await? == 1)
    }

    /// Writes where steps stand, of which there is at least one.
    pub(super) async fn save_steps(
        self,
        tx: &mut HookTx<'_>,
        id: &SagaId,
        steps: &[StepRow],
        now: Timestamp,
    ) -> Result<(), HookError> {
        let rows: Vec<String> = (0..steps.len()).map(step_row).collect();
        let sql = format!(
            "insert into {}_step_results (transaction_id, updated_at, step, status, data, error_code, \
             error_message, op_id, undo_op_id, undo_attempts, executed_at, provider_ref) \
             values {} \
             {}",
            self.prefix,
            rows.join(", "),
            Self::STEP_IS_THERE
        );
        let mut params = vec![Value::from(id.as_str()), Value::from(now)];
        for StepRow { step, data } in steps {
            let error = step.error.as_ref();
            params.extend([
                Value::from(&*step.name),
                Value::from(step.state.as_str()),
                Value::from(data.clone()),
                Value::from(error.map(|error| error.code.clone())),
                Value::from(error.map(|error| error.message.clone())),
                Value::from(step.op_id.as_ref()),
                Value::from(step.undo_op_id.as_ref()),
                Value::from(step.undo_attempts),
                Value::from(step.executed_at),
                Value::from(step.provider_ref.clone()),
            ]);
        }
        tx.execute(&sql, &params).await.map(|_| ())
    }

    /// Has a saga looked at later, if it is as it was read.
    pub(super) async fn put_off(
        self,
        tx: &mut HookTx<'_>,
        (id, version): (&SagaId, i64),
        until: Timestamp,
    ) -> Result<(), HookError> {
        let sql = format!(
            "update {}_states set look_at = ?2 \
             where transaction_id = ?1 and version = ?3 and look_at is not null",
            self.prefix
        );
        let params = [id.as_str().into(), until.into(), version.into()];
        tx.execute(&sql, &params).await.map(|_| ())
    }

    /// The statement that reads sagas that somebody has to look at by `?1`, those that wait longest first,
    /// behind that of `?2` and `?3`, at most `?4`.
    pub(super) fn due(self) -> String {
        format!(
            "select transaction_id, look_at, version from {}_states \
             where look_at <= ?1 and (look_at, transaction_id) > (?2, ?3) \
             order by look_at, transaction_id limit ?4",
            self.prefix
        )
    }

    /// The statement that counts running sagas that are moved on by events.
    pub(super) fn choreographed(self) -> String {
        format!(
            "select count(*) as sagas from {}_states where look_at is not null and pattern = '{}'",
            self.prefix,
            SagaPattern::Choreography.as_str()
        )
    }

    /// The statement that counts running sagas by each step that has begun.
    pub(super) fn begun_steps(self) -> String {
        format!(
            "select r.step, count(*) as sagas from {0}_states s cross join {0}_step_results r \
             where s.look_at is not null and r.transaction_id = s.transaction_id group by r.step order by r.step",
            self.prefix
        )
    }

    /// The statement that counts running sagas of which the step `?1` is as `is_so` says of the row `r`.
    pub(super) fn steps_that(self, is_so: &str) -> String {
        format!(
            "select count(*) as sagas from {0}_states s cross join {0}_step_results r \
             where s.look_at is not null and r.transaction_id = s.transaction_id and r.step = ?1 and {is_so}",
            self.prefix
        )
    }
}

/// What one step has of its own, behind the two values that all share.
fn step_row(at: usize) -> String {
    let own: Vec<String> = (0..10)
        .map(|column| format!("?{}", 3 + at * 10 + column))
        .collect();
    format!("(?1, ?2, {})", own.join(", "))
}

fn undecodable(error: DecodeError) -> HookError {
    HookError::new(error.to_string())
}

/// The saga that [`SagaTables::select`] found: a row for each step that has begun, or one without a step.
pub(super) fn saga(
    plan: &Plan,
    seals: &Seals,
    rows: &[Row],
) -> Result<Option<SagaRecord>, DecodeError> {
    let Some(row) = rows.first() else {
        return Ok(None);
    };
    let id: SagaId = row.get("transaction_id")?;
    let steps = plan.steps().iter();
    let mut records: Vec<StepRecord> = steps.map(|step| StepRecord::waiting(step.name)).collect();
    for step in rows {
        let Some(name) = step.get::<Option<String>>("step")? else {
            continue;
        };
        let at = match plan.index_of(&name) {
            Some(at) => at,
            None => {
                records.push(StepRecord::waiting(name.clone()));
                records.len() - 1
            }
        };
        records[at] = StepRecord {
            name: records[at].name.clone(),
            state: step.get("status")?,
            result: data(seals, &id, &name, step)?,
            provider_ref: step.get("provider_ref")?,
            error: error(step)?,
            op_id: step.get("op_id")?,
            undo_op_id: step.get("undo_op_id")?,
            undo_attempts: step.get("undo_attempts")?,
            executed_at: step.get("executed_at")?,
        };
    }
    let stop: Option<String> = row.get("stop")?;
    let payload = seals.open_payload(&id, row.get("payload")?);
    Ok(Some(SagaRecord {
        payload: payload.map_err(|error| DecodeError::new("payload", error.to_string()))?,
        id,
        owner_id: row.get("owner_id")?,
        pattern: row.get("pattern")?,
        state: row.get("saga_status")?,
        stop: stop.as_deref().and_then(Stop::named),
        deadline_at: row.get("deadline_at")?,
        created_at: row.get("created_at")?,
        updated_at: row.get("updated_at")?,
        completed_at: row.get("completed_at")?,
        steps: records,
        version: row.get("version")?,
        look_at: row.get("look_at")?,
    }))
}

fn data(
    seals: &Seals,
    id: &SagaId,
    name: &str,
    step: &Row,
) -> Result<Option<serde_json::Value>, DecodeError> {
    let Some(stored) = step.get::<Option<String>>("data")? else {
        return Ok(None);
    };
    let wrong = |problem: String| DecodeError::new("data", problem);
    let text = seals.open_data(id.as_str(), name, stored);
    let text = text.map_err(|error| wrong(error.to_string()))?;
    serde_json::from_str(&text)
        .map(Some)
        .map_err(|error| wrong(error.to_string()))
}

fn error(step: &Row) -> Result<Option<StepError>, DecodeError> {
    let code: Option<String> = step.get("error_code")?;
    let message: Option<String> = step.get("error_message")?;
    Ok(code.map(|code| StepError {
        code,
        message: message.unwrap_or_default(),
    }))
}
