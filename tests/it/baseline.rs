//! Findings that are left for later, on the command line.

use crate::command::Place;

const FILE: &str = "orch-lint.baseline";
const ORCHESTRATOR: &str = "src/pay.rs";

/// A service whose `execute` answers with `bool`: three findings of three rules, and one about missing
/// parts of the project.
pub(crate) fn with_findings() -> Place {
    let place = Place::new();
    place.write(
        "Cargo.toml",
        "[package]\nname = \"shop\"\nedition = \"2024\"\n",
    );
    place.write("src/lib.rs", "//! Shop.\npub mod pay;\n");
    place.write(
        ORCHESTRATOR,
        "//! Pays.\npub struct Pay;\nimpl orch_runtime::Orchestrator for Pay {\n    \
         fn execute(&self) -> bool { true }\n}\n",
    );
    place
}

fn codes(place: &Place, arguments: &[&str]) -> Vec<String> {
    let document = place.run(&[&["lint", "--json"], arguments].concat()).json();
    let findings = document["findings"].as_array().unwrap().clone();
    let codes = findings.iter().map(|of| of["code"].as_str().unwrap());
    codes.map(str::to_owned).collect()
}

/// Lines of the file that are findings.
fn lines(place: &Place) -> Vec<String> {
    let text = place.read(FILE);
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines.map(str::to_owned).collect()
}

#[test]
fn what_is_written_down_is_left_out_from_then_on() {
    let place = with_findings();
    let all = codes(&place, &[]);
    assert!(all.len() > 2, "{all:?}");
    let root = place.path("").to_str().unwrap().to_owned();
    let architecture_test = || orch_lint::assert_clean(&root);
    assert!(std::panic::catch_unwind(architecture_test).is_err());
    let created = place
        .run(&["baseline", "create", "--reason", "before\nthe linter"])
        .done();
    assert!(
        created.out.contains("added ORC301 src/pay.rs Pay::execute"),
        "{created:?}"
    );
    assert_eq!(lines(&place).len(), all.len());
    assert!(
        lines(&place)
            .iter()
            .all(|line| line.ends_with(" # before the linter"))
    );
    let clean = place.run(&["lint"]).done();
    let count = format!(", {} in the baseline", all.len());
    assert!(clean.out.contains(&count), "{clean:?}");
    assert_eq!(codes(&place, &["--no-baseline"]), all);
    assert_eq!(place.run(&["lint", "--no-baseline"]).code, 1);
    architecture_test();
    place.run(&["baseline", "check", "--frozen"]).done();
}

/// `lint` that writes would turn every new finding into a known one.
#[test]
fn only_create_and_prune_write() {
    let place = with_findings();
    place.run(&["baseline", "create"]).done();
    place.write(ORCHESTRATOR, "//! Pays.\n");
    place.write("src/other.rs", "//! Nothing.\n");
    let before = place.everything();
    place.run(&["lint", "--allow-empty"]);
    place.run(&["baseline", "check"]).done();
    assert_eq!(place.run(&["baseline", "check", "--frozen"]).code, 1);
    place.run(&["baseline", "create"]).refused(2, "OG063");
    assert_eq!(place.everything(), before);
}

#[test]
fn a_new_rule_is_added_alone() {
    let place = with_findings();
    place
        .run(&["baseline", "create", "--only", "ORC301"])
        .done();
    let first = lines(&place);
    assert!(
        first.iter().all(|line| line.starts_with("ORC301 ")),
        "{first:?}"
    );
    assert!(!codes(&place, &[]).contains(&"ORC301".to_owned()));
    let refused = place.run(&["baseline", "create"]).refused(2, "OG063");
    assert!(refused.err.contains("--only RULE"), "{refused:?}");
    let added = place
        .run(&["baseline", "create", "--only", "missing-docs", "--json"])
        .done();
    let added = added.json()["added"].as_array().unwrap().clone();
    assert!(
        !added.is_empty() && added.iter().all(|of| of["code"] == "ORC803"),
        "{added:?}"
    );
    assert!(lines(&place).starts_with(&first));
    assert_eq!(lines(&place).len(), first.len() + added.len());
    let again = place
        .run(&["baseline", "create", "--only", "ORC803"])
        .done();
    assert!(again.out.contains("nothing to write down"), "{again:?}");
    place
        .run(&["baseline", "create", "--only", "ORC000"])
        .refused(2, "OG060");
    place
        .run(&["baseline", "create", "--only", "ORC906"])
        .refused(2, "OG060");
}

#[test]
fn prune_takes_out_what_is_gone_and_adds_nothing() {
    let place = with_findings();
    place.run(&["baseline", "create"]).done();
    let before = lines(&place);
    let mended = place
        .read(ORCHESTRATOR)
        .replace("pub struct", "/// Pays.\npub struct");
    place.write(ORCHESTRATOR, &format!("{mended}pub struct New;\n"));
    let warned = place.run(&["baseline", "check"]).done();
    assert!(
        warned
            .out
            .contains("stale ORC803 src/pay.rs crate::pay::Pay\n"),
        "{warned:?}"
    );
    let frozen = place.run(&["baseline", "check", "--frozen", "--json"]);
    assert_eq!(frozen.code, 1, "{frozen:?}");
    assert_eq!(frozen.json()["stale"].as_array().unwrap().len(), 1);
    let pruned = place.run(&["baseline", "prune"]).done();
    assert!(
        pruned.out.contains("removed ORC803 src/pay.rs"),
        "{pruned:?}"
    );
    let left: Vec<_> = before
        .iter()
        .filter(|line| !line.contains("ORC803"))
        .cloned()
        .collect();
    assert_eq!(lines(&place), left);
    assert_eq!(codes(&place, &[]), ["ORC803"], "the new one was not let in");
    place.run(&["baseline", "check", "--frozen"]).done();
    let hidden = std::fs::read_dir(place.path("")).unwrap();
    let hidden = hidden.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    assert!(!hidden.into_iter().any(|name| name.starts_with('.')));
}

#[test]
fn a_renamed_file_is_reported_and_followed() {
    let place = with_findings();
    place.run(&["baseline", "create"]).done();
    std::fs::rename(place.path(ORCHESTRATOR), place.path("src/charge now.rs")).unwrap();
    place.write(
        "src/lib.rs",
        "//! Shop.\n#[path = \"charge now.rs\"]\npub mod charge;\n",
    );
    place.run(&["lint"]).done();
    let checked = place.run(&["baseline", "check", "--frozen"]);
    assert_eq!(checked.code, 1, "{checked:?}");
    assert!(
        checked
            .out
            .contains("src/pay.rs Pay::execute -> src/charge now.rs\n"),
        "{checked:?}"
    );
    let pruned = place.run(&["baseline", "prune"]).done();
    assert!(pruned.out.contains("moved ORC301 src/pay.rs"), "{pruned:?}");
    assert!(
        lines(&place)
            .iter()
            .all(|line| line.contains(" src/charge%20now.rs "))
    );
    place.run(&["baseline", "check", "--frozen"]).done();
    place.run(&["lint"]).done();
}

#[test]
fn a_damaged_file_stops_every_command_and_is_left_alone() {
    let place = with_findings();
    place.write(FILE, "# kept\n<<<<<<< HEAD\n");
    for arguments in [
        &["lint"][..],
        &["baseline", "create"],
        &["baseline", "prune"],
        &["baseline", "check"],
    ] {
        let refused = place.run(arguments).refused(2, "OG062");
        assert!(
            refused.err.contains("orch-lint.baseline:2: a merge"),
            "{refused:?}"
        );
    }
    assert_eq!(place.read(FILE), "# kept\n<<<<<<< HEAD\n");
}

/// While a file does not parse, its findings only look as if they were mended.
#[test]
fn nothing_is_taken_out_while_a_file_does_not_parse() {
    let place = with_findings();
    place.run(&["baseline", "create"]).done();
    let before = place.read(FILE);
    place.write(ORCHESTRATOR, "pub struct {\n");
    for action in ["create", "prune", "check"] {
        let arguments = ["baseline", action, "--only", "ORC301"];
        let arguments = &arguments[..if action == "create" { 4 } else { 2 }];
        place.run(arguments).refused(3, "OG064");
    }
    assert_eq!(place.read(FILE), before);
}

#[test]
fn an_entry_of_an_unknown_rule_is_reported_and_kept() {
    let place = with_findings();
    place.run(&["baseline", "create"]).done();
    let first = lines(&place).remove(0);
    let (_, rest) = first.split_once(' ').unwrap();
    let forged = format!("ORC777 {rest}");
    place.write(FILE, &format!("{}{forged}\n", place.read(FILE)));
    place.run(&["lint"]).done();
    let checked = place.run(&["baseline", "check", "--frozen"]);
    assert_eq!(checked.code, 1, "{checked:?}");
    assert!(
        checked.out.contains(": there is no rule ORC777\n"),
        "{checked:?}"
    );
    place.run(&["baseline", "prune"]).done();
    assert!(lines(&place).contains(&forged));
}

/// A link may lead out of the package; a folder cannot be a list.
#[cfg(unix)]
#[test]
fn a_link_in_the_place_of_the_file_is_not_replaced() {
    let place = with_findings();
    place.write("elsewhere", "");
    std::os::unix::fs::symlink("elsewhere", place.path(FILE)).unwrap();
    place.run(&["baseline", "create"]).refused(2, "OG022");
    assert_eq!(place.read("elsewhere"), "");
    std::fs::remove_file(place.path(FILE)).unwrap();
    std::fs::create_dir(place.path(FILE)).unwrap();
    place.run(&["baseline", "create"]).refused(2, "OG022");
}
