//! Dead letters: operations that wait for a person, and what a person can do about them.
//!
//! ```text
//!   PARKED ──ask_again──▶ UNKNOWN      the provider is asked once more
//!          ──confirm────▶ COMPLETED    the person found out that it happened
//!          ──deny───────▶ FAILED       the person found out that it did not, and will not
//!   FAILED ──redrive────▶ a new operation with the same command
//! ```
//!
//! A failed operation stays failed: its owner was told, and its hook has run. What is done instead is an
//! operation of its own, with a key of its own towards the provider.
//!
//! **Invariant:** what a person decides stands in the log with the person's name before it takes effect.

use serde::Serialize;

use crate::clock::Timestamp;
use crate::engine::{Engine, SubmitError, Submitted};
use crate::guard;
use crate::ids::{BizKey, IdemKey, OpId, OwnerId, SagaId};
use crate::operation::decision::{MAX_ATTEMPTS, TIMEOUT};
use crate::operation::state::OperationState;
use crate::repository::MAX_PAGE;
use crate::store::{StoreError, StoreErrorKind};
use crate::value::{DecodeError, Row};

/// Code of an operation of which a person found out that the provider did not do it.
pub const NOT_COMMITTED: &str = "NOT_COMMITTED";

/// Which dead letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeadLetterKind {
    /// PARKED: nobody but a person can say whether it happened.
    Parked,
    /// FAILED because attempts or time ran out, or denied by a person, and not redriven. Those of sagas are
    /// not among them: their sagas wait, see [`Sagas::parked`](crate::saga::Sagas::parked).
    Exhausted,
}

/// An operation that waits for a person.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DeadLetter {
    /// Its name.
    pub op_id: OpId,
    /// Whose it is.
    pub owner_id: OwnerId,
    /// What it is about.
    pub biz_key: BizKey,
    /// The kind of command.
    pub event_type: String,
    /// PARKED or FAILED.
    pub state: OperationState,
    /// Why, as a stable code.
    pub code: String,
    /// Why, in words.
    pub reason: String,
    /// Attempts begun.
    pub attempts: u32,
    /// When it was accepted.
    pub accepted_at: Timestamp,
    /// Since when it waits.
    pub since: Timestamp,
}

/// Who decides, and why: evidence, kept in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    by: String,
    reason: String,
}

impl Decision {
    /// A decision of the person named `by`.
    ///
    /// # Errors
    /// When one of them is empty, longer than 500 bytes, or has control characters.
    pub fn new(by: impl Into<String>, reason: impl Into<String>) -> Result<Self, InvalidDecision> {
        let (by, reason) = (by.into(), reason.into());
        for (what, text) in [("by", &by), ("reason", &reason)] {
            if text.trim().is_empty() || text.len() > 500 || text.chars().any(char::is_control) {
                return Err(InvalidDecision(what));
            }
        }
        Ok(Self { by, reason })
    }

    /// Who decides.
    #[must_use]
    pub fn by(&self) -> &str {
        &self.by
    }

    /// Why.
    #[must_use]
    pub fn reason(&self) -> &str {
        &self.reason
    }

    /// `verb` with the person and the reason, for the log.
    pub(crate) fn text(&self, verb: &str) -> String {
        format!("{verb} by {}: {}", self.by, self.reason)
    }
}

/// A person's name or reason cannot be kept.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0} must be 1 to 500 bytes of text without control characters")]
pub struct InvalidDecision(&'static str);

/// What became of a decision about a parked operation.
#[must_use]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decided {
    /// The operation moved to this state.
    Moved(OperationState),
    /// The decision is in the log and did not take effect yet: the hook refused, the database failed, or
    /// another result was faster. The Finalizer, or the question to the provider, settles it.
    NotYet,
    /// There is no parked operation of that name. Nothing changed.
    NotParked,
    /// This program cannot read its command: it stays parked. Run a program that can.
    Unreadable,
}

/// An operation was not redriven; nothing changed.
#[derive(Debug, thiserror::Error)]
pub enum RedriveError {
    /// There is no failed operation of that name.
    #[error("there is no failed operation {0}")]
    NotFailed(OpId),
    /// It is a step of a saga, or undoes one. The saga knows that it failed: done once more beside it, it
    /// would happen twice.
    #[error(
        "{op_id} belongs to the saga {saga}, which knows that it failed: have the saga compensated, or leave \
         the step as it is"
    )]
    OfSaga {
        /// The operation.
        op_id: OpId,
        /// Its saga.
        saga: SagaId,
    },
    /// Its secrets were taken out when it ended.
    #[error("the secrets of {0} were removed when it ended: its owner has to send it anew")]
    SecretsRemoved(OpId),
    /// This program cannot read its command.
    #[error("the command of {op_id} cannot be read: {problem}")]
    Unreadable {
        /// The operation.
        op_id: OpId,
        /// What is wrong with it.
        problem: String,
    },
    /// The new operation was not accepted.
    #[error(transparent)]
    Submit(#[from] SubmitError),
}

impl From<StoreError> for RedriveError {
    fn from(error: StoreError) -> Self {
        Self::Submit(error.into())
    }
}

/// The dead letters of one domain.
#[derive(Debug, Clone)]
pub struct DeadLetters {
    engine: Engine,
}

impl DeadLetters {
    /// Those of `engine`'s domain.
    #[must_use]
    pub fn new(engine: &Engine) -> Self {
        let engine = engine.clone();
        Self { engine }
    }

    /// Up to `limit` (at most [`MAX_PAGE`]) dead letters of a kind, in the order in which they were
    /// accepted, behind `after`.
    ///
    /// # Errors
    /// When the database fails or a row cannot be read.
    pub async fn list(
        &self,
        kind: DeadLetterKind,
        after: Option<&OpId>,
        limit: u32,
    ) -> Result<Vec<DeadLetter>, StoreError> {
        guard::assert_outside("DeadLetters::list");
        let limit = limit.min(MAX_PAGE);
        let wanted = limit as usize;
        let mut after = after.map_or("", OpId::as_str).to_owned();
        let mut letters = Vec::new();
        loop {
            let params = vec![after.into(), limit.into()];
            let sql = select(self.engine.domain(), kind);
            let rows = self.engine.store().query(sql, params).await?;
            let found = rows.iter().map(letter).collect::<Result<Vec<_>, _>>();
            let found = found
                .map_err(|error| StoreError::new(StoreErrorKind::Corrupt, "dead letters", error))?;
            after = found
                .last()
                .map_or(String::new(), |(_, last)| last.op_id.to_string());
            let is_last = found.len() < wanted;
            let shown = found.into_iter().filter(|(is_of_saga, letter)| {
                !is_of_saga || letter.state == OperationState::Parked
            });
            letters.extend(shown.map(|(_, letter)| letter));
            if is_last || letters.len() >= wanted {
                letters.truncate(wanted);
                return Ok(letters);
            }
        }
    }

    /// Has the provider asked once more about a parked operation. When it does not know either, the
    /// operation is parked again.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn ask_again(&self, op_id: &OpId, why: &Decision) -> Result<Decided, StoreError> {
        self.engine.ask_again(op_id, why).await
    }

    /// Completes a parked operation: the provider did it, and calls it `provider_ref`. The finalize hook
    /// runs as for any completed operation.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn confirm(
        &self,
        op_id: &OpId,
        provider_ref: Option<String>,
        why: &Decision,
    ) -> Result<Decided, StoreError> {
        self.engine.confirm(op_id, provider_ref, why).await
    }

    /// Fails a parked operation with [`NOT_COMMITTED`]: the provider did not do it, and will not. The
    /// finalize hook runs as for any failed operation.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn deny(&self, op_id: &OpId, why: &Decision) -> Result<Decided, StoreError> {
        self.engine.deny(op_id, why).await
    }

    /// Does a failed operation's command in a new operation of the same owner. However often it is asked
    /// for, there is one: its idempotency key is `redrive:` and the failed operation's name. That one may
    /// be redriven again when it fails, too.
    ///
    /// # Errors
    /// See [`RedriveError`].
    pub async fn redrive(&self, op_id: &OpId, why: &Decision) -> Result<Submitted, RedriveError> {
        self.engine.redrive(op_id, why).await
    }
}

/// The key under which an operation is redriven.
pub(crate) fn redrive_key(op_id: &OpId) -> IdemKey {
    IdemKey::new(format!("redrive:{op_id}")).expect("a prefix and an operation id are a key")
}

fn select(domain: &str, kind: DeadLetterKind) -> String {
    let which = match kind {
        DeadLetterKind::Parked => "dead.state = 'PARKED'".to_owned(),
        DeadLetterKind::Exhausted => format!(
            "dead.state = 'FAILED'
            and dead.error_code in ('{MAX_ATTEMPTS}', '{TIMEOUT}', '{NOT_COMMITTED}')
            and not exists (
                select 1 from {domain}_operations as again
                where again.owner_id = dead.owner_id and again.idem_key = 'redrive:' || dead.op_id
            )"
        ),
    };
    format!(
        "select op_id, owner_id, idem_key, biz_key, event_type, state, error_code, message, attempts,
            accepted_at, updated_at
        from {domain}_operations as dead where {which} and op_id > ?1 order by op_id limit ?2"
    )
}

/// A dead letter, and whether it is an operation of a saga.
fn letter(row: &Row) -> Result<(bool, DeadLetter), DecodeError> {
    let key: IdemKey = row.get("idem_key")?;
    let letter = DeadLetter {
        op_id: row.get("op_id")?,
        owner_id: row.get("owner_id")?,
        biz_key: row.get("biz_key")?,
        event_type: row.get("event_type")?,
        state: row.get("state")?,
        code: row.get::<Option<String>>("error_code")?.unwrap_or_default(),
        reason: row.get::<Option<String>>("message")?.unwrap_or_default(),
        attempts: row.get("attempts")?,
        accepted_at: row.get("accepted_at")?,
        since: row.get("updated_at")?,
    };
    Ok((SagaId::of_key(&key).is_some(), letter))
}
