//! A file beside the package changes with it: the workspace's manifest, and crates that are vendored for
//! all its members. Both are old or both are new, whatever fails.

use super::*;

/// A workspace without the package.
fn workspace() -> Place {
    let place = Place::empty();
    std::fs::write(place.parent.path().join("Cargo.toml"), "members").unwrap();
    place
}

/// A workspace with the package.
fn member() -> Place {
    let place = Place::with(&[("orch.lock", "old lock")]);
    std::fs::write(place.parent.path().join("Cargo.toml"), "members").unwrap();
    place
}

fn steps(lock: Option<&str>) -> Vec<Step> {
    vec![
        write("../Cargo.toml", Some("members"), "members and pay"),
        write("../vendor/orch-runtime/src/lib.rs", None, "the runtime"),
        write("src/pay/mod.rs", None, "mod"),
        write("orch.lock", lock, "new lock"),
    ]
}

/// Everything in the workspace; an empty folder of a package that is not there yet is nothing.
fn all(place: &Place) -> Snapshot {
    let mut all = snapshot(place.parent.path());
    if all.keys().filter(|path| path.starts_with("pay/")).count() == 1 {
        all.remove("pay/");
    }
    all
}

fn check(place: impl Fn() -> Place, lock: Option<&str>) {
    let old = all(&place());
    let undisturbed = place();
    let disk = Faulty::new(Fault::None);
    apply(&disk, &undisturbed.root, &steps(lock)).unwrap();
    let (new, total) = (all(&undisturbed), disk.calls());
    assert_eq!(new["Cargo.toml"], b"members and pay");
    assert_eq!(new["vendor/orch-runtime/src/lib.rs"], b"the runtime");
    let mut completed = 0;
    for n in 0..total {
        for fault in [Fault::Once(n), Fault::Full(n), Fault::Death(n)] {
            let place = place();
            let done = apply(&Faulty::new(fault), &place.root, &steps(lock));
            recover(&place.root);
            let now = all(&place);
            assert!(now == old || now == new, "{fault:?} {done:?}: {now:?}");
            assert!(done.is_err() || now == new, "{fault:?}: said to be done");
            completed += usize::from(now == new);
        }
    }
    assert!(
        completed > 0 && completed < 3 * total,
        "{completed} of {total}"
    );
}

#[test]
fn a_new_member_and_its_workspace_change_together() {
    check(workspace, None);
}

#[test]
fn a_member_and_its_workspace_change_together() {
    check(member, Some("old lock"));
}
