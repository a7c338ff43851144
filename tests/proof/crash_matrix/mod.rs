//! SIGKILL at every boundary, under every answer of the provider.

mod case;
mod table;

use std::collections::VecDeque;
use std::path::Path;
use std::sync::Mutex;
use std::time::Instant;

use crate::provider::Answer;
use crate::service::Site;
use crate::{project, turn};

use self::case::{Case, Programs, Seen};

/// What the provider does with the first call of an operation; later ones it does. It refuses always, and
/// is silent always.
const ANSWERS: [Answer; 7] = [
    Answer::Done,
    Answer::Busy,
    Answer::DoneButBusy,
    Answer::Refuse,
    Answer::ActAndDrop,
    Answer::Drop,
    Answer::Silence,
];

/// Cases under way at the same time; most of the time each waits for a lease to end.
const AT_ONCE: usize = 16;

/// The process is killed between any two steps, and the next one on the same file finds its way:
/// every operation ends, the provider acted at most once, no recorded outcome is lost or asked for
/// again, and the finalize hook has its effect exactly once.
#[test]
fn a_kill_at_any_boundary_loses_nothing_and_repeats_nothing() {
    let _turn = turn();
    let programs = Programs {
        plain: project::plain(),
        hooked: project::hooked(),
        unkeyed: project::unkeyed(),
    };
    let boundaries = boundaries(programs.plain);
    assert_eq!(boundaries.len(), 15, "{boundaries:?}");
    let started = Instant::now();
    let seen = run_all(cases(&boundaries), &programs);
    println!("{}", table::written(&boundaries, &ANSWERS, &seen));
    let took = started.elapsed().as_secs_f64();
    println!("{} cases in {took:.1} s", seen.len());
    let wrong: Vec<String> = seen.iter().filter_map(Seen::wrong).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn cases(boundaries: &[String]) -> VecDeque<Case> {
    let with_answers = |boundary: &String| {
        let boundary = boundary.clone();
        ANSWERS.map(|answer| Case::new(boundary.clone(), answer))
    };
    let cases = boundaries.iter().flat_map(with_answers);
    cases.filter(Case::is_possible).collect()
}

/// All boundaries by name, as the program lists them when it is asked for one that is none.
fn boundaries(program: &Path) -> Vec<String> {
    let mut service = Site::bare(program)
        .set("ORCH_STALL_AT", "nowhere-known")
        .argument("--simulate")
        .spawn(&[]);
    service.ended();
    let refusal = service.err.all();
    let (_, names) = refusal.split_once("expected one of ").unwrap();
    // These services take no callbacks and have no sagas.
    let is_reached = |name: &&str| {
        let others = ["receive", "mark", "transaction"];
        !others.iter().any(|other| name.contains(other))
    };
    let names = names.trim().split(", ").filter(is_reached);
    names.map(ToOwned::to_owned).collect()
}

fn run_all(cases: VecDeque<Case>, programs: &Programs) -> Vec<Seen> {
    let (waiting, seen) = (Mutex::new(cases), Mutex::new(Vec::new()));
    let next = || waiting.lock().unwrap().pop_front();
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some(case) = next() {
                    let one = case.run(programs);
                    seen.lock().unwrap().push(one);
                }
            });
        }
    });
    seen.into_inner().unwrap()
}
