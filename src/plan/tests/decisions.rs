//! Decisions about files in conflict: what is written, and what the lock says afterwards.

use super::*;

/// Edits that are in the way of the next version: of a generated file, of lines that the template
/// changes too, and a file of somebody else.
fn in_the_way() -> Package {
    let package = Package::new();
    package.write("src/gen.rs", "mine\n");
    package.write("src/mine.rs", "1\n2 mine\n3\n4\n5\n6\n7\n8\n9\n");
    package.write("src/new.rs", "somebody's\n");
    package
}

fn decide(list: &[(&str, Decision)]) -> Decisions {
    let list = list.iter();
    list.map(|(path, decision)| ((*path).to_owned(), *decision))
        .collect()
}

fn all(decision: Decision) -> Decisions {
    decide(&[
        ("src/gen.rs", decision),
        ("src/mine.rs", decision),
        ("src/new.rs", decision),
    ])
}

impl Package {
    fn decided(&self, version: Component, decisions: &Decisions) -> Result<Plan> {
        let disk = crate::apply::tests::patient();
        let session = Session::open(&disk, &self.root)?;
        let plan = self.plan_decided(version, false, decisions)?;
        session.apply(&plan)?;
        Ok(plan)
    }
}

/// A lock that took the skipped file for written would hide that it differs, for ever.
#[test]
fn what_is_skipped_stays_and_is_drift_again_and_again() {
    let package = in_the_way();
    for _ in 0..2 {
        package.decided(V2, &all(Decision::Skip)).unwrap();
        for (path, text) in [
            ("src/gen.rs", "mine\n"),
            ("src/mine.rs", "1\n2 mine\n3\n4\n5\n6\n7\n8\n9\n"),
            ("src/new.rs", "somebody's\n"),
        ] {
            assert_eq!(package.read(path).as_deref(), Some(text));
        }
        assert_eq!(package.read("src/old.rs"), None, "the rest is written");
        assert_eq!(
            kinds(&package.plan(V2)),
            [
                ("edited", "src/gen.rs"),
                ("stale", "src/mine.rs"),
                ("foreign", "src/new.rs"),
            ]
        );
    }
    let before = package.everything();
    package.decided(V2, &all(Decision::Skip)).unwrap();
    assert_eq!(package.everything(), before);
    // The base of the merge is kept, so that one line of both sides is all that is left to settle.
    package.write("src/mine.rs", "1\n2\n3\n4\n5\n6\n7\n8\n9 mine\n");
    package
        .decided(
            V2,
            &decide(&[
                ("src/gen.rs", Decision::Skip),
                ("src/new.rs", Decision::Skip),
            ]),
        )
        .unwrap();
    let merged = "1\n2 changed\n3\n4\n5\n6\n7\n8\n9 mine\n";
    assert_eq!(package.read("src/mine.rs").as_deref(), Some(merged));
}

#[test]
fn what_is_overwritten_is_kept_beside() {
    let package = in_the_way();
    package.decided(V2, &all(Decision::Overwrite)).unwrap();
    for (path, text) in [
        ("src/gen.rs.orig", "mine\n"),
        ("src/mine.rs.orig", "1\n2 mine\n3\n4\n5\n6\n7\n8\n9\n"),
        ("src/new.rs.orig", "somebody's\n"),
        ("src/gen.rs", "two\n"),
        ("src/new.rs", "new\n"),
    ] {
        assert_eq!(package.read(path).as_deref(), Some(text), "{path}");
    }
    assert!(package.plan(V2).is_empty());
}

#[test]
fn what_is_merged_has_both_sides_and_is_left_to_settle() {
    let package = in_the_way();
    let decisions = decide(&[
        ("src/gen.rs", Decision::Overwrite),
        ("src/mine.rs", Decision::Merge),
        ("src/new.rs", Decision::Merge),
    ]);
    let plan = package.decided(V2, &decisions).unwrap();
    assert_eq!(plan.left().count(), 2);
    let marked = package.read("src/mine.rs").unwrap();
    for part in [
        "<<<<<<< yours\n2 mine\n",
        "=======\n2 changed\n>>>>>>> orch-gen\n",
    ] {
        assert!(marked.contains(part), "{marked}");
    }
    assert_eq!(package.read("src/new.rs").as_deref(), Some("somebody's\n"));
    assert_eq!(package.read("src/new.rs.rej").as_deref(), Some("new\n"));
    // Marks within marks are read by nobody.
    let error = package.decided(V2, &all(Decision::Merge)).unwrap_err();
    assert_eq!(error.code(), Code::MergeConflict);
    assert_eq!(package.read("src/mine.rs").unwrap(), marked);
}

/// A file that nobody was asked about must not be written because another one was decided.
#[test]
fn one_undecided_conflict_refuses_everything() {
    let package = in_the_way();
    let before = package.everything();
    let some = decide(&[
        ("src/gen.rs", Decision::Overwrite),
        ("src/mine.rs", Decision::Skip),
    ]);
    let error = package.decided(V2, &some).unwrap_err();
    assert_eq!(
        (error.code(), error.place()),
        (Code::Occupied, Some("src/new.rs"))
    );
    assert_eq!(package.everything(), before);
}

/// A text under the name of another's hash would be taken for a damaged base by every later run.
#[test]
fn a_base_that_is_lost_is_not_replaced_by_another_text() {
    let package = in_the_way();
    std::fs::remove_dir_all(package.root.join(".orch")).unwrap();
    package.decided(V2, &all(Decision::Skip)).unwrap();
    for entry in std::fs::read_dir(package.root.join(".orch/base")).unwrap() {
        let path = entry.unwrap().path();
        let hash = Hash::of(&std::fs::read(&path).unwrap());
        assert!(path.ends_with(hash.as_str()), "{}", path.display());
    }
    let plan = package.plan(V2);
    assert_eq!(
        action(&plan, "src/mine.rs"),
        Action::Conflict(Conflict::NoBase)
    );
}

/// Answers about files that are in no conflict, or not there, change nothing.
#[test]
fn a_decision_without_a_conflict_is_none() {
    let package = Package::new();
    let plan = package.decided(V1, &all(Decision::Overwrite)).unwrap();
    assert!(plan.is_empty());
}
