//! Reading one saga: from its rows, or from a cache once it has ended.

use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::ids::{OwnerId, SagaId};
use crate::store::{StoreError, StoreErrorKind};
use crate::value::{DecodeError, Row, Value};

use super::engine::{Inner, SagaError, Sagas};
use super::record::SagaRecord;
use super::tables;

impl<I: Serialize + DeserializeOwned + Send + Sync + 'static> Sagas<I> {
    /// The saga, if `owner` has one of that name. Somebody else's looks like none.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn find(
        &self,
        owner: &OwnerId,
        id: &SagaId,
    ) -> Result<Option<SagaRecord>, SagaError> {
        let found = self.shown(id).await?;
        Ok(found.filter(|saga| saga.owner_id == *owner))
    }

    /// A saga for somebody who only reads it: one that has ended may come from the cache.
    pub(super) async fn shown(&self, id: &SagaId) -> Result<Option<SagaRecord>, SagaError> {
        let Some(cache) = &self.inner.cache else {
            return self.load(id).await;
        };
        if let Some(rows) = cache.get(id).await {
            match self.saga(&rows) {
                Ok(Some(saga)) if saga.id == *id && saga.state.is_final() => return Ok(Some(saga)),
                Ok(_) => tracing::warn!(saga = %id, "the cache has something else"),
                // Such as one that is sealed under a key of former times.
                Err(error) => tracing::warn!(saga = %id, %error, "the cache has nothing readable"),
            }
        }
        let rows = self.rows(id).await?;
        let saga = self.saga(&rows)?;
        if saga.as_ref().is_some_and(|saga| saga.state.is_final()) {
            cache.set(id, &rows).await;
        }
        Ok(saga)
    }

    pub(super) async fn load(&self, id: &SagaId) -> Result<Option<SagaRecord>, SagaError> {
        Ok(self.saga(&self.rows(id).await?)?)
    }

    async fn rows(&self, id: &SagaId) -> Result<Vec<Row>, StoreError> {
        let Inner {
            database, tables, ..
        } = &*self.inner;
        let name = vec![Value::from(id.as_str())];
        database.query(tables.select(), name).await
    }

    fn saga(&self, rows: &[Row]) -> Result<Option<SagaRecord>, StoreError> {
        let Inner { script, seals, .. } = &*self.inner;
        tables::saga(&script.plan, seals, rows).map_err(unreadable)
    }

    /// Has a cache forget a saga that was written; nobody waits for it.
    pub(super) fn forget(&self, id: &SagaId) {
        if self.inner.cache.is_some() {
            let (inner, id) = (Arc::clone(&self.inner), id.clone());
            tokio::spawn(async move {
                if let Some(cache) = &inner.cache {
                    cache.remove(&id).await;
                }
            });
        }
    }
}

pub(super) fn unreadable(error: DecodeError) -> StoreError {
    StoreError::new(StoreErrorKind::Corrupt, "read", error)
}
