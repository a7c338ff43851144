//! The provider and the way to it: requests that travel, effects that show late, answers that are lost.
//!
//! A request goes on its way when it is sent, whatever becomes of its sender, and arrives within the
//! policy's settling time. Its effect, too, shows to a question only some time later within it. What the
//! provider knows for good it may report by itself; it never contradicts itself.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::clock::{Timestamp, later};
use crate::operation::answer::{GatewayError, Receipt};
use crate::operation::idempotency::{Idempotency, Probe};
use crate::testing::Reply;

use super::Flavour;
use super::random::Random;

/// How many kinds of replies there are.
pub(super) const KINDS: usize = 10;

/// What comes of a call, each as likely as its number says.
fn replies(after: Option<Duration>) -> [(u64, Reply); KINDS] {
    [
        (40, Reply::Done),
        (8, Reply::Busy(after)),
        (6, Reply::DoneButBusy),
        (6, Reply::Refuse("DECLINED")),
        (12, Reply::DoneButLost),
        (6, Reply::DoneLate),
        (8, Reply::LostBefore),
        (6, Reply::Unreachable),
        (8, Reply::Hang),
        (6, Reply::Panic),
    ]
}

/// The kind of a reply, by name.
pub(super) fn kind(reply: &Reply) -> &'static str {
    match reply {
        Reply::Done => "done",
        Reply::Busy(_) => "busy",
        Reply::DoneButBusy => "done but busy",
        Reply::Refuse(_) => "refuse",
        Reply::DoneButLost => "done but lost",
        Reply::DoneLate => "done late",
        Reply::LostBefore => "lost before",
        Reply::Unreachable => "unreachable",
        Reply::Hang => "hang",
        Reply::Panic => "panic",
    }
}

/// What was sent and has not arrived.
#[derive(Debug, Clone)]
pub(super) struct Request {
    /// The place on the stage at which its sender waits.
    pub(super) number: u64,
    pub(super) order: String,
    pub(super) key: String,
    pub(super) content: Content,
    /// When it has arrived at the latest.
    pub(super) latest: Timestamp,
}

/// What a request asks for, and what the provider makes of it.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Content {
    Call(Reply),
    /// A question; the reason why there is no answer to it, if there is none.
    Question(Option<&'static str>),
}

/// What comes back.
#[derive(Debug)]
pub(super) enum Answer {
    Call(Result<Receipt, GatewayError>),
    Question(Probe),
}

/// What the provider knows for good about a call, and will report by itself.
#[derive(Debug, Clone)]
pub(super) struct Report {
    pub(super) order: String,
    pub(super) key: String,
    /// It was done; else it never will be.
    pub(super) done: bool,
}

#[derive(Debug)]
struct Effect {
    order: String,
    shows_at: Timestamp,
}

/// The provider's book, and what is on its way to it.
#[derive(Debug)]
pub(super) struct Network {
    idempotency: Idempotency,
    /// How many answers in a hundred are as the place in [`replies`] says, whatever their usual share.
    habit: (u64, usize),
    /// How many effects in a hundred show later than they happen.
    hidden: u64,
    /// How many results in a hundred are reported by callbacks.
    reported: u64,
    /// Orders whose refusal is reported: what is refused for good is never done.
    refused: BTreeSet<String>,
    reports: Vec<Report>,
    pub(super) under_way: Vec<Request>,
    answers: BTreeMap<u64, Answer>,
    effects: Vec<Effect>,
    keys: BTreeMap<String, Timestamp>,
    calls: BTreeMap<String, u32>,
    unhelpful: BTreeMap<String, u32>,
}

impl Network {
    pub(super) fn new(flavour: Flavour, random: &mut Random) -> Self {
        let share = random.pick(&[0, 20, 50]);
        Self {
            idempotency: flavour.idempotency,
            habit: (share, random.place(KINDS)),
            hidden: random.pick(&[0, 30, 80]),
            reported: if flavour.callbacks {
                random.pick(&[40, 70, 100])
            } else {
                0
            },
            refused: BTreeSet::new(),
            reports: Vec::new(),
            under_way: Vec::new(),
            answers: BTreeMap::new(),
            effects: Vec::new(),
            keys: BTreeMap::new(),
            calls: BTreeMap::new(),
            unhelpful: BTreeMap::new(),
        }
    }

    /// What will come of the next call.
    pub(super) fn reply(&self, random: &mut Random) -> Reply {
        let pause = random.chance(50);
        let after = pause.then(|| Duration::from_secs(random.between(1, 90)));
        let replies = replies(after);
        let (share, habit) = self.habit;
        let at = if random.chance(share) {
            Some(habit)
        } else {
            random.weighted(&replies.each_ref().map(|(weight, _)| *weight))
        };
        replies[at.unwrap_or(0)].1.clone()
    }

    /// How often the thing was done for `order`.
    pub(super) fn effects(&self, order: &str) -> usize {
        self.effects
            .iter()
            .filter(|effect| effect.order == order)
            .count()
    }

    /// How often it was done for `order` and for its further attempts, which are named behind a slash.
    pub(super) fn effects_of_all(&self, order: &str) -> usize {
        let is_it = |effect: &&Effect| {
            let behind = effect.order.strip_prefix(order);
            behind.is_some_and(|behind| behind.is_empty() || behind.starts_with('/'))
        };
        self.effects.iter().filter(is_it).count()
    }

    /// How often it was done for any.
    pub(super) fn all_effects(&self) -> usize {
        self.effects.len()
    }

    /// Calls that were begun for `order`.
    pub(super) fn calls(&self, order: &str) -> u32 {
        self.calls.get(order).copied().unwrap_or(0)
    }

    /// Questions about `order` that got no answer worth having.
    pub(super) fn unhelpful(&self, order: &str) -> u32 {
        self.unhelpful.get(order).copied().unwrap_or(0)
    }

    pub(super) fn count_call(&mut self, order: &str) {
        *self.calls.entry(order.to_owned()).or_default() += 1;
    }

    pub(super) fn count_unhelpful(&mut self, order: &str) {
        *self.unhelpful.entry(order.to_owned()).or_default() += 1;
    }

    /// What the provider has come to know for good since it was last asked.
    pub(super) fn take_reports(&mut self) -> Vec<Report> {
        std::mem::take(&mut self.reports)
    }

    pub(super) fn take_answer(&mut self, number: u64) -> Option<Answer> {
        self.answers.remove(&number)
    }

    /// The request at `at` arrives; says what the provider did.
    pub(super) fn arrive(
        &mut self,
        at: usize,
        now: Timestamp,
        random: &mut Random,
    ) -> (Request, &'static str) {
        let request = self.under_way.remove(at);
        let (answer, did) = match &request.content {
            Content::Question(why) => (
                Some(Answer::Question(self.asked(&request, *why, now))),
                "asked",
            ),
            Content::Call(Reply::Busy(after)) => {
                let busy = GatewayError::Unavailable {
                    reason: "HTTP 429".to_owned(),
                    after: *after,
                };
                (Some(Answer::Call(Err(busy))), "busy")
            }
            Content::Call(Reply::Refuse(code)) => {
                self.refuse(&request, random);
                (Some(refusal(code)), "refused")
            }
            Content::Call(Reply::Done) if self.refused.contains(&request.order) => {
                (Some(refusal("DECLINED")), "refused before")
            }
            Content::Call(reply) => {
                let did = self.act(&request, now, random);
                let receipt = Receipt {
                    provider_ref: Some(format!("ref-{}", request.order)),
                    result: None,
                };
                let busy = GatewayError::Unavailable {
                    reason: "HTTP 504".to_owned(),
                    after: None,
                };
                let answer = match reply {
                    Reply::Done => Some(Answer::Call(Ok(receipt))),
                    Reply::DoneButBusy => Some(Answer::Call(Err(busy))),
                    _ => None,
                };
                (answer, did)
            }
        };
        if let Some(answer) = answer {
            self.answers.insert(request.number, answer);
        }
        (request, did)
    }

    /// Refuses; for good, when that will be reported.
    fn refuse(&mut self, request: &Request, random: &mut Random) {
        let is_new = !self.refused.contains(&request.order) && self.effects(&request.order) == 0;
        if is_new && random.chance(self.reported) {
            self.refused.insert(request.order.clone());
            self.report(request, false);
        }
    }

    fn report(&mut self, request: &Request, done: bool) {
        self.reports.push(Report {
            order: request.order.clone(),
            key: request.key.clone(),
            done,
        });
    }

    fn act(&mut self, request: &Request, now: Timestamp, random: &mut Random) -> &'static str {
        if self.refused.contains(&request.order) {
            return "refused before";
        }
        if let Idempotency::Keyed { window } = self.idempotency {
            let known = self.keys.get(&request.key);
            if known.is_some_and(|first| now < later(*first, window)) {
                return "known";
            }
            self.keys.insert(request.key.clone(), now);
        }
        let longest = (request.latest - now).num_milliseconds();
        let longest = u64::try_from(longest).unwrap_or(0);
        let hidden = if random.chance(self.hidden) {
            random.between(0, longest)
        } else {
            0
        };
        let shows_at = later(now, Duration::from_millis(hidden));
        self.effects.push(Effect {
            order: request.order.clone(),
            shows_at,
        });
        if random.chance(self.reported) {
            self.report(request, true);
        }
        "done"
    }

    fn asked(&self, request: &Request, why: Option<&'static str>, now: Timestamp) -> Probe {
        if let Some(why) = why {
            return Probe::StillUnknown {
                reason: why.to_owned(),
            };
        }
        let shows = |effect: &Effect| effect.order == request.order && effect.shows_at <= now;
        if self.effects.iter().any(shows) {
            Probe::Committed {
                message: "done".to_owned(),
                provider_ref: Some(format!("ref-{}", request.order)),
                result: None,
            }
        } else {
            Probe::NotCommitted
        }
    }
}

fn refusal(code: &str) -> Answer {
    Answer::Call(Err(GatewayError::Refused {
        code: code.to_owned(),
        message: "refused by the provider".to_owned(),
    }))
}
