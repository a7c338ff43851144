//! Bringing what sagas keep under the current key, so that an older key can be taken away.

use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::clock::Timestamp;
use crate::metrics::texts;
use crate::store::{KeyUse, Manner, Place, Rotated, SEALED, StoreError};
use crate::value::{Row, Value};

use super::engine::{SagaError, Sagas};
use super::read::unreadable;
use super::seals::Seals;

/// Sagas per look, whose texts are in memory at the same time.
const WINDOW: u32 = 50;
/// Looks per round at most.
const WINDOWS: u32 = 200;
/// Pause after a pass that found something: another process may still seal with an older key.
const SHORT_REST: Duration = Duration::from_secs(3_600);
/// Pause after a pass that found nothing.
const LONG_REST: Duration = Duration::from_secs(24 * 3_600);

/// Walks over all sagas by name, again and again with long pauses.
#[derive(Debug, Default)]
pub(super) struct SagaRotation {
    after: Option<String>,
    found: usize,
    rest_until: Option<Timestamp>,
}

/// A column of texts that are sealed.
#[derive(Debug)]
struct Texts {
    table: &'static str,
    column: &'static str,
    /// What tells the texts of one saga apart.
    key: &'static str,
    place: for<'p> fn(&Seals, &'p str, &'p str) -> Place<'p>,
}

const PAYLOADS: Texts = Texts {
    table: "states",
    column: "payload",
    key: "transaction_id",
    place: |seals, id, _| seals.payload_of(id),
};
const RESULTS: Texts = Texts {
    table: "step_results",
    column: "data",
    key: "step",
    place: |seals, id, step| seals.data_of(id, step),
};
const EVENTS: Texts = Texts {
    table: "outbox",
    column: "envelope",
    key: "event_id",
    place: |seals, _, event_id| seals.event_of(event_id),
};
const DEAD_LETTERS: Texts = Texts {
    table: "event_dead_letters",
    ..EVENTS
};

/// A text and the statement that replaces it.
#[derive(Debug)]
struct Rewrite {
    sql: Arc<str>,
    params: Vec<Value>,
}

impl<I: Serialize + DeserializeOwned + Send + Sync + 'static> Sagas<I> {
    /// Writes the texts of the next `limit` sagas behind `after` again that are not under the current key. Without
    /// keys it does nothing.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn rotate(&self, after: Option<String>, limit: u32) -> Result<Rotated, SagaError> {
        let mut rotated = Rotated::default();
        let Some(cipher) = self.inner.seals.cipher.clone() else {
            return Ok(rotated);
        };
        let (prefix, after) = (self.inner.tables.prefix, after.unwrap_or_default());
        let sql = format!(
            "select max(transaction_id) as last from (select transaction_id from {prefix}_states \
             where transaction_id > ?1 order by transaction_id limit ?2) looked_at"
        );
        let rows = self.read(sql, vec![Value::from(&after), Value::from(limit)]);
        let last = rows.await?.first().map(|row| row.get("last"));
        let last: Option<String> = last.transpose().map_err(unreadable)?.flatten();
        let Some(end) = last else {
            return Ok(rotated);
        };
        let window = vec![
            Value::from(&after),
            Value::from(&end),
            Value::from(cipher.current_prefix()),
        ];
        let (mut rewrites, seals) = (Vec::new(), &self.inner.seals);
        for texts in self.texts() {
            let (table, column, key) = (texts.table, texts.column, texts.key);
            let sql = format!(
                "select transaction_id, {key} as part, {column} as text from {prefix}_{table} \
                 where transaction_id > ?1 and transaction_id <= ?2 and {column} is not null \
                 and substr({column}, 1, length(?3)) <> ?3"
            );
            let update: Arc<str> = format!(
                "update {prefix}_{table} set {column} = ?1 \
                 where transaction_id = ?2 and {column} = ?3 and {key} = ?4"
            )
            .into();
            for row in self.read(sql, window.clone()).await? {
                let (id, part, text) = read(&row)?;
                let place = (texts.place)(seals, &id, &part);
                let opened = cipher.open(&place, text.clone());
                match opened.and_then(|text| cipher.seal(&place, &text)) {
                    Ok(sealed) => rewrites.push(Rewrite {
                        sql: Arc::clone(&update),
                        params: vec![sealed.into(), id.into(), text.into(), part.into()],
                    }),
                    Err(error) => {
                        tracing::warn!(%error, "left under its key");
                        rotated.unreadable += 1;
                    }
                }
            }
        }
        rotated.end = Some(end);
        rotated.rewritten = self.rewrite(rewrites).await?;
        Ok(rotated)
    }

    /// Under which keys the texts of these sagas are. All of them are looked at: ask before a key is taken away.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn keys_in_use(&self) -> Result<Vec<KeyUse>, SagaError> {
        let prefix = self.inner.tables.prefix;
        let all = self.texts().into_iter().map(|texts| {
            let (table, column) = (texts.table, texts.column);
            format!("select {column} as text from {prefix}_{table} where {column} is not null")
        });
        // An id has 32 letters at most, and a colon behind it.
        let sql = format!(
            "select start, count(*) as texts from (select case \
             when substr(text, 1, 6) = '{SEALED}' then substr(text, 7, 33) else '' end as start \
             from ({}) stored) starts group by start",
            all.collect::<Vec<_>>().join(" union all ")
        );
        let mut keys: Vec<KeyUse> = Vec::new();
        for row in self.read(sql, Vec::new()).await? {
            let start: String = row.get("start").map_err(unreadable)?;
            let texts: i64 = row.get("texts").map_err(unreadable)?;
            let texts = u64::try_from(texts).unwrap_or(0);
            let id = start.split_once(':').map(|(id, _)| id.to_owned());
            match keys.iter_mut().find(|known| known.key_id == id) {
                Some(known) => known.texts += texts,
                None => keys.push(KeyUse { key_id: id, texts }),
            }
        }
        keys.sort_by(|one, other| one.key_id.cmp(&other.key_id));
        Ok(keys)
    }

    /// Goes on with a pass, unless it rests.
    pub(super) async fn go_on_rotating(&self, pass: &mut SagaRotation) {
        let now = self.inner.clock.now();
        let rests = pass.rest_until.is_some_and(|until| now < until);
        if rests || self.inner.seals.cipher.is_none() {
            return;
        }
        for _ in 0..WINDOWS {
            match self.rotate(pass.after.take(), WINDOW).await {
                Ok(rotated) => {
                    pass.found += rotated.rewritten + rotated.unreadable;
                    pass.after = rotated.end;
                }
                Err(error) => {
                    tracing::error!(scheduler = "sagas", %error, "the rotation of keys begins anew");
                    *pass = SagaRotation::default();
                    return;
                }
            }
            if pass.after.is_none() {
                self.show_keys().await;
                let rest = match pass.found {
                    0 => LONG_REST,
                    _ => SHORT_REST,
                };
                *pass = SagaRotation {
                    rest_until: Some(now + rest),
                    ..SagaRotation::default()
                };
                return;
            }
        }
    }

    async fn show_keys(&self) {
        let inner = &self.inner;
        let ids = inner.seals.cipher.as_ref().map(|cipher| cipher.key_ids());
        match self.keys_in_use().await {
            Ok(found) => {
                let gauge = &inner.metrics.encryption_texts;
                texts::show(gauge, &ids.unwrap_or_default(), &found);
            }
            Err(error) => tracing::warn!(%error, "which keys are in use is not known"),
        }
    }

    /// What is sealed; only sagas that have events have tables of them.
    fn texts(&self) -> Vec<Texts> {
        let mut all = vec![PAYLOADS, RESULTS];
        if self.inner.told.is_some() {
            all.extend([EVENTS, DEAD_LETTERS]);
        }
        all
    }

    async fn rewrite(&self, rewrites: Vec<Rewrite>) -> Result<usize, SagaError> {
        if rewrites.is_empty() {
            return Ok(0);
        }
        let rewrites = Arc::new(rewrites);
        let database = &self.inner.database;
        let done = database.transaction_as(Manner::GivesUp, move |mut tx| {
            let rewrites = Arc::clone(&rewrites);
            Box::pin(async move {
                let mut changed = 0;
                for Rewrite { sql, params } in rewrites.iter() {
                    changed += tx.execute(sql, params).await?;
                }
                Ok(changed)
            })
        });
        Ok(usize::try_from(done.await?).unwrap_or(usize::MAX))
    }

    async fn read(&self, sql: String, params: Vec<Value>) -> Result<Vec<Row>, StoreError> {
        self.inner.database.query(sql, params).await
    }
}

fn read(row: &Row) -> Result<(String, String, String), StoreError> {
    let text = |name| row.get(name).map_err(unreadable);
    Ok((text("transaction_id")?, text("part")?, text("text")?))
}
