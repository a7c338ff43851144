//! Whether this program can go on with the sagas that former ones began.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::events::NotTaken;
use crate::store::StoreError;

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
    /// they began, and whether it can tell events, if they are moved on by these. To be asked before anything
    /// looks after them.
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
        if told.is_none() {
            let rows = database.query(tables.choreographed(), Vec::new()).await?;
            let sagas: i64 = rows
                .first()
                .map_or(Ok(0), |row| row.get("sagas"))
                .map_err(unreadable)?;
            if sagas > 0 {
                let prefix = tables.prefix;
                return Err(SagaCheckError::LostChoreography { prefix, sagas });
            }
        }
        let rows = database.query(tables.begun_steps(), Vec::new()).await?;
        for row in rows {
            let step: String = row.get("step").map_err(unreadable)?;
            let sagas: i64 = row.get("sagas").map_err(unreadable)?;
            if script.plan.index_of(&step).is_none() {
                let prefix = tables.prefix;
                return Err(SagaCheckError::LostStep {
                    prefix,
                    step,
                    sagas,
                });
            }
        }
        Ok(())
    }
}
