//! `kill -9` of a real process in the middle of its work.
//!
//! The process is this test binary once more, stopped at a chosen call to the disk. It cannot
//! clean up, and the lock it held is let go of by the system alone.

use super::*;
use crate::apply::Recovery;
use crate::disk::Real;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

const ROOT: &str = "ORCH_GEN_TEST_ROOT";
const CALL: &str = "ORCH_GEN_TEST_CALL";

fn steps() -> Vec<Step> {
    vec![
        write("a", Some("1"), "2"),
        write("src/b", None, "2"),
        write("orch.lock", Some("1"), "2"),
    ]
}

/// Not a test of its own: the process that is killed.
#[test]
fn victim() {
    let (Ok(root), Ok(call)) = (std::env::var(ROOT), std::env::var(CALL)) else {
        return;
    };
    let disk = Faulty::new(Fault::Stall(call.parse().unwrap()));
    let _ = apply(&disk, Path::new(&root), &steps());
}

/// Starts the victim and waits until it stands still, or has ended.
fn start(root: &Path, call: usize) -> Child {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "apply::tests::kill::victim", "--nocapture"])
        .env(ROOT, root)
        .env(CALL, call.to_string())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let _ = lines.find(|line| line.as_ref().is_ok_and(|line| line.contains("stalled")));
    child
}

#[test]
fn a_killed_process_leaves_the_old_tree_or_the_new_one() {
    let (mut old, mut new) = (0, 0);
    for call in (0..70).step_by(3) {
        let place = Place::with(&[("a", "1"), ("orch.lock", "1")]);
        let mut child = start(&place.root, call);
        let _ = child.kill();
        child.wait().unwrap();
        let recovery = recover(&place.root);
        let tree = snapshot(&place.root);
        let is_new = tree.contains_key("src/b");
        let value: &[u8] = if is_new { b"2" } else { b"1" };
        assert_eq!(
            (&*tree["a"], &*tree["orch.lock"]),
            (value, value),
            "{call} {recovery:?}"
        );
        assert!(!tree.contains_key(".orch/"), "{call}: {tree:?}");
        if is_new { new += 1 } else { old += 1 }
    }
    assert!(old > 0 && new > 0, "{old} {new}");
}

/// While a run is at work, another one is refused; when it is killed, the next one may go on.
#[test]
fn a_dead_process_holds_nothing() {
    let place = Place::with(&[("a", "1"), ("orch.lock", "1")]);
    let mut child = start(&place.root, 30);
    let error = recover_on(&Real, &place.root).unwrap_err();
    assert_eq!(error.code(), crate::error::Code::Busy);
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(matches!(
        recover(&place.root),
        Recovery::Nothing | Recovery::Completed
    ));
}
