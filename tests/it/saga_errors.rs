//! Sagas that are refused: each with its code, the line that is wrong, and what to do.

use crate::sagas::{DOMAINS, SAGA, SMALL, graph, with};

/// What is said of these sagas, each with the line that it points to.
fn said(sagas: &[String]) -> String {
    let errors = sagas.iter().map(|saga| {
        let spec = format!("{DOMAINS}{saga}");
        let ran = graph(&with(&spec), "--graph");
        assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{saga}{ran:?}");
        let (before, after) = ran.err.split_once("\n  --> orch.toml:").unwrap();
        let (number, help) = after.split_once("\nhelp: ").unwrap();
        let line = spec.lines().nth(number.parse::<usize>().unwrap() - 1);
        format!("{before}\n  --> {}\nhelp: {help}", line.unwrap())
    });
    errors.collect::<Vec<_>>().join("\n")
}

/// The saga with something else in it.
fn saga(from: &str, to: &str) -> String {
    assert!(SAGA.contains(from), "{from}");
    SAGA.replacen(from, to, 1)
}

/// The small saga with something else in it.
fn small(from: &str, to: &str) -> String {
    assert!(SMALL.contains(from), "{from}");
    SMALL.replacen(from, to, 1)
}

/// The small saga with more behind it.
fn and(more: &str) -> String {
    format!("{SMALL}{more}\n")
}

/// What an event carries leaves the database: a slip must not take a secret along.
#[test]
fn what_cannot_be_told_is_refused() {
    let tells = |names: &str| saga("time_budget", &format!("tells = [{names}]\ntime_budget"));
    let step = |names: &str| and(&format!("tells = [{names}]"));
    let secret = small(":string\"", ":string:secret\"")
        .replace("[[saga.step]]", "tells = [\"a\"]\n[[saga.step]]");
    insta::assert_snapshot!(said(&[
        tells("\"order\""),
        tells("7"),
        secret,
        step("\"user-balance\""),
        step("\"transactionId\""),
        step("\"left\", \"left\""),
        small("[[saga.step]]", "tells = [\"a\"]\n[[saga.step]]") + "tells = [\"a\"]\n",
    ]), @r#"
    error[OG018]: the events of the saga shall tell `order`, and its input has no such field
      --> tells = ["order"]
    help: there are: order_id, amount

    error[OG012]: `tells` is an integer, and has to be a list of fields
      --> tells = [7]
    help: write `tells = ["order_id"]`

    error[OG018]: the events of the saga shall tell `a`, which is secret
      --> tells = ["a"]
    help: events travel in clear: take it out of `tells`

    error[OG002]: `user-balance` cannot be a field of an event
      --> tells = ["user-balance"]
    help: at most 40 letters, digits and `_`, such as `userBalance`

    error[OG003]: `tells` names `transactionId`, which events have already
      --> [[saga]]
    help: give the field of the input or of the result another name

    error[OG004]: the events of the saga would tell `left` twice
      --> [[saga]]
    help: the last event carries what all steps tell: rename one of the fields

    error[OG004]: the events of the saga would tell `a` twice
      --> [[saga]]
    help: the last event carries what all steps tell: rename one of the fields
    "#);
}

#[test]
fn steps_without_an_order_are_refused() {
    let steps = |count: usize| -> String {
        (0..count)
            .map(|at| format!("[[saga.step]]\nname = \"step_{at}\"\n"))
            .collect()
    };
    let only = "[[saga.step]]\nname = \"pay\"\n";
    graph(
        &with(&format!("{DOMAINS}{}", small(only, &steps(64)))),
        "--graph",
    )
    .done();
    insta::assert_snapshot!(said(&[
        small(only, ""),
        small(only, &steps(65)),
        saga("[\"debit\", ", "[\"debti\", "),
        saga("[\"debit\", ", "[\n  \"debit\",\n  \"pack\", "),
        and("after = [\"x\"]"),
        and("after = [\"pay\"]"),
        saga("[\"debit\", ", "[\"debit\", \"debit\", "),
    ]), @r#"
    error[OG015]: the saga `Order` has no step
      --> [[saga]]
    help: add a `[[saga.step]]` or take the saga out

    error[OG015]: the saga `Order` has 65 steps, more than 64
      --> [[saga]]
    help: make a saga of some of them

    error[OG015]: the step `close` comes after `debti`, and there is no such step
      --> after = ["debti", "send_confirmation"]
    help: did you mean `debit`?

    error[OG015]: the step `close` comes after `pack`, and there is no such step
      -->   "pack", "send_confirmation"]
    help: there are: reserve_inventory, debit, send_confirmation

    error[OG015]: the step `pay` comes after `x`, and there is no such step
      --> after = ["x"]
    help: it is the only step: take `after` out

    error[OG015]: the step `pay` comes after itself
      --> after = ["pay"]
    help: take it out; `after = []` begins at once

    error[OG015]: `after` of the step `close` names `debit` twice
      --> after = ["debit", "debit", "send_confirmation"]
    help: keep one of them
    "#);
}

/// Also one through a step that does not say what it comes after.
#[test]
fn steps_that_wait_for_each_other_are_named() {
    insta::assert_snapshot!(said(&[
        and("after = [\"ship\"]\n[[saga.step]]\nname = \"ship\""),
        and("after = [\"c\"]\n[[saga.step]]\nname = \"b\"\nafter = []\n[[saga.step]]\nname = \"c\"\nafter = [\"b\", \"pay\"]"),
        saga("[[saga.step]]\nname = \"debit\"", "[[saga.step]]\nname = \"pack\"\n\n[[saga.step]]\nname = \"debit\"")
            .replacen("undo =", "after = [\"close\"]\nundo =", 1),
    ]), @r#"
    error[OG015]: steps wait for each other: pay after ship after pay
      --> after = ["ship"]
    help: take one of these `after` out; a step without `after` comes after the one before it

    error[OG015]: steps wait for each other: pay after c after pay
      --> after = ["c"]
    help: take one of these `after` out; a step without `after` comes after the one before it

    error[OG015]: steps wait for each other: reserve_inventory after close after debit after reserve_inventory
      --> after = ["close"]
    help: take one of these `after` out; a step without `after` comes after the one before it
    "#);
}

#[test]
fn compensations_that_say_nothing_or_two_things_are_refused() {
    let why = "reason = \"a mail cannot be called back\"\n";
    insta::assert_snapshot!(said(&[
        saga("undo = \"Inventory.ReleaseRequested\"\n", ""),
        saga(why, ""),
        saga(why, "reason = \"\"\n"),
        saga(why, "reason = \" \\t\"\n"),
        saga("reason", "undo = \"Inventory.ReleaseRequested\"\nreason"),
        saga("call = \"Inventory.ReservationRequested\"\n", ""),
        and("reason = \"it is late\""),
        saga("Inventory.ReleaseRequested", "Inventory.ReservationRequested"),
        and("compensation = \"later\""),
        and(&format!("compensation = \"none\"\nreason = \"{}\"", "x".repeat(201))),
    ]), @r#"
    error[OG016]: the step `reserve_inventory` calls Inventory.ReservationRequested, and nothing says what undoes that
      --> call = "Inventory.ReservationRequested"
    help: add `undo = "Domain.Event"`, or `compensation = "none"` and a `reason`

    error[OG016]: the step `send_confirmation` has `compensation = "none"` and no `reason`
      --> compensation = "none"
    help: add `reason = "…"`: why nothing has to be undone, or can be

    error[OG016]: the step `send_confirmation` has `compensation = "none"` and no `reason`
      --> reason = ""
    help: add `reason = "…"`: why nothing has to be undone, or can be

    error[OG016]: the step `send_confirmation` has `compensation = "none"` and no `reason`
      --> reason = " \t"
    help: add `reason = "…"`: why nothing has to be undone, or can be

    error[OG016]: the step `send_confirmation` is undone by `undo`, and `compensation = "none"` says that nothing undoes it
      --> compensation = "none"
    help: keep one of them

    error[OG016]: the step `reserve_inventory` has `undo` and no `call`
      --> undo = "Inventory.ReleaseRequested"
    help: take `undo` out: work in your own database is undone by code of yours

    error[OG016]: the step `pay` has a `reason` why nothing undoes it, and does not say that nothing does
      --> reason = "it is late"
    help: take `reason` out, or add `compensation = "none"`

    error[OG016]: the step `reserve_inventory` is undone by Inventory.ReservationRequested, which is what it calls: it would happen twice
      --> undo = "Inventory.ReservationRequested"
    help: name the operation that takes it back, or write `compensation = "none"` and a `reason`

    error[OG012]: `compensation` cannot be `later`
      --> compensation = "later"
    help: available: none

    error[OG012]: `reason` has 201 characters, 200 are allowed
      --> reason = "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
    help: say it shorter, and the rest in a comment
    "#);
}

#[test]
fn operations_that_are_not_there_are_refused() {
    let undo = |to: &str| saga("Inventory.ReleaseRequested", to);
    insta::assert_snapshot!(said(&[
        undo("Release"),
        undo("a.b.c"),
        undo(""),
        undo("\\u001b"),
        undo("Inventory.RelaseRequested"),
        undo("inventory.ReleaseRequested"),
        saga("Mail.ConfirmationRequested", "Sms.TextSent"),
    ]), @r#"
    error[OG017]: `undo` is `Release`, and has to be `Domain.Event` of an operation
      --> undo = "Release"
    help: add a `[[domain.operation]]` for it, or name one that is there

    error[OG017]: `undo` is `a.b.c`, and has to be `Domain.Event` of an operation
      --> undo = "a.b.c"
    help: add a `[[domain.operation]]` for it, or name one that is there

    error[OG017]: `undo` is ``, and has to be `Domain.Event` of an operation
      --> undo = ""
    help: add a `[[domain.operation]]` for it, or name one that is there

    error[OG017]: `undo` is `\u{1b}`, and has to be `Domain.Event` of an operation
      --> undo = "\u001b"
    help: add a `[[domain.operation]]` for it, or name one that is there

    error[OG017]: `undo` names the operation `Inventory.RelaseRequested`, and there is no such one
      --> undo = "Inventory.RelaseRequested"
    help: did you mean `Inventory.ReleaseRequested`?

    error[OG017]: `undo` names the operation `inventory.ReleaseRequested`, and there is no such one
      --> undo = "inventory.ReleaseRequested"
    help: did you mean `Inventory.ReleaseRequested`?

    error[OG017]: `call` names the operation `Sms.TextSent`, and there is no such one
      --> call = "Sms.TextSent"
    help: add a `[[domain.operation]]` for it, or name one that is there
    "#);
}

#[test]
fn steps_with_names_that_cannot_be_are_refused() {
    let names = [
        "ReserveInventory",
        "reserve-it",
        "pay_",
        "",
        "1st",
        "été",
        "_",
        "a b",
        "Type",
        "match",
    ];
    let mut sagas: Vec<String> = names
        .map(|name| small("\"pay\"", &format!("{name:?}")))
        .into();
    sagas.push(small("\"pay\"", &format!("\"{}\"", "a".repeat(41))));
    sagas.push(and("[[saga.step]]\nname = \"pay\" # again"));
    insta::assert_snapshot!(said(&sagas), @r#"
    error[OG002]: `ReserveInventory` cannot be a step name: it is not snake_case
      --> name = "ReserveInventory"
    help: write `reserve_inventory`

    error[OG002]: `reserve-it` cannot be a step name: it is not snake_case
      --> name = "reserve-it"
    help: write `reserve_it`

    error[OG002]: `pay_` cannot be a step name: it is not snake_case
      --> name = "pay_"
    help: write `pay`

    error[OG002]: `` cannot be a step name: it is not snake_case
      --> name = ""
    help: lower-case letters, digits and `_`, such as `reserve_inventory`

    error[OG002]: `1st` cannot be a step name: it is not snake_case
      --> name = "1st"
    help: lower-case letters, digits and `_`, such as `reserve_inventory`

    error[OG002]: `été` cannot be a step name: it is not snake_case
      --> name = "été"
    help: lower-case letters, digits and `_`, such as `reserve_inventory`

    error[OG002]: `_` cannot be a step name: it is not snake_case
      --> name = "_"
    help: lower-case letters, digits and `_`, such as `reserve_inventory`

    error[OG002]: `a b` cannot be a step name: it is not snake_case
      --> name = "a b"
    help: write `a_b`

    error[OG002]: `Type` cannot be a step name: it is not snake_case
      --> name = "Type"
    help: lower-case letters, digits and `_`, such as `reserve_inventory`

    error[OG003]: `match` cannot be a step name: it is a Rust keyword
      --> name = "match"
    help: try `match_order`

    error[OG002]: `aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa` cannot be a step name: it has 41 characters, 40 are allowed
      --> name = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
    help: use a shorter name

    error[OG004]: the step `pay` is there twice
      --> name = "pay" # again
    help: rename one of them
    "#);
}

/// The name of a saga is a module and a pair of tables, as that of a domain is.
#[test]
fn sagas_with_names_that_cannot_be_are_refused() {
    let names = [
        "order",
        "Saga",
        "../x",
        "Inventory",
        "MAIL",
        "Payment",
        "MailCallbacks",
    ];
    let mut sagas: Vec<String> = names
        .map(|name| small("\"Order\"", &format!("{name:?}")))
        .into();
    sagas.push(small("\"Order\"", &format!("\"A{}\"", "b".repeat(40))));
    sagas.push(and(&SMALL.replace("\"\nfields", "\" # again\nfields")));
    sagas.push(and(&SMALL.replace("Order", "ORDER")));
    insta::assert_snapshot!(said(&sagas), @r#"
    error[OG002]: `order` is not the name's own spelling
      --> name = "order"
    help: write `Order`

    error[OG003]: `Saga` cannot be a saga name: it is a name of the runtime
      --> name = "Saga"
    help: try `CustomerSaga`

    error[OG002]: `../x` cannot be a saga name: it looks like a path
      --> name = "../x"
    help: letters and digits in PascalCase, such as `OrderCreation`

    error[OG004]: the domain `Inventory` and the saga `Inventory` would be one module
      --> name = "Inventory"
    help: give the saga another name

    error[OG004]: the domain `Mail` and the saga `MAIL` would be one module
      --> name = "MAIL"
    help: give the saga another name

    error[OG004]: the domain `Charge` and the saga `Payment` would have one migration
      --> name = "Payment"
    help: give the saga another name

    error[OG004]: the domain `Mail` and the saga `MailCallbacks` would have one migration
      --> name = "MailCallbacks"
    help: give the saga another name

    error[OG002]: `abbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb` is too long for a saga: its tables need at most 29 characters
      --> name = "Abbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
    help: use a shorter name

    error[OG004]: the saga `Order` is there twice
      --> name = "Order" # again
    help: give the saga another name

    error[OG004]: the sagas `Order` and `ORDER` differ only by case
      --> name = "ORDER"
    help: give the saga another name
    "#);
}

#[test]
fn limits_that_cannot_be_kept_are_refused() {
    let tell = |to: &str| saga("max_attempts = 5", to);
    let undone = |more: &str| {
        let undo = "undo = \"Inventory.ReleaseRequested\"";
        saga(undo, &format!("{undo}\n{more}"))
    };
    insta::assert_snapshot!(said(&[
        tell("max_attempts = 0"),
        tell("max_attempts = -1"),
        tell("max_attempts = \"5\""),
        saga("\"10m\"", "\"0s\""),
        saga("\"10m\"", "\"-5m\""),
        saga("\"10m\"", "\"2h\""),
        saga("\"2s\"", "\"2m\""),
        saga("time_budget = \"1h\"", "").replace("10m", "2h"),
        undone("undo_time_budget = \"x\""),
        undone("undo_max_atempts = 2"),
        tell("undo_max_attempts = 5"),
        and("time_budget = \"5m\""),
    ]), @r#"
    error[OG012]: `max_attempts` cannot be `0`
      --> max_attempts = 0
    help: write a whole number from 1 to 1000, such as 5

    error[OG012]: `max_attempts` cannot be `-1`
      --> max_attempts = -1
    help: write a whole number from 1 to 1000, such as 5

    error[OG012]: `max_attempts` is a string, and has to be a whole number
      --> max_attempts = "5"
    help: write `max_attempts = 5`

    error[OG012]: `time_budget` cannot be `0s`
      --> time_budget = "0s"
    help: write a whole number and `s`, `m`, `h` or `d`, such as `1h`: from `1s` to `365d`

    error[OG012]: `time_budget` cannot be `-5m`
      --> time_budget = "-5m"
    help: write a whole number and `s`, `m`, `h` or `d`, such as `1h`: from `1s` to `365d`

    error[OG012]: the step `send_confirmation` has `time_budget = "2h"`, and its saga begins steps for 1h only
      --> [[saga.step]]
    help: give the step less, or the saga `time_budget = "2h"` or more

    error[OG012]: the step `send_confirmation` has `backoff_base = "2m"`, longer than its `backoff_cap = "90s"`
      --> [[saga.step]]
    help: the first pause is the shortest one: swap them

    error[OG012]: the step `send_confirmation` has `time_budget = "2h"`, and its saga begins steps for 1h only
      --> [[saga.step]]
    help: give the step less, or the saga `time_budget = "2h"` or more

    error[OG012]: `undo_time_budget` cannot be `x`
      --> undo_time_budget = "x"
    help: write a whole number and `s`, `m`, `h` or `d`, such as `1h`: from `1s` to `365d`

    error[OG011]: unknown key `undo_max_atempts` in [[saga.step]]
      --> undo_max_atempts = 2
    help: did you mean `undo_max_attempts`?

    error[OG012]: the step `send_confirmation` has `undo_max_attempts`, and no operation undoes it
      --> [[saga.step]]
    help: take it out, or name an operation with `undo`

    error[OG012]: the step `pay` has `time_budget`, and it works in our own database, in one commit
      --> [[saga.step]]
    help: take it out, or name an operation with `call`
    "#);
}

/// An operation names its step, and not its saga.
#[test]
fn steps_of_one_name_that_ask_one_domain_have_the_same_limits() {
    let other = |more: &str| {
        format!(
            "{SAGA}[[saga]]\nname = \"Note\"\nfields = [\"order_id:string\"]\n[[saga.step]]\n\
             name = \"send_confirmation\"\ncall = \"Mail.ConfirmationRequested\"\n\
             compensation = \"none\"\nreason = \"said\"\n{more}"
        )
    };
    let same =
        "max_attempts = 5\nbackoff_base = \"2s\"\nbackoff_cap = \"90s\"\ntime_budget = \"10m\"\n";
    graph(&with(&format!("{DOMAINS}{}", other(same))), "--graph").done();
    insta::assert_snapshot!(said(&[other(""), other("max_attempts = 5\n")]), @r#"
    error[OG004]: the step `send_confirmation` of `OrderCreation` and that of `Note` ask `Mail` with other limits
      --> [[saga]]
    help: give both the same limits, or one of the two steps another name

    error[OG004]: the step `send_confirmation` of `OrderCreation` and that of `Note` ask `Mail` with other limits
      --> [[saga]]
    help: give both the same limits, or one of the two steps another name
    "#);
}

#[test]
fn values_that_nothing_reads_are_refused() {
    let time = |to: &str| saga("\"1h\"", to);
    insta::assert_snapshot!(said(&[
        time("\"1 hour\""),
        time("\"0s\""),
        time("\"366d\""),
        time("60"),
        small("a:string", "a:mony"),
        and("after = \"x\""),
        and("after = [\n1]"),
        and("optional = 1"),
    ]), @r#"
    error[OG012]: `time_budget` cannot be `1 hour`
      --> time_budget = "1 hour"
    help: write a whole number and `s`, `m`, `h` or `d`, such as `1h`: from `1s` to `365d`

    error[OG012]: `time_budget` cannot be `0s`
      --> time_budget = "0s"
    help: write a whole number and `s`, `m`, `h` or `d`, such as `1h`: from `1s` to `365d`

    error[OG012]: `time_budget` cannot be `366d`
      --> time_budget = "366d"
    help: write a whole number and `s`, `m`, `h` or `d`, such as `1h`: from `1s` to `365d`

    error[OG012]: `time_budget` is an integer, and has to be a text
      --> time_budget = 60
    help: write `time_budget = "…"`

    error[OG006]: unknown type `mony`
      --> fields = ["a:mony"]
    help: did you mean `money`?

    error[OG012]: `after` is a string, and has to be a list of steps
      --> after = "x"
    help: write `after = ["reserve_inventory"]`

    error[OG012]: `after` is an integer, and has to be a list of steps
      --> 1]
    help: write `after = ["reserve_inventory"]`

    error[OG012]: `optional` is an integer, and has to be true or false
      --> optional = 1
    help: write `optional = true`
    "#);
}

#[test]
fn keys_that_nothing_reads_or_that_are_missing_are_refused() {
    insta::assert_snapshot!(said(&[
        and("afetr = []"),
        small("fields", "time = \"1h\"\nfields"),
        small("fields = [\"a:string\"]\n", ""),
        small("name = \"Order\"\n", ""),
        small("name = \"pay\"\n", ""),
    ]), @r#"
    error[OG011]: unknown key `afetr` in [[saga.step]]
      --> afetr = []
    help: did you mean `after`?

    error[OG011]: unknown key `time` in [[saga]]
      --> time = "1h"
    help: [[saga]] has the keys name, fields, time_budget, choreography, tells, step

    error[OG012]: `fields` is missing
      --> [[saga]]
    help: add `fields = ["order_id:string"]`

    error[OG012]: `name` is missing
      --> [[saga]]
    help: add `name = "…"`

    error[OG012]: `name` is missing
      --> [[saga.step]]
    help: add `name = "…"`
    "#);
    let ran = graph(
        &with("version = 1\nsaga = [{ name = \"Order\" }]\n"),
        "--graph",
    )
    .refused(2, "OG012");
    assert!(
        ran.err.contains("help: write sections `[[saga]]`"),
        "{ran:?}"
    );
}
