//! What people and dashboards ask of sagas: how many there are, which, what waits for a person, and whether the
//! tables say what they may. Nothing here changes anything.

use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::clock::Timestamp;
use crate::ids::{OwnerId, SagaId};
use crate::value::{DecodeError, Row, Value};

use super::engine::{SagaError, Sagas, unreadable};
use super::pattern::SagaPattern;
use super::plan::{Compensation, Weight};
use super::record::StepError;
use super::state::SagaState;

/// Sagas on one page, at most.
pub const MAX_PAGE: u32 = 500;

/// Findings of one kind, at most.
const MAX_FINDINGS: u32 = 100;

/// COMPLETED sagas of which the step `?1` has not happened.
const NOT_DONE: &str = "select s.transaction_id, cast(?1 as text) as step from {0}_states s \
    where s.status = 'COMPLETED' and not exists (select 1 from {0}_step_results r \
    where r.transaction_id = s.transaction_id and r.step = ?1 and r.status = 'SUCCEEDED')";

/// COMPENSATED sagas of which the step `?1` has happened, and is there.
const STILL_THERE: &str = "select s.transaction_id, r.step from {0}_states s \
    join {0}_step_results r on r.transaction_id = s.transaction_id \
    where s.status = 'COMPENSATED' and r.step = ?1 and r.status = 'SUCCEEDED'";

/// Final sagas whose end is not recorded.
const WITHOUT_END: &str = "select s.transaction_id, null as step from {0}_states s \
    where s.status in ('COMPLETED', 'COMPENSATED', 'FAILED') \
    and (s.completed_at is null or s.look_at is not null)";

/// Running sagas at which somebody had to look before `?1`.
const OVERDUE: &str = "select s.transaction_id, null as step from {0}_states s \
    where s.status in ('PENDING', 'IN_PROGRESS', 'COMPENSATING') \
    and (s.look_at is null or s.look_at < ?1)";

/// How many sagas are in each state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SagaStatistics {
    /// All of them.
    pub total: u64,
    /// No step has begun.
    pub pending: u64,
    /// Steps run, or wait for others.
    pub in_progress: u64,
    /// Every step is done.
    pub completed: u64,
    /// They did not happen, or a person left something as it is.
    pub failed: u64,
    /// What happened is being undone.
    pub compensating: u64,
    /// Every effect was undone.
    pub compensated: u64,
}

/// Which sagas a page shows; without anything, all.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SagaFilter {
    /// Only those in this state.
    pub status: Option<SagaState>,
    /// Only those of this owner.
    pub owner: Option<OwnerId>,
    /// Only those that were accepted at this time or later.
    pub from: Option<Timestamp>,
    /// Only those that are led this way.
    pub pattern: Option<SagaPattern>,
}

/// A saga in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SagaSummary {
    /// Its name.
    pub transaction_id: SagaId,
    /// Whose it is.
    pub owner_id: OwnerId,
    /// Who leads it.
    pub pattern: String,
    /// Where it stands.
    pub status: SagaState,
    /// Why a step of it failed, if one did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_message: Option<String>,
    /// When it was accepted.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// When it reached its final state.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub completed_at: Option<Timestamp>,
}

/// Some sagas of a list, the youngest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SagaPage {
    /// The sagas.
    pub data: Vec<SagaSummary>,
    /// How many there are on all pages.
    pub total: u64,
    /// Which page it is, from 1.
    pub page: u32,
    /// Sagas on one page.
    pub limit: u32,
    /// How many pages there are.
    pub total_pages: u64,
}

/// A step whose compensation waits for a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ParkedStep {
    /// The saga.
    pub transaction_id: SagaId,
    /// The step.
    pub step: String,
    /// Why it was not undone.
    pub error: StepError,
    /// Since when it waits.
    pub since: Timestamp,
}

/// What the tables must not say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum SagaFinding {
    /// A COMPLETED saga, of which a required step has not happened.
    RequiredStepNotDone,
    /// A COMPENSATED saga, of which a step is still there that had to be undone.
    StepNotUndone,
    /// A final saga without its end, or one that somebody shall still look at.
    EndNotRecorded,
    /// A step runs by an operation that there is not.
    OperationMissing,
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

impl<I: Serialize + DeserializeOwned + Send + Sync + 'static> Sagas<I> {
    /// How many sagas are in each state, in one look at the database.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn statistics(
        &self,
        pattern: Option<SagaPattern>,
    ) -> Result<SagaStatistics, SagaError> {
        let filter = SagaFilter {
            pattern,
            ..SagaFilter::default()
        };
        let (condition, params) = conditions(&filter);
        let prefix = self.inner.tables.prefix;
        let sql = format!(
            "select status, count(*) as sagas from {prefix}_states {condition} group by status"
        );
        let mut found = SagaStatistics::default();
        for row in self.inner.database.query(sql, params).await? {
            let (state, sagas) = counted(&row).map_err(unreadable)?;
            found.total += sagas;
            *match state {
                SagaState::Pending => &mut found.pending,
                SagaState::InProgress => &mut found.in_progress,
                SagaState::Completed => &mut found.completed,
                SagaState::Failed => &mut found.failed,
                SagaState::Compensating => &mut found.compensating,
                SagaState::Compensated => &mut found.compensated,
            } = sagas;
        }
        Ok(found)
    }

    /// One page of the sagas that `filter` lets through, the youngest first. Pages begin at 1 and have 1 to
    /// [`MAX_PAGE`] sagas.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn page(
        &self,
        page: u32,
        limit: u32,
        filter: &SagaFilter,
    ) -> Result<SagaPage, SagaError> {
        let (page, limit) = (page.max(1), limit.clamp(1, MAX_PAGE));
        let (condition, mut params) = conditions(filter);
        let (database, prefix) = (&self.inner.database, self.inner.tables.prefix);
        let sql = format!("select count(*) as sagas from {prefix}_states {condition}");
        let counted = database.query(sql, params.clone()).await?;
        let total = counted.first().map_or(Ok(0), |row| row.get("sagas"));
        let total: u64 = total.map_err(unreadable)?;
        let sql = format!(
            "select transaction_id, owner_id, pattern, status, error_message, created_at, updated_at, \
             completed_at from {prefix}_states {condition} \
             order by created_at desc, transaction_id desc limit ?{} offset ?{}",
            params.len() + 1,
            params.len() + 2
        );
        let offset = i64::from(page - 1) * i64::from(limit);
        params.extend([limit.into(), offset.into()]);
        let rows = database.query(sql, params).await?;
        let data = rows.iter().map(summary).collect::<Result<_, _>>();
        Ok(SagaPage {
            data: data.map_err(unreadable)?,
            total,
            page,
            limit,
            total_pages: total.div_ceil(u64::from(limit)),
        })
    }

    /// The steps whose compensations wait for a person, those that wait longest first: see
    /// [`compensate`](Self::compensate) and [`leave`](Self::leave). At most [`MAX_PAGE`].
    ///
    /// # Errors
    /// When the database fails.
    pub async fn parked(&self) -> Result<Vec<ParkedStep>, SagaError> {
        let sql = format!(
            "select r.transaction_id, r.step, r.error_code, r.error_message, r.updated_at \
             from {0}_states s join {0}_step_results r on r.transaction_id = s.transaction_id \
             where s.look_at is not null and r.status = 'UNDO_PARKED' \
             order by r.updated_at, r.transaction_id, r.step limit ?1",
            self.inner.tables.prefix
        );
        let rows = self
            .inner
            .database
            .query(sql, vec![MAX_PAGE.into()])
            .await?;
        let parked = rows.iter().map(parked_step).collect::<Result<_, _>>();
        Ok(parked.map_err(unreadable)?)
    }

    /// How many compensations wait for a person. Ended sagas are not read.
    pub(super) async fn count_parked(&self) -> Result<i64, SagaError> {
        let sql = format!(
            "select count(*) as steps from {0}_states s \
             join {0}_step_results r on r.transaction_id = s.transaction_id \
             where s.look_at is not null and s.status = 'COMPENSATING' and r.status = 'UNDO_PARKED'",
            self.inner.tables.prefix
        );
        let rows = self.inner.database.query(sql, Vec::new()).await?;
        let steps = rows.first().map_or(Ok(0), |row| row.get("steps"));
        Ok(steps.map_err(unreadable)?)
    }

    /// What the tables must not say, at most 100 findings of a kind. Running sagas at which nobody looked for
    /// `overdue` behind their time are among them. It reads whole tables.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn check_integrity(&self, overdue: Duration) -> Result<Vec<SagaProblem>, SagaError> {
        let mut found = Vec::new();
        let plan = self.inner.script.plan.steps().iter();
        for step in plan.clone().filter(|step| step.weight == Weight::Required) {
            let name = vec![step.name.into()];
            self.find_problems(SagaFinding::RequiredStepNotDone, NOT_DONE, name, &mut found)
                .await?;
        }
        for step in plan.filter(|step| step.compensation == Compensation::Operation) {
            let name = vec![step.name.into()];
            self.find_problems(SagaFinding::StepNotUndone, STILL_THERE, name, &mut found)
                .await?;
        }
        self.find_problems(SagaFinding::EndNotRecorded, WITHOUT_END, vec![], &mut found)
            .await?;
        self.find_missing_operations(&mut found).await?;
        let before = vec![(self.inner.clock.now() - overdue).into()];
        self.find_problems(SagaFinding::NeverLookedAt, OVERDUE, before, &mut found)
            .await?;
        Ok(found)
    }

    /// Operations are looked for where the engine of their step keeps them.
    async fn find_missing_operations(&self, found: &mut Vec<SagaProblem>) -> Result<(), SagaError> {
        let script = &self.inner.script;
        for (step, does) in script.plan.steps().iter().zip(&script.steps) {
            let engines = [
                (does.engine(), "op_id", "RUNNING"),
                (does.undo_engine(), "undo_op_id", "UNDOING"),
            ];
            for (engine, column, state) in engines {
                let Some(engine) = engine else { continue };
                let sql = format!(
                    "select r.transaction_id, r.step from {{0}}_step_results r \
                     where r.step = ?1 and r.status = '{state}' and not exists \
                     (select 1 from {}_operations o where o.op_id = r.{column})",
                    engine.domain()
                );
                let (finding, name) = (SagaFinding::OperationMissing, vec![step.name.into()]);
                self.find_problems(finding, &sql, name, found).await?;
            }
        }
        Ok(())
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

/// A `where`, and its values.
fn conditions(filter: &SagaFilter) -> (String, Vec<Value>) {
    let parts: [(&str, Option<Value>); 4] = [
        ("status =", filter.status.map(|state| state.as_str().into())),
        ("owner_id =", filter.owner.as_ref().map(Value::from)),
        ("created_at >=", filter.from.map(Value::from)),
        (
            "pattern =",
            filter.pattern.map(|pattern| pattern.as_str().into()),
        ),
    ];
    let (mut tests, mut params) = (Vec::new(), Vec::new());
    for (test, value) in parts {
        if let Some(value) = value {
            params.push(value);
            tests.push(format!("{test} ?{}", params.len()));
        }
    }
    match tests.is_empty() {
        true => (String::new(), params),
        false => (format!("where {}", tests.join(" and ")), params),
    }
}

fn counted(row: &Row) -> Result<(SagaState, u64), DecodeError> {
    Ok((row.get("status")?, row.get("sagas")?))
}

fn summary(row: &Row) -> Result<SagaSummary, DecodeError> {
    Ok(SagaSummary {
        transaction_id: row.get("transaction_id")?,
        owner_id: row.get("owner_id")?,
        pattern: row.get("pattern")?,
        status: row.get("status")?,
        error_message: row.get("error_message")?,
        created_at: row.get("created_at")?,
        updated_at: row.get("updated_at")?,
        completed_at: row.get("completed_at")?,
    })
}

fn parked_step(row: &Row) -> Result<ParkedStep, DecodeError> {
    let (code, message): (Option<String>, Option<String>) =
        (row.get("error_code")?, row.get("error_message")?);
    Ok(ParkedStep {
        transaction_id: row.get("transaction_id")?,
        step: row.get("step")?,
        error: StepError {
            code: code.unwrap_or_default(),
            message: message.unwrap_or_default(),
        },
        since: row.get("updated_at")?,
    })
}

fn problem(finding: SagaFinding, row: &Row) -> Result<SagaProblem, DecodeError> {
    Ok(SagaProblem {
        finding,
        transaction_id: row.get("transaction_id")?,
        step: row.get("step")?,
    })
}
