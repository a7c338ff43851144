//! The section `[lint]` of `orch.toml`, on the command line and beside the generator's sections.

use crate::command::{Place, Ran, ran};
use crate::repository::{BAD, Repository};
use std::collections::BTreeSet;
use std::fmt::Write as _;

/// A generated package whose `orch.toml` has a section for the linter in its middle.
fn with_settings(section: &str) -> Place {
    let place = Place::with_package();
    let text = place.read("pay/orch.toml");
    let (before, after) = text.split_once("[[domain]]").unwrap();
    place.write(
        "pay/orch.toml",
        &format!("{before}{section}\n[[domain]]{after}"),
    );
    place
}

const RIGHT: &str = "\
# Agreed on in spring.
[lint]
unknown-budget = 7 # what the macros hide

[lint.rules]
ORC803 = \"off\" # docs come later

[[lint.paths]]
paths = [\"src/payment/**\"]
rules = { missing-docs = \"warn\" }
";

fn verify(place: &Place) -> Ran {
    place.run(&["lint", "pay", "--verify-config"])
}

/// Who edits `orch.toml` by commands must find the linter's section as it was, comments and all.
#[test]
fn every_command_keeps_the_section_as_it_is() {
    let place = with_settings(RIGHT);
    let has_section = |when: &str| {
        let text = place.read("pay/orch.toml");
        assert!(text.contains(RIGHT), "{when}:\n{text}");
        assert_eq!(text.matches("[lint]").count(), 1, "{when}");
    };
    let (domain, event) = ("Refund", "RefundRequested");
    let path = ["--out", "pay"];
    for arguments in [
        &["apply"][..],
        &[domain, event, "id:uuid"],
        &[domain, "RefundStopped", "id:uuid"],
        &["generate", "metrics", "Payment"],
        &["remove", domain, event],
        &["remove", domain],
        &["apply", "--force"],
        &["check"],
    ] {
        place.run(&[arguments, &path].concat()).done();
        has_section(&arguments.join(" "));
    }
    std::fs::remove_file(place.path("pay/orch.toml")).unwrap();
    place.run(&["import", "--out", "pay"]).done();
    has_section("import");
    place.run(&["check", "--out", "pay"]).done();
    assert_eq!(
        verify(&place).done().out,
        "the section [lint] of orch.toml: nothing is wrong\n"
    );
}

#[test]
fn a_section_at_the_end_stays_whole() {
    let place = Place::with_package();
    let text = format!("{}\n{RIGHT}", place.read("pay/orch.toml"));
    place.write("pay/orch.toml", &text);
    for arguments in [
        ["Payment", "RefundRequested", "id:uuid", "--out", "pay"],
        ["Refund", "PayoutRequested", "id:uuid", "--out", "pay"],
    ] {
        place.run(&arguments).done();
        let text = place.read("pay/orch.toml");
        assert!(text.contains(RIGHT), "{text}");
    }
}

/// One fault has one code and one message, whoever meets it first.
#[test]
fn a_wrong_section_ends_every_command_with_the_same_error() {
    let place = with_settings("[lint.rules]\nORC3O2 = \"off\"\nORC901 = \"off\"");
    let line = place
        .read("pay/orch.toml")
        .lines()
        .position(|line| line.contains("ORC3O2"))
        .unwrap()
        + 1;
    let before = place.everything();
    let wanted = format!(
        "error[OG067]: there is no rule `ORC3O2`\n  --> orch.toml:{line}\n\
         help: did you mean `ORC302`?; `orch-gen lint --verify-config` shows 1 more\n"
    );
    for arguments in [
        &["lint", "pay"][..],
        &["lint", "pay", "--only", "ORC803"],
        &["baseline", "create", "pay"],
        &["plan", "--out", "pay"],
        &["apply", "--out", "pay"],
        &["check", "--out", "pay"],
        &["Refund", "RefundRequested", "id:uuid", "--out", "pay"],
    ] {
        let ran = place.run(arguments);
        assert_eq!(ran.err, wanted, "{arguments:?}");
        ran.refused(2, "OG067");
        assert_eq!(place.everything(), before, "{arguments:?}");
    }
    let ran = verify(&place);
    assert_eq!(ran.code, 2, "{ran:?}");
    assert!(
        ran.out.contains("ORC901 cannot be turned off or lowered"),
        "{ran:?}"
    );
    assert!(
        ran.out
            .ends_with("the section [lint] of orch.toml: 2 things are wrong\n"),
        "{ran:?}"
    );
    let document = place.run(&["lint", "pay", "--verify-config", "--json"]);
    assert_eq!(document.code, 2, "{document:?}");
    let problem = &document.json()["problems"][0];
    assert_eq!(problem["line"], line, "{problem:#}");
    assert_eq!(problem["help"], "did you mean `ORC302`?");
}

/// A generated project's own test reads the same section, so that nobody is told two things.
#[test]
fn the_architecture_test_of_a_package_finds_the_same() {
    let place = with_settings("");
    let lib = place.read("pay/src/payment/rules.rs");
    place.write(
        "pay/src/payment/rules.rs",
        &format!("{lib}\npub fn undocumented() {{}}\n"),
    );
    let root = place.path("pay");
    let root = root.to_str().unwrap().to_owned();
    let is_clean = || {
        let root = root.clone();
        std::panic::catch_unwind(move || orch_lint::assert_clean(&root)).is_ok()
    };
    assert_eq!((place.run(&["lint", "pay"]).code, is_clean()), (1, false));
    let text = place.read("pay/orch.toml");
    place.write(
        "pay/orch.toml",
        &format!("{text}\n[lint.rules]\nmissing-docs = \"off\"\n"),
    );
    assert_eq!((place.run(&["lint", "pay"]).code, is_clean()), (0, true));
    assert_eq!(place.run(&["lint", "pay", "--only", "ORC803"]).code, 1);
    place.write(
        "pay/orch.toml",
        &format!("{text}\n[lint.rules]\nmissing-docs = \"of\"\n"),
    );
    assert_eq!((place.run(&["lint", "pay"]).code, is_clean()), (2, false));
}

#[test]
fn what_nobody_set_is_right() {
    let place = Place::with_package();
    let said = "no orch.toml has a section [lint]: every rule is as `orch-gen rules` lists it\n";
    assert_eq!(verify(&place).done().out, said);
    place
        .run(&["lint", "pay", "--verify-config", "--staged"])
        .refused(2, "OG001");
    place
        .run(&["lint", "pay", "--verify-config", "--only", "ORC302"])
        .refused(2, "OG001");
}

/// What would be refused as a defect of the linter, or take it down, is a wrong section.
#[test]
fn hostile_files_are_refused_in_time() {
    let place = Place::with_package();
    let text = place.read("pay/orch.toml");
    let large = format!("{text}# {}\n", "x".repeat(10 << 20));
    let mut many = format!("{text}[lint.rules]\n");
    for number in 0..50_000 {
        writeln!(many, "r{number} = 1").unwrap();
    }
    let deep = format!("{text}[lint]\nrules = {}\n", "{a=".repeat(5_000));
    let latin: Vec<u8> = [text.as_bytes(), b"[lint]\n# \xe9\n"].concat();
    for (bytes, says) in [
        (large.into_bytes(), "it cannot be read: it has"),
        (many.into_bytes(), "there is no rule `r0`"),
        (deep.into_bytes(), "it is not TOML"),
        (latin, "it cannot be read: it is not UTF-8"),
        (b"[lint]\n[lint]\n".to_vec(), "it is not TOML"),
        (b"\0".to_vec(), "it cannot be read: it is a binary file"),
    ] {
        std::fs::write(place.path("pay/orch.toml"), bytes).unwrap();
        let ran = place.run(&["lint", "pay"]);
        assert!(ran.err.contains(says), "{says}: {ran:?}");
        ran.refused(2, "OG067");
        let ran = verify(&place);
        assert_eq!(ran.code, 2, "{says}: {ran:?}");
        assert!(ran.out.contains(says), "{says}: {ran:?}");
    }
}

/// A fix of the settings that is not staged must not help the commit, nor one that is tried out hurt.
#[test]
fn a_commit_is_judged_by_the_settings_it_would_have() {
    let repository = Repository::new();
    repository.stage("src/pay.rs", BAD);
    let codes = |arguments: &[&str]| -> Vec<String> {
        let document = repository
            .run(&[&["lint", "--json"], arguments].concat())
            .json();
        let findings = document["findings"].as_array().unwrap().clone();
        findings
            .iter()
            .map(|of| of["code"].as_str().unwrap().to_owned())
            .collect()
    };
    let found = codes(&["--staged"]);
    assert!(!found.is_empty());
    let mut off = "[lint.rules]\n".to_owned();
    let all = BTreeSet::from_iter(codes(&[]));
    for code in &all {
        writeln!(off, "{code} = \"off\"").unwrap();
    }
    repository.write("orch.toml", &off);
    assert_eq!(codes(&["--staged"]), found);
    assert!(codes(&[]).is_empty());
    repository.stage("orch.toml", &off);
    assert!(codes(&["--staged"]).is_empty());
    repository.write("orch.toml", "[lint");
    assert!(codes(&["--staged"]).is_empty());
    repository.run(&["lint"]).refused(2, "OG067");
    // A rule that is turned on answers for what it finds in files that nobody touched.
    repository.git(&["commit", "-qm", "off"]);
    repository.stage("orch.toml", "");
    assert_eq!(BTreeSet::from_iter(codes(&["--staged"])), all);
    repository.stage("orch.toml", "[lint");
    let ran = ran(repository.command("", &["lint", "--staged"]));
    ran.refused(2, "OG067");
}

#[test]
fn rules_say_whether_they_run_by_themselves() {
    let place = Place::new();
    let document = place.run(&["rules", "--json"]).done().json();
    let listed = place.run(&["rules"]).done().out;
    for (rule, of) in orch_lint::rules::ALL
        .iter()
        .zip(document["rules"].as_array().unwrap())
    {
        let is_preview = rule.status() == orch_lint::rules::Status::Preview;
        assert_eq!(of["status"] == "preview", is_preview, "{of:#}");
        let line = listed
            .lines()
            .find(|line| line.starts_with(rule.code()))
            .unwrap();
        assert_eq!(line.ends_with("  preview"), is_preview, "{line}");
    }
}
