//! Migrations that databases may have applied: changing one is said, and is no failure.

use crate::command::{Place, Ran};

const CHANGED: [&str; 6] = [
    "Payment",
    "PaymentRequested",
    "order_id:string",
    "note:text",
    "--out",
    "pay",
];
const FILE: &str = "migrations/sqlite/0001_payment.sql";

fn warns(ran: &Ran, what: &str) -> bool {
    let warned = ran.err.contains(&format!("warning: a migration is {what}"))
        && ran.err.contains(&format!("  --> {FILE}\n"))
        && ran.err.contains("help: delete a development database");
    assert_eq!(
        ran.err.matches("warning").count(),
        usize::from(warned),
        "{ran:?}"
    );
    warned
}

/// The service that was generated again does not start on the database of yesterday.
#[test]
fn a_rewritten_migration_is_warned_of() {
    let place = Place::with_package();
    let before = place.everything();
    let dry = place.run(&[&CHANGED[..], &["--dry-run"]].concat()).done();
    assert!(warns(&dry, "rewritten"));
    let json = place
        .run(&[&CHANGED[..], &["--dry-run", "--json"]].concat())
        .done();
    assert_eq!(json.err, "");
    assert_eq!(json.json()["warnings"][0]["at"], FILE);
    assert_eq!(place.everything(), before);
    let done = place.run(&CHANGED).done();
    insta::assert_snapshot!(done.err, @"
    warning: a migration is rewritten: a database that has applied it will be refused at start
      --> migrations/sqlite/0001_payment.sql
    help: delete a development database; this version cannot take along one that holds data: give the changed command a domain of its own
    ");
}

#[test]
fn a_second_event_rewrites_the_migration_of_its_domain() {
    let place = Place::with_package();
    let refund = ["Payment", "RefundRequested", "reason:text", "--out", "pay"];
    assert!(warns(&place.run(&refund).done(), "rewritten"));
    let remove = ["remove", "Payment", "RefundRequested", "--out", "pay"];
    assert!(warns(&place.run(&remove).done(), "rewritten"));
}

#[test]
fn the_spec_may_be_what_changed() {
    let place = Place::with_package();
    let spec = place.read("pay/orch.toml");
    place.write("pay/orch.toml", &spec.replace(":money", ":decimal"));
    for command in ["plan", "apply"] {
        let ran = place.run(&[command, "--out", "pay"]).done();
        assert!(warns(&ran, "rewritten"));
    }
    let again = place.run(&["apply", "--out", "pay"]).done();
    assert!(!warns(&again, "rewritten"));
}

#[test]
fn a_migration_that_goes_is_warned_of() {
    let place = Place::with_package();
    let ran = place.run(&["remove", "Payment", "--out", "pay"]).done();
    assert!(warns(&ran, "taken out"));
}

/// Databases have applied the text that was written, not the edit that is given up.
#[test]
fn nothing_is_said_when_no_written_migration_changes() {
    let place = Place::with_package();
    let upload = ["FileUpload", "FileUploadRequested", "--out", "pay"];
    assert!(!warns(&place.run(&upload).done(), "rewritten"));
    place.write(&format!("pay/{FILE}"), "-- edited\n");
    let ran = place.run(&["apply", "--out", "pay", "--force"]).done();
    assert!(!warns(&ran, "rewritten"));
    assert!(place.read(&format!("pay/{FILE}")).contains("CREATE TABLE"));
}
