//! The two stores are one: the same random commands, at the same times, get the same answers from SQLite
//! and from PostgreSQL and leave the same rows.
//!
//! | variable | meaning |
//! |---|---|
//! | `ORCH_STORES_SEED=n` | run this seed alone and print its commands |
//! | `ORCH_STORES_SEEDS=n` | run so many seeds instead of 200 |
//!
//! What no contract fixes is not compared: the words of errors, the order in which leases are handed out,
//! and which of several operations that are due at the same time a claim takes.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use orch_runtime::fault::NoFaults;
use orch_runtime::store::{Lease, Migration, StoreKind};
use orch_runtime::testing::TestDatabase;
use tokio::runtime::{Builder, Runtime};

use crate::commands::{Command, Hand, Picture, Stand, migrations, picture, run};

/// Seeds of a usual run.
const SEEDS: u64 = 200;
/// Commands of a seed.
const STEPS: usize = 40;
/// Seeds that run at the same time, at most: each has connections of its own.
const THREADS: usize = 4;
/// Seeds that may end early, because a claim had the choice: one in so many.
const UNDECIDED: u64 = 5;
/// Commands before the failing one that a failure shows.
const SHOWN: usize = 12;

const NAMES: [&str; 2] = ["SQLite", "PostgreSQL"];
const SQLITE: &[Migration] = &migrations(StoreKind::Sqlite);
const POSTGRES: &[Migration] = &migrations(StoreKind::Postgres);

/// What a usual run must have come by, as a command and a part of its answer: commands that change nothing
/// prove nothing.
const EXPECTED: [(&str, &str); 36] = [
    ("Accept([", "New(None)"),
    ("Accept([", "New(Some"),
    ("Accept([", "Existing"),
    ("Accept([", "Mismatch"),
    ("Accept([", "error: Statement"),
    ("AcceptIn", "New(None), then Ok"),
    ("AcceptIn", "Existing"),
    ("AcceptIn", "Mismatch"),
    ("AcceptIn", "New(None), then Err"),
    ("Claim(", "attempts: 1"),
    ("Claim(", "attempts: 2"),
    ("ClaimUnknown", "probes: 1"),
    ("ClaimUnknown", "probes: 2"),
    ("ClaimUnknown", "interruptions: 1"),
    ("Heartbeat", "()"),
    ("Settle", "Yes"),
    ("Settle", "Stale"),
    ("Record", "Yes"),
    ("Record", "Stale"),
    ("Finalize", "Applied"),
    ("Finalize", "Stale"),
    ("Finalize", "HookFailed"),
    ("Reap", "([1, 0]"),
    ("Reap", "([2, "),
    ("PendingOutcomes", "PendingOutcome"),
    ("PendingOutcomes", "next page\nPendingOutcome"),
    ("Purge", "[1, "),
    ("NextDue", "Some"),
    ("NextExpiry", "Some"),
    ("NextExpiry", "None"),
    ("Receive", "New"),
    ("Receive", "Duplicate"),
    ("Waiting", "target: Some"),
    ("Waiting", "target: None"),
    ("ClaimTold", "Fence"),
    ("Mark", "true"),
];

const CLEAR: &str = "delete from charge_operations; delete from charge_write_ahead_logs;
    delete from orders; delete from charge_callbacks";

/// Both stores, empty.
struct Twins {
    databases: [TestDatabase; 2],
    stands: [Stand; 2],
}

/// What became of a seed whose stores agreed.
#[derive(Debug, PartialEq, Eq)]
enum Agreed {
    ToTheEnd,
    /// Until a claim took one of several that were due at the same time.
    UntilAChoice,
}

impl Twins {
    /// Inside a runtime, whose tasks commit.
    fn new() -> Self {
        let databases = [
            TestDatabase::fresh(StoreKind::Sqlite, SQLITE),
            TestDatabase::fresh(StoreKind::Postgres, POSTGRES),
        ];
        let open = |database: &TestDatabase| Stand::new(database.open(Arc::new(NoFaults)));
        Self {
            stands: databases.each_ref().map(open),
            databases,
        }
    }

    /// Runs the commands of one seed.
    ///
    /// # Errors
    /// Where and how the stores differ.
    async fn compare(&self, seed: u64, trace: &mut Vec<String>) -> Result<Agreed, String> {
        for database in &self.databases {
            database.try_alter(CLEAR)?;
        }
        let [sqlite, postgres] = &self.stands;
        let mut hand = Hand::new(seed);
        let mut before = Picture::default();
        for _ in 0..STEPS {
            let (now, command) = hand.next();
            let line = format!("{now} {command:?}");
            let (one, other) = tokio::join!(
                run(sqlite, now, command.clone()),
                run(postgres, now, command.clone()),
            );
            trace.push(format!("{line}\n    {}", one.text));
            if one.text != other.text {
                if is_choice(&command, &before, &one.leases, &other.leases) {
                    return Ok(Agreed::UntilAChoice);
                }
                let texts = [one.text, other.text].map(|text| text.replace('\n', "\n      "));
                let lines = NAMES.iter().zip(texts);
                let lines = lines.map(|(name, text)| format!("    {name}:\n      {text}\n"));
                return Err(format!("the answers differ\n{}", lines.collect::<String>()));
            }
            let (seen, other) = tokio::join!(
                picture(&sqlite.store, now, &before),
                picture(&postgres.store, now, &before),
            );
            if seen != other {
                let differ = seen.difference(&other, NAMES);
                return Err(format!("what is stored differs\n{differ}"));
            }
            before = seen;
            hand.learn(one.leases);
        }
        Ok(Agreed::ToTheEnd)
    }
}

/// Whether two claims differ only in what was due at the same time.
fn is_choice(command: &Command, before: &Picture, one: &[Lease], other: &[Lease]) -> bool {
    if !matches!(command, Command::Claim(_) | Command::ClaimUnknown(_)) || one.len() != other.len()
    {
        return false;
    }
    let names = |leases: &[Lease]| -> BTreeSet<String> {
        leases
            .iter()
            .map(|lease| lease.op_id().to_string())
            .collect()
    };
    let due = |name: &String| before.cell("charge_operations", &[name], "next_attempt_at");
    let (one, other) = (names(one), names(other));
    let times: BTreeSet<_> = one.symmetric_difference(&other).map(due).collect();
    times.len() == 1
}

fn variable(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(text.parse().unwrap())
}

/// A condition that only one of two statements has is found by nobody who reads them one at a time.
#[test]
fn both_stores_answer_and_keep_the_same() {
    if let Some(seed) = variable("ORCH_STORES_SEED") {
        return repeat(seed);
    }
    let count = variable("ORCH_STORES_SEEDS").unwrap_or(SEEDS);
    let (next, undecided) = (AtomicU64::new(0), AtomicU64::new(0));
    let missing = Mutex::new(Vec::from(EXPECTED));
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads.min(THREADS) {
            scope.spawn(|| {
                let runtime = runtime();
                let _inside = runtime.enter();
                let twins = Twins::new();
                loop {
                    let seed = next.fetch_add(1, Ordering::SeqCst);
                    if seed >= count {
                        return;
                    }
                    let mut trace = Vec::new();
                    match runtime.block_on(twins.compare(seed, &mut trace)) {
                        Ok(Agreed::ToTheEnd) => {}
                        Ok(Agreed::UntilAChoice) => {
                            undecided.fetch_add(1, Ordering::SeqCst);
                        }
                        Err(how) => {
                            next.store(count, Ordering::SeqCst);
                            panic!("{}", report(seed, &trace, &how));
                        }
                    }
                    missing
                        .lock()
                        .unwrap()
                        .retain(|expected| !reaches(&trace, *expected));
                }
            });
        }
    });
    let undecided = undecided.into_inner();
    let enough = undecided * UNDECIDED <= count;
    assert!(enough, "{undecided} of {count} seeds ended at a choice");
    let missing = missing.into_inner().unwrap();
    assert!(
        count < SEEDS || missing.is_empty(),
        "never reached: {missing:?}"
    );
}

fn reaches(trace: &[String], (command, answer): (&str, &str)) -> bool {
    let reaches = |line: &String| {
        let (given, told) = line.split_once("\n    ").unwrap_or_default();
        given.contains(&format!(" UTC {command}")) && told.contains(answer)
    };
    trace.iter().any(reaches)
}

#[expect(clippy::print_stderr, reason = "the trace that was asked for")]
fn repeat(seed: u64) {
    let mut trace = Vec::new();
    let runtime = runtime();
    let _inside = runtime.enter();
    let agreed = runtime.block_on(Twins::new().compare(seed, &mut trace));
    eprintln!("{}", trace.join("\n"));
    match agreed {
        Ok(agreed) => eprintln!("{agreed:?}"),
        Err(how) => panic!("{}", report(seed, &trace, &how)),
    }
}

/// One thread: what arrives at the same time arrives in the same order at both stores.
fn runtime() -> Runtime {
    let mut builder = Builder::new_current_thread();
    builder.enable_all().build().unwrap()
}

fn report(seed: u64, trace: &[String], how: &str) -> String {
    let mut text = format!("seed {seed}, command {} of {STEPS}: {how}", trace.len());
    let begin = trace.len().saturating_sub(SHOWN);
    let _ = writeln!(text, "the last commands were");
    for line in &trace[begin..] {
        let _ = writeln!(text, "  {line}");
    }
    let _ = write!(
        text,
        "repeat it with\n  ORCH_STORES_SEED={seed} cargo test -p orch-runtime --test postgres -- \
         both_stores --nocapture"
    );
    text
}
