//! Clients that send, wait, and send again when no answer comes.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::engine::{Engine, SubmitError, Submitted};
use crate::ids::{IdemKey, OpId, OwnerId};
use crate::operation::command::{Command, Fingerprint};

use super::checks::Snapshot;
use super::invariant::Invariant;
use super::random::Random;
use super::stage::{Life, Stage};

/// One request of a client.
#[derive(Debug)]
struct Request {
    order: usize,
    /// Which body it has.
    variant: u32,
    fingerprint: String,
    progress: Progress,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Progress {
    ToSend,
    Sent(Life),
    Answered,
}

/// What was answered about a key.
#[derive(Debug)]
struct Known {
    op_id: OpId,
    variant: u32,
    fingerprint: String,
    fresh: u32,
}

type Answers = Arc<Mutex<Vec<(usize, Life, Result<Submitted, SubmitError>)>>>;

/// All clients of one run.
#[derive(Debug)]
pub(super) struct Clients {
    requests: Vec<Request>,
    known: BTreeMap<usize, Known>,
    answers: Answers,
}

/// What the operation of `order` is about.
pub(super) fn order_name(order: usize) -> String {
    format!("order-{order}")
}

impl Clients {
    /// One to six operations; some are asked for twice, some with another body under the same key.
    pub(super) fn new(random: &mut Random) -> Self {
        let mut requests = Vec::new();
        for order in 0..random.between(1, 6) {
            let mut asks = vec![0];
            while asks.len() < 4 && random.chance(35) {
                asks.push(u32::from(random.chance(40)));
            }
            requests.extend(asks.into_iter().map(|variant| Request {
                order: usize::try_from(order).unwrap_or(0),
                variant,
                fingerprint: String::new(),
                progress: Progress::ToSend,
            }));
        }
        Self {
            requests,
            known: BTreeMap::new(),
            answers: Arc::default(),
        }
    }

    /// How many requests there are.
    pub(super) fn len(&self) -> usize {
        self.requests.len()
    }

    /// The requests that nobody works on.
    pub(super) fn to_send(&self) -> Vec<usize> {
        let open = |at: &usize| self.requests[*at].progress == Progress::ToSend;
        (0..self.requests.len()).filter(open).collect()
    }

    /// Whether every request was answered.
    pub(super) fn are_served(&self) -> bool {
        let answered = |request: &Request| request.progress == Progress::Answered;
        self.requests.iter().all(answered)
    }

    /// Sends the request at `at` to `engine`.
    pub(super) fn send<C: Command>(
        &mut self,
        at: usize,
        (life, engine): (Life, &Engine),
        stage: &Stage,
        command: fn(&str, u32) -> C,
    ) {
        let request = &mut self.requests[at];
        request.progress = Progress::Sent(life);
        let (order, variant) = (request.order, request.variant);
        stage.note(format_args!(
            "client {at} sends {} body {variant} to {life}",
            order_name(order)
        ));
        let command = command(&order_name(order), variant);
        let payload = serde_json::to_string(&command).unwrap_or_default();
        let fingerprint = Fingerprint::of(C::EVENT_TYPE, &payload);
        request.fingerprint = fingerprint.as_str().to_owned();
        let key = IdemKey::new(format!("key-{order}")).expect("a key");
        let (engine, answers) = (engine.clone(), Arc::clone(&self.answers));
        tokio::spawn(async move {
            let answer = engine.submit(OwnerId::anonymous(), key, &command).await;
            lock(&answers).push((at, life, answer));
        });
    }

    /// The process died: whoever waited for it asks again.
    pub(super) fn lost(&mut self, life: Life) {
        for request in &mut self.requests {
            if request.progress == Progress::Sent(life) {
                request.progress = Progress::ToSend;
            }
        }
    }

    /// Takes the answers that came, and holds them against earlier ones.
    pub(super) fn listen(&mut self, stage: &Stage) {
        let answers = std::mem::take(&mut *lock(&self.answers));
        for (at, life, answer) in answers {
            // A dead process tells nobody.
            if self.requests[at].progress != Progress::Sent(life) {
                continue;
            }
            stage.note(format_args!("client {at} hears {answer:?}"));
            self.requests[at].progress = match answer {
                Ok(submitted) => {
                    self.accepted(at, submitted, stage);
                    Progress::Answered
                }
                Err(SubmitError::KeyReused) => {
                    self.refused(at, stage);
                    Progress::Answered
                }
                Err(_) => Progress::ToSend,
            };
        }
    }

    fn accepted(&mut self, at: usize, submitted: Submitted, stage: &Stage) {
        let (order, variant) = (self.requests[at].order, self.requests[at].variant);
        let fresh = u32::from(!submitted.replayed);
        let Some(known) = self.known.get_mut(&order) else {
            let op_id = submitted.op_id;
            let known = Known {
                op_id,
                variant,
                fingerprint: self.requests[at].fingerprint.clone(),
                fresh,
            };
            self.known.insert(order, known);
            return;
        };
        known.fresh += fresh;
        if known.op_id != submitted.op_id || known.fresh > 1 {
            let what = format!("key-{order} is {} and {}", known.op_id, submitted.op_id);
            stage.violated(Invariant::OneOperationPerKey, what);
        }
        if known.variant != variant {
            let what = format!("key-{order} was accepted for two bodies");
            stage.violated(Invariant::OtherBodyRefused, what);
        }
    }

    fn refused(&self, at: usize, stage: &Stage) {
        let (order, variant) = (self.requests[at].order, self.requests[at].variant);
        if self
            .known
            .get(&order)
            .is_some_and(|known| known.variant == variant)
        {
            let what = format!("key-{order} was refused for the body it was accepted for");
            stage.violated(Invariant::OneOperationPerKey, what);
        }
    }

    /// What was acknowledged must be in the tables.
    pub(super) fn check(&self, snapshot: &Snapshot, stage: &Stage) {
        for (order, known) in &self.known {
            let found = snapshot.operations.get(known.op_id.as_str());
            let identity = ("anonymous", &*format!("key-{order}"), &*known.fingerprint);
            if !found.is_some_and(|row| row.is_of(&order_name(*order), identity)) {
                let what = format!("{} of key-{order} is not in the table", known.op_id);
                stage.violated(Invariant::AcceptedStays, what);
            }
        }
    }
}

pub(super) fn lock<T>(answers: &Mutex<T>) -> MutexGuard<'_, T> {
    answers.lock().unwrap_or_else(PoisonError::into_inner)
}
