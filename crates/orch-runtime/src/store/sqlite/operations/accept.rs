//! Taking operations in and leasing them.

use rusqlite::types::Value as SqlValue;
use rusqlite::{Connection, OptionalExtension, ToSql, params};

use crate::clock::{Timestamp, to_millis};
use crate::ids::OpId;
use crate::operation::state::OperationState;
use crate::store::sealer::Sealer;
use crate::store::sqlite::row;
use crate::store::sqlite::statements::{ACCEPT_PARAMETERS, Statements};
use crate::store::{Accepted, Claim, Lease, NewOperation, Term};
use crate::value::Value;

pub(super) fn accept(
    connection: &Connection,
    sql: &Statements,
    columns: &[&str],
    operation: &NewOperation,
    term: Option<&Term>,
) -> rusqlite::Result<Accepted> {
    if !insert(connection, sql, columns, operation, term)? {
        return existing(connection, sql, operation);
    }
    let Some(term) = term else {
        return Ok(Accepted::New(None));
    };
    let lease = operation.first_lease(term.expires_at);
    write_intent(connection, sql, &lease, operation.accepted_at)?;
    Ok(Accepted::New(Some(Box::new(lease))))
}

fn insert(
    connection: &Connection,
    sql: &Statements,
    columns: &[&str],
    operation: &NewOperation,
    term: Option<&Term>,
) -> rusqlite::Result<bool> {
    let accepted_at = to_millis(operation.accepted_at);
    let state = if term.is_some() {
        OperationState::InProgress
    } else {
        OperationState::Pending
    };
    let mut insert = connection.prepare_cached(&sql.accept)?;
    let fixed: [&dyn ToSql; ACCEPT_PARAMETERS] = [
        &operation.op_id.as_str(),
        &operation.owner_id.as_str(),
        &operation.idem_key.as_str(),
        &operation.biz_key.as_str(),
        &operation.event_type,
        &operation.fingerprint.as_str(),
        &operation.payload,
        &state.as_str(),
        &u32::from(term.is_some()),
        &term.map(|term| &*term.worker),
        &term.map(|term| to_millis(term.expires_at)),
        &term.is_none().then_some(accepted_at),
        &term.map(|_| accepted_at),
        &to_millis(operation.deadline_at),
        &accepted_at,
        &operation.trace_parent.map(|parent| parent.to_string()),
    ];
    for (at, value) in fixed.into_iter().enumerate() {
        insert.raw_bind_parameter(at + 1, value)?;
    }
    for (at, name) in columns.iter().enumerate() {
        let column = operation.columns.iter().find(|column| column.name == *name);
        let value = column.map_or(&Value::Null, |column| &column.value);
        insert.raw_bind_parameter(ACCEPT_PARAMETERS + 1 + at, value)?;
    }
    Ok(insert.raw_execute()? == 1)
}

fn existing(
    connection: &Connection,
    sql: &Statements,
    operation: &NewOperation,
) -> rusqlite::Result<Accepted> {
    let key = params![operation.owner_id.as_str(), operation.idem_key.as_str()];
    let found = connection
        .prepare_cached(&sql.accepted)?
        .query_row(key, |found| {
            Ok((
                row::identity(found, 0, OpId::new)?,
                found.get::<_, String>(1)?,
            ))
        })
        .optional()?;
    Ok(match found {
        Some((op_id, fingerprint)) if operation.fingerprint.matches(&fingerprint) => {
            Accepted::Existing(op_id)
        }
        Some(_) | None => Accepted::Mismatch,
    })
}

pub(super) fn claim(
    connection: &Connection,
    sql: &Statements,
    sealer: &Sealer,
    statement: &str,
    claim: &Claim,
    (now, kinds): (Timestamp, &str),
) -> rusqlite::Result<Vec<Lease>> {
    let term = &claim.term;
    let mut statement = connection.prepare_cached(statement)?;
    let (now_millis, until) = (to_millis(now), to_millis(term.expires_at));
    let from = to_millis(claim.due_from);
    let mut values: Vec<&dyn ToSql> = vec![&now_millis, &term.worker, &until, &claim.limit, &kinds];
    if statement.parameter_count() > values.len() {
        values.extend::<[&dyn ToSql; 2]>([&claim.repeats, &from]);
    }
    let mut rows = statement.query(&*values)?;
    let (mut leases, mut unreadable) = (Vec::new(), Vec::new());
    while let Some(row) = rows.next()? {
        match row::lease(row, sealer, term.expires_at) {
            Ok(lease) => leases.push(lease),
            Err(error) => unreadable.push((row.get(0)?, error)),
        }
    }
    drop(rows);
    for (op_id, error) in unreadable {
        park_unreadable(connection, sql, &op_id, now, &error)?;
    }
    Ok(leases)
}

fn park_unreadable(
    connection: &Connection,
    sql: &Statements,
    op_id: &SqlValue,
    now: Timestamp,
    error: &rusqlite::Error,
) -> rusqlite::Result<()> {
    tracing::error!(?op_id, %error, "parked: the operation's row cannot be read");
    let message = format!("its row cannot be read: {error}");
    connection
        .prepare_cached(&sql.park_unreadable)?
        .execute(params![op_id, message, to_millis(now)])?;
    Ok(())
}

pub(super) fn write_intent(
    connection: &Connection,
    sql: &Statements,
    lease: &Lease,
    now: Timestamp,
) -> rusqlite::Result<()> {
    connection.prepare_cached(&sql.intent)?.execute(params![
        lease.op_id().as_str(),
        lease.fence.0,
        lease.facts.attempts,
        to_millis(now)
    ])?;
    Ok(())
}

/// The kinds as the JSON array that `json_each` reads. Kinds are plain upper-case words.
pub(super) fn json_list(kinds: &[&'static str]) -> String {
    serde_json::to_string(kinds).unwrap_or_default()
}
