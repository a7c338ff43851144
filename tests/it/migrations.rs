//! Migrations that databases may have applied: none is rewritten, and one that goes is warned of.

use crate::command::{Place, Ran};

const FILE: &str = "migrations/sqlite/0001_payment.sql";
const ADDED: &str = "migrations/sqlite/0002_payment_add_note.sql";

fn generate(place: &Place, event: &str, fields: &[&str]) -> Ran {
    let begin = ["Payment", event];
    place
        .run(&[&begin, fields, &["--out", "pay"]].concat())
        .done()
}

fn migrations(place: &Place) -> Vec<String> {
    let all = place.everything().into_iter();
    let paths = all.map(|(path, _)| path.display().to_string());
    let mut names: Vec<_> = paths
        .filter(|path| path.contains("migrations/") && !path.ends_with(".down.sql"))
        .filter(|path| path.ends_with(".sql"))
        .map(|path| path.rsplit('/').next().unwrap_or_default().to_owned())
        .collect();
    names.sort();
    names
}

/// A service that was generated again has to start on the database of yesterday.
#[test]
fn a_new_field_gets_a_migration_of_its_own() {
    let place = Place::with_package();
    let before = place.read(&format!("pay/{FILE}"));
    let fields = [
        "order_id:string:max=64",
        "amount:money:min=0.01",
        "note:text",
    ];
    let done = generate(&place, "PaymentRequested", &fields);
    assert_eq!(done.err, "", "nothing to warn of");
    assert_eq!(place.read(&format!("pay/{FILE}")), before);
    insta::assert_snapshot!(place.read(&format!("pay/{ADDED}")), @"
    -- The payment operations keep other columns. What a column held before stays in the table.
    ALTER TABLE payment_operations ADD COLUMN note TEXT;
    ");
    insta::assert_snapshot!(place.read(&format!("pay/{}", ADDED.replace(".sql", ".down.sql"))), @"
    -- Takes new columns of payment operations away, with everything in them.
    ALTER TABLE payment_operations DROP COLUMN note;
    ");
    let library = place.read("pay/src/lib.rs");
    assert!(
        library.contains("migrations/sqlite/0002_payment_add_note.sql"),
        "{library}"
    );
    let again = place.run(&["apply", "--out", "pay"]).done();
    assert!(again.out.contains("nothing to do"), "{again:?}");
}

#[test]
fn a_second_event_adds_its_columns_and_takes_them_along() {
    let place = Place::with_package();
    let bytes = || -> Vec<_> {
        let all = place.everything().into_iter();
        all.map(|(path, (_, bytes))| (path, bytes)).collect()
    };
    let before = bytes();
    generate(&place, "RefundRequested", &["reason:text"]);
    let expected = ["0001_payment.sql", "0002_payment_add_reason.sql"];
    assert_eq!(migrations(&place), expected);
    let remove = ["remove", "Payment", "RefundRequested", "--out", "pay"];
    let removed = place.run(&remove).done();
    assert!(
        removed.err.contains("warning: a migration is taken out"),
        "{removed:?}"
    );
    assert!(bytes() == before);
}

/// A database that has applied it would be refused.
#[test]
fn an_event_that_is_taken_out_of_the_spec_leaves_its_columns() {
    let place = Place::with_package();
    let spec = place.read("pay/orch.toml");
    generate(&place, "RefundRequested", &["reason:text"]);
    place.write("pay/orch.toml", &spec);
    let applied = place.run(&["apply", "--out", "pay"]).done();
    assert_eq!(applied.err, "");
    let expected = ["0001_payment.sql", "0002_payment_add_reason.sql"];
    assert_eq!(migrations(&place), expected);
}

#[test]
fn a_field_of_another_type_keeps_what_it_held() {
    let place = Place::with_package();
    let spec = place.read("pay/orch.toml");
    place.write(
        "pay/orch.toml",
        &spec.replace("order_id:string:max=64", "order_id:i64"),
    );
    place.run(&["apply", "--out", "pay"]).done();
    insta::assert_snapshot!(place.read("pay/migrations/sqlite/0002_payment_retype_order_id.sql"), @"
    -- The payment operations keep other columns. What a column held before stays in the table.
    ALTER TABLE payment_operations RENAME COLUMN order_id TO order_id_before_0002;
    ALTER TABLE payment_operations ADD COLUMN order_id INTEGER;
    ");
}

#[test]
fn a_migration_that_goes_is_warned_of() {
    let place = Place::with_package();
    let ran = place.run(&["remove", "Payment", "--out", "pay"]).done();
    let warning = "warning: a migration is taken out";
    assert!(
        ran.err.contains(warning) && ran.err.contains(FILE),
        "{ran:?}"
    );
}

/// The text that databases have applied is known, also after the templates have changed.
#[test]
fn an_edit_or_a_loss_is_put_back_as_it_was_written() {
    let place = Place::with_package();
    let (path, kept) = (format!("pay/{FILE}"), place.read(&format!("pay/{FILE}")));
    place.write(&path, "-- edited\n");
    let refused = place.run(&["apply", "--out", "pay"]);
    assert_eq!(refused.code, 1, "{refused:?}");
    let forced = place.run(&["apply", "--out", "pay", "--force"]).done();
    assert_eq!(forced.err, "");
    assert_eq!(place.read(&path), kept);
    std::fs::remove_file(place.path(&path)).unwrap();
    place.run(&["apply", "--out", "pay"]).done();
    assert_eq!(place.read(&path), kept);
}

/// The columns that are there are read off the migrations, so nothing is made twice.
#[test]
fn migrations_outlive_a_lost_lock() {
    let place = Place::with_package();
    generate(&place, "RefundRequested", &["reason:text"]);
    let before = migrations(&place);
    std::fs::remove_file(place.path("pay/orch.lock")).unwrap();
    place.run(&["apply", "--out", "pay"]).done();
    assert_eq!(migrations(&place), before);
    generate(&place, "RefundRequested", &["reason:text", "note:text"]);
    assert_eq!(migrations(&place).len(), 3);
}
