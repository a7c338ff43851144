//! Gateways of a kind: what fills their slots, and what is said when nothing does.

use crate::command::Place;

const PAY: [&str; 4] = ["Payment", "PaymentRequested", "--out", "pay"];

fn refused(fields: &[&str], gateway: &str, number: &str) -> String {
    let place = Place::new();
    let arguments = [&PAY[..], fields, &["--gateway", gateway]].concat();
    let ran = place.run(&arguments).refused(2, number);
    assert!(place.is_empty(), "{arguments:?}");
    ran.err
}

/// A charge without a source would be refused by the provider, long after it was accepted.
#[test]
fn a_missing_slot_names_the_field_to_add_before_anything_is_written() {
    let missing = refused(&["order_id:string", "amount:money"], "stripe", "OG014");
    for part in [
        "needs `source`",
        "add `source:string:max=255`",
        "payment_method, token, customer",
    ] {
        assert!(missing.contains(part), "{part}: {missing}");
    }
    let two = refused(
        &["net:money", "gross:money", "source:string"],
        "stripe",
        "OG014",
    );
    assert!(two.contains("needs `amount`"), "{two}");
    let typed = refused(&["amount:money", "source:u64"], "stripe", "OG014");
    assert!(typed.contains("`source:u64`"), "{typed}");
    let optional = refused(&["amount:money", "token:string?"], "stripe", "OG014");
    assert!(optional.contains("may be left out"), "{optional}");
    refused(&["phone:string", "text:u64"], "twilio", "OG014");
    refused(&["device_token:string", "title:string"], "fcm", "OG014");
    let unchecked = [
        "object_key:string",
        "content_type:string",
        "size:u64",
        "sha256:string",
    ];
    let unchecked = refused(&unchecked, "s3", "OG014");
    assert!(
        unchecked.contains("sha256:string:pattern=[0-9a-f]{64}"),
        "{unchecked}"
    );
    let unnamed = refused(&["email:string", "body:text"], "smtp", "OG014");
    assert!(
        unnamed.contains("add `subject:string:max=200`"),
        "{unnamed}"
    );
}

#[test]
fn kinds_that_cannot_be_written_are_refused() {
    assert!(refused(&[], "stirpe", "OG012").contains("`stripe`"));
    for kind in ["s3", "smtp", "fcm"] {
        refused(&["--callbacks"], kind, "OG012");
    }
}

#[test]
fn an_adapter_is_named_by_its_kind_and_its_client_is_a_feature() {
    for (kind, adapter) in [
        ("stripe", "StripePaymentGateway"),
        ("twilio", "TwilioPaymentGateway"),
        ("fcm", "FcmPaymentGateway"),
        ("s3", "S3PaymentGateway"),
        ("smtp", "SmtpPaymentGateway"),
    ] {
        let place = Place::new();
        let ran = place.run(&[&PAY[..], &["--gateway", kind]].concat()).done();
        assert!(ran.out.contains("preset was used"), "{}", ran.out);
        let spec = place.read("pay/orch.toml");
        assert!(spec.contains(&format!("gateway = \"{kind}\"")), "{spec}");
        let gateway = place.read("pay/src/payment/gateway.rs");
        assert!(
            gateway.contains(&format!("pub struct {adapter}")),
            "{gateway}"
        );
        assert!(place.read("pay/src/payment/mod.rs").contains(adapter));
        let manifest = place.read("pay/Cargo.toml");
        assert!(
            manifest.contains(&format!("features = [\"{kind}\"]")),
            "{manifest}"
        );
    }
}

/// A second event of a domain, and a domain that moves to another provider.
#[test]
fn the_gateway_of_a_domain_stays_until_another_one_is_asked_for() {
    let place = Place::new();
    place
        .run(&[&PAY[..], &["--gateway", "stripe"]].concat())
        .done();
    let refund = ["Payment", "RefundRequested", "--out", "pay"];
    let ran = place.run(&refund).done();
    assert!(ran.out.contains("Stripe refund"), "{}", ran.out);
    let gateway = place.read("pay/src/payment/gateway.rs");
    assert!(gateway.contains("charge: command.charge(),"), "{gateway}");
    let before = place.everything();
    place
        .run(&[&PAY[..], &["--gateway", "twilio"]].concat())
        .refused(2, "OG014");
    assert_eq!(place.everything(), before);
    place
        .run(&[&PAY[..], &["--gateway", "http"]].concat())
        .done();
    assert!(place.read("pay/orch.toml").contains("gateway = \"http\""));
    assert!(
        place
            .read("pay/src/payment/gateway.rs")
            .contains("HttpPaymentGateway")
    );
    assert!(!place.read("pay/Cargo.toml").contains("stripe"));
}

/// One amount may have any name, and either of two texts may be the source: the first of the list is.
#[test]
fn fields_fill_slots_by_type_and_name() {
    let place = Place::new();
    let fields = ["token:string", "price:money", "payment_method:text"];
    let arguments = [&PAY[..], &fields[..], &["--gateway", "stripe"]].concat();
    place.run(&arguments).done();
    let gateway = place.read("pay/src/payment/gateway.rs");
    assert!(gateway.contains("amount: command.price(),"), "{gateway}");
    assert!(
        gateway.contains("source: command.payment_method(),"),
        "{gateway}"
    );
}
