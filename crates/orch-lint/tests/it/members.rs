//! Members of a workspace, each linted by itself as its own test does it.

use std::panic;
use std::path::{Path, PathBuf};

use orch_lint::baseline::Baseline;
use orch_lint::sources::{Content, SourceTree};
use orch_lint::{LintErrorKind, Options, Report, assert_clean, lint};

use crate::project::{billing, paths};

const ORCH: &str = "src/payment/orchestrator.rs";
const SQL: &str = "migrations/postgres/0001_payment.sql";
const MANIFEST: &str = "[workspace]\nmembers = ['services/*']\n";

/// A workspace on a disk, thrown away with the test.
struct Workspace(PathBuf);

impl Workspace {
    /// With members that each break a rule in Rust and one in SQL.
    fn new(name: &str, members: &[&str]) -> Self {
        let name = format!("orch-lint-{name}-{}", std::process::id());
        let workspace = Workspace(std::env::temp_dir().join(name));
        workspace.write("Cargo.toml", MANIFEST);
        let tree = billing();
        for member in members {
            for path in paths(&tree, "") {
                if let Some(Content::Text(text)) = tree.read(&path) {
                    workspace.write(&format!("services/{member}/{path}"), &text);
                }
            }
            workspace.edit(member, ORCH, "Outcome::Unknown { .. } =>", "_ =>");
            workspace.edit(member, SQL, "UNIQUE (owner_id, idem_key)", "CHECK (true)");
        }
        workspace
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.0.join(path);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(path, text).expect("a file");
    }

    fn edit(&self, member: &str, path: &str, from: &str, to: &str) {
        let path = format!("services/{member}/{path}");
        let text = std::fs::read_to_string(self.0.join(&path)).expect("a file");
        assert!(text.contains(from), "{path} has no {from}");
        self.write(&path, &text.replace(from, to));
    }

    fn member(&self, name: &str) -> PathBuf {
        self.0.join("services").join(name)
    }

    /// Writes down everything that is found in the whole workspace.
    fn leave_all_for_later(&self) {
        let mut baseline = Baseline::default();
        baseline.add(&linted(&self.0).findings, "before the rule");
        self.write(Baseline::FILE, &baseline.render());
    }
}

impl Drop for Workspace {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn linted(root: &Path) -> Report {
    lint(root, &Options::default()).expect("a report")
}

/// The rules that are found, and how many findings are held back.
fn new(root: &Path) -> (Vec<&'static str>, usize) {
    let report = linted(root);
    let codes = report.findings.iter().map(|finding| finding.code);
    (codes.collect(), report.baselined)
}

/// Whether a member's own test passes.
fn passes(root: &Path) -> bool {
    let root = root.to_str().expect("a name").to_owned();
    panic::catch_unwind(|| assert_clean(&root)).is_ok()
}

/// The linter of the workspace is green and the test of its member is red: one of them is turned off.
#[test]
fn what_a_workspace_left_for_later_holds_in_its_members() {
    let workspace = Workspace::new("members", &["pay", "pay-2"]);
    let both = vec!["ORC102", "ORC302"];
    for member in ["pay", "pay-2"] {
        let member = workspace.member(member);
        assert_eq!(new(&member), (both.clone(), 0));
        assert!(!passes(&member));
    }
    workspace.leave_all_for_later();
    assert_eq!(new(&workspace.0), (vec![], 4));
    for member in ["pay", "pay-2"] {
        let member = workspace.member(member);
        assert_eq!(new(&member), (vec![], 2));
        assert!(passes(&member));
    }
    workspace.edit("pay", ORCH, "/// A word for the log.\n", "");
    let pay = workspace.member("pay");
    assert_eq!(new(&pay), (vec!["ORC803"], 2), "what is new is said");
    assert!(!passes(&pay) && passes(&workspace.member("pay-2")));
}

/// What a member wrote down itself counts beside what its workspace wrote down.
#[test]
fn a_member_may_leave_more_for_later() {
    let workspace = Workspace::new("own", &["pay"]);
    workspace.leave_all_for_later();
    workspace.edit("pay", ORCH, "/// A word for the log.\n", "");
    let pay = workspace.member("pay");
    let mut own = Baseline::default();
    own.add(&linted(&pay).findings, "mine");
    assert_eq!(own.entries().len(), 1);
    workspace.write("services/pay/orch-lint.baseline", &own.render());
    assert_eq!(new(&pay), (vec![], 3));
    let everything = Options {
        ignore_baseline: true,
        ..Options::default()
    };
    assert_eq!(lint(&pay, &everything).unwrap().findings.len(), 3);
}

/// A package that only lies below a workspace is not held to what that one agreed on.
#[test]
fn a_package_that_is_no_member_is_on_its_own() {
    let workspace = Workspace::new("alone", &["pay", "alone"]);
    workspace.leave_all_for_later();
    let alone = workspace.member("alone");
    assert_eq!(new(&alone), (vec![], 2));
    workspace.write(
        "Cargo.toml",
        &format!("{MANIFEST}exclude = ['services/alone']\n"),
    );
    assert_eq!(new(&alone).1, 0);
    assert_eq!(new(&workspace.member("pay")).1, 2);
    let manifest = "services/pay/Cargo.toml";
    let own = std::fs::read_to_string(workspace.0.join(manifest)).unwrap();
    workspace.write(manifest, &format!("{own}\n[workspace]\n"));
    assert_eq!(new(&workspace.member("pay")).1, 0);
}

/// What cannot be read must not pass for what holds back nothing.
#[test]
fn a_damaged_baseline_above_is_named_by_its_way() {
    let workspace = Workspace::new("damaged", &["pay"]);
    workspace.write(Baseline::FILE, "nonsense\n");
    let error = lint(&workspace.member("pay"), &Options::default()).expect_err("damaged");
    assert_eq!(error.kind(), LintErrorKind::Baseline);
    let place = "../../orch-lint.baseline:1: ";
    assert!(error.to_string().starts_with(place), "{error}");
}
