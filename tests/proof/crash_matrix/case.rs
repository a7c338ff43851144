//! One case: a boundary, an answer, one or two kills, and what came of it.

use std::path::Path;
use std::time::Instant;

use crate::database;
use crate::http::{self, Message};
use crate::provider::{Answer, Count, Provider};
use crate::service::{Service, Site};

/// The service in three variants.
pub(super) struct Programs {
    pub(super) plain: &'static Path,
    /// With a finalize hook.
    pub(super) hooked: &'static Path,
    /// For a provider that knows no keys.
    pub(super) unkeyed: &'static Path,
}

/// Where the process dies, and what the provider does with the first call.
#[derive(Debug)]
pub(super) struct Case {
    pub(super) boundary: String,
    pub(super) answer: Answer,
}

/// What came of a case.
#[derive(Debug)]
pub(super) struct Seen {
    pub(super) case: Case,
    pub(super) state: String,
    pub(super) count: Count,
    pub(super) kills: usize,
    pub(super) seconds: f64,
    broken: Vec<String>,
}

impl Seen {
    /// Which promises this case broke.
    pub(super) fn wrong(&self) -> Option<String> {
        let Case { boundary, answer } = &self.case;
        let broken = self.broken.join("; ");
        (!self.broken.is_empty()).then(|| format!("{boundary}, {answer:?}: {broken}"))
    }

    fn expect(&mut self, holds: bool, promise: &str) {
        if !holds {
            self.broken.push(format!("{promise}: {:?}", self.count));
        }
    }
}

impl Case {
    pub(super) fn new(boundary: String, answer: Answer) -> Self {
        Self { boundary, answer }
    }

    /// A hook has a say in the end of an operation, so ends are recorded and finalized; without one
    /// they are settled.
    fn is_hooked(&self) -> bool {
        !self.boundary.contains("settle") && !self.is_unkeyed()
    }

    /// Whether a second call could be a second effect: then the provider must be asked first.
    fn is_unkeyed(&self) -> bool {
        matches!(self.answer, Answer::DoneButBusy | Answer::Silence)
    }

    /// Without a hook, and of an operation of which nobody can tell the end, nothing is recorded and
    /// finalized.
    pub(super) fn is_possible(&self) -> bool {
        let ends = self.boundary.contains("record") || self.boundary.contains("finalize");
        !(ends && self.is_unkeyed())
    }

    /// The boundaries at which a process dies, one after the other. The Reaper has work only after a
    /// worker was lost; after its work the question to the provider is claimed. The dispatcher claims
    /// what waits for its next attempt.
    fn kills(&self) -> Vec<&str> {
        if self.boundary.contains("reap") {
            vec!["after-call", &self.boundary]
        } else if self.boundary.contains("claim") && self.answer == Answer::Busy {
            vec!["after-settle-commit", &self.boundary]
        } else if self.boundary.contains("claim") {
            vec!["after-call", "after-reap-commit", &self.boundary]
        } else {
            vec![&self.boundary]
        }
    }

    fn program(&self, programs: &Programs) -> &'static Path {
        if self.is_unkeyed() {
            programs.unkeyed
        } else if self.is_hooked() {
            programs.hooked
        } else {
            programs.plain
        }
    }

    pub(super) fn run(self, programs: &Programs) -> Seen {
        let answer = self.answer;
        let provider = Provider::start(move |_, request| match answer {
            Answer::Refuse | Answer::Silence => answer,
            first if request == 1 => first,
            _ => Answer::Done,
        });
        let site = Site::new(self.program(programs), &provider);
        let mut seen = Seen {
            kills: self.kills().len(),
            case: self,
            state: String::new(),
            count: Count::default(),
            seconds: 0.0,
            broken: Vec::new(),
        };
        let early = die(&site, &mut seen);
        let recorded = database::recorded_ends(&site.database());
        let before = provider.counts();
        let restarted = Instant::now();
        let service = site.start();
        let op_id = answered(&service, early, &mut seen);
        seen.state = service.rest(&op_id);
        seen.seconds = restarted.elapsed().as_secs_f64();
        seen.count = provider.count(&op_id);
        check_end(&mut seen);
        check_file(&mut seen, &site);
        if let Some((op_id, _)) = recorded.first() {
            let requests = before.get(op_id).map_or(0, |count| count.requests);
            let silent = seen.count.requests == requests;
            seen.expect(silent, "a recorded outcome was asked for again");
        }
        seen
    }
}

/// Lets processes die at their boundaries; what the client was told meanwhile.
fn die(site: &Site, seen: &mut Seen) -> Option<Message> {
    let mut told = None;
    let kills: Vec<String> = seen.case.kills().into_iter().map(str::to_owned).collect();
    for (at, boundary) in kills.iter().enumerate() {
        let mut service = site.start_stalling_at(boundary);
        let address = service.address;
        let ask = move || http::post(address, "key-1", &http::payment("order-1")).ok();
        let client = (at == 0).then(|| std::thread::spawn(ask));
        let reached = service.stalled_at(boundary);
        seen.expect(reached, &format!("{boundary} was never reached"));
        service.kill();
        told = client.map_or(told, |client| client.join().unwrap());
    }
    told
}

/// The client sends its request again until it has an answer; an earlier one must stand.
fn answered(service: &Service, early: Option<Message>, seen: &mut Seen) -> String {
    let answer = http::post(service.address, "key-1", &http::payment("order-1")).unwrap();
    seen.expect(answer.status() == 202, "the key was not taken again");
    let op_id = answer.text("opId");
    if let Some(early) = early.filter(|early| early.status() == 202) {
        seen.expect(
            early.text("opId") == op_id,
            "an accepted operation was lost",
        );
    }
    op_id
}

fn check_end(seen: &mut Seen) {
    let (state, effects) = match seen.case.answer {
        Answer::Refuse => ("FAILED", 0..=0),
        Answer::Silence => ("PARKED", 0..=1),
        _ => ("COMPLETED", 1..=1),
    };
    seen.expect(seen.state == state, &format!("{} is no end", seen.state));
    let right = effects.contains(&seen.count.effects);
    seen.expect(right, "the provider acted too often or never");
}

fn check_file(seen: &mut Seen, site: &Site) {
    let file = site.database();
    let number = |sql| database::number(&file, sql);
    let operations = number("select count(*) from payment_operations");
    seen.expect(operations == 1, "one key is not one operation");
    let open = number(
        "select count(*) from payment_write_ahead_logs where state in ('PENDING', 'CORRUPT')",
    );
    seen.expect(open == 0, "an outcome in the log was not applied");
    if seen.case.is_hooked() {
        let ends = database::texts(&file, "select state from ends");
        let once = ends == [seen.state.as_str()];
        seen.expect(once, &format!("the hook wrote {ends:?}"));
    }
}
