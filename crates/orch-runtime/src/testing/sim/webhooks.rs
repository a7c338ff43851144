//! The provider's callbacks on their way: each event is sent until its receipt is acknowledged, some of
//! them oftener, and some long after their operation has come to rest.

use std::sync::{Arc, Mutex};

use crate::callback::{Callback, CallbackOutcome};
use crate::engine::Engine;
use crate::ids::{EventId, OpId};
use crate::operation::state::OperationState;
use crate::store::StoreError;
use crate::store::callbacks::Received;

use super::checks::Checks;
use super::client::lock;
use super::invariant::Invariant;
use super::network::Report;

use super::random::Random;
use super::stage::{Life, Stage};

/// How many acknowledgements in a hundred are lost on their way back.
const LOST: u64 = 15;

/// One event of the provider.
#[derive(Debug)]
struct Event {
    name: String,
    report: Report,
    /// What the provider calls what it did, where the event says so.
    provider_ref: Option<String>,
    /// Whether it repeats the key of the call, which is the operation's name.
    names_operation: bool,
    /// The processes to which deliveries are under way.
    under_way: Vec<Life>,
    acknowledged: bool,
    /// Deliveries that nobody needs: beside another, or after the receipt was acknowledged.
    surplus: u32,
    /// Not sent before everything has come to rest.
    late: bool,
}

impl Event {
    fn new(name: String, report: Report, random: &mut Random) -> Self {
        // A refusal has no reference.
        let kind = if report.done {
            random.weighted(&[60, 20, 20])
        } else {
            Some(0)
        };
        let provider_ref = (kind != Some(0)).then(|| format!("ref-{}", report.order));
        Self {
            name,
            report,
            provider_ref,
            names_operation: kind != Some(2),
            under_way: Vec::new(),
            acknowledged: false,
            surplus: random.pick(&[0, 0, 1, 2]),
            late: random.chance(20),
        }
    }

    fn can_be_sent(&self) -> bool {
        let needed = !self.acknowledged && self.under_way.is_empty();
        !self.late && (needed || self.surplus > 0)
    }

    fn callback(&self) -> Callback {
        let outcome = if self.report.done {
            CallbackOutcome::Ok {
                message: "done, says the provider".to_owned(),
                result: None,
            }
        } else {
            CallbackOutcome::Fail {
                code: "DECLINED".to_owned(),
                message: "refused, says the provider".to_owned(),
            }
        };
        let key = OpId::new(self.report.key.clone()).expect("an id");
        Callback {
            event_id: EventId::new(self.name.clone()).expect("an id"),
            op_id: self.names_operation.then_some(key),
            provider_ref: self.provider_ref.clone(),
            outcome,
        }
    }
}

type Answers = Arc<Mutex<Vec<(usize, Life, Result<Received, StoreError>)>>>;

/// All events of one run.
#[derive(Debug, Default)]
pub(super) struct Webhooks {
    events: Vec<Event>,
    answers: Answers,
}

impl Webhooks {
    /// The provider knows something for good, and will say it; now and then in two events.
    pub(super) fn announce(&mut self, report: &Report, random: &mut Random) {
        for _ in 0..random.pick(&[1, 1, 2]) {
            let name = format!("evt-{}", self.events.len());
            self.events.push(Event::new(name, report.clone(), random));
        }
    }

    /// The events that can be delivered now.
    pub(super) fn to_send(&self) -> Vec<usize> {
        let can_be_sent = |at: &usize| self.events[*at].can_be_sent();
        (0..self.events.len()).filter(can_be_sent).collect()
    }

    /// Whether no delivery is needed any more before everything rests.
    pub(super) fn are_delivered(&self) -> bool {
        self.events
            .iter()
            .all(|event| event.late || (event.acknowledged && !event.can_be_sent()))
    }

    /// What was held back may be sent, and some of the rest again.
    pub(super) fn send_the_rest(&mut self, random: &mut Random) {
        for event in &mut self.events {
            event.late = false;
            event.surplus += u32::from(random.chance(30));
        }
    }

    /// Delivers the event at `at` to `engine`.
    pub(super) fn send(&mut self, at: usize, (life, engine): (Life, &Engine), stage: &Stage) {
        let event = &mut self.events[at];
        if event.acknowledged || !event.under_way.is_empty() {
            event.surplus = event.surplus.saturating_sub(1);
        }
        event.under_way.push(life);
        let callback = event.callback();
        let (name, done) = (&event.name, event.report.done);
        stage.note(format_args!(
            "provider reports {name} to {life}: {:?} {:?} done: {done}",
            callback.op_id, callback.provider_ref
        ));
        let (engine, answers) = (engine.clone(), Arc::clone(&self.answers));
        tokio::spawn(async move {
            let answer = engine.receive_callback(callback).await;
            lock(&answers).push((at, life, answer));
        });
    }

    /// The process died: what was under way to it is not acknowledged.
    pub(super) fn lost(&mut self, life: Life) {
        for event in &mut self.events {
            event.under_way.retain(|to| *to != life);
        }
    }

    /// Takes the answers that came. What is acknowledged must be in the table.
    pub(super) fn listen(&mut self, checks: &Checks, stage: &Stage) {
        let answers = std::mem::take(&mut *lock(&self.answers));
        for (at, life, answer) in answers {
            let event = &mut self.events[at];
            // A dead process tells nobody.
            let Some(place) = event.under_way.iter().position(|to| *to == life) else {
                continue;
            };
            event.under_way.remove(place);
            let mut scene = stage.scene();
            let lost = !scene.calm && scene.random.chance(LOST);
            scene.note(format_args!(
                "{} is answered: {answer:?}, lost: {lost}",
                event.name
            ));
            drop(scene);
            if answer.is_ok() {
                event.acknowledged |= !lost;
                if !checks.was_kept(&event.name) {
                    let what = format!("{} was acknowledged and is not there", event.name);
                    stage.violated(Invariant::CallbackKept, what);
                }
            }
        }
    }

    /// When everything rests, operations have ended as was reported by their name.
    pub(super) fn check_ends(&self, checks: &Checks, stage: &Stage) {
        let heard = |event: &&Event| event.acknowledged && event.names_operation;
        for event in self.events.iter().filter(heard) {
            let Some(row) = checks.seen.operations.get(&event.report.key) else {
                continue;
            };
            let expected = if event.report.done {
                OperationState::Completed
            } else {
                OperationState::Failed
            };
            if row.state != expected {
                let (op_id, name) = (&event.report.key, &event.name);
                let what = format!("{op_id} is {} whatever {name} said", row.state);
                stage.violated(Invariant::ReportedMeansEnded, what);
            }
        }
    }
}
