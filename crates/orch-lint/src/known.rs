//! Names of other people's crates: the runtime and the database libraries.
//!
//! **Invariant:** everything the linter knows by name stands here. It links none of these crates.

use std::time::Duration;

/// The crate whose conventions are checked, as it is written in paths.
pub(crate) const RUNTIME: &str = "orch_runtime";

/// What the names of write-ahead log tables end in.
pub(crate) const LOG_TABLE: &str = "_write_ahead_logs";

/// The lease of an engine whose `EngineConfig` does not say one.
pub(crate) const DEFAULT_LEASE: Duration = Duration::from_secs(15);

/// Types and traits of the runtime that rules ask about; also what a glob import brings in.
const RUNTIME_NAMES: &str = "\
    Call Choreography ChoreographyBuilder Cleaner Command Compensation CompensationHandler Engine Entity \
    EventHandler Finalizer GatewayError HookTx IdemKey Idempotency Local LocalWork Monitor OpId OperationStore \
    OperationState Orchestrator Outcome OwnerId Probe Reaper Receipt Repository SagaEvents SagaStep Sagas \
    SagasBuilder SqliteStore StepHandler StepPlan StepRun ToleratedFailureHandler WalState Weight Workers";

/// Types that hold a connection to a database or can get one, by crate.
const DATABASE: &[(&str, &str)] = &[
    (
        RUNTIME,
        "Cleaner Database Embedded Endpoint Engine EngineBuilder Engines Finalizer HookTx Monitor \
    OperationStore Parts PostgresStore Reaper Repository SagaEndpoint SagaParts Sagas SagasBuilder \
    Service Setup SqliteStore Workers",
    ),
    (
        "sqlx",
        "\
    Acquire AnyConnection AnyPool AnyPoolOptions Connection Executor MySqlConnection \
    MySqlExecutor MySqlPool MySqlPoolOptions MySqlTransaction PgConnection PgExecutor \
    PgListener PgPool PgPoolOptions PgTransaction Pool PoolConnection PoolOptions \
    SqliteConnection SqliteExecutor SqlitePool SqlitePoolOptions SqliteTransaction Transaction",
    ),
    (
        "sea_orm",
        "\
    ConnectionTrait Database DatabaseConnection DatabaseExecutor DatabaseTransaction DbConn \
    StreamTrait TransactionTrait",
    ),
    ("rusqlite", "Connection Savepoint Transaction"),
    ("tokio_rusqlite", "Connection"),
    (
        "diesel",
        "\
    Connection ConnectionManager MysqlConnection PgConnection Pool PooledConnection SqliteConnection",
    ),
    (
        "diesel_async",
        "AsyncConnection AsyncDieselConnectionManager AsyncMysqlConnection AsyncPgConnection Object Pool",
    ),
    ("postgres", "Client GenericClient Transaction"),
    (
        "tokio_postgres",
        "Client Connection GenericClient Transaction",
    ),
    (
        "deadpool_postgres",
        "Client GenericClient Manager Object Pool Transaction",
    ),
    ("deadpool_sqlite", "Connection Manager Object Pool"),
    ("deadpool_diesel", "Connection Manager Object Pool"),
    ("bb8_postgres", "PostgresConnectionManager"),
    ("mobc_postgres", "PgConnectionManager"),
    ("r2d2_mysql", "MySqlConnectionManager"),
    ("r2d2_postgres", "PostgresConnectionManager"),
    ("r2d2_sqlite", "SqliteConnectionManager"),
    ("mysql", "Conn Pool PooledConn Transaction"),
    ("mysql_async", "Conn Pool Transaction"),
    ("mongodb", "Client ClientSession Collection Database"),
    ("libsql", "Connection Database Transaction"),
];

/// Crates of pools of anything: what their `Pool<M>` holds is said by `M`.
const POOLS: &str = "bb8 deadpool mobc r2d2";

/// Types of the runtime through which rows are read and written.
const STORES: [&str; 5] = [
    "Database",
    "OperationStore",
    "PostgresStore",
    "Repository",
    "SqliteStore",
];

/// Methods that open a transaction or take a connection when the receiver is one of [`DATABASE`].
const OPENERS: &str = "\
    acquire acquire_owned begin begin_transaction begin_with begin_with_config \
    build_transaction connect connect_lazy connect_lazy_with connect_with dedicated_connection \
    establish get_conn get_connection savepoint start_session start_transaction transaction \
    transaction_with_behavior transaction_with_config try_acquire try_begin try_begin_with \
    unchecked_transaction";

/// Openers only when the receiver is certainly a pool: the words are everywhere else too.
const POOL_OPENERS: &str = "get get_owned get_timeout try_get";

/// Associated functions of a database type that give a connection.
const CONNECTORS: &[&str] = &[
    "connect",
    "open",
    "establish",
    "begin",
    "acquire",
    "in_memory",
];

/// Functions and macros of database libraries whose first text is SQL, by crate.
const SQL_FUNCTIONS: &[(&str, &str)] = &[
    (
        "sqlx",
        "\
    query query_as query_as_unchecked query_as_with query_scalar query_scalar_unchecked \
    query_scalar_with query_unchecked query_with raw_sql",
    ),
    ("diesel", "sql_query"),
    ("sea_orm", "from_sql_and_values from_string"),
];

/// Methods of database types whose first argument is SQL.
const SQL_METHODS: &str = "\
    batch_execute execute execute_batch execute_raw execute_unprepared fetch fetch_all fetch_many \
    fetch_one fetch_optional prepare prepare_cached query query_map query_one query_opt query_raw \
    query_row query_row_and_then query_typed simple_query";

/// Crates whose types hold no database, whatever else they hold.
const CLEAN: &str = "\
    ahash alloc anyhow arc_swap async_trait axum backoff backon base64 bb8_redis bigdecimal bon \
    bytes chrono compact_str core crossbeam dashmap deadpool_redis derive_more either fake \
    form_urlencoded fred futures \
    futures_util governor hashbrown headers hmac http http_body http_body_util hyper \
    hyper_util indexmap isahc itertools jiff jsonwebtoken lapin lettre log metrics mime moka \
    nonzero_ext num num_bigint once_cell opentelemetry parking_lot percent_encoding \
    phonenumber pin_project prometheus prost quick_xml rand redis regex reqwest reqwest_middleware \
    ring rust_decimal rustls secrecy semver serde serde_json serde_with sha2 smallvec smol_str \
    static_assertions std strum thiserror time tokio tokio_util tonic tower tower_http tracing \
    ulid ureq url urlencoding uuid validator zeroize num_traits";

/// Whether a list of words has a word.
pub(crate) fn has(words: &str, word: &str) -> bool {
    // Byte by byte: words are short, and a search that has to be set up takes longer than they do.
    let mut words = words.as_bytes().split(|byte| *byte == b' ');
    words.any(|of| of == word.as_bytes())
}

/// Whether the runtime re-exports a crate as a module.
fn is_reexported(krate: &str) -> bool {
    matches!(
        krate,
        "async_trait" | "axum" | "serde" | "serde_json" | "tokio" | "tracing"
    )
}

/// What an external path means, with the runtime's re-exports seen through.
pub(crate) fn canonical(path: &[String]) -> &[String] {
    match path {
        [first, second, ..] if first == RUNTIME && is_reexported(second) => &path[1..],
        _ => path,
    }
}

/// Whether an external path names `name` of the runtime.
pub(crate) fn is_runtime(path: &[String], name: &str) -> bool {
    path.last().is_some_and(|of| of == name)
        && canonical(path).first().is_some_and(|of| of == RUNTIME)
}

/// Whether an external path names anything of the runtime itself.
pub(crate) fn is_of_runtime(path: &[String]) -> bool {
    let path = canonical(path);
    path.len() > 1 && path.first().is_some_and(|first| first == RUNTIME)
}

/// Whether an external path names an item of the standard library.
pub(crate) fn is_std(path: &[String], name: &str) -> bool {
    path.first()
        .is_some_and(|first| matches!(first.as_str(), "std" | "core" | "alloc"))
        && path.last().is_some_and(|of| of == name)
}

/// Whether an external path names a pool that may hold anything.
pub(crate) fn is_pool_of_anything(path: &[String]) -> bool {
    canonical(path)
        .first()
        .is_some_and(|first| has(POOLS, first))
}

/// Whether an external path names something that reaches a database.
pub(crate) fn is_database(path: &[String]) -> bool {
    let path = canonical(path);
    let (Some(first), Some(last)) = (path.first(), path.last()) else {
        return false;
    };
    path.len() > 1 && has(database_names(first), last)
}

fn database_names(of: &str) -> &'static str {
    let family = if of.starts_with("sqlx_") { "sqlx" } else { of };
    let found = DATABASE.iter().find(|(name, _)| *name == family);
    found.map_or("", |(_, names)| names)
}

/// Whether a glob import of an external module brings in `name`, as far as that is known.
pub(crate) fn glob_brings(module: &[String], name: &str) -> bool {
    let Some(first) = canonical(module).first() else {
        return false;
    };
    (first == RUNTIME && has(RUNTIME_NAMES, name))
        || (first != RUNTIME && has(database_names(first), name))
        || has(sql_functions(first), name)
        || (first == "serde" && matches!(name, "Deserialize" | "Serialize"))
}

/// Variants of the runtime's enums that rules ask about; what a glob of them brings in.
pub(crate) fn runtime_variants(path: &[String]) -> &'static str {
    const ENUMS: &[(&str, &str)] = &[
        ("Outcome", "Ok Retry Fail Unknown"),
        ("Probe", "Committed NotCommitted StillUnknown"),
        ("GatewayError", "Unavailable Refused NoAnswer"),
        ("Compensation", "Operation None"),
        ("Weight", "Required Optional"),
    ];
    let found = ENUMS.iter().find(|(name, _)| is_runtime(path, name));
    found.map_or("", |(_, variants)| variants)
}

/// The types of the runtime through which rows are read and written.
pub(crate) fn stores() -> impl Iterator<Item = &'static str> {
    STORES.into_iter()
}

/// The type of the runtime through which rows are read and written that a path names, or names
/// something in.
pub(crate) fn store_of_runtime(path: &[String]) -> Option<&str> {
    if !is_of_runtime(path) {
        return None;
    }
    let mut names = path
        .iter()
        .skip(1)
        .filter(|name| STORES.contains(&name.as_str()));
    names.next().map(String::as_str)
}

/// The texts that a column of one of the runtime's states holds.
pub(crate) fn stored_states(path: &[String]) -> Option<&'static str> {
    const STATES: &[(&str, &str)] = &[
        (
            "OperationState",
            "PENDING IN_PROGRESS UNKNOWN COMPLETED FAILED PARKED",
        ),
        ("WalState", "INTENT PENDING COMPLETED LATE CORRUPT"),
    ];
    let found = STATES.iter().find(|(name, _)| is_runtime(path, name));
    found.map(|(_, states)| *states)
}

/// Whether a method opens a transaction or takes a connection, given a database receiver.
pub(crate) fn is_opener(method: &str) -> bool {
    has(OPENERS, method)
}

/// Whether a method takes a connection from something that is certainly a pool.
pub(crate) fn is_pool_opener(method: &str) -> bool {
    has(POOL_OPENERS, method)
}

/// Whether an associated function of a database type gives a connection.
pub(crate) fn is_connector(function: &str) -> bool {
    is_opener(function) || CONNECTORS.iter().any(|prefix| function.starts_with(prefix))
}

/// Whether a free function of another crate gives a connection.
pub(crate) fn is_connect_function(path: &[String]) -> bool {
    let path = canonical(path);
    let krate = path.first().map(String::as_str).unwrap_or_default();
    let function = path.last().map(String::as_str).unwrap_or_default();
    matches!(
        (krate, function),
        ("tokio_postgres" | "diesel", "connect" | "establish")
    )
}

/// Whether a function or macro by that name may take SQL.
pub(crate) fn is_sql_name(name: &str) -> bool {
    SQL_FUNCTIONS.iter().any(|(_, names)| has(names, name))
}

/// Which argument of a function that takes SQL is the SQL: SeaORM is told first for which database it is.
pub(crate) fn place_of_sql(function: &str) -> usize {
    usize::from(has(sql_functions("sea_orm"), function))
}

/// Whether a method by that name takes SQL, given a database receiver.
pub(crate) fn is_sql_method(method: &str) -> bool {
    has(SQL_METHODS, method)
}

/// Whether an external path names a function or macro that takes SQL.
pub(crate) fn takes_sql(path: &[String]) -> bool {
    let path = canonical(path);
    let (Some(first), Some(last)) = (path.first(), path.last()) else {
        return false;
    };
    let is_builder = last == "new" && path.iter().any(|of| of == "QueryBuilder");
    has(sql_functions(first), last) || first.starts_with("sqlx") && is_builder
}

fn sql_functions(of: &str) -> &'static str {
    let family = if of.starts_with("sqlx_") { "sqlx" } else { of };
    let found = SQL_FUNCTIONS.iter().find(|(name, _)| *name == family);
    found.map_or("", |(_, names)| names)
}

/// Whether a crate is known to hold no database connections.
pub(crate) fn is_clean(path: &[String]) -> bool {
    let path = canonical(path);
    path.first()
        .is_some_and(|first| first == RUNTIME || has(CLEAN, first))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> Vec<String> {
        text.split("::").map(String::from).collect()
    }

    #[test]
    fn the_runtime_is_seen_through_its_reexports() {
        assert_eq!(
            canonical(&path("orch_runtime::serde::Deserialize")),
            path("serde::Deserialize")
        );
        assert!(is_runtime(
            &path("orch_runtime::operation::Outcome"),
            "Outcome"
        ));
        assert!(!is_runtime(&path("other::Outcome"), "Outcome"));
    }

    #[test]
    fn databases_are_known_by_crate_and_name() {
        assert!(is_database(&path("sqlx::PgPool")));
        assert!(is_database(&path("sqlx_postgres::PgPool")));
        assert!(is_database(&path("orch_runtime::Repository")));
        assert!(!is_database(&path("tokio::sync::Semaphore")));
        assert!(!is_database(&path("threadpool::Pool")));
        assert!(!is_database(&path("bb8::Pool")));
        assert!(is_pool_of_anything(&path("deadpool::managed::Pool")));
        assert!(!is_database(&path("git2::Transaction")));
    }
}
