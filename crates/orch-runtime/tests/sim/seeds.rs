//! The runtime as it is keeps its promises, whatever the seed; and a seed repeats its run.

use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use orch_runtime::testing::sim::{Failure, Simulator, Subject};

use crate::charge::Honest;
use crate::hybrid::Hybrid;
use crate::reach::Reached;

/// Marks the second process, and what it says.
const OTHER: &str = "ORCH_SIM_OTHER";

/// Seeds of a usual run of the tests.
const SEEDS: u64 = 10_000;

/// Those with sagas, each of which takes longer.
const SAGA_SEEDS: u64 = 100;

fn variable(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(text.parse().unwrap())
}

/// Runs the seeds from `first` on, on all processors, and says what they reached.
///
/// # Errors
/// The failure of the smallest seed that fails.
pub(crate) fn search<S: Subject>(
    subject: impl Fn() -> S + Sync,
    first: u64,
    count: u64,
) -> Result<Reached, Box<Failure>> {
    let next = AtomicU64::new(first);
    let end = AtomicU64::new(first + count);
    let found: Mutex<Option<Box<Failure>>> = Mutex::new(None);
    let all_reached = Mutex::new(Reached::default());
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                let simulator = Simulator::new(subject());
                let mut reached = Reached::default();
                loop {
                    let seed = next.fetch_add(1, Ordering::SeqCst);
                    if seed >= end.load(Ordering::SeqCst) {
                        break;
                    }
                    match simulator.run(seed, false) {
                        Ok(run) => reached.note(&run),
                        Err(failure) => {
                            // Smaller seeds that still run are waited for.
                            end.fetch_min(seed, Ordering::SeqCst);
                            let mut found = found.lock().unwrap();
                            if found.as_ref().is_none_or(|other| seed < other.seed) {
                                *found = Some(failure);
                            }
                        }
                    }
                }
                all_reached.lock().unwrap().join(reached);
            });
        }
    });
    match found.into_inner().unwrap() {
        Some(failure) => Err(failure),
        None => Ok(all_reached.into_inner().unwrap()),
    }
}

#[expect(clippy::print_stderr, reason = "the trace that was asked for")]
fn repeat<S: Subject>(subject: S, seed: u64) {
    match Simulator::new(subject).run(seed, true) {
        Ok(run) => eprintln!("{}\nseed {seed} kept every promise", run.trace.join("\n")),
        Err(failure) => panic!("{failure}"),
    }
}

/// What so many seeds of a subject reached, or others, as the variables say; nothing where one was repeated.
fn holds<S: Subject>(
    subject: impl Fn() -> S + Sync,
    usual: u64,
    name: &str,
) -> Option<(Reached, u64)> {
    if let Some(seed) = variable("ORCH_SIM_SEED") {
        repeat(subject(), seed);
        return None;
    }
    let first = variable("ORCH_SIM_FIRST").unwrap_or(0);
    let count = variable("ORCH_SIM_SEEDS").unwrap_or(usual);
    match search(subject, first, count) {
        Ok(reached) => Some((reached, count)),
        Err(failure) => panic!(
            "{failure}\nrepeat it with\n  ORCH_SIM_SEED={} cargo test -p orch-runtime --test sim -- \
             {name} --nocapture",
            failure.seed
        ),
    }
}

/// Crashes at every boundary, freezes, lost and late answers, several processes: none of it may charge
/// twice, lose an operation, or leave one stuck.
#[test]
fn every_promise_holds_in_every_seed() {
    let held = holds(|| Honest, SEEDS, "every_promise_holds");
    if let Some((reached, SEEDS..)) = held {
        reached.assert_everything();
    }
}

/// The same, with sagas of five steps in both patterns on top, and persons who intervene: each is whole or
/// undone in the end or waits for a person with the reason, and nothing is done, undone or lost twice.
#[test]
fn every_promise_of_sagas_holds_in_every_seed() {
    let held = holds(|| Hybrid, SAGA_SEEDS, "every_promise_of_sagas");
    if let Some((reached, SAGA_SEEDS..)) = held {
        reached.assert_sagas();
    }
}

/// A failure that cannot be repeated cannot be understood.
#[test]
fn a_seed_repeats_its_run_in_this_process() {
    let (one, other) = (Simulator::new(Honest), Simulator::new(Honest));
    for seed in 0..50 {
        let first = one.run(seed, true).unwrap();
        assert_eq!(first, other.run(seed, true).unwrap());
        assert_ne!(first.digest, one.run(seed + 1, true).unwrap().digest);
    }
    let (one, other) = (Simulator::new(Hybrid), Simulator::new(Hybrid));
    for seed in 0..10 {
        assert_eq!(one.run(seed, true).unwrap(), other.run(seed, true).unwrap());
    }
}

/// As above; what differs between two processes, such as the order of hash maps, must not show.
#[test]
#[expect(clippy::print_stdout, reason = "what one process tells the other")]
fn a_seed_repeats_its_run_in_another_process() {
    let digest = |seed| Simulator::new(Honest).run(seed, false).unwrap().digest;
    let of_sagas = |seed| Simulator::new(Hybrid).run(seed, false).unwrap().digest;
    let digests: Vec<u64> = (0..50).map(digest).chain((0..10).map(of_sagas)).collect();
    if std::env::var_os(OTHER).is_some() {
        println!("{OTHER}{digests:?}");
        return;
    }
    let other = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "seeds::a_seed_repeats_its_run_in_another_process",
        ])
        .arg("--nocapture")
        .env(OTHER, "1")
        .output()
        .unwrap();
    let said = String::from_utf8(other.stdout).unwrap();
    assert!(said.contains(&format!("{OTHER}{digests:?}")), "{said}");
}
