//! Holds every saga against what it was and against what really happened, after every commit.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use crate::operation::state::OperationState;
use crate::saga::{SagaState, StepState};
use crate::store::StoreError;
use crate::store::sqlite::MemoryDatabase;
use crate::testing::SagaEffects;
use crate::testing::sim::inbox::Operations;
use crate::testing::sim::invariant::Invariant;
use crate::testing::sim::network::Network;
use crate::testing::sim::provider::lock;
use crate::testing::sim::stage::Stage;
use crate::value::Row;

use super::{SagaClients, SagaFacts};

/// A saga's row.
#[derive(Debug, Clone, PartialEq)]
struct Saga {
    name: String,
    pattern: String,
    state: SagaState,
    /// Why it is not to go on, if somebody said so.
    stop: Option<String>,
    steps: Vec<StepRow>,
}

/// A row of one of its steps.
#[derive(Debug, Clone, PartialEq)]
struct StepRow {
    name: String,
    state: StepState,
    undo_attempts: i64,
    code: Option<String>,
    op_id: Option<String>,
    undo_op_id: Option<String>,
}

type Sagas = BTreeMap<String, Saga>;

/// The checker of the sagas of one run.
#[derive(Debug)]
pub(in crate::testing::sim) struct SagaChecks {
    facts: SagaFacts,
    stage: Arc<Stage>,
    network: Arc<Mutex<Network>>,
    database: MemoryDatabase,
    sum: i64,
    seen: Sagas,
}

impl SagaChecks {
    pub(in crate::testing::sim) fn new(
        facts: SagaFacts,
        stage: &Arc<Stage>,
        network: &Arc<Mutex<Network>>,
        database: &MemoryDatabase,
    ) -> Self {
        database.execute(facts.wealth).expect("what is there");
        let mut checks = Self {
            facts,
            stage: Arc::clone(stage),
            network: Arc::clone(network),
            database: database.clone(),
            sum: 0,
            seen: Sagas::new(),
        };
        checks.sum = checks.sum().unwrap_or_default();
        checks
    }

    /// Looks at everything.
    pub(in crate::testing::sim) fn check(&mut self, clients: &SagaClients) {
        let (sagas, ledger) = match self.read() {
            Ok(read) => read,
            Err(why) => return self.broken(Invariant::AcceptedStays, why),
        };
        if self.sum() != Some(self.sum) {
            self.broken(Invariant::Conserved, format!("{:?}", self.sum()));
        }
        for (name, id) in clients.acknowledged() {
            let found = sagas.get(id.as_str());
            if found.is_none_or(|saga| saga.name != *name) {
                self.broken(Invariant::AcceptedStays, format!("{id} of {name}"));
            }
        }
        for (id, saga) in &sagas {
            self.check_steps(id, saga, &ledger, clients.is_touched(&saga.name));
            self.check_end(id, saga);
            let before = self.seen.get(id);
            self.note(id, before, saga);
            if let Some(before) = before {
                self.check_change(id, before, saga);
            }
        }
        self.seen = sagas;
    }

    /// Whether every saga has ended, or waits for a person with good reason, and everything is told.
    pub(in crate::testing::sim) fn are_at_rest(&self, operations: &Operations) -> bool {
        let prefix = self.facts.tables.prefix;
        let sql = format!("select count(*) as n from {prefix}_outbox where published_at is null");
        let told = self.number(&sql) == Some(0);
        told && self.seen.values().all(|saga| saga.rests(operations))
    }

    /// What stands open, for the record.
    pub(in crate::testing::sim) fn open(&self) -> String {
        let open = self.seen.iter().filter(|(_, saga)| !saga.state.is_final());
        format!("{:?}", open.collect::<Vec<_>>())
    }

    /// Says in the trace what has changed.
    fn note(&self, id: &str, before: Option<&Saga>, saga: &Saga) {
        if before.is_none_or(|before| before.state != saga.state) {
            self.stage
                .note(format_args!("{id} is {}", saga.state.as_str()));
        }
        for step in &saga.steps {
            let known = before.and_then(|before| before.step(&step.name));
            if known.is_none_or(|known| known.state != step.state) {
                let (name, state) = (&step.name, step.state.as_str());
                self.stage.note(format_args!("{id} {name} is {state}"));
            }
        }
    }

    fn broken(&self, invariant: Invariant, what: String) {
        self.stage.violated(invariant, what);
    }

    fn check_steps(&self, id: &str, saga: &Saga, ledger: &[Booked], is_touched: bool) {
        for step in &saga.steps {
            let effects = self.effects(id, saga, step, ledger);
            if let Some(wrong) = effects.contradiction(step.state) {
                let (name, state) = (&step.name, step.state);
                let what = format!("{id} {name} is {state}, {effects:?}: {wrong}");
                self.broken(Invariant::StepTellsTruth, what);
            }
            let is_ours = (self.facts.order)(&step.name, false, &saga.name).is_none();
            let is_parked = matches!(step.state, StepState::InDoubt | StepState::UndoParked);
            if is_parked && (is_ours || step.code.is_none()) {
                self.broken(Invariant::ParkedWithReason, format!("{id} {step:?}"));
            }
            if step.undo_attempts > 1 && !is_touched {
                self.broken(Invariant::UndoneOnce, format!("{id} {step:?}"));
            }
        }
    }

    fn effects(&self, id: &str, saga: &Saga, step: &StepRow, ledger: &[Booked]) -> SagaEffects {
        let count = |undone| match (self.facts.order)(&step.name, undone, &saga.name) {
            Some(order) => lock(&self.network).effects_of_all(&order),
            None => {
                let is_it = |booked: &&Booked| {
                    booked.saga == id && booked.step == step.name && booked.undone == undone
                };
                ledger.iter().filter(is_it).count()
            }
        };
        SagaEffects {
            done: count(false),
            undone: count(true),
        }
    }

    /// A saga that has ended is whole, or nothing of it is there.
    fn check_end(&self, id: &str, saga: &Saga) {
        use StepState::{Failed, InDoubt, Succeeded, Undone, Waiting};
        let is_whole = |step: &StepRow| {
            let is_optional = self.facts.optional.contains(&&*step.name);
            step.state == Succeeded || (is_optional && matches!(step.state, Failed | InDoubt))
        };
        let is_gone = |step: &StepRow| matches!(step.state, Failed | Undone | Waiting);
        let holds = match saga.state {
            SagaState::Completed => saga.steps.iter().all(is_whole),
            SagaState::Compensated | SagaState::Failed => saga.steps.iter().all(is_gone),
            SagaState::Pending | SagaState::InProgress | SagaState::Compensating => true,
        };
        if !holds {
            self.broken(Invariant::WholeOrUndone, format!("{id} {saga:?}"));
        }
    }

    /// A saga goes on in its own direction: what ended stays, and what was given up or stopped stays so.
    fn check_change(&self, id: &str, before: &Saga, saga: &Saga) {
        let is_same = before.name == saga.name && before.pattern == saga.pattern;
        let stays = !before.state.is_final() || before == saga;
        let step_goes_on = |before: &StepRow| {
            let step = saga.step(&before.name);
            let may_become = StepState::may_become;
            step.is_some_and(|step| reaches(&StepState::ALL, before.state, step.state, may_become))
        };
        let goes_on = reaches(
            &SagaState::ALL,
            before.state,
            saga.state,
            SagaState::may_become,
        ) && (before.stop.is_none() || before.stop == saga.stop)
            && before.steps.iter().all(step_goes_on);
        if !(is_same && stays && goes_on) {
            let what = format!("{id}: {before:?} became {saga:?}");
            self.broken(Invariant::SagaGoesOn, what);
        }
    }

    fn sum(&self) -> Option<i64> {
        self.number(self.facts.sum)
    }

    fn number(&self, sql: &str) -> Option<i64> {
        let rows = self.database.query(sql, &[]).ok()?;
        rows.first()?.get("n").ok()
    }

    fn read(&self) -> Result<(Sagas, Vec<Booked>), String> {
        let prefix = self.facts.tables.prefix;
        let rows = |sql: &str| {
            let rows = self.database.query(sql, &[]);
            rows.map_err(|error: StoreError| error.to_string())
        };
        let mut sagas = Sagas::new();
        let states =
            format!("select transaction_id, idem_key, pattern, status, stop from {prefix}_states");
        for row in rows(&states)? {
            let saga = Saga {
                name: text(&row, "idem_key")?,
                pattern: text(&row, "pattern")?,
                state: known(&row, &SagaState::ALL, SagaState::as_str)?,
                stop: text(&row, "stop").ok(),
                steps: Vec::new(),
            };
            sagas.insert(text(&row, "transaction_id")?, saga);
        }
        let steps = format!("select * from {prefix}_step_results order by transaction_id, step");
        for row in rows(&steps)? {
            let step = StepRow {
                name: text(&row, "step")?,
                state: known(&row, &StepState::ALL, StepState::as_str)?,
                undo_attempts: row
                    .get("undo_attempts")
                    .map_err(|error| error.to_string())?,
                code: text(&row, "error_code").ok(),
                op_id: text(&row, "op_id").ok(),
                undo_op_id: text(&row, "undo_op_id").ok(),
            };
            let saga = sagas.get_mut(&text(&row, "transaction_id")?);
            saga.ok_or("a step of no saga")?.steps.push(step);
        }
        let ledger = rows(self.facts.ledger)?;
        let ledger = ledger.iter().map(Booked::read).collect::<Result<_, _>>()?;
        Ok((sagas, ledger))
    }
}

impl Saga {
    /// A step that has begun.
    fn step(&self, name: &str) -> Option<&StepRow> {
        self.steps.iter().find(|step| step.name == name)
    }

    fn rests(&self, operations: &Operations) -> bool {
        use OperationState::{Failed, Parked};
        let stands = |op_id: &Option<String>, states: &[OperationState]| {
            let row = op_id.as_ref().and_then(|op_id| operations.get(op_id));
            row.is_some_and(|row| states.contains(&row.state))
        };
        let (mut is_parked, mut moves) = (false, false);
        for step in &self.steps {
            match step.state {
                StepState::InDoubt if stands(&step.op_id, &[Parked]) => is_parked = true,
                StepState::UndoParked if stands(&step.undo_op_id, &[Parked, Failed]) => {
                    is_parked = true;
                }
                StepState::InDoubt
                | StepState::UndoParked
                | StepState::Running
                | StepState::Undoing => {
                    moves = true;
                }
                _ => {}
            }
        }
        self.state.is_final() || (is_parked && !moves)
    }
}

/// One effect in our own database.
#[derive(Debug)]
struct Booked {
    saga: String,
    step: String,
    undone: bool,
}

impl Booked {
    fn read(row: &Row) -> Result<Self, String> {
        let undone: i64 = row.get("undone").map_err(|error| error.to_string())?;
        Ok(Self {
            saga: text(row, "saga")?,
            step: text(row, "step")?,
            undone: undone != 0,
        })
    }
}

fn text(row: &Row, column: &str) -> Result<String, String> {
    row.get(column).map_err(|error| error.to_string())
}

/// The state that a row names.
fn known<T: Copy>(row: &Row, all: &[T], name: fn(T) -> &'static str) -> Result<T, String> {
    let status = text(row, "status")?;
    let found = all.iter().copied().find(|state| name(*state) == status);
    found.ok_or_else(|| format!("no state is called {status}"))
}

/// Whether one state leads to the other, in any number of steps: a commit may hold several.
fn reaches<T: Copy + PartialEq>(all: &[T], from: T, to: T, may_become: fn(T, T) -> bool) -> bool {
    let mut reached = vec![from];
    let mut at = 0;
    while let Some(state) = reached.get(at).copied() {
        let next = |next: &&T| may_become(state, **next) && !reached.contains(*next);
        let next: Vec<T> = all.iter().filter(next).copied().collect();
        reached.extend(next);
        at += 1;
    }
    reached.contains(&to)
}
