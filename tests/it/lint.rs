//! The linter on the command line.

use crate::command::Place;

/// A service with a database call inside of `execute`.
fn with_findings() -> Place {
    let place = Place::new();
    place.write(
        "Cargo.toml",
        "[package]\nname = \"shop\"\nedition = \"2024\"\n",
    );
    place.write(
        "src/lib.rs",
        "//! Shop.\npub struct Pay;\nimpl orch_runtime::Orchestrator for Pay {\n    \
         fn execute(&self) -> bool { true }\n}\n",
    );
    place
}

#[test]
fn findings_are_exit_code_1_in_every_format() {
    let place = with_findings();
    for format in ["full", "concise", "json"] {
        let ran = place.run_in("src", &["lint", "--format", format]);
        assert_eq!(ran.code, 1, "{ran:?}");
        assert!(ran.out.contains("ORC"), "{format}: {}", ran.out);
    }
    let ran = place.run(&["lint", "--json"]);
    assert!(!ran.json()["findings"].as_array().unwrap().is_empty());
}

#[test]
fn a_rule_can_be_asked_for_alone() {
    let place = with_findings();
    let codes = |arguments: &[&str]| {
        let document = place.run(&[&["lint", "--json"], arguments].concat()).json();
        let findings = document["findings"].as_array().unwrap().clone();
        findings
            .iter()
            .map(|f| f["code"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    let all = codes(&[]);
    let first = all[0].as_str();
    assert!(codes(&["--only", first]).iter().all(|code| code == first));
    assert!(!codes(&["--except", first]).iter().any(|code| code == first));
    place
        .run(&["lint", "--only", "nonsense"])
        .refused(2, "OG060");
    place.run(&["lint", "nowhere"]).refused(2, "OG001");
}

#[test]
fn every_rule_is_listed_and_explained() {
    let place = Place::new();
    let listed = place.run(&["rules"]).done().out;
    for rule in orch_lint::rules::ALL {
        assert!(listed.contains(rule.code()) && listed.contains(rule.name()));
        let explained = place.run(&["explain", rule.code()]).done().out;
        assert_eq!(explained, place.run(&["explain", rule.name()]).done().out);
        assert!(explained.contains("## What it does"), "{explained}");
    }
    assert!(place.run(&["rules", "--json"]).done().json()["rules"].is_array());
}

/// What is generated keeps the conventions; what somebody wrote since may not.
#[test]
fn an_addition_to_a_package_is_linted_at_once() {
    let place = Place::with_package();
    let refund = ["Payment", "RefundRequested"];
    let clean = place.run_in("pay", &refund);
    assert_eq!(clean.code, 0, "{clean:?}");
    assert!(
        clean.out.contains("Linted by 24 rules: no findings."),
        "{clean:?}"
    );
    let orchestrator = "pay/src/payment/orchestrator.rs";
    let edited = place.read(orchestrator).replace(
        "Err(GatewayError::NoAnswer { reason }) => Outcome::unknown(reason),",
        "Err(_) => Outcome::unknown(\"?\"),",
    );
    place.write(orchestrator, &edited);
    let found = place.run_in("pay", &["Payment", "PayoutRequested"]);
    assert_eq!(found.code, 0, "{found:?}");
    assert!(found.out.contains("Linted: 1 error"), "{found:?}");
    let quiet = place.run_in("pay", &["Payment", "HoldRequested", "-q"]);
    assert!(!quiet.out.contains("Linted"), "{quiet:?}");
}

/// What was found is kept in the build folder, by the text it was found in, and never changes what is
/// found.
#[test]
fn what_was_found_is_kept_where_there_is_a_build_folder() {
    let place = with_findings();
    let lint = || place.run(&["lint", "--format", "concise"]).out;
    let found = lint();
    assert!(!place.path("target").exists());
    place.write(
        "target/CACHEDIR.TAG",
        "Signature: 8a477f597d28d172789f06886806bc55\n",
    );
    assert_eq!(lint(), found);
    let kept = std::fs::read_dir(place.path("target/orch-lint")).unwrap();
    let kept: Vec<_> = kept.map(|entry| entry.unwrap().path()).collect();
    assert_eq!(kept.len(), 1, "{kept:?}");
    assert_eq!(lint(), found);
    std::fs::write(&kept[0], "orch-lint facts of long ago\n").unwrap();
    assert_eq!(lint(), found);
    let clean = place
        .read("src/lib.rs")
        .replace("-> bool { true }", "-> u8 { 1 }");
    place.write("src/lib.rs", &clean);
    assert_ne!(lint(), found);
}
