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
        (&["--step=a,none=it is small,after=b"], "OG001"),
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

/// What can be said of a step in the file can be typed.
#[test]
fn a_step_is_limited_and_its_events_are_named_as_typed() {
    let place = shop();
    let ran = place
        .run(&[
            "generate",
            "choreography",
            "OrderCreation",
            "--step=reserve_inventory,event=Reserved,failure=NotReserved",
            "--step=pay=Payment.PaymentRequested,undo=Payment.RefundRequested,max_attempts=5,\
             backoff_base=2s,backoff_cap=90s,time_budget=10m,undo_max_attempts=9,event=Paid",
            "--step=tell=Payment.PaymentRequested,time_budget=3600s,none=said, and gone",
            "--out=pay",
        ])
        .done();
    assert!(ran.out.contains("Added the saga"), "{ran:?}");
    let spec = place.read("pay/orch.toml");
    for line in [
        "event = \"Reserved\"",
        "failure = \"NotReserved\"",
        "max_attempts = 5",
        "backoff_base = \"2s\"",
        "backoff_cap = \"90s\"",
        "time_budget = \"10m\"",
        "undo_max_attempts = 9",
        "event = \"Paid\"",
        "time_budget = \"1h\"",
    ] {
        assert!(spec.contains(line), "{line}\n{spec}");
    }
    let wiring = place.read("pay/src/order_creation/mod.rs");
    for text in [
        "pub const PAY_LIMITS: StepLimits = StepLimits {
    max_attempts: Some(5),
    base: Some(Duration::from_secs(2)),
    cap: Some(Duration::from_secs(90)),
    time_budget: Some(Duration::from_secs(600)),
};
",
        "pub const PAY_LIMITS_UNDO: StepLimits = StepLimits {
    max_attempts: Some(9),
    ..StepLimits::NONE
};
",
        "    let builder = builder.limits(\"pay\", PAY_LIMITS);
    let builder = builder.undo_limits(\"pay\", PAY_LIMITS_UNDO);
",
    ] {
        assert!(wiring.contains(text), "{text}\n{wiring}");
    }
    let drawn = place.run(&["plan", "--graph", "--out", "pay"]).done().out;
    for line in [
        "\n│    limits     5 attempts, 2s to 90s apart, for 10m\n│    of undoing 9 attempts\n",
        "\n│    limits     for 1h\n",
    ] {
        assert!(drawn.contains(line), "{drawn}");
    }
    place.run(&["check", "--out", "pay"]).done();
}

#[test]
fn limits_that_cannot_be_kept_are_refused_before_anything_is_written() {
    let place = shop();
    let before = files(&place);
    let pay = "pay=Payment.PaymentRequested,undo=Payment.RefundRequested";
    let mut said = String::new();
    for (step, budget) in [
        (format!("{pay},max_attempts=0"), None),
        (format!("{pay},max_attempts=-2"), None),
        (format!("{pay},max_attempts=3,max_attempts=4"), None),
        (format!("{pay},time_budget=0s"), None),
        (format!("{pay},time_budget=ten minutes"), None),
        (format!("{pay},time_budget=31m"), Some("--time-budget=30m")),
        (
            format!("{pay},undo_backoff_base=2m,undo_backoff_cap=1m"),
            None,
        ),
        (format!("{pay},retries=3"), None),
        (format!("{pay},event=paid it"), None),
        ("pack,max_attempts=3".to_owned(), None),
    ] {
        let step = format!("--step={step}");
        let mut arguments = vec!["generate", "saga", "Order", &step, "--out=pay"];
        arguments.extend(budget);
        let ran = place.run(&arguments);
        assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{step}\n{ran:?}");
        said.push_str(&ran.err);
        said.push('\n');
    }
    assert_eq!(files(&place), before);
    insta::assert_snapshot!(said, @r#"
    error[OG012]: `max_attempts` cannot be `0`
      --> --step pay=Payment.PaymentRequested,undo=Payment.RefundRequested,max_attempts=0
    help: write a whole number from 1 to 1000, such as 5

    error[OG012]: `max_attempts` cannot be `-2`
      --> --step pay=Payment.PaymentRequested,undo=Payment.RefundRequested,max_attempts=-2
    help: write a whole number from 1 to 1000, such as 5

    error[OG001]: `max_attempts=4` says nothing of a step
      --> --step pay=Payment.PaymentRequested,undo=Payment.RefundRequested,max_attempts=3,max_attempts=4
    help: write --step 'NAME[=Domain.Event][,undo=Domain.Event][,after=A+B][,optional][,time_budget=TIME][,max_attempts=N][,event=Name][,failure=Name][,none=REASON]'

    error[OG012]: `time_budget` cannot be `0s`
      --> --step pay=Payment.PaymentRequested,undo=Payment.RefundRequested,time_budget=0s
    help: write a whole number and `s`, `m`, `h` or `d`, such as `1h`: from `1s` to `365d`

    error[OG012]: `time_budget` cannot be `ten minutes`
      --> --step pay=Payment.PaymentRequested,undo=Payment.RefundRequested,time_budget=ten minutes
    help: write a whole number and `s`, `m`, `h` or `d`, such as `1h`: from `1s` to `365d`

    error[OG012]: the step `pay` has `time_budget = "31m"`, and its saga begins steps for 30m only
      --> the saga Order
    help: give the step less, or the saga `time_budget = "31m"` or more

    error[OG012]: the step `pay` has `undo_backoff_base = "2m"`, longer than its `undo_backoff_cap = "1m"`
      --> the saga Order
    help: the first pause is the shortest one: swap them

    error[OG001]: `retries=3` says nothing of a step
      --> --step pay=Payment.PaymentRequested,undo=Payment.RefundRequested,retries=3
    help: write --step 'NAME[=Domain.Event][,undo=Domain.Event][,after=A+B][,optional][,time_budget=TIME][,max_attempts=N][,event=Name][,failure=Name][,none=REASON]'

    error[OG002]: `paid it` cannot be an event name: U+0020 cannot be in it
      --> --step pay=Payment.PaymentRequested,undo=Payment.RefundRequested,event=paid it
    help: try `PaidIt`

    error[OG012]: the step `pack` has `max_attempts`, and it works in our own database, in one commit
      --> the saga Order
    help: take it out, or name an operation with `call`
    "#);
}
