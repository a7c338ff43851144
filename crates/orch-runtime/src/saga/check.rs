//! Whether this program can go on with the sagas that former ones began.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::engine::Engine;
use crate::events::NotTaken;
use crate::store::StoreError;
use crate::value::Value;

use super::engine::{Inner, Sagas};
use super::read::unreadable;

/// This program cannot go on with sagas that run.
#[derive(Debug, thiserror::Error)]
pub enum SagaCheckError {
    /// Its plan has no longer a step that they began.
    #[error(
        "{sagas} running sagas of {prefix} began the step \"{step}\", which the plan has no longer: let the \
         former version finish them first, or keep the step"
    )]
    LostStep {
        /// What the names of the sagas' tables begin with.
        prefix: &'static str,
        /// The step.
        step: String,
        /// How many sagas began it.
        sagas: i64,
    },
    /// Something else carries a step out, and they wait for an operation that is looked for there in vain.
    #[error(
        "{sagas} running sagas of {prefix} wait for an operation of the step \"{step}\", which something else \
         carries out in this version: let the former version finish them first, or give the step another name"
    )]
    LostOperation {
        /// What the names of the sagas' tables begin with.
        prefix: &'static str,
        /// The step.
        step: &'static str,
        /// How many sagas wait.
        sagas: i64,
    },
    /// It has no names for events, and some of them are moved on by events.
    #[error(
        "{sagas} running sagas of {prefix} are moved on by events, which this version has no longer: let the \
         former version finish them first, or keep its choreography"
    )]
    LostChoreography {
        /// What the names of the sagas' tables begin with.
        prefix: &'static str,
        /// How many sagas run that way.
        sagas: i64,
    },
    /// What carries their events is not there.
    #[error(transparent)]
    Bus(#[from] NotTaken),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl<I: Serialize + DeserializeOwned + Send + Sync + 'static> Sagas<I> {
    /// Finds out whether this program can go on with the sagas that run: whether its plan has every step that
    /// they began, and asks those for their operations that they wait for; whether it can tell events, if they are
    /// moved on by these. To be asked before anything looks after them.
    ///
    /// # Errors
    /// When it cannot, or the database fails.
    pub async fn check(&self) -> Result<(), SagaCheckError> {
        let Inner {
            database,
            tables,
            script,
            told,
            ..
        } = &*self.inner;
        let prefix = tables.prefix;
        if told.is_none() {
            let sagas = self.count(tables.choreographed(), Vec::new()).await?;
            if sagas > 0 {
                return Err(SagaCheckError::LostChoreography { prefix, sagas });
            }
        }
        let rows = database.query(tables.begun_steps(), Vec::new()).await?;
        for row in rows {
            let step: String = row.get("step").map_err(unreadable)?;
            let sagas: i64 = row.get("sagas").map_err(unreadable)?;
            if script.plan.index_of(&step).is_none() {
                return Err(SagaCheckError::LostStep {
                    prefix,
                    step,
                    sagas,
                });
            }
        }
        self.check_operations_asked_for().await
    }

    async fn check_operations_asked_for(&self) -> Result<(), SagaCheckError> {
        let Inner { tables, script, .. } = &*self.inner;
        for (step, keys, engine) in script.engines() {
            let sql = tables.steps_that(&keys.is_missing(engine.map(Engine::domain)));
            let sagas = self.count(sql, vec![step.into()]).await?;
            if sagas > 0 {
                let prefix = tables.prefix;
                return Err(SagaCheckError::LostOperation {
                    prefix,
                    step,
                    sagas,
                });
            }
        }
        Ok(())
    }

    async fn count(&self, sql: String, params: Vec<Value>) -> Result<i64, StoreError> {
        let rows = self.inner.database.query(sql, params).await?;
        rows.first()
            .map_or(Ok(0), |row| row.get("sagas"))
            .map_err(unreadable)
    }
}
