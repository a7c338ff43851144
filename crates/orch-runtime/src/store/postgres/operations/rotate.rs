//! Writing sealed texts again under the current key.

use sqlx::postgres::PgRow;
use sqlx::{Connection as _, Row as _, SqlStr};

use crate::store::postgres::error::postgres_error;
use crate::store::postgres::row::{self, number, unreadable};
use crate::store::sealer::{Rewrite, Stored};
use crate::store::settled::lost_text;
use crate::store::{KeyUse, Rotated, SealedColumn, StoreError};

use super::PostgresOperations;

impl PostgresOperations {
    pub(super) async fn rotate_operations(
        &self,
        after: Option<String>,
        limit: u32,
    ) -> Result<Rotated, StoreError> {
        let walk = (&self.sql.window_end, &self.sql.stale_texts);
        self.rotate_window(walk, after, limit).await
    }

    pub(super) async fn rotate_inbox(
        &self,
        after: Option<String>,
        limit: u32,
    ) -> Result<Rotated, StoreError> {
        if !self.has_inbox("rotate").await? {
            return Ok(Rotated::default());
        }
        let sql = &self.sql.callbacks;
        self.rotate_window((&sql.window_end, &sql.stale), after, limit)
            .await
    }

    async fn has_inbox(&self, operation: &'static str) -> Result<bool, StoreError> {
        let statement = self.statement(&self.sql.callbacks.has_inbox);
        let rows = self.rows(operation, statement).await?;
        let found = rows.first().map(|found| found.try_get(0)).transpose();
        Ok(found.map_err(postgres_error(operation))?.unwrap_or(false))
    }

    /// `window_end` finds the end of a part of the rows, `stale` what is to be written again in it.
    async fn rotate_window(
        &self,
        (window_end, stale): (&SqlStr, &SqlStr),
        after: Option<String>,
        limit: u32,
    ) -> Result<Rotated, StoreError> {
        let mut rotated = Rotated::default();
        let Some(prefix) = self.sealer.current_prefix() else {
            return Ok(rotated);
        };
        let error = postgres_error("rotate");
        let after = after.unwrap_or_default();
        let statement = self.statement(window_end);
        let statement = statement.bind(after.clone()).bind(i64::from(limit));
        let rows = self.rows("rotate", statement).await?;
        let end = rows.first().map(|found| found.try_get(0)).transpose();
        rotated.end = end.map_err(&error)?.flatten();
        let Some(end) = rotated.end.clone() else {
            return Ok(rotated);
        };
        let statement = self.statement(stale);
        let statement = statement.bind(after).bind(end);
        let statement = statement.bind(prefix.to_owned()).bind(lost_text());
        let rows = self.rows("rotate", statement).await?;
        let found: Result<_, _> = rows.iter().map(stale_text).collect();
        let rewrites = self.sealer.rewrites(found.map_err(&error)?, &mut rotated);
        rotated.rewritten = self.rewrite(&rewrites).await?;
        Ok(rotated)
    }

    /// Writes what is still as it was found; says how many.
    async fn rewrite(&self, rewrites: &[Rewrite]) -> Result<usize, StoreError> {
        if rewrites.is_empty() {
            return Ok(0);
        }
        let error = postgres_error("rotate");
        let mut changed = 0;
        let mut connection = self.store.link.pool.acquire().await.map_err(&error)?;
        let mut transaction = connection.begin().await.map_err(&error)?;
        for (column, sql) in [
            (SealedColumn::Payload, &self.sql.rewrite_payload),
            (SealedColumn::Result, &self.sql.rewrite_result),
            (SealedColumn::ErrorCause, &self.sql.rewrite_error_cause),
            (SealedColumn::Outcome, &self.sql.rewrite_outcome),
            (SealedColumn::Callback, &self.sql.callbacks.rewrite),
        ] {
            let of_column = |rewrite: &&Rewrite| rewrite.stored.column == column;
            let members = || rewrites.iter().filter(of_column);
            if members().next().is_none() {
                continue;
            }
            let texts = |text: fn(&Rewrite) -> &str| -> Vec<String> {
                members().map(|rewrite| text(rewrite).to_owned()).collect()
            };
            let fences = members().map(|rewrite| number(rewrite.stored.fence));
            let statement = self
                .statement(sql)
                .bind(texts(|rewrite| &rewrite.stored.op_id))
                .bind(fences.collect::<Vec<_>>())
                .bind(texts(|rewrite| &rewrite.stored.text))
                .bind(texts(|rewrite| &rewrite.sealed));
            let done = statement.execute(&mut *transaction).await;
            changed += done.map_err(&error)?.rows_affected();
        }
        transaction.commit().await.map_err(&error)?;
        Ok(usize::try_from(changed).unwrap_or(usize::MAX))
    }

    pub(super) async fn count_keys(&self) -> Result<Vec<KeyUse>, StoreError> {
        let texts = if self.has_inbox("keys in use").await? {
            &self.sql.callbacks.keys_in_use
        } else {
            &self.sql.keys_in_use
        };
        let statement = self.statement(texts).bind(lost_text());
        let rows = self.rows("keys in use", statement).await?;
        let count = |found: &PgRow| Ok(KeyUse::counted(found.try_get(0)?, found.try_get(1)?));
        let counts: Result<_, sqlx::Error> = rows.iter().map(count).collect();
        counts.map_err(postgres_error("keys in use"))
    }
}

fn stale_text(found: &PgRow) -> Result<Stored, sqlx::Error> {
    let column: Result<SealedColumn, String> = found.try_get::<String, _>(3)?.parse();
    Ok(Stored {
        column: column.map_err(|why| unreadable(3, std::io::Error::other(why)))?,
        op_id: found.try_get(0)?,
        event_type: found.try_get(1)?,
        fence: row::count(found, 2)?,
        text: found.try_get(4)?,
    })
}
