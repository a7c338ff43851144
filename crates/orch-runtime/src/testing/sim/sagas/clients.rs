//! Clients that ask for sagas until they are answered, and persons who intervene.

use std::sync::{Arc, Mutex};

use crate::ids::SagaId;
use crate::saga::{SagaError, SagaPattern};
use crate::testing::sim::client::lock;
use crate::testing::sim::invariant::Invariant;
use crate::testing::sim::random::Random;
use crate::testing::sim::stage::{Life, Stage};

use super::{SimSagas, Wish};

/// One request for a saga.
#[derive(Debug)]
struct Ask {
    name: String,
    pattern: SagaPattern,
    progress: Progress,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Progress {
    ToSend,
    Sent(Life),
    Answered,
}

/// What a person will ask for once the saga is known, and whether that was done.
#[derive(Debug)]
struct Wanted {
    name: String,
    wish: Wish,
    is_said: bool,
}

type Answers = Arc<Mutex<Vec<(usize, Life, Result<SagaId, SagaError>)>>>;

/// All who ask for sagas in one run.
#[derive(Debug)]
pub(in crate::testing::sim) struct SagaClients {
    asks: Vec<Ask>,
    wanted: Vec<Wanted>,
    known: Vec<(String, SagaId)>,
    answers: Answers,
}

impl SagaClients {
    /// One to four sagas; some are asked for twice, some of them of a process of another pattern.
    pub(in crate::testing::sim) fn new(random: &mut Random) -> Self {
        let (mut asks, mut wanted) = (Vec::new(), Vec::new());
        for number in 0..random.between(1, 4) {
            let name = format!("saga-{number}");
            for _ in 0..random.pick(&[1, 1, 2]) {
                asks.push(Ask {
                    name: name.clone(),
                    pattern: random.pick(&SagaPattern::ALL),
                    progress: Progress::ToSend,
                });
            }
            while random.chance(25) {
                wanted.push(Wanted {
                    name: name.clone(),
                    wish: random.pick(&[Wish::Cancel, Wish::Compensate, Wish::Look]),
                    is_said: false,
                });
            }
        }
        Self {
            asks,
            wanted,
            known: Vec::new(),
            answers: Arc::default(),
        }
    }

    /// What can be said now, by number: requests, and behind them wishes.
    pub(in crate::testing::sim) fn to_send(&self) -> Vec<usize> {
        let open = |at: &usize| match self.wanted.get(at.wrapping_sub(self.asks.len())) {
            Some(wanted) => !wanted.is_said && self.id_of(&wanted.name).is_some(),
            None => self.asks[*at].progress == Progress::ToSend,
        };
        (0..self.asks.len() + self.wanted.len())
            .filter(open)
            .collect()
    }

    /// Whether every request was answered.
    pub(in crate::testing::sim) fn are_served(&self) -> bool {
        let answered = |ask: &Ask| ask.progress == Progress::Answered;
        self.asks.iter().all(answered)
    }

    /// Whether a person intervened in the saga of this name.
    pub(in crate::testing::sim) fn is_touched(&self, name: &str) -> bool {
        let touches = |wanted: &Wanted| wanted.is_said && wanted.name == name;
        self.wanted.iter().any(touches)
    }

    fn id_of(&self, name: &str) -> Option<SagaId> {
        let mut known = self.known.iter();
        let found = known.find(|(known, _)| known == name);
        found.map(|(_, id)| id.clone())
    }

    /// Says what has this number to a process.
    pub(in crate::testing::sim) fn send(
        &mut self,
        at: usize,
        (life, sagas): (Life, &SimSagas),
        stage: &Stage,
    ) {
        let behind = at.wrapping_sub(self.asks.len());
        if let Some(wanted) = self.wanted.get(behind) {
            let (name, wish) = (wanted.name.clone(), wanted.wish);
            if let Some(id) = self.id_of(&name) {
                stage.note(format_args!("a person says {wish:?} of {name} to {life}"));
                self.wanted[behind].is_said = true;
                tokio::spawn(sagas.0.wish(wish, id));
            }
            return;
        }
        let ask = &mut self.asks[at];
        ask.progress = Progress::Sent(life);
        let (name, pattern) = (&ask.name, ask.pattern);
        stage.note(format_args!("client asks {life} for {name} by {pattern}"));
        let (answers, asking) = (Arc::clone(&self.answers), sagas.0.ask(name, pattern));
        tokio::spawn(async move {
            let answer = asking.await;
            lock(&answers).push((at, life, answer));
        });
    }

    /// The process died: whoever waited for it asks again.
    pub(in crate::testing::sim) fn lost(&mut self, life: Life) {
        for ask in &mut self.asks {
            if ask.progress == Progress::Sent(life) {
                ask.progress = Progress::ToSend;
            }
        }
    }

    /// Takes the answers that came, and holds them against earlier ones.
    pub(in crate::testing::sim) fn listen(&mut self, stage: &Stage) {
        let answers = std::mem::take(&mut *lock(&self.answers));
        for (at, life, answer) in answers {
            // A dead process tells nobody.
            if self.asks[at].progress != Progress::Sent(life) {
                continue;
            }
            let name = self.asks[at].name.clone();
            stage.note(format_args!("client hears of {name}: {answer:?}"));
            self.asks[at].progress = match answer {
                Ok(id) => {
                    self.accepted(name, id, stage);
                    Progress::Answered
                }
                Err(_) => Progress::ToSend,
            };
        }
    }

    fn accepted(&mut self, name: String, id: SagaId, stage: &Stage) {
        match self.id_of(&name) {
            Some(known) if known != id => {
                let what = format!("{name} is {known} and {id}");
                stage.violated(Invariant::OneOperationPerKey, what);
            }
            Some(_) => {}
            None => self.known.push((name, id)),
        }
    }

    /// The sagas whose acceptance was acknowledged, by name and id.
    pub(in crate::testing::sim) fn acknowledged(&self) -> &[(String, SagaId)] {
        &self.known
    }
}
