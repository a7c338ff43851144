//! Renames in `orch.toml`: code and API follow, edits move along, and what is stored keeps its name.

use crate::command::Place;

fn rename(place: &Place, changes: &[(&str, &str)]) {
    let mut spec = place.read("pay/orch.toml");
    for (from, to) in changes {
        assert!(spec.contains(from), "{from}: {spec}");
        spec = spec.replace(from, to);
    }
    place.write("pay/orch.toml", &spec);
}

fn edit(place: &Place, path: &str) {
    let text = place.read(path);
    place.write(
        path,
        &format!("{text}\n/// Edited in {path}.\npub const EDITED: u8 = 1;\n"),
    );
}

/// Whoever renames a domain has worked in its files, and has operations in its tables.
#[test]
fn a_renamed_domain_keeps_edits_and_tables() {
    let place = Place::with_package();
    place.run_in("pay", &["Payment", "RefundRequested"]).done();
    let migrations = place.read("pay/migrations/sqlite/0001_payment.sql");
    for path in ["rules.rs", "gateway.rs", "refund/rules.rs"] {
        edit(&place, &format!("pay/src/payment/{path}"));
    }
    edit(&place, "pay/tests/payment/outcomes.rs");
    rename(
        &place,
        &[
            ("name = \"Payment\"", "name = \"Charge\"\nwas = \"Payment\""),
            (
                "event = \"PaymentRequested\"",
                "event = \"ChargeRequested\"\nwas = \"PaymentRequested\"",
            ),
        ],
    );
    let planned = place.run_in("pay", &["plan"]).done();
    assert!(
        planned.out.contains("moved from src/payment/rules.rs"),
        "{planned:?}"
    );
    place.run_in("pay", &["apply"]).done();
    assert!(!place.path("pay/src/payment").exists());
    assert!(!place.path("pay/tests/payment").exists());
    for (path, from) in [
        ("src/charge/rules.rs", "src/payment/rules.rs"),
        ("src/charge/gateway.rs", "src/payment/gateway.rs"),
        ("src/charge/refund/rules.rs", "src/payment/refund/rules.rs"),
        ("tests/charge/outcomes.rs", "tests/payment/outcomes.rs"),
    ] {
        let text = place.read(&format!("pay/{path}"));
        assert!(
            text.contains(&format!("Edited in pay/{from}")),
            "{path}: {text}"
        );
    }
    assert!(
        place
            .read("pay/src/charge/rules.rs")
            .contains("ChargeCommand")
    );
    let module = place.read("pay/src/charge/mod.rs");
    assert!(module.contains("domain: \"payment\""), "{module}");
    let command = place.read("pay/src/charge/generated/command.rs");
    assert!(command.contains("\"PAYMENT_REQUESTED\""), "{command}");
    assert_eq!(
        place.read("pay/migrations/sqlite/0001_payment.sql"),
        migrations
    );
    assert_eq!(
        crate::command::files(&place.path("pay/migrations")).len(),
        2
    );
    place.run_in("pay", &["check"]).done();
}

/// An operation that has its own folder moves alone.
#[test]
fn a_renamed_event_moves_its_folder() {
    let place = Place::with_package();
    place.run_in("pay", &["Payment", "RefundRequested"]).done();
    edit(&place, "pay/src/payment/refund/orchestrator.rs");
    let named = (
        "event = \"RefundRequested\"",
        "event = \"ReversalRequested\"\nwas = \"RefundRequested\"",
    );
    rename(&place, &[named]);
    place.run_in("pay", &["apply"]).done();
    let text = place.read("pay/src/payment/reversal/orchestrator.rs");
    assert!(
        text.contains("Edited in") && text.contains("ReversalOrchestrator"),
        "{text}"
    );
    assert!(!place.path("pay/src/payment/refund").exists());
    place.run_in("pay", &["check"]).done();
    rename(&place, &[("ReversalRequested", "TakebackRequested")]);
    place.run_in("pay", &["apply"]).done();
    let text = place.read("pay/src/payment/takeback/orchestrator.rs");
    assert!(text.contains("Edited in"), "{text}");
}

/// Both sides changed one line: nothing is written, or both sides are, as asked for.
#[test]
fn a_rename_that_meets_an_edit_is_a_conflict_and_loses_nothing() {
    let place = Place::with_package();
    let rules = place.read("pay/src/payment/rules.rs");
    place.write(
        "pay/src/payment/rules.rs",
        &rules.replace("PaymentCommand", "/* mine */ PaymentCommand"),
    );
    rename(
        &place,
        &[
            ("name = \"Payment\"", "name = \"Charge\"\nwas = \"Payment\""),
            (
                "event = \"PaymentRequested\"",
                "event = \"ChargeRequested\"\nwas = \"PaymentRequested\"",
            ),
        ],
    );
    let before = place.everything();
    place.run_in("pay", &["apply"]).refused(1, "OG032");
    assert_eq!(place.everything(), before);
    let merged = place.run_in("pay", &["apply", "--merge"]);
    assert_eq!(merged.code, 1, "{merged:?}");
    let text = place.read("pay/src/charge/rules.rs");
    assert!(
        text.contains("<<<<<<< yours") && text.contains("/* mine */ PaymentCommand"),
        "{text}"
    );
    assert!(text.contains("ChargeCommand"), "{text}");
    assert!(!place.path("pay/src/payment/rules.rs").exists());
}

/// A column that went by another name would be empty for all that was accepted before.
#[test]
fn a_renamed_field_keeps_its_columns_and_its_key_in_payloads() {
    let place = Place::with_package();
    rename(&place, &[("amount:money", "total:money:was=amount")]);
    place.run_in("pay", &["apply"]).done();
    assert_eq!(
        crate::command::files(&place.path("pay/migrations")).len(),
        2
    );
    let command = place.read("pay/src/payment/generated/command.rs");
    assert!(
        command.contains("#[serde(rename = \"amount\")]\n    total: Money,"),
        "{command}"
    );
    assert!(command.contains("fields.required(\"total\")"), "{command}");
    assert!(
        command.contains("\"amount_value\", \"amount_currency\""),
        "{command}"
    );
    let operation = place.read("pay/src/payment/generated/operation.rs");
    assert!(
        operation.contains("total: row.money(\"amount\")?"),
        "{operation}"
    );
    place.run_in("pay", &["check"]).done();
}

#[test]
fn names_that_would_share_what_is_stored_are_refused() {
    let domain = "\n[[domain]]\nname = \"Payment\"\n\n[[domain.operation]]\nevent = \"OrderPaid\"\nfields = [\"a:u32\"]\n";
    for (changes, added, number) in [
        (
            &[("name = \"Payment\"", "name = \"Charge\"\nwas = \"Payment\"")][..],
            domain,
            "OG004",
        ),
        (
            &[(
                "name = \"Payment\"",
                "name = \"Payment\"\nwas = \"Payment\"",
            )],
            "",
            "OG012",
        ),
        (
            &[("\"amount:money", "\"total:u32:was=amount\", \"amount:money")],
            "",
            "OG004",
        ),
        (&[("amount:money", "amount:money:was=amount")], "", "OG007"),
        (&[("amount:money", "amount:money:was=")], "", "OG005"),
        (&[("amount:money", "payload:json:was=extra")], "", "OG007"),
    ] {
        let place = Place::with_package();
        rename(&place, changes);
        let text = place.read("pay/orch.toml") + added;
        place.write("pay/orch.toml", &text);
        let before = place.everything();
        place.run_in("pay", &["apply"]).refused(2, number);
        assert_eq!(place.everything(), before);
    }
}
