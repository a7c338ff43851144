//! What the controller of choreographed sagas needs besides that of sagas.
//!
//! | request | answer |
//! |---|---|
//! | `GET /choreography/transaction/{transaction_id}` | the saga and what handled its events; 404 also for somebody else's |

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::saga::TransactionView;

use super::error::ApiError;
use super::sagas::{SagaEndpoint, SagaLookup};

impl<I: Serialize + DeserializeOwned + Send + Sync + 'static> SagaEndpoint<I> {
    /// The saga that was asked for with what handled its events, if it is the caller's own.
    ///
    /// # Errors
    /// 404 when it is not; 503 or 500 when the database fails.
    pub async fn transaction(&self, lookup: &SagaLookup) -> Result<TransactionView, ApiError> {
        let (owner, id) = lookup.asked();
        let found = self.sagas().transaction_view(owner, id).await?;
        found.ok_or_else(ApiError::not_found)
    }
}
