//! What the tables of sagas must not say: what no crash leaves behind, and somebody who edited a table, or a
//! backup that was put together of two, does.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::engine::Engine;
use crate::ids::{SAGA, SagaId};
use crate::value::{DecodeError, Row, Value};

use super::engine::{SagaError, Sagas};
use super::plan::Demands;
use super::read::unreadable;
use super::tables::SagaTables;

/// Findings of one kind, at most.
const MAX_FINDINGS: u32 = 100;

/// The plans under which sagas began that have ended.
const PLANS: &str = "select distinct coalesce(saga_plan, '') as saga_plan from {0}_states \
    where status in ('COMPLETED', 'COMPENSATED')";

/// COMPLETED sagas that began under the plan `?2`, of which the step `?1` has not happened.
const NOT_DONE: &str = "select s.transaction_id, cast(?1 as text) as step from {0}_states s \
    where s.status = 'COMPLETED' and coalesce(s.saga_plan, '') = ?2 \
    and not exists (select 1 from {0}_step_results r \
    where r.transaction_id = s.transaction_id and r.step = ?1 and r.status = 'SUCCEEDED')";

/// COMPLETED sagas that began under a plan that was not kept: its text is `?2`. Of them nobody knows which steps they
/// had, but for those that began: the step `?1` did, and has not happened.
const BEGUN_NOT_DONE: &str = "select s.transaction_id, r.step from {0}_states s \
    join {0}_step_results r on r.transaction_id = s.transaction_id \
    where s.status = 'COMPLETED' and coalesce(s.saga_plan, '') = ?2 \
    and r.step = ?1 and r.status <> 'SUCCEEDED'";

/// COMPENSATED sagas that began under the plan `?2`, of which the step `?1` has happened, and is there.
const STILL_THERE: &str = "select s.transaction_id, r.step from {0}_states s \
    join {0}_step_results r on r.transaction_id = s.transaction_id \
    where s.status = 'COMPENSATED' and coalesce(s.saga_plan, '') = ?2 \
    and r.step = ?1 and r.status = 'SUCCEEDED'";

/// Final sagas of which something still runs, or waits for a person. What a completed one could do without may be
/// in doubt for ever.
const STILL_RUNNING: &str = "select s.transaction_id, r.step from {0}_states s \
    join {0}_step_results r on r.transaction_id = s.transaction_id \
    where s.status in ('COMPLETED', 'COMPENSATED', 'FAILED') \
    and (r.status in ('RUNNING', 'UNDOING', 'UNDO_PARKED') \
    or (r.status = 'IN_DOUBT' and s.status <> 'COMPLETED'))";

/// Final sagas whose end is not recorded.
const WITHOUT_END: &str = "select s.transaction_id, null as step from {0}_states s \
    where s.status in ('COMPLETED', 'COMPENSATED', 'FAILED') \
    and (s.completed_at is null or s.look_at is not null)";

/// Running sagas at which somebody had to look before `?1`.
pub(super) const OVERDUE: &str = "select s.transaction_id, null as step from {0}_states s \
    where s.status in ('PENDING', 'IN_PROGRESS', 'COMPENSATING') \
    and (s.look_at is null or s.look_at < ?1)";

/// Steps of sagas that there are not.
const ORPHANED: &str = "select r.transaction_id, r.step from {0}_step_results r \
    where not exists (select 1 from {0}_states s where s.transaction_id = r.transaction_id)";

/// Sagas of which an event waits since before `?1`.
const NOT_TOLD: &str = "select o.transaction_id, null as step from {0}_outbox o \
    where o.published_at is null and o.created_at < ?1 group by o.transaction_id";

/// What the tables must not say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum SagaFinding {
    /// A COMPLETED saga, of which a required step has not happened.
    RequiredStepNotDone,
    /// A COMPENSATED saga, of which a step is still there that had to be undone.
    StepNotUndone,
    /// A final saga, of which a step still runs or waits for a person.
    StepStillRunning,
    /// A final saga without its end, or one that somebody shall still look at.
    EndNotRecorded,
    /// A step runs by an operation that there is not.
    OperationMissing,
    /// An operation was accepted for a saga that there is not.
    OperationWithoutSaga,
    /// An operation was accepted for a step, and the step does not know of it.
    OperationWithoutStep,
    /// A step belongs to a saga that there is not.
    StepWithoutSaga,
    /// An event was not published when it was time.
    EventNotTold,
    /// A running saga at which nobody looked when it was time.
    NeverLookedAt,
}

/// Something that the tables must not say, and of which saga.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SagaProblem {
    /// What.
    pub finding: SagaFinding,
    /// The saga.
    pub transaction_id: SagaId,
    /// The step, where it is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step: Option<String>,
}

/// All kinds of sagas whose steps are operations of the same domains; clones share it. Without it, a kind takes
/// what belongs to another one for its own, where both have a step of one name in one domain.
#[derive(Debug, Clone, Default)]
pub struct SagaKinds(Arc<Mutex<Vec<SagaTables>>>);

impl SagaKinds {
    /// Makes a kind known to all others.
    pub(super) fn add(&self, tables: SagaTables) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !known.contains(&tables) {
            known.push(tables);
        }
    }

    fn all(&self) -> Vec<SagaTables> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

/// The keys of operations for steps, or for their compensations.
#[derive(Debug, Clone, Copy)]
pub(super) enum Keys {
    /// `<saga>/<step>`.
    Of,
    /// `<saga>/<step>/undo/<number>`.
    Undoing,
}

impl Keys {
    /// How an operation's key ends, and which expression ends so.
    fn end(self, step: &str) -> (String, &'static str) {
        match self {
            Self::Of => (format!("/{step}"), "o.idem_key"),
            Self::Undoing => (format!("/{step}/undo/"), "rtrim(o.idem_key, '0123456789')"),
        }
    }

    /// The states of a step whose operation must be there, and the column that names the operation. Of
    /// a parked compensation none is asked for: when it failed, a person has another one begun.
    fn waiting(self) -> (&'static str, &'static str) {
        match self {
            Self::Of => ("'RUNNING', 'IN_DOUBT'", "op_id"),
            Self::Undoing => ("'UNDOING'", "undo_op_id"),
        }
    }

    /// Of the step `r`, whether it waits for an operation that is not among those of a domain; where none is
    /// asked for it, none is.
    pub(super) fn is_missing(self, domain: Option<&str>) -> String {
        let (states, column) = self.waiting();
        let waits = format!("r.status in ({states}) and r.{column} is not null");
        match domain {
            None => waits,
            Some(domain) => format!(
                "{waits} and not exists (select 1 from {domain}_operations o where o.op_id = r.{column})"
            ),
        }
    }

    /// Of the step `r`, whether it knows of the operation `k`. Of compensations it knows the last one.
    fn is_known(self) -> &'static str {
        match self {
            Self::Of => "r.op_id = k.op_id",
            Self::Undoing => "r.undo_op_id is not null",
        }
    }
}

impl<I: Serialize + DeserializeOwned + Send + Sync + 'static> Sagas<I> {
    /// What the tables must not say, at most 100 findings of a kind. Running sagas at which nobody looked for
    /// `overdue` behind their time are among them, and events that nobody published for so long. It reads whole
    /// tables.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn check_integrity(&self, overdue: Duration) -> Result<Vec<SagaProblem>, SagaError> {
        let mut found = Vec::new();
        self.check_ends(&mut found).await?;
        for (finding, sql) in [
            (SagaFinding::StepStillRunning, STILL_RUNNING),
            (SagaFinding::EndNotRecorded, WITHOUT_END),
            (SagaFinding::StepWithoutSaga, ORPHANED),
        ] {
            self.find_problems(finding, sql, vec![], &mut found).await?;
        }
        self.check_operations(&mut found).await?;
        let before = vec![Value::from(self.inner.clock.now() - overdue)];
        if self.inner.told.is_some() {
            let (finding, before) = (SagaFinding::EventNotTold, before.clone());
            self.find_problems(finding, NOT_TOLD, before, &mut found)
                .await?;
        }
        self.find_problems(SagaFinding::NeverLookedAt, OVERDUE, before, &mut found)
            .await?;
        Ok(found)
    }

    /// Compares sagas that have ended with their steps: each by the plan under which it began.
    async fn check_ends(&self, found: &mut Vec<SagaProblem>) -> Result<(), SagaError> {
        let plans = PLANS.replace("{0}", self.inner.tables.prefix);
        for row in self.inner.database.query(plans, Vec::new()).await? {
            let kept: String = row.get("saga_plan").map_err(unreadable)?;
            let (demands, not_done) = match Demands::read(&kept) {
                Some(demands) => (demands, NOT_DONE),
                None => (self.inner.script.plan.demands(), BEGUN_NOT_DONE),
            };
            for (finding, sql, steps) in [
                (SagaFinding::RequiredStepNotDone, not_done, demands.done),
                (SagaFinding::StepNotUndone, STILL_THERE, demands.undone),
            ] {
                for step in steps {
                    let params = vec![Value::from(step), Value::from(&*kept)];
                    self.find_problems(finding, sql, params, found).await?;
                }
            }
        }
        Ok(())
    }

    /// Compares steps with the operations that the engines of their domains keep, both ways.
    async fn check_operations(&self, found: &mut Vec<SagaProblem>) -> Result<(), SagaError> {
        for (step, keys, engine) in self.inner.script.engines() {
            let domain = engine.map(Engine::domain);
            self.find_missing(step, domain, keys, found).await?;
            if let Some(domain) = domain {
                self.find_unknown(step, domain, keys, found).await?;
            }
        }
        Ok(())
    }

    /// Finds steps that run by operations that there are not.
    async fn find_missing(
        &self,
        step: &'static str,
        domain: Option<&str>,
        keys: Keys,
        found: &mut Vec<SagaProblem>,
    ) -> Result<(), SagaError> {
        let is_missing = keys.is_missing(domain);
        let sql = format!(
            "select r.transaction_id, r.step from {{0}}_step_results r where r.step = ?1 and {is_missing} \
             and not exists (select 1 from {{0}}_states s where s.transaction_id = r.transaction_id \
             and s.status = 'COMPLETED' and r.status = 'IN_DOUBT')"
        );
        let finding = SagaFinding::OperationMissing;
        self.find_problems(finding, &sql, vec![step.into()], found)
            .await
    }

    /// Finds operations of which no saga knows, or not the saga that their keys name.
    async fn find_unknown(
        &self,
        step: &'static str,
        domain: &str,
        keys: Keys,
        found: &mut Vec<SagaProblem>,
    ) -> Result<(), SagaError> {
        let (end, key) = keys.end(step);
        let operations = format!(
            "(select o.op_id, substr({key}, 1, length({key}) - length(cast(?2 as text))) as id \
             from {domain}_operations o where substr(o.idem_key, 1, {}) = '{SAGA}' \
             and substr({key}, length({key}) - length(cast(?2 as text)) + 1) = cast(?2 as text)) k",
            SAGA.len()
        );
        let kinds = self.inner.kinds.all().into_iter();
        let nowhere: String = kinds
            .map(|kind| {
                format!(
                    " and not exists (select 1 from {}_states s where s.transaction_id = k.id)",
                    kind.prefix
                )
            })
            .collect();
        let picked = "select k.id as transaction_id, cast(?1 as text) as step from";
        let params = vec![Value::from(step), Value::from(end)];
        let sql = format!("{picked} {operations} where 1 = 1{nowhere}");
        let finding = SagaFinding::OperationWithoutSaga;
        self.find_problems(finding, &sql, params.clone(), found)
            .await?;
        let sql = format!(
            "{picked} {operations} join {{0}}_states s on s.transaction_id = k.id where not exists \
             (select 1 from {{0}}_step_results r where r.transaction_id = k.id and r.step = ?1 and {})",
            keys.is_known()
        );
        self.find_problems(SagaFinding::OperationWithoutStep, &sql, params, found)
            .await
    }

    /// What `sql` finds; `{0}` in it is what the tables' names begin with.
    async fn find_problems(
        &self,
        finding: SagaFinding,
        sql: &str,
        mut params: Vec<Value>,
        found: &mut Vec<SagaProblem>,
    ) -> Result<(), SagaError> {
        params.push(MAX_FINDINGS.into());
        let sql = sql.replace("{0}", self.inner.tables.prefix);
        let sql = format!("{sql} order by 1 limit ?{}", params.len());
        for row in self.inner.database.query(sql, params).await? {
            let problem = problem(finding, &row).map_err(unreadable)?;
            found.push(problem);
        }
        Ok(())
    }
}

fn problem(finding: SagaFinding, row: &Row) -> Result<SagaProblem, DecodeError> {
    Ok(SagaProblem {
        finding,
        transaction_id: row.get("transaction_id")?,
        step: row.get("step")?,
    })
}
