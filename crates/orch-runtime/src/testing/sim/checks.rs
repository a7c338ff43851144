//! Compares the tables with what they were and with what the provider did, after every commit.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use crate::clock::{Timestamp, to_millis};
use crate::operation::decision::{INTERRUPTED, MAX_ATTEMPTS, UNKNOWN};
use crate::operation::retry::RetryPolicy;
use crate::operation::state::OperationState;
use crate::store::StoreError;
use crate::store::callbacks::CallbackState;
use crate::store::sqlite::MemoryDatabase;
use crate::value::{DecodeError, Row};

use super::inbox::{self, Kept, Operations};
use super::invariant::Invariant;
use super::network::Network;
use super::process::RETENTION;
use super::provider::lock;
use super::stage::Stage;
use super::{Flavour, Subject};

/// An operation's row, as far as promises are about it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Operation {
    pub(super) order: String,
    pub(super) state: OperationState,
    identity: (String, String, String),
    attempts: i64,
    interruptions: i64,
    probes: i64,
    fence: i64,
    lease_expires_at: Option<i64>,
    code: Option<String>,
    message: Option<String>,
    pub(super) provider_ref: Option<String>,
}

impl Operation {
    /// Whether it is for `order`, and has this owner, key and fingerprint.
    pub(super) fn is_of(&self, order: &str, identity: (&str, &str, &str)) -> bool {
        let (owner, key, fingerprint) = &self.identity;
        self.order == order && (owner.as_str(), key.as_str(), fingerprint.as_str()) == identity
    }

    fn rests(&self) -> bool {
        self.state.is_final() || self.state == OperationState::Parked
    }
}

/// An entry of the log.
#[derive(Debug, Clone, PartialEq)]
struct Entry {
    state: String,
    kind: Option<String>,
    outcome: Option<String>,
    created_at: i64,
}

/// What the tables held when they were last looked at.
#[derive(Debug, Default, Clone)]
pub(super) struct Snapshot {
    pub(super) operations: Operations,
    callbacks: BTreeMap<String, Kept>,
    log: BTreeMap<(String, i64), Entry>,
    ends: Vec<(String, String)>,
}

impl Snapshot {
    /// Whether every operation rests, every answer is applied, and every callback about an operation is
    /// settled.
    pub(super) fn is_at_rest(&self) -> bool {
        let is_open = |kept: &Kept| kept.is_open(&self.operations);
        self.operations.values().all(Operation::rests)
            && self.log.values().all(|entry| entry.state != "PENDING")
            && !self.callbacks.values().any(is_open)
    }
}

/// The checker of one run.
#[derive(Debug)]
pub(super) struct Checks {
    stage: Arc<Stage>,
    network: Arc<Mutex<Network>>,
    database: MemoryDatabase,
    policy: RetryPolicy,
    /// What the hook wrote: a statement that answers `op_id` and `state`; empty without a hook.
    ends: &'static str,
    operations: String,
    log: String,
    /// The statement that reads the inbox; empty without callbacks.
    inbox: String,
    /// Every event that ever was in the inbox.
    kept: BTreeSet<String>,
    /// Rows changed, and effects at the provider, when it was last looked.
    state: (u64, usize),
    pub(super) seen: Snapshot,
}

/// The statement that reads the operations of `domain`.
fn operations_of(domain: &str) -> String {
    format!(
        "select op_id, owner_id, idem_key, biz_key, fingerprint, state, attempts, interruptions,
             probes, fence, lease_expires_at, error_code, message, provider_ref
         from {domain}_operations"
    )
}

/// The statement that reads the log of `domain`.
fn log_of(domain: &str) -> String {
    format!(
        "select op_id, fence, state, outcome_type, outcome, created_at
         from {domain}_write_ahead_logs"
    )
}

impl Checks {
    pub(super) fn new<S: Subject>(
        stage: &Arc<Stage>,
        network: &Arc<Mutex<Network>>,
        database: &MemoryDatabase,
        flavour: Flavour,
    ) -> Self {
        let domain = S::SETUP.tables.domain;
        Self {
            stage: Arc::clone(stage),
            network: Arc::clone(network),
            database: database.clone(),
            policy: S::policy(),
            ends: if flavour.hook { S::ENDS } else { "" },
            operations: operations_of(domain),
            log: log_of(domain),
            inbox: if flavour.callbacks {
                inbox::inbox_of(domain)
            } else {
                String::new()
            },
            kept: BTreeSet::new(),
            state: (0, 0),
            seen: Snapshot::default(),
        }
    }

    /// Looks at everything, if anything changed; whether it did.
    pub(super) fn check(&mut self) -> bool {
        let state = (self.database.changes(), lock(&self.network).all_effects());
        let changed = self.state != state;
        if changed {
            self.state = state;
            self.compare();
        }
        changed
    }

    fn compare(&mut self) {
        let now = self.stage.scene().now;
        let current = match self.read() {
            Ok(current) => current,
            Err(why) => return self.broken(Invariant::AcceptedStays, why),
        };
        self.check_rows(&current, now);
        self.check_log(&current, now);
        self.check_ends(&current);
        self.check_inbox(&current, now);
        self.kept.extend(current.callbacks.keys().cloned());
        self.seen = current;
    }

    /// Whether an event was ever in the inbox.
    pub(super) fn was_kept(&self, event: &str) -> bool {
        self.kept.contains(event)
    }

    fn broken(&self, invariant: Invariant, what: String) {
        self.stage.violated(invariant, what);
    }

    fn check_rows(&self, current: &Snapshot, now: Timestamp) {
        let mut orders = BTreeMap::new();
        for (op_id, row) in &current.operations {
            if let Some(other) = orders.insert(&row.order, op_id) {
                let what = format!("{other} and {op_id} are both for {}", row.order);
                self.broken(Invariant::OneOperationPerKey, what);
            }
            self.check_world(op_id, row);
            self.check_budget(op_id, row);
            let before = self.seen.operations.get(op_id);
            if let Some(before) = before {
                self.check_step(op_id, before, row);
                self.check_lease(op_id, before, row, (current, now));
            }
            if row.rests() && !before.is_some_and(Operation::rests) {
                self.check_end(op_id, row, current);
            }
        }
        for op_id in self.seen.operations.keys() {
            if !current.operations.contains_key(op_id) {
                self.broken(Invariant::AcceptedStays, format!("{op_id} is gone"));
            }
        }
    }

    fn check_world(&self, op_id: &str, row: &Operation) {
        let effects = lock(&self.network).effects(&row.order);
        if effects > 1 {
            let what = format!("{effects} effects for {}", row.order);
            self.broken(Invariant::OneEffect, what);
        }
        if row.state == OperationState::Completed && effects == 0 {
            let what = format!("{op_id} without an effect");
            self.broken(Invariant::CompletedMeansDone, what);
        }
        if row.state == OperationState::Failed && effects > 0 {
            let what = format!("{op_id} with {effects} effects");
            self.broken(Invariant::FailedMeansNothing, what);
        }
    }

    fn check_budget(&self, op_id: &str, row: &Operation) {
        let (attempts, lost) = (self.policy.max_attempts, self.policy.max_interruptions + 1);
        let calls = lock(&self.network).calls(&row.order);
        // Nobody may be told that the attempts are used up when they were not made. One may end in a
        // question instead, where the key's window had come too near.
        let gave_up = row.code.as_deref() == Some(MAX_ATTEMPTS);
        let kept = row.attempts <= i64::from(attempts)
            && !(gave_up && calls + 1 < attempts)
            && row.interruptions <= i64::from(lost)
            && calls <= attempts + lost;
        if !kept {
            let (attempts, lost) = (row.attempts, row.interruptions);
            let what = format!("{op_id}: {attempts} attempts, {lost} lost, {calls} calls");
            self.broken(Invariant::BudgetKept, what);
        }
    }

    fn check_step(&self, op_id: &str, before: &Operation, row: &Operation) {
        if row.identity != before.identity || row.order != before.order {
            let what = format!("{op_id} became {:?}", row.identity);
            self.broken(Invariant::AcceptedStays, what);
        }
        if before.rests() && row != before && !self.is_reopened(op_id, before, row) {
            let what = format!("{op_id} went from {} to {}", before.state, row.state);
            self.broken(Invariant::FinalStays, what);
        }
        if row.fence < before.fence {
            let what = format!("{op_id} from {} to {}", before.fence, row.fence);
            self.broken(Invariant::FenceGrows, what);
        }
    }

    /// Nobody may take an operation whose call is under way.
    fn check_lease(
        &self,
        op_id: &str,
        before: &Operation,
        row: &Operation,
        (current, now): (&Snapshot, Timestamp),
    ) {
        let entry = current.log.get(&(op_id.to_owned(), before.fence));
        let is_unanswered = entry.is_some_and(|entry| entry.state == "INTENT");
        let replaced = is_unanswered && row.fence > before.fence;
        let taken = replaced || row.interruptions > before.interruptions;
        let until = before.lease_expires_at.filter(|_| taken);
        if until.is_some_and(|until| until > to_millis(now)) {
            let what = format!("{op_id} was taken while its lease ran");
            self.broken(Invariant::LeaseRespected, what);
        }
    }

    /// Whether a callback took a parked operation, by a term of its own.
    fn is_reopened(&self, op_id: &str, before: &Operation, row: &Operation) -> bool {
        let about = |kept: &Kept| kept.waits() && kept.is_about(op_id, before);
        let is_reopened = (before.state, row.state)
            == (OperationState::Parked, OperationState::Unknown)
            && row.fence == before.fence + 1
            && self.seen.callbacks.values().any(about);
        if is_reopened {
            self.stage.note(format_args!("{op_id} is parked no more"));
        }
        is_reopened
    }

    fn check_inbox(&self, current: &Snapshot, now: Timestamp) {
        for (event, before) in &self.seen.callbacks {
            let after = current.callbacks.get(event);
            if !before.may_become(after, now) {
                let what = format!("{event}: {before:?} became {after:?}");
                self.broken(Invariant::CallbackKept, what);
            }
        }
        for (event, kept) in &current.callbacks {
            if !kept.is_judged_well(&current.operations) {
                self.broken(Invariant::CallbackJudged, format!("{event}: {kept:?}"));
            }
            let by_it = |other: &&Kept| {
                other.state == CallbackState::Applied && other.matched == kept.matched
            };
            let applied = kept.state == CallbackState::Applied;
            if applied && current.callbacks.values().filter(by_it).count() > 1 {
                let what = format!("{:?} was ended twice", kept.matched);
                self.broken(Invariant::CallbackJudged, what);
            }
        }
    }

    /// What must be true when an operation comes to rest.
    fn check_end(&self, op_id: &str, row: &Operation, current: &Snapshot) {
        if row.state == OperationState::Parked {
            return self.check_parked(op_id, row);
        }
        let entry = current.log.get(&(op_id.to_owned(), row.fence));
        let kind = entry
            .filter(|entry| entry.state == "COMPLETED")
            .and_then(|entry| entry.kind.as_deref());
        let logged = match row.state {
            OperationState::Completed => kind == Some("OK"),
            _ => matches!(kind, Some("FAIL" | "RETRY")),
        };
        if !logged {
            let what = format!("{op_id} is {} and the log says {kind:?}", row.state);
            self.broken(Invariant::OutcomeKept, what);
        }
    }

    fn check_parked(&self, op_id: &str, row: &Operation) {
        let unhelpful = lock(&self.network).unhelpful(&row.order);
        let justified = match row.code.as_deref() {
            Some(INTERRUPTED) => row.interruptions > i64::from(self.policy.max_interruptions),
            Some(UNKNOWN) => unhelpful > 0 && row.probes >= i64::from(self.policy.max_probes),
            Some(_) | None => false,
        };
        if !justified {
            let (code, probes) = (&row.code, row.probes);
            let what = format!("{op_id}: {code:?}, {probes} questions, {unhelpful} unhelpful");
            self.broken(Invariant::ParkedWithReason, what);
        }
    }

    fn check_log(&self, current: &Snapshot, now: Timestamp) {
        for ((op_id, fence), before) in &self.seen.log {
            let entry = current.log.get(&(op_id.clone(), *fence));
            let kept = match entry {
                Some(entry) => is_kept(before, entry),
                None => {
                    let ended = self.seen.operations.get(op_id);
                    before.state == "COMPLETED"
                        && before.created_at < to_millis(now - RETENTION)
                        && ended.is_some_and(|row| row.state.is_final())
                }
            };
            if !kept {
                let what = format!("{op_id} f{fence}: {before:?} became {entry:?}");
                self.broken(Invariant::OutcomeKept, what);
            }
        }
    }

    fn check_ends(&self, current: &Snapshot) {
        if self.ends.is_empty() {
            return;
        }
        for (op_id, row) in &current.operations {
            let mut ends = current.ends.iter().filter(|(end, _)| end == op_id);
            let fits = if row.state.is_final() {
                ends.next()
                    .is_some_and(|(_, state)| state == row.state.as_str())
                    && ends.next().is_none()
            } else {
                ends.next().is_none()
            };
            if !fits {
                let what = format!(
                    "{op_id} is {}, the hook wrote {:?}",
                    row.state, current.ends
                );
                self.broken(Invariant::HookOnce, what);
            }
        }
    }

    fn read(&self) -> Result<Snapshot, String> {
        let text = |error: StoreError| error.to_string();
        let mut snapshot = Snapshot::default();
        for row in self.database.query(&self.operations, &[]).map_err(text)? {
            let (op_id, operation) = operation(&row).map_err(|error| error.to_string())?;
            snapshot.operations.insert(op_id, operation);
        }
        for row in self.database.query(&self.log, &[]).map_err(text)? {
            let (place, entry) = entry(&row).map_err(|error| error.to_string())?;
            snapshot.log.insert(place, entry);
        }
        if !self.inbox.is_empty() {
            for row in self.database.query(&self.inbox, &[]).map_err(text)? {
                let (event, kept) = inbox::kept(&row).map_err(|error| error.to_string())?;
                snapshot.callbacks.insert(event, kept);
            }
        }
        if !self.ends.is_empty() {
            for row in self.database.query(self.ends, &[]).map_err(text)? {
                let end = end(&row).map_err(|error| error.to_string())?;
                snapshot.ends.push(end);
            }
        }
        Ok(snapshot)
    }
}

/// Whether an entry may have become the other.
fn is_kept(before: &Entry, entry: &Entry) -> bool {
    let same = entry.outcome == before.outcome;
    match before.state.as_str() {
        "INTENT" => true,
        "PENDING" => same && matches!(entry.state.as_str(), "PENDING" | "COMPLETED"),
        // The Reaper's note gives way to the answer of a worker that was not lost after all.
        "COMPLETED" if before.kind.as_deref() == Some("UNKNOWN") => {
            entry == before || entry.state == "LATE"
        }
        // An answer whose write seemed to fail is written again, and comes too late then.
        "COMPLETED" => entry == before || (entry.state == "LATE" && same),
        _ => entry == before,
    }
}

fn operation(row: &Row) -> Result<(String, Operation), DecodeError> {
    let state: String = row.get("state")?;
    let operation = Operation {
        order: row.get("biz_key")?,
        state: state.parse().unwrap_or(OperationState::Parked),
        identity: (
            row.get("owner_id")?,
            row.get("idem_key")?,
            row.get("fingerprint")?,
        ),
        attempts: row.get("attempts")?,
        interruptions: row.get("interruptions")?,
        probes: row.get("probes")?,
        fence: row.get("fence")?,
        lease_expires_at: row.get("lease_expires_at")?,
        code: row.get("error_code")?,
        message: row.get("message")?,
        provider_ref: row.get("provider_ref")?,
    };
    Ok((row.get("op_id")?, operation))
}

fn entry(row: &Row) -> Result<((String, i64), Entry), DecodeError> {
    let entry = Entry {
        state: row.get("state")?,
        kind: row.get("outcome_type")?,
        outcome: row.get("outcome")?,
        created_at: row.get("created_at")?,
    };
    Ok(((row.get("op_id")?, row.get("fence")?), entry))
}

fn end(row: &Row) -> Result<(String, String), DecodeError> {
    Ok((row.get("op_id")?, row.get("state")?))
}
