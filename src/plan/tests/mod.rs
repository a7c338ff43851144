//! Plans: what follows for each file from what was written, what is there and what is wanted.

mod decisions;
mod names;

use super::*;
use crate::apply::Session;
use crate::components::{Class, GeneratedFile, Render, Rendered};
use crate::disk::Real;
use crate::error::Code;
use crate::lock::Hash;
use crate::spec::Spec;
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::SystemTime;
use tempfile::TempDir;

const SPEC: &str = "version = 1\n";

const fn component(render: fn(&components::Context<'_>) -> Rendered) -> Component {
    Component {
        id: "test",
        needs: &[],
        templates: &[],
        render: Render::Package(render),
    }
}

fn files(list: &[(&'static str, Class, &'static str)]) -> Rendered {
    Ok(list
        .iter()
        .map(|(path, class, text)| GeneratedFile::ready(*path, *class, *text))
        .collect())
}

/// What the program writes at first.
const V1: Component = component(|_| {
    files(&[
        ("src/gen.rs", Class::Generated, "one\n"),
        ("src/old.rs", Class::Generated, "old\n"),
        ("src/mine.rs", Class::Yours, "1\n2\n3\n4\n5\n6\n7\n8\n9\n"),
        ("src/mine_old.rs", Class::Yours, "old\n"),
    ])
});

/// What its next version writes: two files changed, two gone, one new.
const V2: Component = component(|_| {
    files(&[
        ("src/gen.rs", Class::Generated, "two\n"),
        (
            "src/mine.rs",
            Class::Yours,
            "1\n2 changed\n3\n4\n5\n6\n7\n8\n9\n",
        ),
        ("src/new.rs", Class::Generated, "new\n"),
    ])
});

struct Package {
    _folder: TempDir,
    root: PathBuf,
}

impl Package {
    /// A package as the first version made it.
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let package = Self {
            root: folder.path().join("pay"),
            _folder: folder,
        };
        package.apply(V1).unwrap();
        package
    }

    fn plan_forced(&self, version: Component, force: bool) -> Result<Plan> {
        self.plan_decided(version, force, &Decisions::new())
    }

    fn plan_decided(&self, version: Component, force: bool, decisions: &Decisions) -> Result<Plan> {
        let request = Request {
            spec_text: SPEC,
            package: "pay",
            standalone: true,
            joins: false,
            force,
            conflicts: Conflicts::Refuse,
            decisions: decisions.clone(),
            upgrade: false,
            prune: false,
            trusts_vendored: false,
            facts: None,
            eject: &[],
        };
        Plan::with(&[version], Tree::new(&Real, &self.root), &request)
    }

    fn plan(&self, version: Component) -> Plan {
        self.plan_forced(version, false).unwrap()
    }

    fn apply_forced(&self, version: Component, force: bool) -> Result<Plan> {
        let disk = crate::apply::tests::patient();
        let session = Session::open(&disk, &self.root)?;
        let plan = self.plan_forced(version, force)?;
        session.apply(&plan)?;
        Ok(plan)
    }

    fn apply(&self, version: Component) -> Result<Plan> {
        self.apply_forced(version, false)
    }

    fn write(&self, path: &str, text: &str) {
        std::fs::write(self.root.join(path), text).unwrap();
    }

    fn read(&self, path: &str) -> Option<String> {
        std::fs::read_to_string(self.root.join(path)).ok()
    }

    fn remove(&self, path: &str) {
        std::fs::remove_file(self.root.join(path)).unwrap();
    }

    fn everything(&self) -> BTreeMap<PathBuf, (SystemTime, Vec<u8>)> {
        let mut found = BTreeMap::new();
        let mut folders = vec![self.root.clone()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(&folder).unwrap() {
                let path = entry.unwrap().path();
                let modified = path.metadata().unwrap().modified().unwrap();
                if path.is_dir() {
                    folders.push(path.clone());
                }
                let bytes = std::fs::read(&path).unwrap_or_default();
                found.insert(path, (modified, bytes));
            }
        }
        found
    }
}

fn action(plan: &Plan, path: &str) -> Action {
    plan.changes
        .iter()
        .find(|change| change.path == path)
        .unwrap()
        .action
}

fn kinds(plan: &Plan) -> Vec<(&str, &str)> {
    drift::drift(plan)
        .iter()
        .map(|drift| (drift.kind.word(), drift.path))
        .collect()
}

#[test]
fn a_second_apply_changes_no_byte_and_no_time() {
    let package = Package::new();
    let before = package.everything();
    assert!(package.apply(V1).unwrap().is_empty());
    assert_eq!(package.everything(), before);
}

#[test]
fn a_new_version_changes_what_it_has_to() {
    let package = Package::new();
    package.apply(V2).unwrap();
    assert_eq!(package.read("src/gen.rs").unwrap(), "two\n");
    assert_eq!(
        package.read("src/mine.rs").unwrap(),
        "1\n2 changed\n3\n4\n5\n6\n7\n8\n9\n"
    );
    assert_eq!(package.read("src/new.rs").unwrap(), "new\n");
    assert_eq!(
        (package.read("src/old.rs"), package.read("src/mine_old.rs")),
        (None, None)
    );
    assert!(package.plan(V2).is_empty());
    assert_eq!(package.plan(V2).steps(), []);
}

#[test]
fn an_edit_of_the_users_file_is_merged() {
    let package = Package::new();
    package.write("src/mine.rs", "1\n2\n3\n4\n5\n6\n7\n8\n9 mine\n");
    let plan = package.apply(V2).unwrap();
    assert_eq!(action(&plan, "src/mine.rs"), Action::Merge);
    let merged = "1\n2 changed\n3\n4\n5\n6\n7\n8\n9 mine\n";
    assert_eq!(package.read("src/mine.rs").unwrap(), merged);
    assert!(package.plan(V2).is_empty());
    // The base moved on: going back undoes the template's change and keeps the user's.
    package.apply(V1).unwrap();
    assert_eq!(
        package.read("src/mine.rs").unwrap(),
        "1\n2\n3\n4\n5\n6\n7\n8\n9 mine\n"
    );
}

#[test]
fn an_edit_of_the_same_lines_is_a_conflict_and_nothing_is_written() {
    let package = Package::new();
    package.write("src/mine.rs", "1\n2 mine\n3\n4\n5\n6\n7\n8\n9\n");
    let before = package.everything();
    let error = package.apply(V2).unwrap_err();
    assert_eq!(
        (error.code(), error.place()),
        (Code::MergeConflict, Some("src/mine.rs"))
    );
    assert_eq!(package.everything(), before);
    // The way out that the error names: make the template's change by hand.
    package.write("src/mine.rs", "1\n2 changed\n3\n4\n5\n6\n7\n8\n9\nmine\n");
    package.apply(V2).unwrap();
    assert_eq!(
        package.read("src/mine.rs").unwrap(),
        "1\n2 changed\n3\n4\n5\n6\n7\n8\n9\nmine\n"
    );
}

#[test]
fn an_edited_generated_file_is_a_conflict_until_forced() {
    let package = Package::new();
    package.write("src/gen.rs", "one, edited\n");
    let before = package.everything();
    let error = package.apply(V1).unwrap_err();
    assert_eq!(
        (error.code(), error.place()),
        (Code::EditedGenerated, Some("src/gen.rs"))
    );
    assert_eq!(package.everything(), before);
    package.apply_forced(V1, true).unwrap();
    assert_eq!(package.read("src/gen.rs").unwrap(), "one\n");
}

#[test]
fn an_edited_file_that_is_not_needed_any_more_is_the_users() {
    let package = Package::new();
    package.write("src/old.rs", "old, edited\n");
    package.write("src/mine_old.rs", "old, mine\n");
    let plan = package.apply(V2).unwrap();
    for path in ["src/mine_old.rs", "src/old.rs"] {
        assert_eq!(action(&plan, path), Action::Release);
        assert!(package.read(path).is_some());
    }
    assert!(package.plan(V2).is_empty());
}

#[test]
fn force_takes_an_edited_generated_file_away_but_not_the_users() {
    let package = Package::new();
    package.write("src/old.rs", "old, edited\n");
    package.write("src/mine_old.rs", "old, mine\n");
    package.apply_forced(V2, true).unwrap();
    assert_eq!(package.read("src/old.rs"), None);
    assert_eq!(package.read("src/mine_old.rs").unwrap(), "old, mine\n");
}

#[test]
fn a_file_that_is_not_ours_is_not_overwritten() {
    let package = Package::new();
    package.write("src/new.rs", "somebody's\n");
    let error = package.apply(V2).unwrap_err();
    assert_eq!(
        (error.code(), error.place()),
        (Code::Occupied, Some("src/new.rs"))
    );
    package.write("src/new.rs", "new\n");
    package.apply(V2).unwrap();
}

/// A copy that is written after the new file, or not at all on an error, would lose the old one.
#[test]
fn a_file_and_its_copy_are_written_together_or_not_at_all() {
    let package = Package::new();
    package.write("src/new.rs", "somebody's\n");
    let plan = package.plan_forced(V2, true).unwrap();
    package.write("src/new.rs.orig", "appeared since\n");
    let disk = crate::apply::tests::patient();
    let session = Session::open(&disk, &package.root).unwrap();
    assert_eq!(session.apply(&plan).unwrap_err().code(), Code::TreeChanged);
    assert_eq!(package.read("src/new.rs").unwrap(), "somebody's\n");
    drop(session);
    package.apply_forced(V2, true).unwrap();
    assert_eq!(package.read("src/new.rs").unwrap(), "new\n");
    assert_eq!(package.read("src/new.rs.orig.1").unwrap(), "somebody's\n");
}

#[test]
fn what_the_user_deleted_stays_away_and_what_is_generated_comes_back() {
    let package = Package::new();
    package.remove("src/mine.rs");
    package.remove("src/gen.rs");
    assert_eq!(kinds(&package.plan(V1)), [("missing", "src/gen.rs")]);
    let plan = package.apply(V1).unwrap();
    assert_eq!(action(&plan, "src/mine.rs"), Action::Absent);
    assert_eq!(
        (
            package.read("src/mine.rs"),
            package.read("src/gen.rs").as_deref()
        ),
        (None, Some("one\n"))
    );
    package.apply_forced(V1, true).unwrap();
    assert!(package.read("src/mine.rs").is_some());
}

#[test]
fn drift_says_what_is_wrong_with_each_file() {
    let package = Package::new();
    assert_eq!(kinds(&package.plan(V1)), []);
    assert_eq!(
        kinds(&package.plan(V2)),
        [
            ("stale", "src/gen.rs"),
            ("stale", "src/mine.rs"),
            ("orphan", "src/mine_old.rs"),
            ("missing", "src/new.rs"),
            ("orphan", "src/old.rs"),
        ]
    );
    package.write("src/gen.rs", "edited");
    assert_eq!(kinds(&package.plan(V1)), [("edited", "src/gen.rs")]);
}

/// The lock is lost: what is as it should be is ours again, the user's files are left as they are.
#[test]
fn a_lost_lock_is_made_anew() {
    let package = Package::new();
    let lock = package.read("orch.lock").unwrap();
    package.remove("orch.lock");
    package.write("src/mine.rs", "rewritten by the user\n");
    assert_eq!(kinds(&package.plan(V1)), [("missing", "orch.lock")]);
    assert_eq!(package.apply(V1).unwrap().lock_state, LockState::Rebuilt);
    assert_eq!(package.read("orch.lock").unwrap(), lock);
    assert_eq!(
        package.read("src/mine.rs").unwrap(),
        "rewritten by the user\n"
    );
}

#[test]
fn a_lost_lock_does_not_hide_an_edit_of_a_generated_file() {
    let package = Package::new();
    package.remove("orch.lock");
    package.write("src/gen.rs", "edited\n");
    assert_eq!(package.apply(V1).unwrap_err().code(), Code::Occupied);
    package.apply_forced(V1, true).unwrap();
    assert_eq!(package.read("src/gen.rs").unwrap(), "one\n");
}

#[test]
fn a_damaged_lock_is_an_error_with_a_way_out() {
    let package = Package::new();
    package.write("orch.lock", "<<<<<<< HEAD\n");
    let error = package.apply(V1).unwrap_err();
    assert_eq!(error.code(), Code::LockUnreadable);
    package.remove("orch.lock");
    package.apply(V1).unwrap();
}

#[test]
fn a_lost_merge_base_is_restored_or_named() {
    let package = Package::new();
    std::fs::remove_dir_all(package.root.join(".orch")).unwrap();
    assert!(
        kinds(&package.plan(V1))
            .iter()
            .all(|(kind, path)| *kind == "missing" && path.starts_with(".orch/base/"))
    );
    package.apply(V1).unwrap();
    assert!(package.plan(V1).is_empty());
    std::fs::remove_dir_all(package.root.join(".orch")).unwrap();
    package.write("src/mine.rs", "1\n2\n3\n4\n5\n6\n7\n8\n9 mine\n");
    assert_eq!(package.apply(V2).unwrap_err().code(), Code::MergeConflict);
}

/// A base with the user's line in it would make the merge take the line for one that the template
/// has given up, and drop it.
#[test]
fn a_merge_base_that_was_edited_is_not_used() {
    let package = Package::new();
    let mine = "1\n2\n3\n4\n5\n6\n7\n8\n9 mine\n";
    for entry in std::fs::read_dir(package.root.join(".orch/base")).unwrap() {
        std::fs::write(entry.unwrap().path(), mine).unwrap();
    }
    package.write("src/mine.rs", mine);
    let plan = package.plan(V2);
    assert_eq!(
        action(&plan, "src/mine.rs"),
        Action::Conflict(Conflict::NoBase)
    );
}

#[test]
fn only_the_needed_merge_bases_are_kept() {
    let package = Package::new();
    let count = || {
        std::fs::read_dir(package.root.join(".orch/base"))
            .unwrap()
            .count()
    };
    // Two files of the user's own, and the spec.
    assert_eq!(count(), 3);
    package.apply(V2).unwrap();
    assert_eq!(count(), 2);
}

#[test]
fn a_newer_program_alone_is_no_drift() {
    let package = Package::new();
    let lock = package.read("orch.lock").unwrap();
    package.write(
        "orch.lock",
        &lock.replace("generator = \"", "generator = \"0.0.1-"),
    );
    assert_eq!(kinds(&package.plan(V1)), []);
    package.apply(V1).unwrap();
    assert_eq!(package.read("orch.lock").unwrap(), lock);
}

/// A checkout on Windows turns every line end of the package into CRLF.
#[test]
fn other_line_ends_are_no_edit() {
    let package = Package::new();
    let ours = |path: &PathBuf| path.is_file() && !path.ends_with("orch.toml");
    for path in package.everything().into_keys().filter(ours) {
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, text.replace('\n', "\r\n")).unwrap();
    }
    assert_eq!(kinds(&package.plan(V1)), []);
    package.write(
        "src/mine.rs",
        "1\r\n2\r\n3\r\n4\r\n5\r\n6\r\n7\r\n8\r\n9 mine\r\n",
    );
    package.apply(V2).unwrap();
    let merged = "1\r\n2 changed\r\n3\r\n4\r\n5\r\n6\r\n7\r\n8\r\n9 mine\r\n";
    assert_eq!(package.read("src/mine.rs").unwrap(), merged);
    assert_eq!(package.read("src/gen.rs").unwrap(), "two\n");
}

#[test]
fn the_plan_as_a_tree() {
    let package = Package::new();
    package.write("src/mine.rs", "1\n2\n3\n4\n5\n6\n7\n8\n9 mine\n");
    package.write("src/new.rs", "somebody's\n");
    let plan = package.plan(V2);
    insta::assert_snapshot!(tree(&plan, Style::default()), @"
      src/
    ~   gen.rs
    ~   mine.rs  (merged with your edits)
    -   mine_old.rs
    !   new.rs  (a file is there that orch-gen did not write)
    -   old.rs
    ");
    insta::assert_snapshot!(summary(&plan), @"2 to change, 2 to delete, 1 in conflict");
    insta::assert_snapshot!(diff(&plan, Style::default()), @"
    --- a/src/gen.rs
    +++ b/src/gen.rs
    @@ -1 +1 @@
    -one
    +two
    --- a/src/mine.rs
    +++ b/src/mine.rs
    @@ -1,5 +1,5 @@
     1
    -2
    +2 changed
     3
     4
     5
    --- a/src/mine_old.rs
    +++ /dev/null
    @@ -1 +0,0 @@
    -old
    --- a/src/new.rs
    +++ b/src/new.rs
    @@ -1 +1 @@
    -somebody's
    +new
    --- a/src/old.rs
    +++ /dev/null
    @@ -1 +0,0 @@
    -old
    ");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Whatever spec is accepted, every file that is made of it is in its language.
    #[test]
    fn every_accepted_spec_becomes_good_files(spec in crate::spec::tests::any_spec()) {
        let text = crate::spec::new_document(&spec);
        prop_assume!(Spec::parse(&text).is_ok());
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("pay");
        let request = Request { spec_text: &text, package: "pay", standalone: true, joins: false, force: false, conflicts: Conflicts::Refuse, decisions: Decisions::new(), upgrade: false, prune: false, trusts_vendored: false, facts: None, eject: &[] };
        let plan = Plan::new(Tree::new(&Real, &root), &request);
        prop_assert!(plan.is_ok(), "{}\n{text}", plan.unwrap_err());
    }
}
