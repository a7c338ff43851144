//! Values and rows between PostgreSQL and the rest of the crate.

use std::sync::Arc;

use sqlx::postgres::{PgArguments, PgRow, PgTypeInfo};
use sqlx::query::Query;
use sqlx::{Column as _, Postgres, Row as _, TypeInfo as _, ValueRef as _};

use crate::clock::Timestamp;
use crate::ids::{Fence, OpId, OwnerId};
use crate::operation::decision::Facts;
use crate::store::sealer::Sealer;
use crate::store::{Lease, saga_key, trace_parent};
use crate::value::{Row, Value};

pub(super) type Statement = Query<'static, Postgres, PgArguments>;

/// The type `unknown`: see `pg_type.dat` of PostgreSQL.
const UNKNOWN: sqlx::postgres::types::Oid = sqlx::postgres::types::Oid(705);

/// A value of no type, for the database to find one.
struct Untyped;

impl sqlx::Type<Postgres> for Untyped {
    fn type_info() -> PgTypeInfo {
        PgTypeInfo::with_oid(UNKNOWN)
    }
}

impl sqlx::Encode<'_, Postgres> for Untyped {
    fn encode_by_ref(
        &self,
        _: &mut sqlx::postgres::PgArgumentBuffer,
    ) -> Result<sqlx::encode::IsNull, sqlx::error::BoxDynError> {
        Ok(sqlx::encode::IsNull::Yes)
    }
}

/// Binds one value.
pub(super) fn bind(statement: Statement, value: &Value) -> Statement {
    match value {
        Value::Null => statement.bind(Untyped),
        Value::Bool(truth) => statement.bind(*truth),
        Value::Integer(number) => statement.bind(*number),
        Value::Text(text) => statement.bind(clean(text).into_owned()),
        Value::Time(time) => statement.bind(*time),
        Value::Date(date) => statement.bind(*date),
        Value::Uuid(uuid) => statement.bind(*uuid),
        #[cfg(feature = "decimal")]
        Value::Decimal(decimal) => statement.bind(*decimal),
    }
}

/// A value as the text from which PostgreSQL reads it.
pub(super) fn literal(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::Bool(truth) => Some(truth.to_string()),
        Value::Integer(number) => Some(number.to_string()),
        Value::Text(text) => Some(clean(text).into_owned()),
        Value::Time(time) => Some(time.to_rfc3339()),
        Value::Date(date) => Some(date.to_string()),
        Value::Uuid(uuid) => Some(uuid.to_string()),
        #[cfg(feature = "decimal")]
        Value::Decimal(decimal) => Some(decimal.to_string()),
    }
}

/// PostgreSQL has no text with NUL in it. An answer must not be lost for one.
pub(super) fn clean(text: &str) -> std::borrow::Cow<'_, str> {
    if text.contains('\0') {
        text.replace('\0', "\u{fffd}").into()
    } else {
        text.into()
    }
}

/// All rows by the names of their columns.
pub(super) fn rows(found: &[PgRow]) -> Result<Vec<Row>, sqlx::Error> {
    let Some(first) = found.first() else {
        return Ok(Vec::new());
    };
    let names = first
        .columns()
        .iter()
        .map(|column| column.name().to_owned());
    let names: Arc<[String]> = names.collect();
    let read = |row: &PgRow| {
        let values = (0..names.len()).map(|at| value(row, at));
        Ok(Row::new(
            Arc::clone(&names),
            values.collect::<Result<_, sqlx::Error>>()?,
        ))
    };
    found.iter().map(read).collect()
}

fn value(row: &PgRow, at: usize) -> Result<Value, sqlx::Error> {
    let raw = row.try_get_raw(at)?;
    if raw.is_null() {
        return Ok(Value::Null);
    }
    let kind = raw.type_info().name().to_owned();
    Ok(match &*kind {
        "BOOL" => Value::Bool(row.try_get(at)?),
        "INT2" => Value::Integer(row.try_get::<i16, _>(at)?.into()),
        "INT4" => Value::Integer(row.try_get::<i32, _>(at)?.into()),
        "INT8" => Value::Integer(row.try_get(at)?),
        "FLOAT4" => Value::Text(row.try_get::<f32, _>(at)?.to_string()),
        "FLOAT8" => Value::Text(row.try_get::<f64, _>(at)?.to_string()),
        #[cfg(feature = "decimal")]
        "NUMERIC" => Value::Decimal(row.try_get(at)?),
        "TIMESTAMPTZ" => Value::Time(row.try_get(at)?),
        "TIMESTAMP" => Value::Time(row.try_get::<chrono::NaiveDateTime, _>(at)?.and_utc()),
        "DATE" => Value::Date(row.try_get(at)?),
        "UUID" => Value::Uuid(row.try_get(at)?),
        "JSON" | "JSONB" => Value::Text(row.try_get::<serde_json::Value, _>(at)?.to_string()),
        _ => Value::Text(row.try_get(at)?),
    })
}

/// Reads the columns that claiming statements return, in their order.
pub(super) fn lease(
    row: &PgRow,
    sealer: &Sealer,
    expires_at: Timestamp,
) -> Result<Lease, sqlx::Error> {
    let lease = Lease {
        expires_at,
        owner_id: identity(row, 1, OwnerId::new)?,
        event_type: row.try_get(2)?,
        payload: row.try_get(3)?,
        fence: Fence(count(row, 4)?),
        facts: Facts {
            op_id: identity(row, 0, OpId::new)?,
            attempts: count(row, 5)?,
            interruptions: count(row, 6)?,
            probes: count(row, 7)?,
            unaccounted_at: row.try_get(8)?,
            first_sent_at: row.try_get(9)?,
            deadline_at: row.try_get(10)?,
        },
        trace_parent: trace_parent(row.try_get(11).unwrap_or_default()),
        saga_key: saga_key(row.try_get(12).unwrap_or_default()),
        redacted: None,
    };
    sealer.lease(lease).map_err(|error| unreadable(3, error))
}

/// A count is never negative, whatever the column says.
pub(super) fn count(row: &PgRow, at: usize) -> Result<u32, sqlx::Error> {
    Ok(u32::try_from(row.try_get::<i32, _>(at)?).unwrap_or(0))
}

/// A count as PostgreSQL keeps it.
pub(super) fn number(count: u32) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}

/// Reads a text column as an identity.
pub(super) fn identity<T, E>(
    row: &PgRow,
    at: usize,
    make: impl FnOnce(String) -> Result<T, E>,
) -> Result<T, sqlx::Error>
where
    E: std::error::Error + Send + Sync + 'static,
{
    make(row.try_get(at)?).map_err(|error| unreadable(at, error))
}

/// A column whose text means nothing to the program.
pub(super) fn unreadable(
    at: usize,
    error: impl std::error::Error + Send + Sync + 'static,
) -> sqlx::Error {
    sqlx::Error::ColumnDecode {
        index: at.to_string(),
        source: Box::new(error),
    }
}
