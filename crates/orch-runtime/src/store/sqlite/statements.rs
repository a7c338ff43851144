//! The statements of one domain: the `.sql` files beside this one with the domain's names filled in.

use crate::store::{Tables, quoted};

/// Every statement, ready to prepare.
#[derive(Debug)]
pub(super) struct Statements {
    pub(super) accept: String,
    pub(super) accepted: String,
    pub(super) intent: String,
    pub(super) claim: String,
    pub(super) claim_unknown: String,
    pub(super) park_unreadable: String,
    pub(super) heartbeat: String,
    pub(super) settle: String,
    pub(super) log_outcome: String,
    pub(super) owns: String,
    pub(super) repeated: String,
    pub(super) log_applied: String,
    pub(super) set_aside: String,
    pub(super) pending_outcomes: String,
    pub(super) reap: String,
    pub(super) log_lost: String,
    pub(super) next_due: String,
    pub(super) next_expiry: String,
    pub(super) purge: String,
    pub(super) find: String,
    pub(super) command: String,
    pub(super) history: String,
    pub(super) count_by_state: String,
    pub(super) backlog: String,
    pub(super) window_end: String,
    pub(super) stale_texts: String,
    pub(super) rewrite_payload: String,
    pub(super) rewrite_result: String,
    pub(super) rewrite_error_cause: String,
    pub(super) rewrite_outcome: String,
    pub(super) keys_in_use: String,
    pub(super) callbacks: CallbackStatements,
}

/// Statements over the table of callbacks, which only some domains have.
#[derive(Debug)]
pub(super) struct CallbackStatements {
    pub(super) receive: String,
    pub(super) waiting_behind: String,
    pub(super) waiting_event: String,
    pub(super) waiting_of: String,
    pub(super) claim_told: String,
    pub(super) mark: String,
    pub(super) purge: String,
    pub(super) has_inbox: String,
    pub(super) window_end: String,
    pub(super) stale: String,
    pub(super) rewrite: String,
    /// `keys_in_use` of [`Statements`], with the inbox.
    pub(super) keys_in_use: String,
}

/// The sealed texts of the inbox, where there is one.
const INBOX_TEXTS: &str = " union all select outcome from {domain}_callbacks";

/// Parameters of `accept.sql` before the typed columns.
pub(super) const ACCEPT_PARAMETERS: usize = 16;

impl Statements {
    pub(super) fn new(tables: &Tables) -> Self {
        let named = |text: &str| text.replace("{domain}", tables.domain);
        Self {
            accept: accept(tables, &named(include_str!("accept.sql"))),
            accepted: named(include_str!("accepted.sql")),
            intent: named(include_str!("intent.sql")),
            claim: named(include_str!("claim.sql")),
            claim_unknown: named(include_str!("claim_unknown.sql")),
            park_unreadable: named(include_str!("park_unreadable.sql")),
            heartbeat: named(include_str!("heartbeat.sql")),
            settle: named(include_str!("settle.sql")),
            log_outcome: named(include_str!("log_outcome.sql")),
            owns: named(include_str!("owns.sql")),
            repeated: named(include_str!("repeated.sql")),
            log_applied: named(include_str!("log_applied.sql")),
            set_aside: named(include_str!("set_aside.sql")),
            pending_outcomes: named(include_str!("pending_outcomes.sql")),
            reap: named(include_str!("reap.sql")),
            log_lost: named(include_str!("log_lost.sql")),
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
    fn new(named: &impl Fn(&str) -> String) -> Self {
        let keys_in_use = include_str!("keys_in_use.sql").replace("{inbox}", INBOX_TEXTS);
        let waiting =
            |which| named(&include_str!("waiting_callbacks.sql").replace("{which}", which));
        Self {
            receive: named(include_str!("receive_callback.sql")),
            waiting_behind: waiting("(received_at, event_id) > (?2, ?3)"),
            waiting_event: waiting("event_id = ?2"),
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

fn accept(tables: &Tables, text: &str) -> String {
    let mut columns = String::new();
    let mut values = String::new();
    for (at, column) in tables.columns.iter().enumerate() {
        columns.extend([", ", &quoted(column)]);
        values.extend([", ?".to_owned(), (ACCEPT_PARAMETERS + 1 + at).to_string()]);
    }
    text.replace("{columns}", &columns)
        .replace("{values}", &values)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// SQLite opens a temporary table for an `IN` list of more than two, also in a CHECK and at every
    /// row; four of them per operation halved the throughput.
    #[test]
    fn no_step_of_an_operation_makes_a_temporary_table() {
        let tables = Tables {
            domain: "charge",
            columns: &["order_id", "cents"],
        };
        let sql = Statements::new(&tables);
        let connection = rusqlite::Connection::open_in_memory().unwrap();
        let schema = include_str!("../../../tests/it/charge.sql");
        connection.execute_batch(schema).unwrap();
        for step in [&sql.accept, &sql.intent, &sql.log_outcome, &sql.settle] {
            let explain = format!("explain {step}");
            let mut program = connection.prepare(&explain).unwrap();
            let opcodes = program.raw_query().mapped(|row| row.get(1));
            let opcodes: Vec<String> = opcodes.collect::<rusqlite::Result<_>>().unwrap();
            assert!(opcodes.contains(&"OpenWrite".to_owned()), "{step}");
            assert!(!opcodes.contains(&"OpenEphemeral".to_owned()), "{step}");
        }
    }

    /// Fields may be named so; in the schema they are quoted.
    #[test]
    fn a_column_may_be_named_like_a_word_of_sql() {
        let tables = Tables {
            domain: "charge",
            columns: &["to", "order"],
        };
        let connection = rusqlite::Connection::open_in_memory().unwrap();
        let schema = include_str!("../../../tests/it/charge.sql")
            .replace("order_id TEXT", "\"to\" TEXT")
            .replace("cents INTEGER", "\"order\" INTEGER");
        connection.execute_batch(&schema).unwrap();
        connection
            .prepare(&Statements::new(&tables).accept)
            .unwrap();
    }

    /// Operations are never deleted. A look that reads all of them, every few seconds, is what brings a
    /// database down after a year.
    #[test]
    fn the_backlog_is_read_from_indexes() {
        let tables = Tables {
            domain: "charge",
            columns: &["order_id", "cents"],
        };
        let sql = Statements::new(&tables);
        let connection = rusqlite::Connection::open_in_memory().unwrap();
        let schema = include_str!("../../../tests/it/charge.sql");
        connection.execute_batch(schema).unwrap();
        let explain = format!("explain query plan {}", sql.backlog);
        let mut plan = connection.prepare(&explain).unwrap();
        plan.raw_bind_parameter(1, 0).unwrap();
        let steps = plan.raw_query().mapped(|row| row.get(3));
        let steps: Vec<String> = steps.collect::<rusqlite::Result<_>>().unwrap();
        let on_index = |step: &&String| step.starts_with("SEARCH") && step.contains("(state=?");
        assert_eq!(steps.iter().filter(on_index).count(), 8, "{steps:#?}");
        assert!(
            !steps.iter().any(|step| step.starts_with("SCAN charge")),
            "{steps:#?}"
        );
    }

    /// The inbox keeps what arrived for weeks, and is asked for what waits every few seconds.
    #[test]
    fn what_waits_in_the_inbox_is_read_from_indexes() {
        let tables = Tables {
            domain: "charge",
            columns: &["order_id", "cents"],
        };
        let sql = Statements::new(&tables).callbacks;
        let connection = rusqlite::Connection::open_in_memory().unwrap();
        for schema in [
            include_str!("../../../tests/it/charge.sql"),
            include_str!("../../../tests/it/callbacks/callbacks.sql"),
        ] {
            connection.execute_batch(schema).unwrap();
        }
        for which in [
            &sql.waiting_behind,
            &sql.waiting_event,
            &sql.waiting_of,
            &sql.purge,
        ] {
            let explain = format!("explain query plan {which}");
            let mut plan = connection.prepare(&explain).unwrap();
            let steps = plan.raw_query().mapped(|row| row.get(3));
            let steps: Vec<String> = steps.collect::<rusqlite::Result<_>>().unwrap();
            assert!(
                !steps.iter().any(|step| step.starts_with("SCAN charge")),
                "{steps:#?}"
            );
        }
    }
}
