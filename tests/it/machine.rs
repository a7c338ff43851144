//! JSON for editors and agents: every command, also when it fails.

use crate::command::Place;

#[test]
fn every_document_has_a_schema_and_a_kind() {
    let place = Place::with_package();
    for (arguments, kind, code) in [
        (&["plan", "--out", "pay", "--json"][..], "plan", 0),
        (&["plan", "--out", "pay", "--json", "--diff"], "plan", 0),
        (&["apply", "--out", "pay", "--json"], "applied", 0),
        (&["check", "--out", "pay", "--json"], "check", 0),
        (
            &["Payment", "PaymentRequested", "--out", "pay", "--json"],
            "applied",
            0,
        ),
        (
            &["A", "Booked", "--out", "new", "--dry-run", "--json"],
            "plan",
            0,
        ),
        (&["explain", "OG031", "--json"], "explanation", 0),
        (&["check", "--json"], "error", 2),
        (&["Type", "X", "--json"], "error", 2),
        (&["--json", "--nonsense"], "error", 2),
        (&["new", "pay", "--json"], "error", 2),
    ] {
        let ran = place.run(arguments);
        assert_eq!(ran.code, code, "{arguments:?} {ran:?}");
        let document = ran.json();
        assert_eq!(
            (&document["schema"], &document["kind"]),
            (&1.into(), &kind.into()),
            "{arguments:?}"
        );
        assert_eq!(ran.err, "", "{arguments:?}");
    }
}

#[test]
fn drift_is_listed() {
    let place = Place::with_package();
    place.write("pay/src/lib.rs", "// edited\n");
    let ran = place.run(&["check", "--out", "pay", "--json"]);
    assert_eq!(ran.code, 1);
    let document = ran.json();
    assert_eq!(document["clean"], false);
    assert_eq!(document["files"][0]["path"], "src/lib.rs");
    assert_eq!(document["files"][0]["drift"], "edited");
    assert_eq!(document["fix"], "orch-gen apply --force");
}

#[test]
fn errors_have_all_their_parts() {
    let place = Place::new();
    let document = place.run(&["Type", "X", "--json"]).json();
    assert_eq!(document["code"], "OG003");
    assert!(document["message"].as_str().unwrap().contains("`Type`"));
    assert_eq!(document["help"], "try `CustomerType`");
}

#[test]
fn a_plan_names_phases_owners_and_actions() {
    let place = Place::new();
    let plan = place
        .run(&["Payment", "PaymentRequested", "--dry-run", "--json"])
        .done()
        .json();
    assert!(
        plan["phases"]
            .as_array()
            .is_some_and(|phases| !phases.is_empty())
    );
    for file in plan["files"].as_array().unwrap() {
        assert_eq!(file["action"], "create");
        for key in ["path", "owner", "class"] {
            assert!(file[key].is_string(), "{file}");
        }
    }
}
