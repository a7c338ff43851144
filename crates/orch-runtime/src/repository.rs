//! Reading the rows of one table as entities.

use std::marker::PhantomData;
use std::sync::Arc;

use serde::Serialize;

use crate::clock::Timestamp;
use crate::engine::Engine;
use crate::guard;
use crate::ids::{IdemKey, OpId, OwnerId};
use crate::operation::state::OperationState;
use crate::store::{OperationStore, StoreError, StoreErrorKind, quoted};
use crate::value::{DecodeError, Row, Value};

/// Rows per page at most.
pub const MAX_PAGE: u32 = 200;

/// A row of a table as a Rust value.
pub trait Entity: Sized + Send + 'static {
    /// The table.
    const TABLE: &'static str;
    /// Its columns, in the order of the table.
    const COLUMNS: &'static [&'static str];

    /// Reads a row that has [`COLUMNS`](Self::COLUMNS).
    ///
    /// # Errors
    /// When a column does not hold what it should.
    fn from_row(row: &Row) -> Result<Self, DecodeError>;
}

/// Which operations, and which page of them.
#[derive(Debug, Clone, Default)]
pub struct PageRequest {
    /// Counted from 1; 0 is read as 1.
    pub page: u32,
    /// Rows per page, at most [`MAX_PAGE`]; 0 is read as 20.
    pub limit: u32,
    /// Only in this state.
    pub state: Option<OperationState>,
    /// Only of this owner.
    pub owner_id: Option<OwnerId>,
    /// Only accepted at or after this time.
    pub accepted_from: Option<Timestamp>,
}

/// One page, newest first.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Page<T> {
    /// The rows.
    pub data: Vec<T>,
    /// Rows on all pages.
    pub total: u64,
    /// This page, counted from 1.
    pub page: u32,
    /// Rows per page.
    pub limit: u32,
    /// Number of pages.
    pub total_pages: u64,
}

/// How many operations are in each state.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the fields are the states")]
pub struct Statistics {
    pub total: u64,
    pub pending: u64,
    pub in_progress: u64,
    pub unknown: u64,
    pub completed: u64,
    pub failed: u64,
    pub parked: u64,
}

/// Reads entities of type `E`.
///
/// **Invariant:** never used inside `execute`: see [`guard`].
pub struct Repository<E> {
    store: Arc<dyn OperationStore>,
    entity: PhantomData<fn() -> E>,
}

impl<E> Clone for Repository<E> {
    fn clone(&self) -> Self {
        Self {
            store: Arc::clone(&self.store),
            entity: PhantomData,
        }
    }
}

impl<E: Entity> std::fmt::Debug for Repository<E> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Repository({})", E::TABLE)
    }
}

impl<E: Entity> Repository<E> {
    /// The repository beside `engine`'s operations.
    #[must_use]
    pub fn new(engine: &Engine) -> Self {
        Self {
            store: Arc::clone(engine.store()),
            entity: PhantomData,
        }
    }

    /// Rows that satisfy `condition`, a trusted piece of SQL with `?1`, `?2` … for `params`; it may end
    /// in `order by` and `limit`.
    ///
    /// # Errors
    /// When the database fails or a row cannot be read.
    pub async fn select(&self, condition: &str, params: Vec<Value>) -> Result<Vec<E>, StoreError> {
        guard::assert_outside("a repository");
        let columns: Vec<String> = E::COLUMNS.iter().copied().map(quoted).collect();
        let columns = columns.join(", ");
        let sql = format!("select {columns} from {} where {condition}", E::TABLE);
        let rows = self.store.query(sql, params).await?;
        rows.iter()
            .map(E::from_row)
            .collect::<Result<_, _>>()
            .map_err(|error| StoreError::new(StoreErrorKind::Corrupt, "read", error))
    }

    /// The rows of one operation.
    ///
    /// # Errors
    /// As [`select`](Self::select).
    pub async fn of_operation(&self, op_id: &OpId) -> Result<Vec<E>, StoreError> {
        self.select("op_id = ?1", vec![op_id.into()]).await
    }

    /// The operation of `owner` under `idem_key`.
    ///
    /// # Errors
    /// As [`select`](Self::select).
    pub async fn by_idem_key(
        &self,
        owner: &OwnerId,
        idem_key: &IdemKey,
    ) -> Result<Option<E>, StoreError> {
        let found = self
            .select(
                "owner_id = ?1 and idem_key = ?2",
                vec![owner.into(), idem_key.into()],
            )
            .await?;
        Ok(found.into_iter().next())
    }

    /// One page of operations.
    ///
    /// # Errors
    /// As [`select`](Self::select).
    pub async fn page(&self, request: &PageRequest) -> Result<Page<E>, StoreError> {
        let page = request.page.max(1);
        let limit = if request.limit == 0 {
            20
        } else {
            request.limit.min(MAX_PAGE)
        };
        let (condition, mut params) = conditions(request);
        let total = self.count(&condition, params.clone()).await?;
        params.push(limit.into());
        params.push(Value::Integer(i64::from(page - 1) * i64::from(limit)));
        let (take, skip) = (params.len() - 1, params.len());
        let order = format!("{condition} order by op_id desc limit ?{take} offset ?{skip}");
        let data = self.select(&order, params).await?;
        Ok(Page {
            data,
            total,
            page,
            limit,
            total_pages: total.div_ceil(u64::from(limit)),
        })
    }

    /// Counts by state, in one statement.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn statistics(&self) -> Result<Statistics, StoreError> {
        guard::assert_outside("a repository");
        let mut statistics = Statistics::default();
        for (state, count) in self.store.count_by_state().await? {
            statistics.total += count;
            *match state {
                OperationState::Pending => &mut statistics.pending,
                OperationState::InProgress => &mut statistics.in_progress,
                OperationState::Unknown => &mut statistics.unknown,
                OperationState::Completed => &mut statistics.completed,
                OperationState::Failed => &mut statistics.failed,
                OperationState::Parked => &mut statistics.parked,
            } = count;
        }
        Ok(statistics)
    }

    async fn count(&self, condition: &str, params: Vec<Value>) -> Result<u64, StoreError> {
        guard::assert_outside("a repository");
        let sql = format!(
            "select count(*) as total from {} where {condition}",
            E::TABLE
        );
        let rows = self.store.query(sql, params).await?;
        let total = rows.first().map_or(Ok(0), |row| row.get("total"));
        total.map_err(|error| StoreError::new(StoreErrorKind::Corrupt, "count", error))
    }
}

fn conditions(request: &PageRequest) -> (String, Vec<Value>) {
    let mut parts = vec!["1 = 1".to_owned()];
    let mut params: Vec<Value> = Vec::new();
    let mut with = |sql: &str, value: Value| {
        params.push(value);
        parts.push(format!("{sql} ?{}", params.len()));
    };
    if let Some(owner) = &request.owner_id {
        with("owner_id =", owner.into());
    }
    if let Some(from) = request.accepted_from {
        with("accepted_at >=", from.into());
    }
    // Written out, it finds the index that holds only some states.
    parts.extend(request.state.map(|state| format!("state = '{state}'")));
    (parts.join(" and "), params)
}
