//! The database of a service, read as the file it is.

use std::path::Path;

use rusqlite::Connection;

/// What the log holds of one recorded outcome.
pub(crate) type Recorded = (String, String);

/// Opens the file of a service that may be running.
pub(crate) fn open(path: &Path) -> Connection {
    let connection = Connection::open(path).unwrap();
    let patience = std::time::Duration::from_secs(30);
    connection.busy_timeout(patience).unwrap();
    connection
}

/// The number that `sql` answers.
pub(crate) fn number(path: &Path, sql: &str) -> i64 {
    open(path).query_row(sql, [], |row| row.get(0)).unwrap()
}

/// The texts in the first column of what `sql` answers.
pub(crate) fn texts(path: &Path, sql: &str) -> Vec<String> {
    let connection = open(path);
    let mut statement = connection.prepare(sql).unwrap();
    let rows = statement.query_map([], |row| row.get(0)).unwrap();
    rows.collect::<Result<_, _>>().unwrap()
}

/// How often each state occurs, as `COMPLETED 3, FAILED 1`.
pub(crate) fn states(path: &Path) -> String {
    let sql = "select state || ' ' || count(*) from payment_operations group by state";
    texts(path, sql).join(", ")
}

/// Outcomes that end an operation and are in the log: operation and kind.
pub(crate) fn recorded_ends(path: &Path) -> Vec<Recorded> {
    let connection = open(path);
    let sql = "select op_id, outcome_type from payment_write_ahead_logs
        where outcome_type in ('OK', 'FAIL') and state in ('PENDING', 'COMPLETED')";
    let mut statement = connection.prepare(sql).unwrap();
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)));
    rows.unwrap().collect::<Result<_, _>>().unwrap()
}
