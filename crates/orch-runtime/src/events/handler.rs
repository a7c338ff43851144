//! What a handler is.

use async_trait::async_trait;

use crate::store::hook::{HookError, HookTx};

use super::envelope::Envelope;

/// A handler did not handle an event. What it wrote is taken back, and it gets the event again.
#[derive(Debug, Clone, thiserror::Error)]
pub enum HandlerError {
    /// The database failed, or somebody else was faster: it is tried again at once, a few times. Where somebody else
    /// holds what it needs, it is tried again later.
    #[error(transparent)]
    Database(#[from] HookError),
    /// Only a later release can, which may run beside this one: that is no delivery that failed.
    #[error("left to a later release: {0}")]
    LaterRelease(String),
    /// It cannot handle it as things are.
    #[error("{0}")]
    Failed(String),
}

impl HandlerError {
    /// It cannot handle it, for `reason`.
    pub fn failed(reason: impl Into<String>) -> Self {
        Self::Failed(reason.into())
    }

    /// Whether it only has to wait: until somebody else lets go of what it needs, or for a later release.
    pub(super) fn waits(&self) -> bool {
        match self {
            Self::Database(error) => error.is_busy(),
            Self::LaterRelease(_) => true,
            Self::Failed(_) => false,
        }
    }
}

/// What a handler wants done once its commit is durable, such as that what it accepted begins. A crash may come
/// before it, so it only makes quicker what happens anyway.
#[derive(Default)]
pub struct AfterCommit(Option<Box<dyn FnOnce() + Send>>);

impl std::fmt::Debug for AfterCommit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("AfterCommit")
            .field(&self.0.is_some())
            .finish()
    }
}

impl AfterCommit {
    /// Nothing.
    #[must_use]
    pub fn nothing() -> Self {
        Self::default()
    }

    /// This.
    pub fn run(work: impl FnOnce() + Send + 'static) -> Self {
        Self(Some(Box::new(work)))
    }

    pub(super) fn done(self) {
        if let Some(work) = self.0 {
            work();
        }
    }
}

/// Handles events of some kinds. It keeps nothing in memory, knows no other handler, and all its effects are
/// in the transaction that it is given: they become durable with the note that it has handled the event.
#[async_trait]
pub trait EventHandler: Send + Sync + 'static {
    /// Its name, which nothing else has: with the event's it is the key of what was handled.
    fn name(&self) -> &str;

    /// The kinds of events that it handles.
    fn subscriptions(&self) -> Vec<String>;

    /// Handles an event in `tx`. It may wait for nothing else. Without the commit nothing of it happened,
    /// and it is handled again.
    ///
    /// # Errors
    /// When it could not: see [`HandlerError`].
    async fn handle(
        &self,
        tx: &mut HookTx<'_>,
        event: &Envelope,
    ) -> Result<AfterCommit, HandlerError>;
}
