//! One fault at every call, and a death while cleaning up after it: the tree is the old one or the
//! new one, once the next run has started.

use super::*;
use crate::error::Code;

const BEFORE: &[(&str, &str)] = &[
    ("Cargo.toml", "old manifest"),
    ("mine.rs", "the user's"),
    ("src/old/a.rs", "stale"),
    ("src/lib.rs", "old lib"),
    ("orch.lock", "old lock"),
];

fn steps() -> Vec<Step> {
    vec![
        write("Cargo.toml", Some("old manifest"), "new manifest"),
        write("src/lib.rs", Some("old lib"), "new lib"),
        write("src/pay/generated/command.rs", None, "command"),
        write("src/pay/mod.rs", None, "mod"),
        delete("src/old/a.rs", "stale"),
        write(".orch/base/abc", None, "base"),
        write("orch.lock", Some("old lock"), "new lock"),
    ]
}

/// The tree after an undisturbed run.
fn after() -> Snapshot {
    let place = Place::with(BEFORE);
    apply(&Faulty::new(Fault::None), &place.root, &steps()).unwrap();
    snapshot(&place.root)
}

/// The tree now. A folder that lost its last file may stay, empty, where the disk keeps it: that is
/// no reason to undo a run.
fn tree(root: &Path) -> Snapshot {
    let mut tree = snapshot(root);
    if !tree.contains_key("src/old/a.rs") {
        tree.remove("src/old/");
    }
    tree
}

/// How many calls an undisturbed run makes.
fn calls(place: &Place, steps: &[Step]) -> usize {
    let disk = Faulty::new(Fault::None);
    apply(&disk, &place.root, steps).unwrap();
    disk.calls()
}

#[test]
fn an_undisturbed_run_leaves_the_new_tree_and_nothing_else() {
    let after = after();
    assert_eq!(after["Cargo.toml"], b"new manifest");
    assert!(
        !after
            .keys()
            .any(|path| path.starts_with("src/old") || path.contains("staging"))
    );
    assert_eq!(after["mine.rs"], b"the user's");
}

/// A failing call in a process that lives on: the error is reported and the old tree is there at
/// once, or the run succeeds in spite of it.
#[test]
fn one_failing_call_leaves_the_old_tree_or_the_new_one() {
    let (old, new) = (snapshot(&Place::with(BEFORE).root), after());
    let total = calls(&Place::with(BEFORE), &steps());
    assert!(total > 50, "{total}");
    for fault in (0..total).flat_map(|n| [Fault::Once(n), Fault::Full(n)]) {
        let place = Place::with(BEFORE);
        let done = apply(&Faulty::new(fault), &place.root, &steps());
        let now = without_staging(&tree(&place.root));
        let expected = if done.is_ok() { &new } else { &old };
        assert_eq!(now, without_staging(expected), "{fault:?} {done:?}");
        recover(&place.root);
        assert_eq!(&tree(&place.root), expected, "{fault:?} {done:?}");
    }
}

/// `kill -9` before every call: the next run completes or forgets it.
#[test]
fn death_at_any_call_leaves_the_old_tree_or_the_new_one() {
    let (old, new) = (snapshot(&Place::with(BEFORE).root), after());
    let total = calls(&Place::with(BEFORE), &steps());
    let mut completed = 0;
    for n in 0..total {
        let place = Place::with(BEFORE);
        let _ = apply(&Faulty::new(Fault::Death(n)), &place.root, &steps());
        recover(&place.root);
        let now = snapshot(&place.root);
        assert!(now == old || now == new, "{n}: {now:?}");
        completed += usize::from(now == new);
    }
    assert!(completed > 0 && completed < total, "{completed} of {total}");
}

/// A call fails, and the process dies while it takes everything back.
#[test]
fn death_while_taking_back_leaves_the_old_tree_or_the_new_one() {
    let (old, new) = (snapshot(&Place::with(BEFORE).root), after());
    let total = calls(&Place::with(BEFORE), &steps());
    for n in 0..total {
        for death in n + 1..n + 50 {
            let place = Place::with(BEFORE);
            let disk = Faulty::new(Fault::OnceThenDeath(n, death));
            let _ = apply(&disk, &place.root, &steps());
            recover(&place.root);
            let now = tree(&place.root);
            assert!(now == old || now == new, "{n} {death}: {now:?}");
            if disk.calls() <= death {
                break;
            }
        }
    }
}

/// The process dies, and the next one dies while it puts that right.
#[test]
fn death_while_recovering_leaves_the_old_tree_or_the_new_one() {
    let (old, new) = (snapshot(&Place::with(BEFORE).root), after());
    let total = calls(&Place::with(BEFORE), &steps());
    for n in 0..total {
        for death in 0.. {
            let place = Place::with(BEFORE);
            let _ = apply(&Faulty::new(Fault::Death(n)), &place.root, &steps());
            let disk = Faulty::new(Fault::Death(death));
            let _ = recover_on(&disk, &place.root);
            recover(&place.root);
            let now = snapshot(&place.root);
            assert!(now == old || now == new, "{n} {death}: {now:?}");
            if disk.calls() <= death {
                break;
            }
        }
    }
}

fn new_package() -> Vec<Step> {
    vec![
        write("Cargo.toml", None, "manifest"),
        write("src/pay/mod.rs", None, "mod"),
        write("orch.lock", None, "lock"),
    ]
}

/// Everything fails for a folder that was not there: the folder is not there afterwards.
#[test]
fn a_new_package_is_there_completely_or_not_at_all() {
    let total = calls(&Place::empty(), &new_package());
    for n in 0..total {
        for fault in [Fault::Once(n), Fault::Full(n), Fault::Death(n)] {
            let place = Place::empty();
            let done = apply(&Faulty::new(fault), &place.root, &new_package());
            let now = snapshot(&place.root);
            assert_eq!(
                place.root.exists(),
                now.contains_key("orch.lock"),
                "{fault:?}: {now:?}"
            );
            assert!(done.is_err() || place.root.exists(), "{fault:?}");
            if let (Fault::Full(_), Err(error)) = (fault, done) {
                assert_eq!(error.code(), Code::Io);
                assert!(place.beside().is_empty(), "{:?}", place.beside());
            }
            if !place.root.exists() {
                apply(&Faulty::new(Fault::None), &place.root, &new_package()).unwrap();
            }
            assert!(place.beside().is_empty(), "{fault:?}");
        }
    }
}

/// Folders above a new package that were made for it go with it.
#[test]
fn folders_made_on_the_way_are_taken_back() {
    for n in 0..40 {
        let place = Place::empty();
        let root = place.parent.path().join("a/b/pay");
        if apply(&Faulty::new(Fault::Full(n)), &root, &new_package()).is_err() {
            assert!(place.beside().is_empty(), "{n}: {:?}", place.beside());
        }
    }
}

/// A folder that holds files of the user, and nothing of ours yet.
#[test]
fn a_folder_with_files_is_left_as_it_was() {
    let total = calls(&Place::with(&[("notes.txt", "mine")]), &new_package());
    for n in 0..total {
        for fault in [Fault::Once(n), Fault::Full(n), Fault::Death(n)] {
            let place = Place::with(&[("notes.txt", "mine")]);
            let done = apply(&Faulty::new(fault), &place.root, &new_package());
            recover(&place.root);
            let now = snapshot(&place.root);
            assert_eq!(now["notes.txt"], b"mine");
            let whole = ["Cargo.toml", "src/pay/mod.rs", "orch.lock"]
                .iter()
                .all(|f| now.contains_key(*f));
            assert!(whole || now.len() == 1, "{fault:?} {done:?}: {now:?}");
        }
    }
}
