//! What people and dashboards ask of sagas: how many there are, which, what waits for a person, and whether the
//! tables say what they may. Nothing here changes anything.

use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::clock::Timestamp;
use crate::ids::{OwnerId, SagaId};
use crate::value::{Column, DecodeError, Row, Value};

use super::engine::{SagaError, Sagas};
use super::pattern::SagaPattern;
use super::read::unreadable;
use super::record::{SagaRecord, StepError};
use super::state::SagaState;
use super::tables::SagaTables;

/// Sagas on one page, at most.
pub const MAX_PAGE: u32 = 500;

/// Behind its time by so much, a saga is overdue. A sweep looks at all of them several times a minute.
const OVERDUE: Duration = Duration::from_secs(300);

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
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SagaFilter {
    /// Only those in this state.
    pub status: Option<SagaState>,
    /// Only those of this owner.
    pub owner: Option<OwnerId>,
    /// Only those that were accepted at this time or later.
    pub from: Option<Timestamp>,
    /// Only those that are led this way.
    pub pattern: Option<SagaPattern>,
    /// Only those whose input has these values in columns of their own, such as `user_id`.
    pub columns: Vec<Column>,
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

    /// The saga of that name with its steps, whoever has it: for operators, who are shown it all.
    /// [`find`](Self::find) is for its owner.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn find_by_id(&self, id: &SagaId) -> Result<Option<SagaRecord>, SagaError> {
        self.shown(id).await
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
        let sql = self.inner.tables.listed(&condition, params.len());
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
    /// [`undo_again`](Self::undo_again) and [`leave`](Self::leave). At most [`MAX_PAGE`].
    ///
    /// # Errors
    /// When the database fails.
    pub async fn parked(&self) -> Result<Vec<ParkedStep>, SagaError> {
        let sql = self.inner.tables.parked();
        let rows = self.inner.database.query(sql, vec![MAX_PAGE.into()]);
        let rows = rows.await?;
        let parked = rows.iter().map(parked_step).collect::<Result<_, _>>();
        Ok(parked.map_err(unreadable)?)
    }

    /// How many running sagas nobody looked at for a while behind their time.
    pub(super) async fn count_overdue(&self) -> Result<i64, SagaError> {
        let sql = self.inner.tables.overdue_count();
        let before = vec![Value::from(self.inner.clock.now() - OVERDUE)];
        let rows = self.inner.database.query(sql, before).await?;
        let sagas = rows.first().map_or(Ok(0), |row| row.get("sagas"));
        Ok(sagas.map_err(unreadable)?)
    }

    /// How many compensations wait for a person. Ended sagas are not read.
    pub(super) async fn count_parked(&self) -> Result<i64, SagaError> {
        let sql = self.inner.tables.parked_count();
        let rows = self.inner.database.query(sql, Vec::new()).await?;
        let steps = rows.first().map_or(Ok(0), |row| row.get("steps"));
        Ok(steps.map_err(unreadable)?)
    }
}

impl SagaTables {
    /// The statement that lists sagas under a condition with so many values, the youngest first: at most as many
    /// as the first value behind these says, behind as many as the second one does.
    pub(super) fn listed(self, condition: &str, values: usize) -> String {
        format!(
            "select transaction_id, owner_id, pattern, status, error_message, created_at, updated_at, \
             completed_at from {}_states {condition} \
             order by created_at desc, transaction_id desc limit ?{} offset ?{}",
            self.prefix,
            values + 1,
            values + 2
        )
    }

    /// The statement that reads steps whose compensations wait for a person, at most `?1`. By `cross join` SQLite
    /// begins with the few sagas that run, and not with all steps that there ever were.
    pub(super) fn parked(self) -> String {
        format!(
            "select r.transaction_id, r.step, r.error_code, r.error_message, r.updated_at \
             from {0}_states s cross join {0}_step_results r \
             where s.status = 'COMPENSATING' and r.transaction_id = s.transaction_id \
             and r.status = 'UNDO_PARKED' \
             order by r.updated_at, r.transaction_id, r.step limit ?1",
            self.prefix
        )
    }

    /// The statement that counts sagas that somebody had to look at before `?1`.
    pub(super) fn overdue_count(self) -> String {
        format!(
            "select count(*) as sagas from {}_states where look_at < ?1",
            self.prefix
        )
    }

    /// The statement that counts these steps.
    pub(super) fn parked_count(self) -> String {
        format!(
            "select count(*) as steps from {0}_states s cross join {0}_step_results r \
             where s.status = 'COMPENSATING' and r.transaction_id = s.transaction_id \
             and r.status = 'UNDO_PARKED'",
            self.prefix
        )
    }
}

/// A `where`, and its values.
pub(super) fn conditions(filter: &SagaFilter) -> (String, Vec<Value>) {
    let parts: [(&str, Option<Value>); 4] = [
        ("status =", filter.status.map(|state| state.as_str().into())),
        ("owner_id =", filter.owner.as_ref().map(Value::from)),
        ("created_at >=", filter.from.map(Value::from)),
        (
            "pattern =",
            filter.pattern.map(|pattern| pattern.as_str().into()),
        ),
    ];
    let parts = parts.map(|(test, value)| value.map(|value| (test.to_owned(), value)));
    let columns = filter.columns.iter();
    let columns = columns.map(|column| (format!("\"{}\" =", column.name), column.value.clone()));
    let (mut tests, mut params) = (Vec::new(), Vec::new());
    for (test, value) in parts.into_iter().flatten().chain(columns) {
        params.push(value);
        tests.push(format!("{test} ?{}", params.len()));
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
