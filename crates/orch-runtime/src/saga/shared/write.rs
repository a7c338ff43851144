//! The statements of several turns. Where statements travel, each is one for all of them, which reads its rows
//! out of a JSON text; in a file each turn has its own.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use serde_json::{Map, Value as Json};

use crate::clock::Timestamp;
use crate::ids::OpId;
use crate::saga::record::{NewSaga, SagaRecord};
use crate::saga::rows::{Fields, state_row, step_row, turn_row};
use crate::saga::seals::{Seals, StepRow};
use crate::saga::tables::{Inserted, SagaTables};
use crate::saga::turn::{Next, Turning};
use crate::store::hook::{HookError, HookErrorKind, HookTx};
use crate::store::{Accepted, Lease, NewOperation, OperationStore, Term};
use crate::value::Value;

use super::Written;

/// What is to be written of one turn.
pub(in crate::saga) struct Write {
    pub(in crate::saga) saga: SagaRecord,
    /// The saga as it was asked for, if this is its first turn.
    new: Option<NewSaga>,
    changed: Vec<StepRow>,
    next: Option<Timestamp>,
    wanted: Vec<Wanted>,
}

/// What was leased of what was accepted.
type Leases = HashMap<OpId, Option<Box<Lease>>>;

type Wanted = (Arc<dyn OperationStore>, NewOperation, Option<Term>);

impl std::fmt::Debug for Write {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Write({})", self.saga.id)
    }
}

impl Write {
    /// A turn that changed something, the first one of `new` if there is one.
    ///
    /// # Errors
    /// When what a step gave cannot be sealed.
    pub(in crate::saga) fn of(
        turning: &Turning,
        new: Option<NewSaga>,
        seals: &Seals,
    ) -> Result<Self, HookError> {
        let wanted = turning.moved.wanted.iter();
        Ok(Self {
            saga: turning.saga.clone(),
            new,
            changed: turning.changed(seals)?,
            next: match turning.next {
                Next::Save(next) => next,
                Next::PutOff(until) => Some(until),
            },
            wanted: wanted.map(crate::engine::Wanted::asked).collect(),
        })
    }
}

/// Writes turns; answers in their order. Those that cannot be written leave nothing.
pub(super) async fn write(
    tx: &mut HookTx<'_>,
    tables: SagaTables,
    turns: &[Write],
) -> Result<Vec<Written>, HookError> {
    let mut written: Vec<Written> = turns.iter().map(|_| Written::Conflict).collect();
    let places = 0..turns.len();
    let (mut new, old): (Vec<_>, Vec<_>) = places.partition(|at| turns[*at].new.is_some());
    // Two batches that hold the same keys must not wait for each other.
    new.sort_by_key(|at| {
        turns[*at]
            .new
            .as_ref()
            .map(|new| (&new.owner_id, &new.idem_key))
    });
    insert(tx, tables, turns, &new, &mut written).await?;
    save(tx, tables, turns, &old, &mut written).await?;
    let is_written = |at: &usize| matches!(written[*at], Written::Yes(_));
    let kept: Vec<usize> = (0..turns.len()).filter(is_written).collect();
    let mut leases = accept(tx, turns, &kept).await?;
    for at in &kept {
        let wanted = turns[*at].wanted.iter();
        let leased = wanted.map(|(_, new, _)| leases.remove(&new.op_id).flatten());
        written[*at] = Written::Yes(leased.collect());
    }
    save_steps(tx, tables, turns, &kept).await?;
    Ok(written)
}

/// Records the sagas that are new, with what their first turns made of them.
async fn insert(
    tx: &mut HookTx<'_>,
    tables: SagaTables,
    turns: &[Write],
    places: &[usize],
    written: &mut [Written],
) -> Result<(), HookError> {
    let rows: Vec<_> = places
        .iter()
        .filter_map(|at| {
            let turn = &turns[*at];
            let new = turn.new.as_ref()?;
            Some((*at, new, state_row(new, &turn.saga, turn.next)))
        })
        .collect();
    let Some((_, _, first)) = rows.first() else {
        return Ok(());
    };
    let names: Vec<&str> = first.iter().map(|(name, _)| *name).collect();
    let is_like = |row: &[(&str, Value)]| row.iter().map(|(name, _)| *name).eq(names.clone());
    let (rows, others): (Vec<_>, Vec<_>) = rows.into_iter().partition(|(_, _, row)| is_like(row));
    for (at, _, _) in others {
        written[at] = Written::Alone;
    }
    let mut inserted = HashSet::new();
    if tx.is_remote() {
        let rows = json(rows.iter().map(|(_, _, row)| row));
        inserted = ids(tx.query(&tables.insert_rows(&names), &[rows]).await?)?;
    } else {
        let sql = tables.insert_row(&names);
        for (_, new, row) in &rows {
            let params: Vec<Value> = row.iter().map(|(_, value)| value.clone()).collect();
            if tx.execute(&sql, &params).await? == 1 {
                inserted.insert(new.id.as_str().to_owned());
            }
        }
    }
    for (at, new, _) in rows {
        written[at] = match inserted.contains(new.id.as_str()) {
            true => Written::Yes(Vec::new()),
            false => match tables.existing(tx, new).await? {
                Inserted::Existing(id) => Written::Existing(id),
                Inserted::Mismatch => Written::Mismatch,
                Inserted::New => Written::Alone,
            },
        };
    }
    Ok(())
}

/// Writes where sagas stand that are as they were read. One that somebody holds is not waited for.
async fn save(
    tx: &mut HookTx<'_>,
    tables: SagaTables,
    turns: &[Write],
    places: &[usize],
    written: &mut [Written],
) -> Result<(), HookError> {
    if tx.is_remote() && !places.is_empty() {
        let rows: Vec<_> = places
            .iter()
            .map(|at| turn_row(&turns[*at].saga, turns[*at].next))
            .collect();
        let saved = tx.query(&tables.save_rows(), &[json(rows.iter())]).await?;
        let saved = ids(saved)?;
        for at in places {
            if saved.contains(turns[*at].saga.id.as_str()) {
                written[*at] = Written::Yes(Vec::new());
            }
        }
        return Ok(());
    }
    for at in places {
        let Write { saga, next, .. } = &turns[*at];
        if tables.saved(tx, saga, *next).await? {
            written[*at] = Written::Yes(Vec::new());
        }
    }
    Ok(())
}

/// Accepts the operations of the turns at `places`, those of one domain together; says what was leased.
async fn accept(
    tx: &mut HookTx<'_>,
    turns: &[Write],
    places: &[usize],
) -> Result<Leases, HookError> {
    type Group<'t> = (&'t Arc<dyn OperationStore>, Vec<&'t Wanted>);
    let mut groups: Vec<Group<'_>> = Vec::new();
    for at in places {
        for wanted in &turns[*at].wanted {
            let mut known = groups.iter_mut();
            match known.find(|(store, _)| Arc::ptr_eq(store, &wanted.0)) {
                Some((_, members)) => members.push(wanted),
                None => groups.push((&wanted.0, vec![wanted])),
            }
        }
    }
    let mut leases = Leases::new();
    for (store, members) in groups {
        let asked = members
            .iter()
            .map(|(_, new, term)| (new.clone(), term.clone()));
        let accepted = store.accept_all_in(tx, asked.collect()).await;
        let accepted = accepted.map_err(|error| HookError::new(error.to_string()))?;
        for ((_, new, _), accepted) in members.into_iter().zip(accepted) {
            let Accepted::New(lease) = accepted else {
                let problem = format!("the key {} is taken", new.idem_key);
                return Err(HookError::of(HookErrorKind::Unguarded, problem));
            };
            leases.insert(new.op_id.clone(), lease);
        }
    }
    Ok(leases)
}

/// Writes the steps that changed.
async fn save_steps(
    tx: &mut HookTx<'_>,
    tables: SagaTables,
    turns: &[Write],
    places: &[usize],
) -> Result<(), HookError> {
    let turns = places.iter().map(|at| &turns[*at]);
    if tx.is_remote() {
        let rows: Vec<_> = turns
            .flat_map(|turn| {
                let (id, now) = (&turn.saga.id, turn.saga.updated_at);
                turn.changed.iter().map(move |step| step_row(id, now, step))
            })
            .collect();
        if !rows.is_empty() {
            tx.execute(&tables.save_step_rows(), &[json(rows.iter())])
                .await?;
        }
        return Ok(());
    }
    for turn in turns.filter(|turn| !turn.changed.is_empty()) {
        let (id, now) = (&turn.saga.id, turn.saga.updated_at);
        tables.save_steps(tx, id, &turn.changed, now).await?;
    }
    Ok(())
}

/// Rows as one text. PostgreSQL has no text with NUL in it.
fn json<'r, 'n: 'r>(rows: impl Iterator<Item = &'r Fields<'n>>) -> Value {
    let object = |row: &Fields<'_>| {
        let fields = row
            .iter()
            .map(|(name, value)| ((*name).to_owned(), field(value)));
        Json::Object(fields.collect::<Map<_, _>>())
    };
    let rows: Json = rows.map(object).collect();
    Value::Text(rows.to_string())
}

fn field(value: &Value) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Bool(truth) => Json::Bool(*truth),
        Value::Integer(number) => Json::from(*number),
        Value::Text(text) => Json::String(text.replace('\0', "\u{fffd}")),
        Value::Time(time) => Json::String(time.to_rfc3339()),
        Value::Date(date) => Json::String(date.to_string()),
        Value::Uuid(uuid) => Json::String(uuid.to_string()),
        #[cfg(feature = "decimal")]
        Value::Decimal(decimal) => Json::String(decimal.to_string()),
    }
}

fn ids(rows: Vec<crate::value::Row>) -> Result<HashSet<String>, HookError> {
    let ids = rows.iter().map(|row| row.get("transaction_id"));
    ids.collect::<Result<_, _>>()
        .map_err(|error| HookError::new(error.to_string()))
}
