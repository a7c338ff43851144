//! Invents commands: mostly those that an engine would give, and some of a worker that was replaced.

use orch_runtime::operation::command::Fingerprint;
use orch_runtime::operation::decision::Settlement;
use orch_runtime::store::callbacks::{CallbackState, InboxPosition, NewCallback, Teller, Waiting};
use orch_runtime::store::{Beat, Claim, Lease, NewOperation, Term};
use orch_runtime::testing::sim::Random;
use orch_runtime::{
    BizKey, Column, EventId, IdemKey, Json, OpId, Outcome, OwnerId, Progress, Timestamp,
};

use super::{Command, HookWork};

/// The kinds of command that clients send.
pub(super) const KINDS: [&str; 2] = ["CHARGE_REQUESTED", "REFUND_REQUESTED"];

/// How likely each command is, in the order of [`Hand::invent`].
const WEIGHTS: [u64; 18] = [24, 4, 12, 9, 4, 18, 10, 9, 6, 7, 2, 3, 1, 5, 4, 5, 4, 2];

/// What messages may hold.
const TEXTS: [&str; 5] = ["done", "", "\"quoted\" \\ \r\n\t", "ж🦀", "orch1:k:none"];

/// A stream of commands that depends on its seed, and on what the store has leased.
pub(crate) struct Hand {
    random: Random,
    /// Milliseconds since 1970.
    now: i64,
    /// Makes each time differ from the others, so that no order is left to chance.
    serial: i64,
    operations: Vec<OpId>,
    leases: Vec<Lease>,
    events: Vec<EventId>,
    /// Times at which something ends or is due.
    times: Vec<i64>,
}

fn at(millis: i64) -> Timestamp {
    Timestamp::from_timestamp_millis(millis).unwrap()
}

impl Hand {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            random: Random::new(seed),
            now: 1_700_000_000_000,
            serial: 0,
            operations: Vec::new(),
            leases: Vec::new(),
            events: Vec::new(),
            times: Vec::new(),
        }
    }

    /// The next command, and when it is given.
    pub(crate) fn next(&mut self) -> (Timestamp, Command) {
        self.wind();
        let kind = self.random.weighted(&WEIGHTS).unwrap_or(0);
        (at(self.now), self.invent(kind))
    }

    /// The store leased these.
    pub(crate) fn learn(&mut self, leases: Vec<Lease>) {
        self.leases.extend(leases);
    }

    fn invent(&mut self, kind: usize) -> Command {
        match kind {
            1 => {
                let operation = Box::new(self.operation());
                self.operations.push(operation.op_id.clone());
                Command::AcceptIn(operation, self.random.chance(60))
            }
            2 => Command::Claim(self.claim()),
            3 => Command::ClaimUnknown(self.claim()),
            4 if !self.leases.is_empty() => self.heartbeat(),
            5 if !self.leases.is_empty() => self.settle(),
            6 if !self.leases.is_empty() => self.record(),
            7 if !self.leases.is_empty() => self.finalize(),
            8 => Command::Reap(self.size()),
            9 => Command::PendingOutcomes(self.before(), self.size()),
            10 if !self.leases.is_empty() => {
                let lease = self.lease();
                Command::SetAside(lease.op_id().clone(), lease.fence)
            }
            11 => Command::Purge(self.before(), self.size()),
            12 => Command::NextDue(self.soon(-20, 20)),
            13 => Command::Receive(self.callback()),
            14 => Command::Waiting(self.waiting(), self.size()),
            15 if !self.operations.is_empty() => {
                let op_id = self.random.pick(&self.operations);
                let teller = self.random.pick(&[Teller::Provider, Teller::Person]);
                Command::ClaimTold(self.term(), op_id, teller)
            }
            16 => self.mark(),
            17 => Command::NextExpiry(self.soon(-20, 20)),
            _ => self.accept(),
        }
    }

    /// Time goes on: a little, a lot, or just until something ends.
    fn wind(&mut self) {
        let coming = self.times.iter().filter(|time| **time > self.now);
        let next = match self.random.between(0, 9) {
            0 | 1 => coming.min().copied(),
            2 => coming.max().copied(),
            _ => None,
        };
        let pause = if self.random.chance(10) { 60 } else { 4 };
        let later = self.soon(0, pause).timestamp_millis();
        self.now = next.unwrap_or(later).max(self.now + 1);
    }

    /// A time of its own, between so many seconds from now.
    fn soon(&mut self, low: i64, high: i64) -> Timestamp {
        self.serial += 1;
        let span = self.random.between(0, (high - low).unsigned_abs());
        let second = self.now / 1_000 + low + i64::try_from(span).unwrap_or(0);
        let time = second * 1_000 + self.serial % 1_000;
        self.times.push(time);
        at(time)
    }

    /// Mostly everything, sometimes only what is older.
    fn before(&mut self) -> Timestamp {
        self.soon(-60, 20)
    }

    fn size(&mut self) -> u32 {
        self.random.pick(&[1, 2, 3, 50])
    }

    fn text(&mut self) -> String {
        self.random.pick(&TEXTS).to_owned()
    }

    fn maybe(&mut self) -> Option<String> {
        self.random.chance(50).then(|| self.text())
    }

    fn accept(&mut self) -> Command {
        let count = if self.random.chance(25) { 5 } else { 1 };
        let new = (0..count).map(|_| {
            let operation = self.operation();
            (operation, self.random.chance(60).then(|| self.term()))
        });
        let new: Vec<_> = new.collect();
        let names = new.iter().map(|(operation, _)| operation.op_id.clone());
        self.operations.extend(names);
        Command::Accept(new)
    }

    fn operation(&mut self) -> NewOperation {
        self.serial += 1;
        let number = self.serial;
        let shape = self.random.pick(&["op-", "Op_", "oP-"]);
        let mut op_id = OpId::new(format!("{shape}{number}")).unwrap();
        let mut key = format!("key-{}", self.random.between(0, 9));
        if self.random.chance(4) && !self.operations.is_empty() {
            // A name that is taken, which no client can bring about.
            op_id = self.random.pick(&self.operations);
            key = format!("key of its own {number}");
        }
        let order = format!("order-{}", self.random.between(0, 1));
        let event_type = self.random.pick(&KINDS);
        let payload = serde_json::json!({ "order_id": order, "pin": self.text() }).to_string();
        let mut columns = vec![Column::new("order_id", &*order)];
        if self.random.chance(80) {
            let cents = self.random.pick(&[0, -1, i64::MAX, i64::MIN, 1_000]);
            columns.push(Column::new("cents", cents));
        }
        NewOperation {
            op_id,
            owner_id: OwnerId::new(self.random.pick(&["anonymous", "mallory"])).unwrap(),
            idem_key: IdemKey::new(key).unwrap(),
            biz_key: BizKey::new(order).unwrap(),
            event_type,
            fingerprint: Fingerprint::of(event_type, &payload),
            payload,
            columns,
            accepted_at: self.soon(0, 0),
            deadline_at: self.soon(10, 4_000),
            trace_parent: None,
        }
    }

    fn term(&mut self) -> Term {
        Term {
            worker: self.random.pick(&["worker-1", "worker-2"]).into(),
            expires_at: self.soon(5, 15),
        }
    }

    fn claim(&mut self) -> Claim {
        let kinds: &[&'static str] = match self.random.between(0, 4) {
            0 => &KINDS[..1],
            1 => &[],
            _ => &KINDS,
        };
        let far = self.random.chance(80);
        Claim {
            term: self.term(),
            event_types: kinds.into(),
            due_from: if far {
                Timestamp::UNIX_EPOCH
            } else {
                self.soon(-5, 0)
            },
            limit: self.random.pick(&[0, 1, 2, 3, 10, 10]),
            repeats: self.random.pick(&[None, None, Some(true), Some(false)]),
        }
    }

    /// Mostly one of the last terms, sometimes one that was replaced.
    fn lease(&mut self) -> Lease {
        let behind = if self.random.chance(70) { 4 } else { 1_000 };
        let begin = self.leases.len().saturating_sub(behind);
        let mut lease = self.random.pick(&self.leases[begin..]);
        if self.random.chance(30) {
            lease.facts.unaccounted_at = Some(self.soon(-5, 0));
        }
        if self.random.chance(30) {
            lease.redacted = Some(r#"{"pin":"***"}"#.to_owned());
        }
        lease
    }

    /// A few terms, each once.
    fn some_leases(&mut self) -> Vec<Lease> {
        let count = if self.random.chance(25) { 4 } else { 1 };
        let mut leases: Vec<Lease> = (0..count).map(|_| self.lease()).collect();
        leases.sort_by_key(|lease| (lease.op_id().to_string(), lease.fence));
        leases.dedup_by_key(|lease| (lease.op_id().to_string(), lease.fence));
        leases
    }

    fn heartbeat(&mut self) -> Command {
        let beats = self.some_leases().into_iter().map(|lease| Beat {
            op_id: lease.op_id().clone(),
            fence: lease.fence,
            progress: self.random.chance(50).then(|| Progress {
                done: self.random.pick(&[0, 3, u64::MAX]),
                total: 9,
            }),
        });
        let beats = beats.collect();
        Command::Heartbeat(beats, self.soon(5, 15))
    }

    fn settle(&mut self) -> Command {
        let answers = self.some_leases().into_iter().map(|lease| {
            let outcome = self.outcome();
            let end = self.settlement(5);
            (lease, outcome, end)
        });
        Command::Settle(answers.collect())
    }

    fn record(&mut self) -> Command {
        let leases = self.some_leases().into_iter();
        Command::Record(leases.map(|lease| (lease, self.outcome())).collect())
    }

    fn finalize(&mut self) -> Command {
        let work = match self.random.between(0, 3) {
            0 => HookWork::Nothing,
            _ => HookWork::Pays {
                order: format!("order-{}", self.random.between(0, 5)),
                refuses: self.random.chance(20),
            },
        };
        let lease = Box::new(self.lease());
        Command::Finalize(lease, self.settlement(2), work)
    }

    fn result(&mut self) -> Option<Json> {
        let results = [
            None,
            Some(serde_json::json!({ "a": [1, 2.5, null], "ж": "\u{0}" })),
            Some(Json::Null),
            Some(Json::from(u64::MAX)),
        ];
        self.random.pick(&results)
    }

    /// What the provider calls it; several operations may be called the same.
    fn reference(&mut self) -> Option<String> {
        let number = self.random.between(0, 4);
        (number > 0).then(|| format!("ref-{number}"))
    }

    fn outcome(&mut self) -> Outcome {
        match self.random.between(0, 3) {
            0 => Outcome::Ok {
                message: self.text(),
                provider_ref: self.reference(),
                result: self.result(),
            },
            1 => Outcome::retry(self.text()),
            2 => Outcome::Fail {
                code: "DECLINED".to_owned(),
                message: self.text(),
                cause: self.maybe(),
            },
            _ => Outcome::unknown(self.text()),
        }
    }

    /// One of the first `kinds` settlements; two of them end the operation.
    fn settlement(&mut self, kinds: u64) -> Settlement {
        match self.random.between(0, kinds - 1) {
            0 => Settlement::Complete {
                message: self.text(),
                provider_ref: self.reference(),
                result: self.result(),
            },
            1 => Settlement::Fail {
                code: "DECLINED".to_owned(),
                message: self.text(),
                cause: self.maybe(),
            },
            2 => Settlement::Retry {
                at: self.soon(0, 20),
                reason: self.text(),
                ambiguous: self.random.chance(50),
            },
            3 => Settlement::Ask {
                at: self.soon(0, 20),
                reason: self.text(),
            },
            _ => Settlement::Park {
                code: self.random.pick(&["UNKNOWN", "UNREADABLE"]),
                reason: self.text(),
            },
        }
    }

    fn callback(&mut self) -> NewCallback {
        let event = format!("evt-{}", self.random.between(0, 9));
        let event_id = EventId::new(event).unwrap();
        self.events.push(event_id.clone());
        let named = self.random.chance(60) && !self.operations.is_empty();
        let ok = Outcome::Ok {
            message: self.text(),
            provider_ref: None,
            result: self.result(),
        };
        let outcome = self.random.pick(&[ok, Outcome::fail("DECLINED", "no")]);
        NewCallback {
            event_id,
            op_id: named.then(|| self.random.pick(&self.operations)),
            provider_ref: self.reference(),
            outcome,
            received_at: at(self.now),
        }
    }

    fn waiting(&mut self) -> Waiting {
        match self.random.between(0, 2) {
            0 if !self.events.is_empty() => Waiting::Event(self.random.pick(&self.events)),
            1 if !self.operations.is_empty() => Waiting::Of(self.random.pick(&self.operations)),
            _ => {
                let position = self.random.chance(50).then(|| InboxPosition {
                    received_at: self.soon(-60, 0),
                    event_id: "evt-5".to_owned(),
                });
                Waiting::Behind(position)
            }
        }
    }

    fn mark(&mut self) -> Command {
        let event = self.random.between(0, 9);
        let target = self.random.chance(50) && !self.operations.is_empty();
        let target = target.then(|| self.random.pick(&self.operations));
        let state = self.random.pick(&CallbackState::ALL);
        Command::Mark(format!("evt-{event}"), state, target)
    }
}
