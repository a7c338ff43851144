//! A provider that does what a test says and counts what it did.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::Notify;

use crate::engine::{report_pause, report_unaccounted};
use crate::ids::OpId;
use crate::operation::answer::{GatewayError, Receipt};
use crate::operation::idempotency::Probe;

/// What the provider does with one call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// Does it and says so.
    Done,
    /// Does nothing and says so, as with 429; may ask for a pause.
    Busy(Option<Duration>),
    /// Does it and says that it is busy, as something between it and its caller may.
    DoneButBusy,
    /// Refuses for good, with this code.
    Refuse(&'static str),
    /// Does it; the answer is lost on the way back.
    DoneButLost,
    /// Takes the request and does it only after [`Provider::arrive`]; the caller cannot know.
    DoneLate,
    /// The request is lost on the way; the caller cannot know.
    LostBefore,
    /// Cannot be reached at all: nothing was sent.
    Unreachable,
    /// Does it, and answers only after [`Provider::release`].
    Hang,
    /// The code that calls it panics before it is called.
    Panic,
}

#[derive(Debug, Default)]
struct Book {
    script: VecDeque<Reply>,
    effects: HashMap<OpId, u32>,
    requests: HashMap<OpId, u32>,
    probes: u32,
    under_way: Vec<OpId>,
    silent: bool,
    hanging: u32,
}

/// A scripted provider; clones are the same one.
#[derive(Debug, Clone)]
pub struct Provider {
    book: Arc<Mutex<Book>>,
    keyed: bool,
    hung: Arc<Notify>,
    release: Arc<Notify>,
}

impl Provider {
    /// A provider that gives a repeated key one effect.
    #[must_use]
    pub fn keyed() -> Self {
        Self {
            book: Arc::default(),
            keyed: true,
            hung: Arc::default(),
            release: Arc::default(),
        }
    }

    /// A provider for which every call is a new effect.
    #[must_use]
    pub fn unkeyed() -> Self {
        Self {
            keyed: false,
            ..Self::keyed()
        }
    }

    /// Says what to do with the next calls, in order. Without a script it does what it is asked.
    pub fn script(&self, replies: impl IntoIterator<Item = Reply>) {
        self.lock().script.extend(replies);
    }

    /// From now on, questions about earlier calls get no answer.
    pub fn stop_answering_probes(&self) {
        self.lock().silent = true;
    }

    /// Questions about earlier calls get an answer again.
    pub fn answer_probes(&self) {
        self.lock().silent = false;
    }

    /// Lets what is under way have its effect.
    pub fn arrive(&self) {
        let arrived = std::mem::take(&mut self.lock().under_way);
        for key in arrived {
            let _ = self.effect(&key);
        }
    }

    /// Lets the calls that hang answer.
    pub fn release(&self) {
        self.release.notify_waiters();
    }

    /// A call under `key`.
    ///
    /// # Errors
    /// As the script says.
    ///
    /// # Panics
    /// When the script says [`Reply::Panic`].
    pub async fn call(&self, key: &OpId) -> Result<Receipt, GatewayError> {
        let reply = self.lock().script.pop_front().unwrap_or(Reply::Done);
        if reply != Reply::Unreachable && reply != Reply::Panic {
            *self.lock().requests.entry(key.clone()).or_default() += 1;
        }
        match reply {
            Reply::Done => Ok(self.effect(key)),
            Reply::Busy(after) => {
                after.inspect(|pause| report_pause(*pause));
                Err(GatewayError::Unavailable {
                    reason: "HTTP 429".to_owned(),
                    after,
                })
            }
            Reply::DoneButBusy => {
                let _ = self.effect(key);
                report_unaccounted();
                Err(GatewayError::Unavailable {
                    reason: "HTTP 504".to_owned(),
                    after: None,
                })
            }
            Reply::Refuse(code) => Err(GatewayError::Refused {
                code: code.to_owned(),
                message: "refused by the provider".to_owned(),
            }),
            Reply::DoneButLost => {
                let _ = self.effect(key);
                Err(GatewayError::NoAnswer {
                    reason: "connection reset".to_owned(),
                })
            }
            Reply::DoneLate => {
                self.lock().under_way.push(key.clone());
                Err(GatewayError::NoAnswer {
                    reason: "no answer in time".to_owned(),
                })
            }
            Reply::LostBefore => Err(GatewayError::NoAnswer {
                reason: "connection reset".to_owned(),
            }),
            Reply::Unreachable => Err(GatewayError::Unavailable {
                reason: "connection refused".to_owned(),
                after: None,
            }),
            Reply::Hang => {
                let receipt = self.effect(key);
                let _hanging = Hanging::new(self);
                self.release.notified().await;
                Ok(receipt)
            }
            Reply::Panic => panic!("scripted panic"),
        }
    }

    /// Whether the call under `key` happened.
    #[expect(
        clippy::unused_async,
        reason = "stands in for a question over the network"
    )]
    pub async fn probe(&self, key: &OpId) -> Probe {
        let mut book = self.lock();
        book.probes += 1;
        if book.silent {
            return Probe::StillUnknown {
                reason: "no answer to the probe".to_owned(),
            };
        }
        match book.effects.get(key) {
            Some(_) => Probe::Committed {
                message: "done".to_owned(),
                provider_ref: Some(reference(key)),
                result: None,
            },
            None => Probe::NotCommitted,
        }
    }

    /// How often the thing was really done for `key`.
    #[must_use]
    pub fn effects(&self, key: &OpId) -> u32 {
        self.lock().effects.get(key).copied().unwrap_or(0)
    }

    /// How often it was really done, for all keys.
    #[must_use]
    pub fn total_effects(&self) -> u32 {
        self.lock().effects.values().sum()
    }

    /// The most effects that any one key had.
    #[must_use]
    pub fn most_effects_of_one_key(&self) -> u32 {
        self.lock().effects.values().copied().max().unwrap_or(0)
    }

    /// Calls that reached it under `key`.
    #[must_use]
    pub fn requests(&self, key: &OpId) -> u32 {
        self.lock().requests.get(key).copied().unwrap_or(0)
    }

    /// Calls that reached it.
    #[must_use]
    pub fn total_requests(&self) -> u32 {
        self.lock().requests.values().sum()
    }

    /// Questions it was asked.
    #[must_use]
    pub fn probes(&self) -> u32 {
        self.lock().probes
    }

    /// Ends as soon as a call hangs.
    pub(super) async fn hung(&self) {
        while self.lock().hanging == 0 {
            self.hung.notified().await;
        }
    }

    fn effect(&self, key: &OpId) -> Receipt {
        let mut book = self.lock();
        let effects = book.effects.entry(key.clone()).or_default();
        if !(self.keyed && *effects > 0) {
            *effects += 1;
        }
        Receipt {
            provider_ref: Some(reference(key)),
            result: None,
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Book> {
        self.book
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

/// One hanging call, until it is answered or given up.
struct Hanging<'a>(&'a Provider);

impl<'a> Hanging<'a> {
    fn new(provider: &'a Provider) -> Self {
        provider.lock().hanging += 1;
        provider.hung.notify_one();
        Self(provider)
    }
}

impl Drop for Hanging<'_> {
    fn drop(&mut self) {
        self.0.lock().hanging -= 1;
    }
}

fn reference(key: &OpId) -> String {
    format!("ref-{key}")
}
