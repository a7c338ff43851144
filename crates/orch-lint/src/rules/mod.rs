//! The rules: one file each, one line each in [`ALL`].
//!
//! **Invariant:** rules read the project and report; they print nothing, open nothing and do not
//! know each other. A rule that cannot decide says so with `Check::unknown`.

mod answers;
mod awaitable;
mod backoff_without_jitter;
mod blocking_in_execute;
mod channels;
mod choreographies;
mod claim_query_unindexed;
mod claim_without_skip_locked;
mod client_per_call;
mod command_bypasses_validation;
mod command_mutable;
mod compensation_not_exhaustive;
mod compensation_not_idempotent;
mod compensation_order;
mod compensations;
mod connections;
mod could_not_parse;
mod db_capability_reachable_from_execute;
mod derives;
mod detached_spawn_in_execute;
mod dropped;
mod early_cancel_hazard;
mod else_branches;
mod elsewhere;
mod entity_table_drift;
mod event_without_handler;
mod execute;
mod execute_not_async;
mod execute_returns_bool_or_result;
mod expired_suppression;
mod failure_event_not_routed;
mod finalize_hook_not_called;
mod finalizer_missing;
mod fresh_values;
mod further_migrations;
mod futures;
mod gateway_call_without_idemkey;
mod gateway_calls;
mod generated_code_drift;
mod handed_on;
mod handler_state;
mod held_clients;
mod http_client_without_timeout;
mod idemkey_from_mutable_input;
mod idemkey_missing;
mod idemkey_no_unique;
mod idemkey_regenerated;
mod idemkey_unique_partial_or_nullable;
mod idempotency_keys;
mod idle_values;
mod inexact_column_type;
mod insert_without_conflict_clause;
mod key_slots;
mod layering;
mod leading_words;
mod lease_shorter_than_client_timeout;
mod leases;
mod left_arms;
mod logged_secrets;
mod lost_answers;
mod matched_else;
mod mentions;
mod missing_docs;
mod missing_test;
mod module_cycle;
mod money;
mod money_as_float;
mod named_arms;
mod named_places;
mod open_transactions;
mod order_accept_execute_finalize;
mod origins;
mod outcome_catch_all;
mod outcome_dropped;
mod output;
mod panic_in_execute;
mod privacy;
mod promise;
mod provider_clients;
mod question_mark_swallows_outcome;
mod raw_form;
mod raw_provider_payload_in_wal;
mod reaper_missing;
mod redaction;
mod remaining_variants;
mod repeated_calls;
mod requests;
mod retried_calls;
mod retries;
mod retry_in_execute;
mod retry_non_idempotent;
mod role_name;
mod sagas;
mod said_unknown;
mod scheduler_not_started;
mod schedulers;
mod secret_or_pan_logged;
mod secrets;
mod serialized;
mod shown;
mod status_column_unconstrained;
mod step_without_compensation;
mod stored_names;
mod stored_secrets;
mod suppression_without_reason;
mod tables;
mod timeout_mapped_to_fail;
mod tls_relaxed;
mod transaction_handles;
mod transaction_openers;
mod txn_held_across_foreign_await;
mod txn_in_execute;
mod txn_reachable_by_call;
mod undo_work;
mod unknown_budget;
mod unused_suppression;
mod vacuous_rule;
mod wal_after_finalize;
mod wal_mutable;
mod written_first;

use crate::finding::{Severity, Unknown};
use crate::fix::{Applicability, Changes, Proposal, Source};
use crate::gaps::{self, Judged};
use crate::load::FileId;
use crate::model::calls::Calls;
use crate::model::{Function, Step, Workspace};
use crate::sql::Migrations;
use crate::syntax::Span;

/// All rules, by code.
pub static ALL: &[&Rule] = &[
    &execute_not_async::RULE,
    &txn_in_execute::RULE,
    &db_capability_reachable_from_execute::RULE,
    &txn_held_across_foreign_await::RULE,
    &txn_reachable_by_call::RULE,
    &blocking_in_execute::RULE,
    &panic_in_execute::RULE,
    &detached_spawn_in_execute::RULE,
    &early_cancel_hazard::RULE,
    &idemkey_missing::RULE,
    &idemkey_no_unique::RULE,
    &idemkey_unique_partial_or_nullable::RULE,
    &gateway_call_without_idemkey::RULE,
    &idemkey_regenerated::RULE,
    &idemkey_from_mutable_input::RULE,
    &insert_without_conflict_clause::RULE,
    &order_accept_execute_finalize::RULE,
    &wal_after_finalize::RULE,
    &finalizer_missing::RULE,
    &reaper_missing::RULE,
    &scheduler_not_started::RULE,
    &claim_without_skip_locked::RULE,
    &claim_query_unindexed::RULE,
    &lease_shorter_than_client_timeout::RULE,
    &finalize_hook_not_called::RULE,
    &execute_returns_bool_or_result::RULE,
    &outcome_catch_all::RULE,
    &timeout_mapped_to_fail::RULE,
    &outcome_dropped::RULE,
    &question_mark_swallows_outcome::RULE,
    &step_without_compensation::RULE,
    &compensation_not_exhaustive::RULE,
    &compensation_order::RULE,
    &event_without_handler::RULE,
    &failure_event_not_routed::RULE,
    &compensation_not_idempotent::RULE,
    &http_client_without_timeout::RULE,
    &retry_non_idempotent::RULE,
    &backoff_without_jitter::RULE,
    &retry_in_execute::RULE,
    &client_per_call::RULE,
    &tls_relaxed::RULE,
    &money_as_float::RULE,
    &secret_or_pan_logged::RULE,
    &raw_provider_payload_in_wal::RULE,
    &command_mutable::RULE,
    &command_bypasses_validation::RULE,
    &status_column_unconstrained::RULE,
    &wal_mutable::RULE,
    &inexact_column_type::RULE,
    &entity_table_drift::RULE,
    &layering::RULE,
    &module_cycle::RULE,
    &missing_docs::RULE,
    &missing_test::RULE,
    &generated_code_drift::RULE,
    &role_name::RULE,
    &vacuous_rule::RULE,
    &unused_suppression::RULE,
    &suppression_without_reason::RULE,
    &expired_suppression::RULE,
    &unknown_budget::RULE,
    &could_not_parse::RULE,
];

pub(crate) use could_not_parse::RULE as COULD_NOT_PARSE;
pub(crate) use expired_suppression::RULE as EXPIRED_SUPPRESSION;
pub(crate) use suppression_without_reason::RULE as SUPPRESSION_WITHOUT_REASON;
pub(crate) use unknown_budget::RULE as UNKNOWN_BUDGET;
pub(crate) use unused_suppression::RULE as UNUSED_SUPPRESSION;

/// Whether a rule is ready for everyone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// Runs unless it is taken out.
    Stable,
    /// Still proves itself: runs when it is asked for.
    Preview,
}

/// One convention.
#[derive(Debug)]
pub struct Rule {
    code: &'static str,
    name: &'static str,
    severity: Severity,
    status: Status,
    docs: &'static str,
    check: fn(&mut Check<'_, '_>),
}

impl Rule {
    /// The code, such as `ORC002`. Never reused.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.code
    }

    /// The name of the problem, such as `txn-in-execute`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// How much its findings matter.
    #[must_use]
    pub fn severity(&self) -> Severity {
        self.severity
    }

    /// Whether it runs without being asked for.
    #[must_use]
    pub fn status(&self) -> Status {
        self.status
    }

    /// What it does, why, and an example, in Markdown.
    #[must_use]
    pub fn docs(&self) -> &'static str {
        self.docs
    }

    /// The first sentence of the documentation.
    #[must_use]
    pub fn summary(&self) -> &'static str {
        let mut lines = self
            .docs
            .lines()
            .skip_while(|line| !line.starts_with("## What it does"));
        lines.nth(1).unwrap_or_default()
    }

    /// What it does: the first section of the documentation, in one line.
    #[must_use]
    pub fn description(&self) -> String {
        let lines = self.docs.lines();
        let lines = lines.skip_while(|line| !line.starts_with("## What it does"));
        let lines: Vec<&str> = lines
            .skip(1)
            .take_while(|line| !line.starts_with("## "))
            .filter(|line| !line.is_empty())
            .collect();
        lines.join(" ")
    }

    /// Whether exceptions to it can be written down. The rules about exceptions allow none.
    #[must_use]
    pub fn allows_exceptions(&self) -> bool {
        !self.code.starts_with("ORC9")
    }
}

/// The rule with a code or a name, in any case.
#[must_use]
pub fn find(code_or_name: &str) -> Option<&'static Rule> {
    let wanted = code_or_name.trim();
    let is_it = |rule: &&&Rule| {
        rule.code.eq_ignore_ascii_case(wanted) || rule.name.eq_ignore_ascii_case(wanted)
    };
    ALL.iter().find(is_it).copied()
}

/// What a rule reads, and where it reports.
pub(crate) struct Check<'w, 'a> {
    /// The project.
    pub(crate) workspace: &'w Workspace<'a>,
    /// Its functions outside tests.
    pub(crate) functions: &'w [Function<'a>],
    /// Which of them get to which.
    pub(crate) calls: &'w Calls<'w, 'a>,
    /// Its migrations.
    pub(crate) migrations: &'w Migrations,
    /// What the caller set.
    pub(crate) options: &'w crate::Options,
    rule: &'static Rule,
    /// What was found.
    pub(crate) found: Vec<Violation>,
    /// What could not be decided.
    pub(crate) unknown: Vec<Unknown>,
}

/// Where something is.
#[derive(Debug, Clone)]
pub(crate) struct At {
    /// The file.
    pub(crate) path: String,
    /// Where in it.
    pub(crate) span: Span,
    /// The item it is in.
    pub(crate) item: String,
}

/// A violation, before exceptions are applied.
#[derive(Debug)]
pub(crate) struct Violation {
    /// The rule.
    pub(crate) rule: &'static Rule,
    /// Usually the rule's.
    pub(crate) severity: Severity,
    /// Where.
    pub(crate) at: At,
    /// What is wrong.
    pub(crate) message: String,
    /// What to do.
    pub(crate) help: Option<String>,
    /// The way to the cause.
    pub(crate) chain: Vec<Step>,
    /// What would take it away.
    pub(crate) fix: Option<Proposal>,
}

impl Violation {
    /// Proposes a fix that a person has to look at. `write` makes its edits, or finds that it is
    /// impossible.
    pub(crate) fn unsafe_fix(
        &mut self,
        title: impl Into<String>,
        write: impl Fn(&Source<'_>) -> Option<Changes> + Send + 'static,
    ) -> &mut Self {
        self.fix = Some(Proposal {
            title: title.into(),
            applicability: Applicability::Unsafe,
            write: Box::new(write),
        });
        self
    }

    /// Says what to do.
    pub(crate) fn help(&mut self, help: impl Into<String>) -> &mut Self {
        self.help = Some(help.into());
        self
    }
}

impl<'w, 'a> Check<'w, 'a> {
    /// Runs one rule; that it gave up is a finding.
    pub(crate) fn run(
        rule: &'static Rule,
        workspace: &'w Workspace<'a>,
        calls: &'w Calls<'w, 'a>,
        migrations: &'w Migrations,
        options: &'w crate::Options,
    ) -> Judged {
        gaps::contained(rule, || {
            let mut check = Check {
                workspace,
                functions: calls.functions,
                calls,
                migrations,
                options,
                rule,
                found: Vec::new(),
                unknown: Vec::new(),
            };
            (rule.check)(&mut check);
            (check.found, check.unknown)
        })
    }

    /// A place in a file of the project.
    pub(crate) fn at(&self, file: FileId, span: Span, item: impl Into<String>) -> At {
        At {
            path: self.workspace.file(file).path.clone(),
            span,
            item: item.into(),
        }
    }

    /// Reports a violation.
    pub(crate) fn flag(&mut self, at: At, message: impl Into<String>) -> &mut Violation {
        let at_end = self.found.len();
        self.found.push(Violation {
            rule: self.rule,
            severity: self.rule.severity,
            at,
            message: message.into(),
            help: None,
            chain: Vec::new(),
            fix: None,
        });
        &mut self.found[at_end]
    }

    /// Reports that the rule cannot decide.
    pub(crate) fn unknown(&mut self, at: &At, message: impl Into<String>) {
        self.unknown.push(Unknown {
            path: at.path.clone(),
            line: at.span.start.line,
            column: at.span.start.column + 1,
            code: self.rule.code,
            message: message.into(),
        });
    }

    /// Whether a file of the project could not be read: what is missing may be in it.
    pub(crate) fn has_gaps(&self) -> bool {
        self.workspace
            .loaded
            .files
            .iter()
            .any(|file| file.reached && file.known().is_none())
    }
}

/// Rules whose findings come from the run itself check nothing here.
fn by_engine(_: &mut Check<'_, '_>) {}
