//! `generate saga`, `generate choreography` and `remove` of a saga.

use crate::command::Place;

const GENERATE: &[&str] = &[
    "generate",
    "saga",
    "OrderCreation",
    "--step=reserve_inventory",
    "--step=pay=Payment.PaymentRequested,undo=Payment.RefundRequested",
    "--step=pack,after=reserve_inventory",
    "--step=tell,after=pay+pack,optional,none=said, and gone",
    "--out=pay",
];

/// A package with a payment and its refund.
fn shop() -> Place {
    let place = Place::with_package();
    let refund = "Payment RefundRequested payment_ref:string amount:money --out pay";
    let arguments: Vec<&str> = refund.split(' ').collect();
    place.run(&arguments).done();
    place
}

/// Every file with what is in it, but for what is kept to merge with later.
fn files(place: &Place) -> Vec<(std::path::PathBuf, String)> {
    let everything = place.everything().into_iter();
    let files = everything.filter(|(path, _)| path.is_file());
    let files = files.filter(|(path, _)| !path.to_string_lossy().contains(".orch/base"));
    let text = |text: Vec<u8>| String::from_utf8_lossy(&text).into_owned();
    files
        .map(|(path, (_, bytes))| (path, text(bytes)))
        .collect()
}

#[test]
fn a_saga_is_added_as_typed_and_removed_without_a_trace() {
    let place = shop();
    let before = files(&place);
    let ran = place.run(GENERATE).done();
    assert!(ran.out.contains("Added the saga OrderCreation."), "{ran:?}");
    assert!(ran.out.contains("No fields were given"), "{ran:?}");
    assert!(ran.out.contains("amount:money"), "{ran:?}");
    let spec = place.read("pay/orch.toml");
    for line in [
        "call = \"Payment.PaymentRequested\"",
        "undo = \"Payment.RefundRequested\"",
        "after = [\"pay\", \"pack\"]",
        "reason = \"said, and gone\"",
        "optional = true",
    ] {
        assert!(spec.contains(line), "{line}\n{spec}");
    }
    assert!(
        place
            .read("pay/src/lib.rs")
            .contains(".saga(order_creation::MODULE)")
    );
    place.run(&["check", "--out", "pay"]).done();
    let again = place.run(GENERATE).done();
    assert!(
        again.out.contains("is there already: nothing to do"),
        "{again:?}"
    );
    place
        .run(&["remove", "OrderCreation", "--out", "pay"])
        .done();
    assert_eq!(files(&place), before);
}

#[test]
fn what_a_saga_asks_for_stays_as_long_as_the_saga() {
    let place = shop();
    place.run(GENERATE).done();
    let before = files(&place);
    for arguments in [
        &["remove", "Payment"][..],
        &["remove", "Payment", "RefundRequested"],
    ] {
        let ran = place.run(&[arguments, &["--out", "pay"]].concat());
        let ran = ran.refused(2, "OG017");
        assert!(
            ran.err
                .contains("the saga `OrderCreation` asks for Payment."),
            "{ran:?}"
        );
    }
    assert_eq!(files(&place), before);
}

#[test]
fn a_saga_that_is_none_changes_nothing() {
    let place = shop();
    let before = files(&place);
    for (steps, code) in [
        (&[][..], "OG001"),
        (&["--step=Pay"], "OG002"),
        (&["--step=aux"], "OG003"),
        (&["--step=a", "--step=a"], "OG004"),
        (&["--step=a,after=b"], "OG015"),
        (&["--step=a,after=a"], "OG015"),
        (&["--step=a,after=b", "--step=b"], "OG015"),
        (&["--step=a=Payment.PaymentRequested"], "OG016"),
        (&["--step=a,undo=Payment.RefundRequested"], "OG016"),
        (&["--step=a,none="], "OG016"),
        (&["--step=a=Payment.PaymentReqested,none=x"], "OG017"),
        (&["--step=a,optional,optional"], "OG001"),
        (&["--step=a,whatever"], "OG001"),
    ] {
        let arguments = [&["generate", "saga", "X", "--out=pay"], steps].concat();
        place.run(&arguments).refused(2, code);
        assert_eq!(files(&place), before, "{steps:?}");
    }
    let wanting =
        "generate saga X order_id:string --step=a=Payment.PaymentRequested,none=x --out=pay";
    let arguments: Vec<&str> = wanting.split(' ').collect();
    let ran = place.run(&arguments).refused(2, "OG018");
    assert!(ran.err.contains("amount:money"), "{ran:?}");
    assert_eq!(files(&place), before);
}

#[test]
fn a_choreography_has_events_and_a_handler_for_each_step() {
    let place = shop();
    let arguments = [&["generate", "choreography"], &GENERATE[2..]].concat();
    place.run(&arguments).done();
    assert!(place.read("pay/orch.toml").contains("choreography = true"));
    let handlers = "pay/src/order_creation/generated/handlers";
    let undoes = place.read(&format!("{handlers}/compensation_handler.rs"));
    for event in [
        "ReserveInventoryFailed",
        "PayFailed",
        "PackFailed",
        "OrderCreationStopped",
    ] {
        assert!(undoes.contains(event), "{event}");
    }
    assert!(
        !undoes.contains("TellFailed"),
        "the saga goes on without it"
    );
    for step in ["reserve_inventory", "pay", "pack", "tell"] {
        let handler = place.read(&format!("{handlers}/{step}.rs"));
        assert!(!handler.contains("handlers::"), "no handler knows another");
    }
}
