//! Tables that let the wrong things in: ORC701 to ORC704.

use crate::operator::Operator;
use crate::package::Package;

/// Has a job run a statement.
fn job(p: &mut Package, sql: &str) -> Option<()> {
    p.module(
        "tidy",
        &format!(
            "/// Makes room.
pub(super) async fn run(pool: &sqlx::AnyPool) -> Result<(), sqlx::Error> {{
    sqlx::query(\"{sql}\").execute(pool).await?;
    Ok(())
}}"
        ),
    )
}

pub(super) const OPERATORS: &[Operator] = &[
    Operator::new("ORC701", "any text as a state", |p| {
        let postgres = " CHECK (\n        state IN ('PENDING', 'IN_PROGRESS', 'UNKNOWN', 'COMPLETED', 'FAILED', 'PARKED')\n    )";
        let sqlite = " CHECK (\n        state = 'PENDING' OR state = 'IN_PROGRESS' OR state = 'UNKNOWN'\n        OR state = 'COMPLETED' OR state = 'FAILED' OR state = 'PARKED'\n    )";
        p.migration(postgres, "")
            .or_else(|| p.migration(sqlite, ""))
    }),
    Operator::new("ORC701", "a state that cannot be stored", |p| {
        p.migration(
            ", 'PARKED')\n    ),\n    attempts",
            ")\n    ),\n    attempts",
        )
        .or_else(|| {
            p.migration(
                "state = 'FAILED' OR state = 'PARKED'\n    ),\n    attempts",
                "state = 'FAILED'\n    ),\n    attempts",
            )
        })
    }),
    Operator::new("ORC701", "a state that nobody knows", |p| {
        p.migration("'FAILED', 'PARKED')", "'FAILED', 'PARKED', 'ON_HOLD')")
            .or_else(|| {
                p.migration(
                    "state = 'FAILED' OR state = 'PARKED'\n",
                    "state = 'FAILED' OR state = 'PARKED' OR state = 'ON_HOLD'\n",
                )
            })
    }),
    Operator::new("ORC701", "a check that a later migration drops", |p| {
        p.on_postgres()?;
        p.migrate("ALTER TABLE $table DROP CONSTRAINT $table_state_check;")
    })
    .shows_in(".sql"),
    Operator::new("ORC701", "any text as a state of the log", |p| {
        let postgres = "state IN ('INTENT', 'PENDING', 'COMPLETED', 'LATE', 'CORRUPT')";
        let sqlite = "state = 'INTENT' OR state = 'PENDING' OR state = 'COMPLETED'\n        OR state = 'LATE' OR state = 'CORRUPT'";
        p.migration(postgres, "state <> ''")
            .or_else(|| p.migration(sqlite, "state <> ''"))
    }),
    Operator::new("ORC702", "a job that shortens the log", |p| {
        job(p, "DELETE FROM $log WHERE created_at < 17")
    }),
    Operator::new("ORC702", "a job that corrects the log", |p| {
        job(
            p,
            "update $log set state = 'PENDING' where state = 'CORRUPT'",
        )
    }),
    Operator::new("ORC702", "a migration that empties the log", |p| {
        p.migrate("DELETE FROM $log;")
    }),
    Operator::new("ORC702", "a migration that truncates the log", |p| {
        p.on_postgres()?;
        p.migrate("TRUNCATE TABLE $log;")
    }),
    Operator::new("ORC702", "an entry written over another one", |p| {
        p.module(
            "tidy",
            "/// Writes an entry once more.
pub(super) fn rewrite(db: &rusqlite::Connection, op_id: &str) -> rusqlite::Result<usize> {
    const SQL: &str = \"INSERT OR REPLACE INTO $log (op_id, fence, attempt, state, created_at) VALUES (?1, 1, 1, 'INTENT', 0)\";
    db.execute(SQL, [op_id])
}",
        )
    }),
    Operator::new("ORC703", "a time without its zone", |p| {
        p.on_postgres()?;
        p.migration("lease_expires_at TIMESTAMPTZ", "lease_expires_at TIMESTAMP")
    }),
    Operator::new("ORC703", "a time that loses its zone later", |p| {
        p.on_postgres()?;
        p.migrate("ALTER TABLE $table ALTER COLUMN next_attempt_at TYPE timestamp(3);")
    }),
    Operator::new("ORC703", "a fee as a float", |p| {
        p.migrate("ALTER TABLE $table ADD COLUMN fee_amount DOUBLE PRECISION;")
    }),
    Operator::new("ORC703", "a price as a float", |p| {
        p.migrate("CREATE TABLE offers (id TEXT NOT NULL PRIMARY KEY, price REAL NOT NULL);")
    }),
    Operator::new("ORC704", "a column that a later migration drops", |p| {
        p.migrate("ALTER TABLE $table DROP COLUMN provider_ref;")
    })
    .shows_in("generated/operation.rs"),
    Operator::new("ORC704", "a column that a later migration renames", |p| {
        p.migrate("ALTER TABLE $table RENAME COLUMN error_code TO failure_code;")
    })
    .shows_in("generated/operation.rs"),
    Operator::new("ORC704", "a column that nobody made", |p| {
        p.edit(
            "generated/operation.rs",
            "        \"completed_at\",\n",
            "        \"completed_at\",\n        \"settled_at\",\n",
        )
    }),
    Operator::new("ORC704", "a row that expects what may be missing", |p| {
        p.module(
            "report",
            "/// A line of the report.
#[derive(sqlx::FromRow)]
pub(super) struct Line {
    op_id: String,
    provider_ref: String,
}

/// Reads it.
pub(super) async fn lines(pool: &sqlx::PgPool) -> Result<Vec<Line>, sqlx::Error> {
    sqlx::query_as::<_, Line>(\"SELECT op_id, provider_ref FROM $table\").fetch_all(pool).await
}",
        )
    }),
];
