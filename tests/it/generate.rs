//! The main job: a new package, more operations, the same again.

use crate::command::{Place, files};

#[test]
fn a_new_package_is_made_beside_where_one_stands() {
    let place = Place::new();
    let ran = place
        .run(&[
            "Payment",
            "PaymentRequested",
            "order_id:string",
            "amount:money",
        ])
        .done();
    assert!(ran.out.contains("cargo run -- --simulate"), "{}", ran.out);
    assert!(ran.out.contains("cd payment-service"), "{}", ran.out);
    let spec = place.read("payment-service/orch.toml");
    assert!(
        spec.contains(r#"fields = ["order_id:string", "amount:money"]"#),
        "{spec}"
    );
    assert!(
        place
            .read("payment-service/Cargo.toml")
            .contains("name = \"payment-service\"")
    );
}

#[test]
fn the_same_again_changes_no_byte_and_no_time() {
    let place = Place::with_package();
    let before = place.everything();
    for arguments in [
        &["apply", "--out", "pay"][..],
        &["Payment", "PaymentRequested", "--out", "pay"],
        &["check", "--out", "pay"],
        &["plan", "--out", "pay"],
        &["apply", "--out", "pay", "--force"],
    ] {
        place.run(arguments).done();
        assert_eq!(place.everything(), before, "{arguments:?}");
    }
}

#[test]
fn a_dry_run_writes_nothing_and_plans_what_apply_does() {
    let place = Place::new();
    let arguments = ["Payment", "PaymentRequested", "--out", "pay", "--dry-run"];
    let ran = place.run(&arguments).done();
    assert!(place.is_empty());
    assert!(ran.out.contains("+ orch.toml"), "{}", ran.out);
    let planned = place
        .run(&[&arguments[..], &["--json"]].concat())
        .done()
        .json();
    assert!(place.is_empty());
    place.run(&arguments[..4]).done();
    let mut paths: Vec<_> = planned["files"]
        .as_array()
        .unwrap()
        .iter()
        .map(|f| f["path"].as_str().unwrap().to_owned())
        .collect();
    paths.sort();
    let mut made = files(&place.path("pay"));
    made.retain(|path| !path.starts_with(".orch/base/") && path != "orch.lock");
    assert!(
        paths == made,
        "{} planned, {} made",
        paths.len(),
        made.len()
    );
}

#[test]
fn a_second_domain_joins_the_package_around() {
    let place = Place::with_package();
    place
        .run_in("pay/src", &["FileUpload", "FileUploadRequested"])
        .done();
    let spec = place.read("pay/orch.toml");
    assert!(
        spec.contains("name = \"FileUpload\"") && spec.contains("track = \"progress\""),
        "{spec}"
    );
    place.run(&["check", "--out", "pay"]).done();
}

/// Callbacks cost a table and a route, so they are there only where they are asked for, then or later.
#[test]
fn callbacks_are_added_when_they_are_asked_for_and_stay() {
    let place = Place::with_package();
    for folder in ["pay/src", "pay/tests", "pay/migrations"] {
        let made = files(&place.path(folder));
        assert!(!made.iter().any(|path| path.contains("callbacks")));
    }
    let add = ["Payment", "PaymentRequested", "--callbacks", "--out", "pay"];
    place.run(&add).done();
    assert!(place.read("pay/orch.toml").contains("callbacks = true"));
    assert!(place.read("pay/Cargo.toml").contains("\"callbacks\""));
    let library = place.read("pay/src/lib.rs");
    assert!(library.contains("0002_payment_callbacks.sql"), "{library}");
    let tests = place.read("pay/tests/payment/main.rs");
    assert!(tests.contains("mod callbacks;"), "{tests}");
    let before = place.everything();
    for arguments in [&add[..], &["Payment", "PaymentRequested", "--out", "pay"]] {
        place.run(arguments).done();
        assert_eq!(place.everything(), before, "{arguments:?}");
    }
    place
        .run(&["Payment", "RefundRequested", "--out", "pay"])
        .done();
    let refund = place.read("pay/tests/refund/main.rs");
    assert!(refund.contains("mod callbacks;"), "{refund}");
    place.run(&["check", "--out", "pay"]).done();
}

#[test]
fn presets_are_named_in_the_output() {
    for (domain, event, field) in [
        ("Payment", "PaymentRequested", "amount:money:min=0.01"),
        (
            "FileUpload",
            "FileUploadRequested",
            "sha256:string:pattern=[0-9a-f]{64}",
        ),
        (
            "Notification",
            "NotificationSent",
            "channel:enum(push|sms|email)",
        ),
        ("Shipment", "ShipmentBooked", "payload:json"),
    ] {
        let ran = Place::new().run(&[domain, event]).done();
        assert!(ran.out.contains("preset was used"), "{}", ran.out);
        assert!(ran.out.contains(field), "{}", ran.out);
        assert!(
            ran.out
                .lines()
                .filter(|line| !line.starts_with("    -d"))
                .all(|line| line.chars().count() <= 80)
        );
    }
}

#[test]
fn changed_fields_change_the_spec_and_none_leave_it() {
    let place = Place::with_package();
    let ran = place
        .run(&[
            "Payment",
            "PaymentRequested",
            "order_id:string",
            "--out",
            "pay",
        ])
        .done();
    assert!(ran.out.contains("Changed PaymentRequested"), "{}", ran.out);
    let spec = place.read("pay/orch.toml");
    assert!(spec.contains(r#"fields = ["order_id:string"]"#), "{spec}");
    let ran = place
        .run(&["Payment", "PaymentRequested", "--out", "pay"])
        .done();
    assert!(ran.out.contains("nothing to do"), "{}", ran.out);
    assert_eq!(place.read("pay/orch.toml"), spec);
}

#[test]
fn comments_in_the_spec_survive() {
    let place = Place::with_package();
    let spec = place.read("pay/orch.toml");
    place.write(
        "pay/orch.toml",
        &format!("# mine, above\n{spec}# mine, below\n"),
    );
    place
        .run(&["Payment", "RefundRequested", "--out", "pay"])
        .done();
    let spec = place.read("pay/orch.toml");
    assert!(
        spec.contains("# mine, above") && spec.contains("# mine, below"),
        "{spec}"
    );
}

#[test]
fn the_runtime_comes_from_where_it_is_said() {
    let place = Place::new();
    for name in ["orch-runtime", "orch-lint"] {
        place.write(&format!("crates/{name}/Cargo.toml"), "");
    }
    place
        .run(&[
            "Payment",
            "PaymentRequested",
            "--out",
            "deep/pay",
            "--runtime-path",
            "crates",
        ])
        .done();
    let manifest = place.read("deep/pay/Cargo.toml");
    assert!(manifest.contains("../../crates/orch-runtime"), "{manifest}");
    assert!(!place.path("deep/pay/vendor").exists());
    place
        .run(&["new", "other", "--runtime-path", "nowhere"])
        .refused(2, "OG001");
}

/// Vendored sources are written whole, and go when the runtime comes from elsewhere.
#[test]
fn vendored_sources_come_and_go() {
    let place = Place::with_package();
    assert!(place.path("pay/vendor/orch-runtime/src/lib.rs").exists());
    let manifest = place.read("pay/vendor/orch-runtime/Cargo.toml");
    assert!(!manifest.contains("[lints]"), "{manifest}");
    let spec = place.read("pay/orch.toml").replace(
        "source = \"vendored\"",
        "source = \"registry\"\nversion = \"0.1\"",
    );
    place.write("pay/orch.toml", &spec);
    place.run(&["apply", "--out", "pay"]).done();
    assert!(!place.path("pay/vendor").exists());
    assert!(
        place
            .read("pay/Cargo.toml")
            .contains("orch-runtime = \"0.1\"")
    );
}

/// Adding to a package leaves hundreds of vendored files alone, unlooked at; `check`, and asking for what
/// is there, look.
#[test]
fn vendored_sources_are_looked_at_by_check_not_by_an_addition() {
    let place = Place::with_package();
    let vendored = "pay/vendor/orch-runtime/src/lib.rs";
    place.write(vendored, "//! Mine.\n");
    let refund = ["Refund", "RefundRequested"];
    place.run_in("pay", &refund).done();
    assert_eq!(place.read(vendored), "//! Mine.\n");
    let checked = place.run_in("pay", &["check"]);
    assert_eq!(checked.code, 1, "{checked:?}");
    assert!(
        checked.out.contains("vendor/orch-runtime/src/lib.rs"),
        "{checked:?}"
    );
    place.run_in("pay", &refund).refused(1, "OG031");
}

#[test]
fn cargo_orch_gen_does_the_same() {
    let place = Place::new();
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_cargo-orch-gen"));
    command
        .args(["orch-gen", "Payment", "PaymentRequested"])
        .current_dir(place.path(""));
    crate::command::ran(command).done();
    assert!(place.path("payment-service/orch.toml").exists());
}

#[test]
fn the_long_form_does_the_same() {
    let place = Place::new();
    std::fs::create_dir(place.path("long")).unwrap();
    std::fs::create_dir(place.path("short")).unwrap();
    place
        .run_in(
            "long",
            &["generate", "orchestration", "Payment", "PaymentRequested"],
        )
        .done();
    place
        .run_in("short", &["Payment", "PaymentRequested"])
        .done();
    assert_eq!(
        place.read("long/payment-service/orch.lock"),
        place.read("short/payment-service/orch.lock")
    );
}

#[test]
fn an_empty_package_takes_operations() {
    let place = Place::new();
    place.run(&["new", "shop"]).done();
    place.run_in("shop", &["check"]).done();
    place
        .run_in("shop", &["Payment", "PaymentRequested"])
        .done();
    place.run_in("shop", &["check"]).done();
    place.run(&["new", "shop"]).refused(2, "OG022");
}

#[test]
fn removing_is_the_opposite_of_adding() {
    let place = Place::with_package();
    let bytes = |place: &Place| -> Vec<_> {
        place
            .everything()
            .into_iter()
            .map(|(path, (_, bytes))| (path, bytes))
            .collect()
    };
    let before = bytes(&place);
    place
        .run(&["Payment", "RefundRequested", "--out", "pay"])
        .done();
    place
        .run(&["FileUpload", "FileUploadRequested", "--out", "pay"])
        .done();
    let dry = place
        .run(&["remove", "FileUpload", "--out", "pay", "--dry-run"])
        .done();
    assert!(dry.out.contains("-     controller.rs"), "{}", dry.out);
    place.run(&["remove", "FileUpload", "--out", "pay"]).done();
    place
        .run(&["remove", "Payment", "RefundRequested", "--out", "pay"])
        .done();
    assert!(before == bytes(&place), "the tree is not what it was");
    place
        .run(&["remove", "Payment", "RefundRequested", "--out", "pay"])
        .refused(2, "OG012");
    place
        .run(&["remove", "Paymnt", "--out", "pay"])
        .refused(2, "OG012");
}

#[test]
fn removing_keeps_what_was_edited_and_says_so() {
    let place = Place::with_package();
    let path = "pay/src/payment/rules.rs";
    place.write(path, "// mine\n");
    let ran = place.run(&["remove", "Payment", "--out", "pay"]).done();
    assert!(
        ran.out.contains("rules.rs  (edited, so it is kept"),
        "{}",
        ran.out
    );
    assert_eq!(place.read(path), "// mine\n");
    assert!(!place.path("pay/src/payment/mod.rs").exists());
    place.run(&["check", "--out", "pay"]).done();
}

#[test]
fn options_of_an_operation_that_is_there_change_only_themselves() {
    let place = Place::with_package();
    let fields = "fields = [\"order_id:string:max=64\", \"amount:money:min=0.01\"]";
    place
        .run(&[
            "Payment",
            "PaymentRequested",
            "--track",
            "history",
            "--out",
            "pay",
        ])
        .done();
    let spec = place.read("pay/orch.toml");
    assert!(
        spec.contains("track = \"history\"") && spec.contains(fields),
        "{spec}"
    );
    place
        .run(&["Payment", "PaymentRequested", "a:string", "--out", "pay"])
        .done();
    let spec = place.read("pay/orch.toml");
    assert!(
        spec.contains("track = \"history\"") && spec.contains("[\"a:string\"]"),
        "{spec}"
    );
}
