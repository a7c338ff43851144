//! Everything that can be seen of a store.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::Arc;

use orch_runtime::store::OperationStore;
use orch_runtime::value::FromValue;
use orch_runtime::{OpId, Timestamp, Value};

/// The rows of all tables, and what the reading methods answer.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Picture {
    rows: BTreeMap<RowName, Vec<String>>,
    answers: BTreeMap<String, String>,
}

/// The place of a table, and the values that name a row in it; the first names an operation.
type RowName = (usize, Vec<String>);

/// The tables: name, the columns that name a row, all others. The operations come first.
const TABLES: [(&str, &[&str], &[&str]); 4] = [
    (
        "charge_operations",
        &["op_id"],
        &[
            "owner_id",
            "idem_key",
            "biz_key",
            "event_type",
            "fingerprint",
            "payload",
            "order_id",
            "cents",
            "state",
            "attempts",
            "interruptions",
            "probes",
            "fence",
            "lease_owner",
            "lease_expires_at",
            "next_attempt_at",
            "first_sent_at",
            "unaccounted_at",
            "deadline_at",
            "message",
            "provider_ref",
            "result",
            "error_code",
            "error_cause",
            "progress_done",
            "progress_total",
            "accepted_at",
            "updated_at",
            "completed_at",
        ],
    ),
    (
        "charge_write_ahead_logs",
        &["op_id", "fence"],
        &[
            "attempt",
            "state",
            "outcome_type",
            "outcome",
            "created_at",
            "written_at",
            "completed_at",
        ],
    ),
    ("orders", &["order_id"], &["paid"]),
    (
        "charge_callbacks",
        &["event_id"],
        &[
            "op_id",
            "provider_ref",
            "kind",
            "outcome",
            "state",
            "matched_op_id",
            "received_at",
            "settled_at",
        ],
    ),
];

/// A value as every store would write it.
struct Shown(String);

impl FromValue for Shown {
    fn from_value(value: &Value) -> Result<Self, String> {
        Ok(Self(match value {
            Value::Null => "NULL".to_owned(),
            Value::Integer(number) => number.to_string(),
            Value::Time(time) => time.timestamp_millis().to_string(),
            Value::Text(text) => text.clone(),
            other => format!("{other:?}"),
        }))
    }
}

impl Picture {
    /// The value in `column` of the row of `table` that has this name, if there is one.
    pub(crate) fn cell(&self, table: &str, name: &[&str], column: &str) -> Option<&str> {
        let place = TABLES.iter().position(|(known, _, _)| *known == table)?;
        let column = TABLES[place].2.iter().position(|known| *known == column)?;
        let name = name.iter().map(|&part| part.to_owned()).collect();
        let row = self.rows.get(&(place, name))?;
        row.get(column).map(String::as_str)
    }

    /// The names of all operations.
    pub(crate) fn operations(&self) -> impl Iterator<Item = &String> {
        let rows = self.rows.keys().filter(|(table, _)| *table == 0);
        rows.filter_map(|(_, name)| name.first())
    }

    /// The names of what differs in `other`.
    fn changed(&self, other: &Self) -> BTreeSet<String> {
        let differ = |(name, row): &(&RowName, &Vec<String>)| other.rows.get(*name) != Some(row);
        let changed = self.rows.iter().filter(differ);
        let gone = other.rows.iter();
        let gone = gone.filter(|(name, _)| !self.rows.contains_key(*name));
        let names = changed
            .chain(gone)
            .filter_map(|((_, name), _)| name.first());
        names.cloned().collect()
    }

    /// What differs, a cell or an answer at a time; nothing when nothing does.
    pub(crate) fn difference(&self, other: &Self, names: [&str; 2]) -> String {
        let mut lines = String::new();
        let mut note = |what: &str, left: Option<&String>, right: Option<&String>| {
            if left != right {
                let show =
                    |value: Option<&String>| value.map_or("nothing", |value| value).to_owned();
                let (left, right) = (show(left), show(right));
                let [first, second] = names;
                let _ = writeln!(
                    lines,
                    "  {what}\n    {first}: {left}\n    {second}: {right}"
                );
            }
        };
        let rows: BTreeSet<&RowName> = self.rows.keys().chain(other.rows.keys()).collect();
        for (table, name) in rows {
            let (table_name, _, columns) = TABLES[*table];
            let row = (*table, name.clone());
            let (left, right) = (self.rows.get(&row), other.rows.get(&row));
            for (place, column) in columns.iter().enumerate() {
                let cell = |row: Option<&Vec<String>>| row.and_then(|row| row.get(place)).cloned();
                let what = format!("{table_name} {name:?} {column}");
                note(&what, cell(left).as_ref(), cell(right).as_ref());
            }
        }
        let questions: BTreeSet<&String> =
            self.answers.keys().chain(other.answers.keys()).collect();
        for question in questions {
            note(
                question,
                self.answers.get(question),
                other.answers.get(question),
            );
        }
        lines
    }
}

/// The rows of one table.
async fn rows(store: &Arc<dyn OperationStore>, place: usize) -> BTreeMap<RowName, Vec<String>> {
    let (table, key, others) = TABLES[place];
    let columns = [key, others].concat().join(", ");
    let sql = format!("select {columns} from {table}");
    let found = store.query(sql, Vec::new()).await.unwrap();
    let rows = found.iter().map(|row| {
        let read = |columns: &[&str]| -> Vec<String> {
            let values = columns.iter().map(|column| row.get::<Shown>(column));
            values.map(|value| value.unwrap().0).collect()
        };
        ((place, read(key)), read(others))
    });
    rows.collect()
}

/// All rows, and what the reading methods make of them. Answers about operations whose rows did not
/// change since `before` are taken from there.
pub(crate) async fn picture(
    store: &Arc<dyn OperationStore>,
    now: Timestamp,
    before: &Picture,
) -> Picture {
    let (operations, log, orders, inbox, counts, backlog) = tokio::join!(
        rows(store, 0),
        rows(store, 1),
        rows(store, 2),
        rows(store, 3),
        store.count_by_state(),
        store.backlog(now),
    );
    let mut seen = Picture::default();
    for rows in [operations, log, orders, inbox] {
        seen.rows.extend(rows);
    }
    let changed = seen.changed(before);
    let mut answers = BTreeMap::new();
    for name in seen.operations() {
        let questions = [format!("find {name}"), format!("history {name}")];
        let known = questions
            .each_ref()
            .map(|question| before.answers.get(question));
        let found = if let ([Some(found), Some(history)], false) = (known, changed.contains(name)) {
            [found.clone(), history.clone()]
        } else {
            let op_id = OpId::new(&**name).unwrap();
            let found = store.find(&op_id).await.unwrap();
            let history = store.history(&op_id).await.unwrap();
            [format!("{found:?}"), format!("{history:?}")]
        };
        answers.extend(questions.into_iter().zip(found));
    }
    let mut counts = counts.unwrap();
    counts.sort_by_key(|(state, _)| state.as_str());
    answers.insert("count by state".to_owned(), format!("{counts:?}"));
    answers.insert("backlog".to_owned(), format!("{:?}", backlog.unwrap()));
    seen.answers = answers;
    seen
}
