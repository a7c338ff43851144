//! Values and rows between SQLite and the rest of the crate.

use std::sync::Arc;

use rusqlite::types::{ToSqlOutput, Value as SqlValue, ValueRef};
use rusqlite::{Connection, Statement, ToSql};

use crate::clock::{Timestamp, from_millis, to_millis};
use crate::ids::{Fence, OpId, OwnerId};
use crate::operation::decision::Facts;
use crate::store::sealer::Sealer;
use crate::store::{Lease, saga_key, trace_parent};
use crate::value::{Row, Value};

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match self {
            Self::Null => ToSqlOutput::Owned(SqlValue::Null),
            Self::Bool(truth) => ToSqlOutput::Owned(SqlValue::Integer(i64::from(*truth))),
            Self::Time(time) => ToSqlOutput::Owned(SqlValue::Integer(to_millis(*time))),
            Self::Date(date) => ToSqlOutput::Owned(SqlValue::Text(date.to_string())),
            Self::Uuid(uuid) => ToSqlOutput::Owned(SqlValue::Text(uuid.to_string())),
            #[cfg(feature = "decimal")]
            Self::Decimal(decimal) => ToSqlOutput::Owned(SqlValue::Text(decimal.to_string())),
            Self::Integer(number) => ToSqlOutput::Owned(SqlValue::Integer(*number)),
            Self::Text(text) => ToSqlOutput::Borrowed(ValueRef::Text(text.as_bytes())),
        })
    }
}

/// Runs a reading statement.
pub(super) fn query(
    connection: &Connection,
    sql: &str,
    params: &[Value],
) -> rusqlite::Result<Vec<Row>> {
    let mut statement = connection.prepare_cached(sql)?;
    let columns = column_names(&statement);
    let width = columns.len();
    let rows = statement.query_map(rusqlite::params_from_iter(params), |row| {
        let values = (0..width)
            .map(|at| value(row.get_ref(at)?))
            .collect::<rusqlite::Result<_>>()?;
        Ok(Row::new(Arc::clone(&columns), values))
    })?;
    rows.collect()
}

fn column_names(statement: &Statement<'_>) -> Arc<[String]> {
    let names = statement.column_names();
    names.into_iter().map(str::to_owned).collect()
}

fn value(value: ValueRef<'_>) -> rusqlite::Result<Value> {
    Ok(match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(number) => Value::Integer(number),
        ValueRef::Real(number) => Value::Text(number.to_string()),
        ValueRef::Text(text) | ValueRef::Blob(text) => {
            Value::Text(String::from_utf8_lossy(text).into_owned())
        }
    })
}

/// Reads the columns that claiming statements return, in their order.
pub(super) fn lease(
    row: &rusqlite::Row<'_>,
    sealer: &Sealer,
    expires_at: Timestamp,
) -> rusqlite::Result<Lease> {
    let lease = Lease {
        expires_at,
        owner_id: identity(row, 1, OwnerId::new)?,
        event_type: row.get(2)?,
        payload: row.get(3)?,
        fence: Fence(row.get(4)?),
        facts: Facts {
            op_id: identity(row, 0, OpId::new)?,
            attempts: row.get(5)?,
            interruptions: row.get(6)?,
            probes: row.get(7)?,
            unaccounted_at: optional_time(row, 8)?,
            first_sent_at: optional_time(row, 9)?,
            deadline_at: time(row, 10)?,
        },
        trace_parent: trace_parent(row.get(11).unwrap_or_default()),
        saga_key: saga_key(row.get(12).unwrap_or_default()),
        redacted: None,
    };
    sealer.lease(lease).map_err(|error| unreadable(3, error))
}

/// Reads a text column as an identity.
pub(super) fn identity<T, E>(
    row: &rusqlite::Row<'_>,
    at: usize,
    make: impl FnOnce(String) -> Result<T, E>,
) -> rusqlite::Result<T>
where
    E: std::error::Error + Send + Sync + 'static,
{
    make(row.get(at)?).map_err(|error| unreadable(at, error))
}

/// A column whose text means nothing to the program.
pub(super) fn unreadable(
    at: usize,
    error: impl std::error::Error + Send + Sync + 'static,
) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(at, rusqlite::types::Type::Text, Box::new(error))
}

pub(super) fn time(row: &rusqlite::Row<'_>, at: usize) -> rusqlite::Result<Timestamp> {
    row.get(at).map(from_millis)
}

pub(super) fn optional_time(
    row: &rusqlite::Row<'_>,
    at: usize,
) -> rusqlite::Result<Option<Timestamp>> {
    Ok(row.get::<_, Option<i64>>(at)?.map(from_millis))
}
