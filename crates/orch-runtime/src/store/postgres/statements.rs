//! The statements of one domain: the `.sql` files beside this one with the domain's names filled in.

use sqlx::SqlStr;
use sqlx::{AssertSqlSafe, SqlSafeStr};

use crate::store::{Tables, quoted};

use super::committer::SettleSql;

/// Every statement but `accept.sql`, ready to prepare.
#[derive(Debug)]
pub(super) struct Statements {
    pub(super) accepted: SqlStr,
    pub(super) claim: SqlStr,
    pub(super) claim_unknown: SqlStr,
    pub(super) park_unreadable: SqlStr,
    pub(super) heartbeat: SqlStr,
    pub(super) record: SqlStr,
    pub(super) finalize: SqlStr,
    pub(super) log_applied: SqlStr,
    pub(super) set_aside: SqlStr,
    pub(super) pending_outcomes: SqlStr,
    pub(super) reap: SqlStr,
    pub(super) next_due: SqlStr,
    pub(super) next_expiry: SqlStr,
    pub(super) purge: SqlStr,
    pub(super) find: SqlStr,
    pub(super) command: SqlStr,
    pub(super) history: SqlStr,
    pub(super) count_by_state: SqlStr,
    pub(super) backlog: SqlStr,
    pub(super) window_end: SqlStr,
    pub(super) stale_texts: SqlStr,
    pub(super) rewrite_payload: SqlStr,
    pub(super) rewrite_result: SqlStr,
    pub(super) rewrite_error_cause: SqlStr,
    pub(super) rewrite_outcome: SqlStr,
    pub(super) keys_in_use: SqlStr,
    pub(super) callbacks: CallbackStatements,
}

/// Statements over the table of callbacks, which only some domains have.
#[derive(Debug)]
pub(super) struct CallbackStatements {
    pub(super) receive: SqlStr,
    pub(super) waiting_behind: SqlStr,
    pub(super) waiting_event: SqlStr,
    pub(super) waiting_of: SqlStr,
    pub(super) claim_told: SqlStr,
    pub(super) mark: SqlStr,
    pub(super) purge: SqlStr,
    pub(super) has_inbox: SqlStr,
    pub(super) window_end: SqlStr,
    pub(super) stale: SqlStr,
    pub(super) rewrite: SqlStr,
    /// `keys_in_use` of [`Statements`], with the inbox.
    pub(super) keys_in_use: SqlStr,
}

/// The sealed texts of the inbox, where there is one.
const INBOX_TEXTS: &str = " union all select outcome from {domain}_callbacks";

/// Parameters of `accept.sql` before the typed columns.
const ACCEPT_PARAMETERS: usize = 13;

impl Statements {
    pub(super) fn new(tables: &Tables) -> Self {
        let named = |text: &str| shared(text.replace("{domain}", tables.domain));
        Self {
            accepted: named(include_str!("accepted.sql")),
            claim: named(include_str!("claim.sql")),
            claim_unknown: named(include_str!("claim_unknown.sql")),
            park_unreadable: named(include_str!("park_unreadable.sql")),
            heartbeat: named(include_str!("heartbeat.sql")),
            record: named(include_str!("record.sql")),
            finalize: named(include_str!("finalize.sql")),
            log_applied: named(include_str!("log_applied.sql")),
            set_aside: named(include_str!("set_aside.sql")),
            pending_outcomes: named(include_str!("pending_outcomes.sql")),
            reap: named(include_str!("reap.sql")),
            next_due: named(include_str!("next_due.sql")),
            next_expiry: named(include_str!("next_expiry.sql")),
            purge: named(include_str!("purge.sql")),
            find: named(include_str!("find.sql")),
            command: named(include_str!("command.sql")),
            history: named(include_str!("history.sql")),
            count_by_state: named(include_str!("count_by_state.sql")),
            backlog: named(include_str!("backlog.sql")),
            window_end: named(include_str!("window_end.sql")),
            stale_texts: named(include_str!("stale_texts.sql")),
            rewrite_payload: named(include_str!("rewrite_payload.sql")),
            rewrite_result: named(include_str!("rewrite_result.sql")),
            rewrite_error_cause: named(include_str!("rewrite_error_cause.sql")),
            rewrite_outcome: named(include_str!("rewrite_outcome.sql")),
            keys_in_use: named(&include_str!("keys_in_use.sql").replace("{inbox}", "")),
            callbacks: CallbackStatements::new(&named),
        }
    }
}

impl CallbackStatements {
    fn new(named: &impl Fn(&str) -> SqlStr) -> Self {
        let keys_in_use = include_str!("keys_in_use.sql").replace("{inbox}", INBOX_TEXTS);
        let waiting =
            |which| named(&include_str!("waiting_callbacks.sql").replace("{which}", which));
        Self {
            receive: named(include_str!("receive_callback.sql")),
            waiting_behind: waiting("(received_at, event_id) > ($2, $3)"),
            waiting_event: waiting("event_id = $2"),
            waiting_of: waiting(include_str!("callbacks_of.sql")),
            claim_told: named(include_str!("claim_told.sql")),
            mark: named(include_str!("mark_callback.sql")),
            purge: named(include_str!("purge_callbacks.sql")),
            has_inbox: named(include_str!("has_inbox.sql")),
            window_end: named(include_str!("callback_window_end.sql")),
            stale: named(include_str!("stale_callbacks.sql")),
            rewrite: named(include_str!("rewrite_callback.sql")),
            keys_in_use: named(&keys_in_use),
        }
    }
}

/// `settle.sql` and what keeps the answers that it leaves.
pub(super) fn settle(tables: &Tables) -> SettleSql {
    let named = |text: &str| shared(text.replace("{domain}", tables.domain));
    SettleSql {
        settle: named(include_str!("settle.sql")),
        late: named(include_str!("late.sql")),
    }
}

/// `accept.sql`, given the type of each typed column. They travel as text and are cast to what the
/// table has.
pub(super) fn accept(tables: &Tables, types: &[String]) -> SqlStr {
    let (mut arrays, mut names) = (String::new(), String::new());
    let (mut columns, mut values) = (String::new(), String::new());
    for (at, (column, kind)) in tables.columns.iter().zip(types).enumerate() {
        let parameter = (ACCEPT_PARAMETERS + 1 + at).to_string();
        arrays.extend([", $", &parameter, "::text[]"]);
        names.extend([", typed_", &parameter]);
        columns.extend([", ", &quoted(column)]);
        values.extend([", typed_", &parameter, "::", kind]);
    }
    let text = include_str!("accept.sql")
        .replace("{domain}", tables.domain)
        .replace("{arrays}", &arrays)
        .replace("{names}", &names)
        .replace("{columns}", &columns)
        .replace("{values}", &values);
    shared(text)
}

/// Text of our own making that is cheap to clone.
fn shared(text: String) -> SqlStr {
    AssertSqlSafe(std::sync::Arc::<str>::from(text)).into_sql_str()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Fields may be named so; in the schema they are quoted.
    #[test]
    fn a_column_may_be_named_like_a_word_of_sql() {
        let tables = Tables {
            domain: "charge",
            columns: &["to", "order"],
        };
        let types = ["text".to_owned(), "bigint".to_owned()];
        let sql = accept(&tables, &types);
        assert!(
            sql.as_str().contains(", \"to\", \"order\""),
            "{}",
            sql.as_str()
        );
    }
}
