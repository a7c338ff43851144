//! The provider as the orchestrator under test sees it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::clock::{Timestamp, later, to_millis};
use crate::engine::report_unaccounted;
use crate::operation::answer::{GatewayError, Receipt};
use crate::operation::idempotency::Probe;
use crate::operation::retry::RetryPolicy;
use crate::store::sqlite::MemoryDatabase;
use crate::testing::Reply;
use crate::value::Value;

use super::invariant::Invariant;
use super::network::{Answer, Content, Network, Request, kind};
use super::stage::{Life, Stage};

/// A handle of one process on the simulated provider.
#[derive(Debug, Clone)]
pub struct SimProvider {
    pub(super) stage: Arc<Stage>,
    pub(super) life: Life,
    pub(super) network: Arc<Mutex<Network>>,
    pub(super) database: MemoryDatabase,
    pub(super) domain: &'static str,
    pub(super) policy: RetryPolicy,
    /// Never answers questions.
    pub(super) silent: bool,
}

pub(super) fn lock(network: &Mutex<Network>) -> MutexGuard<'_, Network> {
    network.lock().unwrap_or_else(PoisonError::into_inner)
}

impl SimProvider {
    /// A call for `order` under `key`. What comes of it is a matter of chance.
    ///
    /// # Errors
    /// When the answer is lost, or is none of success.
    ///
    /// # Panics
    /// When chance says so, as code that calls a provider may.
    pub async fn call(&self, order: &str, key: &str) -> Result<Receipt, GatewayError> {
        self.assert_intended(order);
        let (reply, now) = {
            let mut scene = self.stage.scene();
            let reply = if scene.calm {
                Reply::Done
            } else {
                lock(&self.network).reply(&mut scene.random)
            };
            scene.note(format_args!("{} calls {order}: {reply:?}", self.life));
            scene.replies.insert(kind(&reply));
            (reply, scene.now)
        };
        lock(&self.network).count_call(order);
        match reply {
            Reply::Unreachable => {
                self.pause("unreachable").await;
                Err(GatewayError::Unavailable {
                    reason: "connection refused".to_owned(),
                    after: None,
                })
            }
            // The hook of the test harness would print each of them.
            Reply::Panic => std::panic::resume_unwind(Box::new("the call panicked")),
            Reply::LostBefore => {
                self.pause("a reset").await;
                Err(no_answer())
            }
            Reply::DoneButLost | Reply::DoneLate => {
                let _sent = self.send(order, key, Content::Call(reply), now);
                self.pause("a reset").await;
                Err(no_answer())
            }
            Reply::Done | Reply::DoneButBusy | Reply::Busy(_) | Reply::Refuse(_) | Reply::Hang => {
                let unaccounted = reply == Reply::DoneButBusy;
                let answer = self.exchange(order, key, Content::Call(reply), now).await;
                if unaccounted {
                    report_unaccounted();
                }
                match answer {
                    Some(Answer::Call(answer)) => answer,
                    Some(Answer::Question(_)) | None => Err(no_answer()),
                }
            }
        }
    }

    /// Asks whether the call for `order` under `key` happened.
    ///
    /// # Panics
    /// As [`call`](Self::call).
    pub async fn probe(&self, order: &str, key: &str) -> Probe {
        let (content, panics, now) = {
            let mut scene = self.stage.scene();
            let trouble = !scene.calm;
            let mute = self.silent || (trouble && scene.random.chance(20));
            let why = mute.then_some("no answer to the question");
            let panics = trouble && scene.random.chance(2);
            scene.note(format_args!("{} asks about {order}", self.life));
            (Content::Question(why), panics, scene.now)
        };
        if panics {
            lock(&self.network).count_unhelpful(order);
            std::panic::resume_unwind(Box::new("the question panicked"));
        }
        let asked = Asked {
            provider: self,
            order,
            answered: false,
        };
        let answer = self.exchange(order, key, content, now).await;
        match answer {
            Some(Answer::Question(probe)) => asked.answered(probe),
            Some(Answer::Call(_)) | None => Probe::StillUnknown {
                reason: "no answer".to_owned(),
            },
        }
    }

    /// Whether the finalize hook should refuse this time.
    #[must_use]
    pub fn hook_refuses(&self) -> bool {
        let mut scene = self.stage.scene();
        let refuses = !scene.calm && scene.random.chance(15);
        if refuses {
            scene.note(format_args!("{} hook refuses", self.life));
        }
        refuses
    }

    /// Puts a request on its way. The number is where its answer will be.
    fn send(
        &self,
        order: &str,
        key: &str,
        content: Content,
        now: Timestamp,
    ) -> super::stage::Pause {
        let place = self.stage.park(self.life, "an answer", Timestamp::MAX_UTC);
        lock(&self.network).under_way.push(Request {
            number: place.number,
            order: order.to_owned(),
            key: key.to_owned(),
            content,
            latest: later(now, self.policy.settling),
        });
        place
    }

    async fn exchange(
        &self,
        order: &str,
        key: &str,
        content: Content,
        now: Timestamp,
    ) -> Option<Answer> {
        let place = self.send(order, key, content, now);
        let number = place.number;
        place.await;
        lock(&self.network).take_answer(number)
    }

    async fn pause(&self, what: &'static str) {
        let now = self.stage.scene().now;
        self.stage.park(self.life, what, now).await;
    }

    /// The provider may be called only for a durable intent of a term that has not ended.
    fn assert_intended(&self, order: &str) {
        let now = self.stage.scene().now;
        let sql = format!(
            "select count(*) as n from {0}_operations as o
             join {0}_write_ahead_logs as log on log.op_id = o.op_id and log.fence = o.fence
             where o.biz_key = ?1 and o.state = 'IN_PROGRESS' and o.lease_expires_at > ?2
                 and log.state = 'INTENT'",
            self.domain
        );
        let params = [Value::from(order), Value::Integer(to_millis(now))];
        let intents: i64 = self
            .database
            .query(&sql, &params)
            .ok()
            .and_then(|rows| rows.first()?.get("n").ok())
            .unwrap_or(0);
        if intents == 0 {
            let what = format!("{} calls for {order} without a live intent", self.life);
            self.stage.violated(Invariant::IntentBeforeCall, what);
        }
    }
}

/// A question that counts as unhelpful unless it is answered.
struct Asked<'a> {
    provider: &'a SimProvider,
    order: &'a str,
    answered: bool,
}

impl Asked<'_> {
    fn answered(mut self, probe: Probe) -> Probe {
        self.answered = !matches!(probe, Probe::StillUnknown { .. });
        probe
    }
}

impl Drop for Asked<'_> {
    fn drop(&mut self) {
        if !self.answered {
            lock(&self.provider.network).count_unhelpful(self.order);
        }
    }
}

fn no_answer() -> GatewayError {
    GatewayError::NoAnswer {
        reason: "connection reset".to_owned(),
    }
}
