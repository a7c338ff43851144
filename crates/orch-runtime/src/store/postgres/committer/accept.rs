//! Recording new operations, many with one statement.

use std::collections::{HashMap, HashSet};

use sqlx::SqlStr;
use sqlx::postgres::PgConnection;
use tokio::sync::OnceCell;

use crate::ids::OpId;
use crate::store::postgres::Link;
use crate::store::postgres::row::{clean, literal};
use crate::store::postgres::statements;
use crate::store::{Accepted, NewOperation, Tables, Term};

/// A new operation, and for whom it is leased.
#[derive(Debug)]
pub(in crate::store::postgres) struct Accept {
    pub(in crate::store::postgres) operation: NewOperation,
    pub(in crate::store::postgres) term: Option<Term>,
}

/// The statements that record operations of one domain.
#[derive(Debug)]
pub(in crate::store::postgres) struct AcceptSql {
    tables: Tables,
    insert: OnceCell<SqlStr>,
    accepted: SqlStr,
}

impl AcceptSql {
    pub(in crate::store::postgres) fn new(tables: Tables, accepted: SqlStr) -> Self {
        Self {
            tables,
            insert: OnceCell::new(),
            accepted,
        }
    }

    /// The inserting statement. The table says what types its columns have, once.
    async fn insert(&self, connection: &mut PgConnection) -> Result<SqlStr, sqlx::Error> {
        let make = async || {
            let types = column_types(connection, &self.tables).await?;
            Ok::<_, sqlx::Error>(statements::accept(&self.tables, &types))
        };
        self.insert.get_or_try_init(make).await.cloned()
    }
}

async fn column_types(
    connection: &mut PgConnection,
    tables: &Tables,
) -> Result<Vec<String>, sqlx::Error> {
    let known: Vec<(String, String)> = sqlx::query_as(
        "select attname::text, format_type(atttypid, atttypmod) from pg_attribute
         where attrelid = ($1 || '_operations')::regclass and attnum > 0 and not attisdropped",
    )
    .persistent(false)
    .bind(tables.domain)
    .fetch_all(connection)
    .await?;
    let known: HashMap<&str, &str> = known
        .iter()
        .map(|(name, kind)| (&**name, &**kind))
        .collect();
    let kind = |column: &&str| {
        let name = column.trim_matches('"');
        // A column that is missing is reported by the statement that names it.
        known.get(name).copied().unwrap_or("text").to_owned()
    };
    Ok(tables.columns.iter().map(kind).collect())
}

/// Records what is new and looks up what is not.
pub(super) async fn write(
    connection: &mut PgConnection,
    link: &Link,
    sql: &AcceptSql,
    mut members: Vec<(usize, &Accept)>,
) -> Result<Vec<(usize, Accepted)>, sqlx::Error> {
    // Two batches that hold the same keys must not wait for each other.
    members.sort_by_key(|(_, accept)| key(accept));
    let inserted = insert(connection, link, sql, &members).await?;
    let (new, known): (Vec<_>, Vec<_>) = members
        .into_iter()
        .partition(|(_, accept)| inserted.contains(accept.operation.op_id.as_str()));
    let mut answers: Vec<_> = new
        .into_iter()
        .map(|(place, accept)| (place, accept.answer()))
        .collect();
    if !known.is_empty() {
        answers.extend(look_up(connection, link, sql, known).await?);
    }
    Ok(answers)
}

impl Accept {
    /// Records it in somebody's transaction.
    pub(in crate::store::postgres) async fn write_alone(
        &self,
        connection: &mut PgConnection,
        link: &Link,
        sql: &AcceptSql,
    ) -> Result<Accepted, sqlx::Error> {
        let mut answers = write(connection, link, sql, vec![(0, self)]).await?;
        Ok(answers
            .pop()
            .map_or(Accepted::Mismatch, |(_, accepted)| accepted))
    }

    /// Records several in somebody's transaction; answers in their order.
    pub(in crate::store::postgres) async fn write_all(
        accepts: &[Self],
        connection: &mut PgConnection,
        link: &Link,
        sql: &AcceptSql,
    ) -> Result<Vec<Accepted>, sqlx::Error> {
        let members = accepts.iter().enumerate().collect();
        let mut answers = write(connection, link, sql, members).await?;
        answers.sort_by_key(|(place, _)| *place);
        Ok(answers.into_iter().map(|(_, accepted)| accepted).collect())
    }

    fn answer(&self) -> Accepted {
        let term = self.term.as_ref();
        let lease = term.map(|term| Box::new(self.operation.first_lease(term.expires_at)));
        Accepted::New(lease)
    }
}

fn key(accept: &Accept) -> (&str, &str) {
    let operation = &accept.operation;
    (operation.owner_id.as_str(), operation.idem_key.as_str())
}

async fn insert(
    connection: &mut PgConnection,
    link: &Link,
    sql: &AcceptSql,
    members: &[(usize, &Accept)],
) -> Result<HashSet<String>, sqlx::Error> {
    let statement = sql.insert(connection).await?;
    let operations = || members.iter().map(|(_, accept)| &accept.operation);
    let terms = || members.iter().map(|(_, accept)| accept.term.as_ref());
    let mut query = sqlx::query_scalar(statement)
        .persistent(!link.wrapped)
        .bind(
            operations()
                .map(|new| new.op_id.as_str())
                .collect::<Vec<_>>(),
        )
        .bind(
            operations()
                .map(|new| new.owner_id.as_str())
                .collect::<Vec<_>>(),
        )
        .bind(
            operations()
                .map(|new| new.idem_key.as_str())
                .collect::<Vec<_>>(),
        )
        .bind(
            operations()
                .map(|new| clean(new.biz_key.as_str()))
                .collect::<Vec<_>>(),
        )
        .bind(operations().map(|new| new.event_type).collect::<Vec<_>>())
        .bind(
            operations()
                .map(|new| new.fingerprint.as_str())
                .collect::<Vec<_>>(),
        )
        .bind(operations().map(|new| &*new.payload).collect::<Vec<_>>())
        .bind(terms().map(|term| term.is_some()).collect::<Vec<_>>())
        .bind(
            terms()
                .map(|term| term.map(|term| &*term.worker))
                .collect::<Vec<_>>(),
        )
        .bind(
            terms()
                .map(|term| term.map(|term| term.expires_at))
                .collect::<Vec<_>>(),
        )
        .bind(operations().map(|new| new.accepted_at).collect::<Vec<_>>())
        .bind(operations().map(|new| new.deadline_at).collect::<Vec<_>>())
        .bind(
            operations()
                .map(|new| new.trace_parent.map(|parent| parent.to_string()))
                .collect::<Vec<_>>(),
        );
    for name in sql.tables.columns {
        let value = |new: &NewOperation| {
            let column = new.columns.iter().find(|column| column.name == *name);
            column.and_then(|column| literal(&column.value))
        };
        query = query.bind(operations().map(value).collect::<Vec<_>>());
    }
    let inserted: Vec<String> = query.fetch_all(connection).await?;
    Ok(inserted.into_iter().collect())
}

/// Answers operations whose key is taken.
async fn look_up(
    connection: &mut PgConnection,
    link: &Link,
    sql: &AcceptSql,
    members: Vec<(usize, &Accept)>,
) -> Result<Vec<(usize, Accepted)>, sqlx::Error> {
    let column = |value: fn(&NewOperation) -> &str| -> Vec<&str> {
        let values = members.iter().map(|(_, accept)| value(&accept.operation));
        values.collect()
    };
    let known: Vec<(String, String, String, String)> = sqlx::query_as(sql.accepted.clone())
        .persistent(!link.wrapped)
        .bind(column(|new| new.owner_id.as_str()))
        .bind(column(|new| new.idem_key.as_str()))
        .fetch_all(connection)
        .await?;
    let known: HashMap<(&str, &str), (&str, &str)> = known
        .iter()
        .map(|(owner, key, op_id, fingerprint)| ((&**owner, &**key), (&**op_id, &**fingerprint)))
        .collect();
    let answer = |accept: &Accept| match known.get(&key(accept)) {
        // The commit of an earlier try got through, only its reply was lost.
        Some((op_id, _)) if *op_id == accept.operation.op_id.as_str() => accept.answer(),
        Some((op_id, fingerprint)) if accept.operation.fingerprint.matches(fingerprint) => {
            OpId::new(*op_id).map_or(Accepted::Mismatch, Accepted::Existing)
        }
        Some(_) | None => Accepted::Mismatch,
    };
    Ok(members
        .into_iter()
        .map(|(place, accept)| (place, answer(accept)))
        .collect())
}
