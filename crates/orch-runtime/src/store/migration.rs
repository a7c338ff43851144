//! Steps of the schema: each is applied once, and remembered by name and content.

use sha2::{Digest, Sha256};

use super::{StoreError, StoreErrorKind};

/// One step of the schema, known by its name: `0001_payment`, `0002_refund`.
///
/// On PostgreSQL, a first line of `-- no-transaction` has the statements run one by one outside of a
/// transaction, as `CREATE INDEX CONCURRENTLY` needs it.
#[derive(Debug, Clone, Copy)]
pub struct Migration {
    /// File name without its ending.
    pub name: &'static str,
    /// Statements that make the step.
    pub up: &'static str,
}

impl Migration {
    /// Digest of the statements.
    pub(super) fn checksum(&self) -> String {
        let digest = Sha256::digest(self.up.as_bytes());
        digest.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Whether the step still has to be applied, given the digest that was remembered for it.
    pub(super) fn is_due(&self, applied: Option<&str>) -> Result<bool, StoreError> {
        match applied {
            None => Ok(true),
            Some(known) if known == self.checksum() => Ok(false),
            Some(_) => Err(schema(format!(
                "migration {} was changed after it had been applied: put its text back and add a \
                 new migration",
                self.name
            ))),
        }
    }

    /// The step could not be applied, because of `error`.
    pub(super) fn failed(&self, error: &dyn std::fmt::Display) -> StoreError {
        schema(format!("migration {} failed: {error}", self.name))
    }
}

/// Refuses a database that has a step which this program does not know.
pub(super) fn refuse_newer(applied: &[String], migrations: &[Migration]) -> Result<(), StoreError> {
    let is_known = |name: &&String| migrations.iter().any(|known| known.name == **name);
    match applied.iter().find(|name| !is_known(name)) {
        None => Ok(()),
        Some(name) => Err(schema(format!(
            "the database has migration {name}, which this program does not know: \
             start the newer version of the program"
        ))),
    }
}

pub(super) fn schema(problem: String) -> StoreError {
    StoreError::new(StoreErrorKind::Schema, "migrate", problem)
}
