//! Upgrades from every released version: a clean merge or a conflict that is written down, never a lost
//! line, and back again byte for byte.
//!
//! `fixtures/<version>/` holds packages as that version wrote them.

mod edits;

use std::path::{Path, PathBuf};

use proptest::prelude::*;

use crate::command::{Place, Ran};

const VERSIONS: [&str; 2] = ["0.1.0", "0.2.0"];
const CASES: [&str; 2] = ["payment", "upload"];

fn fixture(version: &str, case: &str) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/upgrade/fixtures");
    root.join(version).join(case)
}

/// A package as a version wrote it.
pub(crate) fn package(version: &str, case: &str) -> Place {
    let place = Place::new();
    copy(&fixture(version, case), &place.path("pkg"));
    place
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// All files but what the upgrade keeps for its way back.
fn bytes(place: &Place) -> Vec<(PathBuf, Vec<u8>)> {
    let all = place.everything().into_iter();
    let files =
        all.filter(|(path, _)| path.is_file() && !path.to_string_lossy().contains(".orch/undo"));
    files.map(|(path, (_, bytes))| (path, bytes)).collect()
}

fn upgrade(place: &Place, more: &[&str]) -> Ran {
    place.run_in("pkg", &[&["upgrade"], more].concat())
}

#[test]
fn every_version_is_upgraded_cleanly_and_taken_back() {
    for version in VERSIONS {
        for case in CASES {
            let place = package(version, case);
            let before = bytes(&place);
            let refused = place.run_in("pkg", &["apply"]).refused(1, "OG034");
            assert!(refused.err.contains("orch-gen upgrade"), "{refused:?}");
            let drift = place.run_in("pkg", &["check"]);
            assert_eq!(
                (drift.code, drift.out.trim()),
                (1, "outdated orch.lock"),
                "{version} {case}"
            );
            let doctor = place.run_in("pkg", &["doctor"]);
            assert!(doctor.out.contains("ok       merge bases"), "{doctor:?}");
            let shown = upgrade(&place, &["--dry-run"]).done();
            assert!(shown.out.contains("src/"), "{shown:?}");
            assert_eq!(bytes(&place), before, "shown only");
            upgrade(&place, &[]).done();
            place.run_in("pkg", &["check"]).done();
            let upgraded = place.everything();
            let again = upgrade(&place, &[]).done();
            assert!(again.out.contains("nothing to do"), "{again:?}");
            assert_eq!(place.everything(), upgraded);
            upgrade(&place, &["--abort"]).done();
            assert_eq!(bytes(&place), before, "{version} {case}");
            upgrade(&place, &["--abort"]).refused(2, "OG035");
        }
    }
}

/// Databases have applied the migrations of the old version; what the runtime needs beyond follows.
#[test]
fn migrations_stay_as_they_were_written_and_new_ones_follow() {
    for version in VERSIONS {
        for case in CASES {
            let place = package(version, case);
            let migrations = || -> Vec<_> {
                let all = bytes(&place).into_iter();
                all.filter(|(path, _)| path.to_string_lossy().contains("/migrations/"))
                    .collect()
            };
            let before = migrations();
            assert!(!before.is_empty());
            upgrade(&place, &[]).done();
            let after = migrations();
            let stays = |old: &(PathBuf, Vec<u8>)| after.contains(old);
            assert!(before.iter().all(stays), "{version} {case}");
            let adds = after.len() - before.len();
            assert_eq!(
                adds,
                if version == "0.1.0" { 4 } else { 0 },
                "{version} {case}"
            );
        }
    }
}

const RULES: &str = "pkg/src/payment/rules.rs";

#[test]
fn edits_are_merged() {
    let place = package("0.1.0", "payment");
    let gateway = "pkg/src/payment/gateway.rs";
    let text = place.read(gateway);
    let edited = text.replace("//! Written once", "//! MINE: written once");
    assert_ne!(edited, text);
    place.write(gateway, &edited);
    place.write(RULES, &(place.read(RULES) + "\n// MINE too.\n"));
    upgrade(&place, &[]).done();
    assert!(place.read(RULES).contains("// MINE too."));
    assert!(place.read(gateway).contains("MINE: written once"));
}

/// Both sides of what both changed are in the file, and the file is named.
#[test]
fn a_conflict_is_marked_and_listed_and_blocks_until_it_is_settled() {
    let place = package("0.1.0", "payment");
    let path = "pkg/src/payment/gateway.rs";
    let text = place.read(path);
    let lines: String = text
        .lines()
        .map(|line| format!("{line} // MINE\n"))
        .collect();
    place.write(path, &lines);
    let before = bytes(&place);
    let left = upgrade(&place, &["--json"]);
    assert_eq!(left.code, 1, "{left:?}");
    let json = left.json();
    assert_eq!(json["conflicts"][0]["path"], "src/payment/gateway.rs");
    assert_eq!(json["conflicts"][0]["conflict"], "overlap");
    let marked = place.read(path);
    assert!(
        marked.contains("<<<<<<< yours\n") && marked.contains(">>>>>>> orch-gen\n"),
        "{marked}"
    );
    for line in lines.lines() {
        assert!(marked.lines().any(|other| other == line), "{line} is lost");
    }
    place.run_in("pkg", &["apply"]).refused(1, "OG032");
    let check = place.run_in("pkg", &["check"]);
    assert!(
        check.out.contains("unsettled src/payment/gateway.rs"),
        "{check:?}"
    );
    assert!(
        check.err.contains("help: settle what is between"),
        "{check:?}"
    );
    upgrade(&place, &["--abort"]).done();
    assert_eq!(bytes(&place), before);
    let left = upgrade(&place, &["--conflicts", "rej"]);
    assert_eq!(left.code, 1, "{left:?}");
    assert_eq!(place.read(path), lines, "yours stays");
    let rejected = place.read(&format!("{path}.rej"));
    assert!(rejected.contains("impl PaymentGateway for") && !rejected.contains("MINE"));
    place.run_in("pkg", &["apply"]).done();
}

/// Whoever settles conflicts and then goes back must find the work again.
#[test]
fn what_was_changed_after_the_upgrade_is_kept_beside() {
    let place = package("0.1.0", "payment");
    upgrade(&place, &[]).done();
    let mine = place.read(RULES) + "// Settled.\n";
    place.write(RULES, &mine);
    let back = upgrade(&place, &["--abort"]).done();
    assert!(back.err.contains("rules.rs.orig"), "{back:?}");
    assert_eq!(place.read(&format!("{RULES}.orig")), mine);
    upgrade(&place, &[]).done();
    place
        .run_in("pkg", &["Payment", "CaptureRequested", "reason:text"])
        .done();
    upgrade(&place, &["--abort"]).refused(2, "OG035");
}

#[test]
fn a_lost_spec_is_written_again() {
    let place = Place::with_package();
    let spec = place.read("pay/orch.toml") + "# A word of mine.\n";
    place.write("pay/orch.toml", &spec);
    place.run_in("pay", &["apply"]).done();
    place.run_in("pay", &["import"]).refused(2, "OG022");
    std::fs::remove_file(place.path("pay/orch.toml")).unwrap();
    place.run_in("pay/src", &["import"]).done();
    assert_eq!(place.read("pay/orch.toml"), spec);
    place.run_in("pay", &["check"]).done();
}

#[test]
fn a_newer_tree_is_left_alone() {
    let place = Place::with_package();
    let lock = place.read("pay/orch.lock");
    let version = format!("generator = \"{}\"", env!("CARGO_PKG_VERSION"));
    place.write(
        "pay/orch.lock",
        &lock.replace(&version, "generator = \"99.0.0\""),
    );
    let before = place.everything();
    for command in [
        &["apply"][..],
        &["upgrade"],
        &["Payment", "RefundRequested"],
    ] {
        let refused = place.run_in("pay", command).refused(1, "OG034");
        assert!(
            refused.err.contains("install orch-gen 99.0.0"),
            "{refused:?}"
        );
    }
    assert_eq!(place.everything(), before);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Whatever people did to their files: what they added is there afterwards, in one file or between
    /// marks, and the way back leads to every byte.
    #[test]
    fn no_edit_is_lost(
        version in 0..VERSIONS.len(),
        case in 0..CASES.len(),
        edits in edits::some(),
        form in prop_oneof![Just("inline"), Just("rej")],
    ) {
        let place = package(VERSIONS[version], CASES[case]);
        let tokens = edits::make(&place, "pkg", &edits);
        let before = bytes(&place);
        let ran = upgrade(&place, &["--conflicts", form]);
        prop_assert!(ran.code <= 1, "{:?}", ran);
        let after = bytes(&place);
        for token in &tokens {
            let holds = |(_, bytes): &(PathBuf, Vec<u8>)| String::from_utf8_lossy(bytes).contains(token);
            prop_assert!(after.iter().any(holds), "{} is lost: {:?}", token, ran);
        }
        let has_marks = after.iter().any(|(_, bytes)| String::from_utf8_lossy(bytes).contains("<<<<<<< yours"));
        prop_assert!(!has_marks || ran.code == 1, "{:?}", ran);
        upgrade(&place, &["--abort"]).done();
        prop_assert_eq!(bytes(&place), before);
    }
}
