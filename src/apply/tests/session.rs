//! Sessions: exclusive, careful about what changed meanwhile, and quiet when there is nothing to do.

use super::*;
use crate::apply::{Recovery, Session, pending};
use crate::disk::Real;
use crate::error::Code;

#[test]
fn two_runs_at_once_are_refused() {
    let place = Place::with(&[("a", "1")]);
    let disk = Faulty::new(Fault::None);
    let first = Session::open(&disk, &place.root).unwrap();
    let error = Session::open(&Real, &place.root).unwrap_err();
    assert_eq!(error.code(), Code::Busy);
    drop(first);
    assert!(Session::open(&disk, &place.root).is_ok());
}

#[test]
fn a_file_that_changed_since_the_plan_is_not_overwritten() {
    let place = Place::with(&[("a", "edited meanwhile"), ("b", "1")]);
    let steps = [write("b", Some("1"), "2"), write("a", Some("1"), "2")];
    let error = apply(&Faulty::new(Fault::None), &place.root, &steps).unwrap_err();
    assert_eq!(
        (error.code(), error.place()),
        (Code::TreeChanged, Some("a"))
    );
    assert_eq!(std::fs::read(place.root.join("b")).unwrap(), b"1");
}

#[test]
fn a_file_that_appeared_since_the_plan_is_not_overwritten() {
    let place = Place::with(&[("a", "meanwhile")]);
    let error = apply(
        &Faulty::new(Fault::None),
        &place.root,
        &[write("a", None, "2")],
    )
    .unwrap_err();
    assert_eq!(error.code(), Code::TreeChanged);
}

#[test]
fn no_steps_touch_nothing() {
    let place = Place::with(&[("a", "1")]);
    let before = std::fs::metadata(&place.root).unwrap().modified().unwrap();
    apply(&Faulty::new(Fault::None), &place.root, &[]).unwrap();
    assert_eq!(
        std::fs::metadata(&place.root).unwrap().modified().unwrap(),
        before
    );
}

/// The user edits a file after a run died and before the next one starts.
#[test]
fn an_edit_after_an_interruption_is_not_lost() {
    let steps = [write("a", Some("1"), "2"), write("b", Some("1"), "2")];
    let mut stopped = 0;
    for n in 0..60 {
        let place = Place::with(&[("a", "1"), ("b", "1")]);
        let _ = apply(&Faulty::new(Fault::Death(n)), &place.root, &steps);
        std::fs::write(place.root.join("b"), "the user's").unwrap();
        if let Err(error) = recover_on(&Faulty::new(Fault::None), &place.root) {
            assert_eq!(
                (error.code(), error.place()),
                (Code::Interrupted, Some("b"))
            );
            assert_eq!(
                pending(&Faulty::new(Fault::None), &place.root)
                    .unwrap_err()
                    .code(),
                Code::Interrupted
            );
            std::fs::rename(place.root.join("b"), place.root.join("b.mine")).unwrap();
            assert_eq!(recover(&place.root), Recovery::Completed);
            assert_eq!(std::fs::read(place.root.join("b")).unwrap(), b"2");
            stopped += 1;
        } else {
            assert_eq!(std::fs::read(place.root.join("b")).unwrap(), b"the user's");
        }
    }
    assert!(stopped > 0);
}

#[test]
fn a_damaged_journal_is_named() {
    let place = Place::with(&[(".orch/staging/journal", "half a jour")]);
    let error = recover_on(&Faulty::new(Fault::None), &place.root).unwrap_err();
    assert_eq!(error.code(), Code::Interrupted);
}

#[cfg(unix)]
#[test]
fn files_keep_their_permissions() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::with(&[("run.sh", "1")]);
    let path = place.root.join("run.sh");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o750)).unwrap();
    apply(
        &Faulty::new(Fault::None),
        &place.root,
        &[write("run.sh", Some("1"), "2")],
    )
    .unwrap();
    assert_eq!(
        std::fs::metadata(&path).unwrap().permissions().mode() & 0o777,
        0o750
    );
}

#[cfg(unix)]
#[test]
fn a_link_out_of_the_package_is_refused() {
    let place = Place::with(&[("a", "1")]);
    let outside = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink(outside.path(), place.root.join("src")).unwrap();
    let error = apply(
        &Faulty::new(Fault::None),
        &place.root,
        &[write("src/lib.rs", None, "x")],
    )
    .unwrap_err();
    assert_eq!(error.code(), Code::OutsidePackage);
    assert!(std::fs::read_dir(outside.path()).unwrap().next().is_none());
}

/// A power failure kept the journal and lost what was not flushed: the old tree comes back.
#[test]
fn content_lost_in_a_power_failure_is_taken_back() {
    let steps = [write("a", Some("1"), "2"), write("new/b", None, "2")];
    let mut taken_back = 0;
    for n in 0..60 {
        for lost in [".orch/staging/1.new", "new/b"] {
            let place = Place::with(&[("a", "1")]);
            let _ = apply(&Faulty::new(Fault::Death(n)), &place.root, &steps);
            if !place.root.join(".orch/staging/journal").exists() || !place.root.join(lost).exists()
            {
                continue;
            }
            std::fs::write(place.root.join(lost), "").unwrap();
            assert_eq!(recover(&place.root), Recovery::TakenBack);
            assert_eq!(
                snapshot(&place.root),
                snapshot(&Place::with(&[("a", "1")]).root)
            );
            taken_back += 1;
        }
    }
    assert!(taken_back > 1);
}
