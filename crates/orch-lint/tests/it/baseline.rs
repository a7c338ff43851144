//! Findings that are left for later: which are recognised, and which are new.

use orch_lint::baseline::{Baseline, Judgement};
use orch_lint::sources::{Content, Memory, SourceTree};
use orch_lint::{Finding, LintErrorKind, Options, lint_sources};

use crate::project::{billing, report};

const ORCH: &str = "src/payment/orchestrator.rs";
const MOD: &str = "src/payment/mod.rs";

fn text(tree: &Memory, path: &str) -> String {
    match tree.read(path) {
        Some(Content::Text(text)) => text,
        other => panic!("{path}: {other:?}"),
    }
}

fn edit(tree: &mut Memory, path: &str, from: &str, to: &str) {
    let old = text(tree, path);
    assert!(old.contains(from), "{path} has no {from}");
    tree.insert(path, old.replace(from, to));
}

/// A project with one finding, ORC302.
fn broken() -> Memory {
    let mut tree = billing();
    edit(&mut tree, ORCH, "Outcome::Unknown { .. } =>", "_ =>");
    tree
}

fn all(tree: &Memory) -> Vec<Finding> {
    let options = Options {
        ignore_baseline: true,
        ..Options::default()
    };
    lint_sources(tree, &options).expect("a report").findings
}

/// Writes down everything that is found.
fn create(tree: &mut Memory) -> Baseline {
    let mut baseline = Baseline::default();
    baseline.add(&all(tree), "before the rule");
    tree.insert(Baseline::FILE, baseline.render());
    baseline
}

fn judge(tree: &Memory) -> Judgement {
    let baseline = Baseline::of(tree).expect("a whole file").expect("a file");
    baseline.judge(&all(tree), tree)
}

/// The rules that are found in spite of the baseline, and how many findings it holds back.
fn new(tree: &Memory) -> (Vec<&'static str>, usize) {
    let report = report(tree);
    let codes = report.findings.iter().map(|finding| finding.code);
    (codes.collect(), report.baselined)
}

fn rename(tree: &mut Memory, from: &str, to: &str) {
    let text = text(tree, from);
    tree.remove(from);
    tree.insert(to, text);
}

#[test]
fn what_is_written_down_is_left_out_and_counted() {
    let mut tree = broken();
    assert_eq!(new(&tree), (vec!["ORC302"], 0));
    create(&mut tree);
    let clean = report(&tree);
    assert_eq!((clean.findings.len(), clean.exit_code()), (0, 0));
    assert_eq!(
        clean.summary(),
        "no findings in 15 files (1 orchestrator), 1 in the baseline"
    );
    let json: serde_json::Value = serde_json::from_str(&clean.to_json()).unwrap();
    assert_eq!(json["summary"]["baselined"], 1);
    assert_eq!(all(&tree).len(), 1, "on request everything is shown");
    assert!(judge(&tree).is_exact());
}

/// An edit far away must not bring back what was agreed on.
#[test]
fn lines_inserted_above_make_nothing_new() {
    let mut tree = broken();
    create(&mut tree);
    let lines = "\n// a line\n".repeat(100);
    let longer = text(&tree, ORCH).replacen('\n', &lines, 1);
    tree.insert(ORCH, longer);
    assert_eq!(new(&tree), (vec![], 1));
    assert!(judge(&tree).is_exact());
}

/// Modules are named after files, so a renamed file changes the names of its items, too.
#[test]
fn a_renamed_file_is_recognised_and_its_entry_moves() {
    let mut tree = broken();
    create(&mut tree);
    rename(&mut tree, ORCH, "src/payment/calls.rs");
    edit(&mut tree, MOD, "pub mod orchestrator;", "pub mod calls;");
    let test = "tests/architecture.rs";
    edit(&mut tree, test, "payment::orchestrator", "payment::calls");
    assert_eq!(new(&tree), (vec![], 1));
    let judged = judge(&tree);
    assert_eq!((judged.kept.len(), judged.stale.len()), (0, 0));
    let [moved] = &judged.moved[..] else {
        panic!("{judged:?}");
    };
    assert_eq!(moved.from.path, ORCH);
    assert_eq!(moved.to.path, "src/payment/calls.rs");
    assert_eq!(moved.to.reason, "before the rule");
    let pruned = Baseline::of(&tree).unwrap().unwrap().pruned(&judged);
    tree.insert(Baseline::FILE, pruned.render());
    assert!(judge(&tree).is_exact());
    assert_eq!(pruned.entries().len(), 1);
}

/// A baseline that counts would let one in for each that goes.
#[test]
fn one_that_goes_makes_no_room_for_another() {
    let mut tree = broken();
    create(&mut tree);
    edit(&mut tree, ORCH, "_ =>", "Outcome::Unknown { .. } =>");
    let other = "fn other(outcome: orch_runtime::Outcome) -> u8 {\n    match outcome {\n        \
                 orch_runtime::Outcome::Ok { .. } => 1,\n        _ => 2,\n    }\n}\n";
    tree.insert("src/payment/rules.rs", format!("//! Rules.\n{other}"));
    assert_eq!(new(&tree), (vec!["ORC302"], 0));
    let judged = judge(&tree);
    assert_eq!((judged.stale.len(), judged.moved.len()), (1, 0));
}

/// The same rule, item and text elsewhere is a new finding as long as the file is there.
#[test]
fn a_twin_in_another_file_is_new_while_the_first_file_is_there() {
    let twin = "//! Twin.\nuse orch_runtime::Outcome;\nfn twin(o: Outcome) -> u8 {\n    match o {\n        \
                Outcome::Ok { .. } => 1,\n        _ => 2,\n    }\n}\n";
    let mended = twin.replace(
        "_ => 2",
        "Outcome::Retry { .. } | Outcome::Unknown { .. } | Outcome::Fail { .. } => 2",
    );
    let mut tree = billing();
    edit(
        &mut tree,
        "src/lib.rs",
        "pub mod payment;",
        "mod a;\nmod b;\npub mod payment;",
    );
    tree.insert("src/a.rs", twin);
    tree.insert("src/b.rs", mended.as_str());
    create(&mut tree);
    assert_eq!(new(&tree), (vec![], 1));
    tree.insert("src/a.rs", mended);
    tree.insert("src/b.rs", twin);
    assert_eq!(new(&tree), (vec!["ORC302"], 0));
    assert_eq!(judge(&tree).stale.len(), 1);
    tree.remove("src/a.rs");
    edit(&mut tree, "src/lib.rs", "mod a;\n", "");
    assert_eq!(new(&tree), (vec![], 1), "now the file was renamed");
}

/// A second one like it, in the same item, is not held back by the entry of the first.
#[test]
fn one_more_of_the_same_in_the_same_item_is_new() {
    let mut tree = broken();
    create(&mut tree);
    let arm = "        _ => \"unknown\",\n    }\n";
    let again = "    match outcome { Outcome::Ok { .. } => \"\", _ => \"\" }\n";
    edit(&mut tree, ORCH, arm, &format!("{arm};\n{again}"));
    assert_eq!(new(&tree), (vec!["ORC302"], 1));
}

/// Two branches each leave something for later; the merge keeps all lines.
#[test]
fn merged_branches_find_nothing_new() {
    let undocumented = |tree: &mut Memory| {
        edit(tree, "src/payment/rules.rs", "//! Rules", "//! All rules");
        let rules = text(tree, "src/payment/rules.rs");
        tree.insert("src/payment/rules.rs", format!("{rules}pub struct Bare;\n"));
    };
    let mut ours = broken();
    let ours = create(&mut ours);
    let mut theirs = billing();
    edit(&mut theirs, MOD, "pub mod rules;", "/// R.\npub mod rules;");
    undocumented(&mut theirs);
    let theirs = create(&mut theirs);
    let mut merged = broken();
    edit(&mut merged, MOD, "pub mod rules;", "/// R.\npub mod rules;");
    undocumented(&mut merged);
    assert_eq!(new(&merged).0.len(), 2);
    let lines = format!("{}{}{}", theirs.render(), ours.render(), theirs.render());
    merged.insert(Baseline::FILE, lines.replace('\n', "\r\n"));
    assert_eq!(new(&merged), (vec![], 2));
    assert!(judge(&merged).is_exact());
    let read = Baseline::of(&merged).unwrap().unwrap();
    assert_eq!(read.entries().len(), 2, "a line that is there twice is one");
    assert_eq!(
        read.render()
            .lines()
            .filter(|line| line.starts_with('#'))
            .count(),
        3
    );
}

#[test]
fn what_was_mended_is_stale_and_goes() {
    let mut tree = broken();
    create(&mut tree);
    let mended = billing();
    tree.insert(ORCH, text(&mended, ORCH));
    assert_eq!(new(&tree), (vec![], 0));
    let judged = judge(&tree);
    assert_eq!(judged.stale.len(), 1);
    let pruned = Baseline::of(&tree).unwrap().unwrap().pruned(&judged);
    assert_eq!(pruned.entries(), []);
}

/// What cannot be read must not pass for what holds back nothing, or everything.
#[test]
fn a_damaged_file_is_refused_with_its_line() {
    let mut tree = broken();
    let written = create(&mut tree).render();
    for (text, place) in [
        (
            written.replace("ORC302 ", "ORC302 x"),
            "orch-lint.baseline:4: ",
        ),
        (
            format!("<<<<<<< ours\n{written}"),
            "orch-lint.baseline:1: a merge",
        ),
        (format!("{written}\nORC302\n"), "orch-lint.baseline:6: "),
    ] {
        tree.insert(Baseline::FILE, text);
        let error = lint_sources(&tree, &Options::default()).expect_err("damaged");
        assert_eq!(
            (error.kind(), error.exit_code()),
            (LintErrorKind::Baseline, 2)
        );
        assert!(error.to_string().starts_with(place), "{error}");
    }
    tree.insert_bytes(Baseline::FILE, vec![0xff]);
    let error = lint_sources(&tree, &Options::default()).expect_err("no text");
    assert_eq!(error.to_string(), "orch-lint.baseline: it is not UTF-8");
}

/// Rules about the run itself would be silenced for good.
#[test]
fn rules_without_exceptions_are_never_held_back() {
    let mut tree = broken();
    tree.insert("src/payment/rules.rs", "// orch: allow(ORC302)\n");
    let codes: Vec<_> = all(&tree).iter().map(|finding| finding.code).collect();
    assert!(codes.contains(&"ORC903"), "{codes:?}");
    let written = create(&mut tree);
    assert!(written.entries().iter().all(|entry| entry.code != "ORC903"));
    assert_eq!(new(&tree).0, ["ORC903"]);
    let forged = all(&tree);
    let forged = forged.iter().find(|of| of.code == "ORC903").unwrap();
    let (id, kin) = (&forged.fingerprint, "0".repeat(32));
    let lines = format!("ORC903 {id} {kin} src/a.rs -\nORC777 {id} {kin} src/a.rs -\n");
    tree.insert(Baseline::FILE, format!("{}{lines}", written.render()));
    assert_eq!(new(&tree).0, ["ORC903"]);
    let judged = judge(&tree);
    let why = judged
        .ineffective
        .iter()
        .filter_map(|entry| entry.ineffective());
    assert_eq!(
        why.collect::<Vec<_>>(),
        ["there is no rule ORC777", "ORC903 allows no exceptions"]
    );
    let read = Baseline::of(&tree).unwrap().unwrap();
    assert_eq!(read.pruned(&judged).entries(), read.entries());
}

/// What is added later leaves the reasons and the comments of others alone.
#[test]
fn an_addition_changes_no_line_that_is_there() {
    let mut tree = broken();
    let first = create(&mut tree).render();
    tree.insert(Baseline::FILE, format!("# agreed in spring\n{first}"));
    let mut baseline = Baseline::of(&tree).unwrap().unwrap();
    assert_eq!(baseline.add(&all(&tree), "another reason"), []);
    assert_eq!(baseline.render(), format!("# agreed in spring\n{first}"));
}
