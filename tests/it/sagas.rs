//! Sagas as a user writes them into `orch.toml`: what is refused and where, and what is drawn.

use crate::command::{Place, Ran};

/// Three domains whose operations sagas call; ends before line 24.
const DOMAINS: &str = r#"version = 1

[runtime]
source = "vendored"
[[domain]]
name = "Inventory"
[[domain.operation]]
event = "ReservationRequested"
fields = ["order_id:string"]
[[domain.operation]]
event = "ReleaseRequested"
fields = ["order_id:string"]
[[domain]]
name = "Mail"
callbacks = true
[[domain.operation]]
event = "ConfirmationRequested"
fields = ["order_id:string"]
[[domain]]
name = "Charge"
was = "Payment"
[[domain.operation]]
event = "ChargeRequested"
fields = ["order_id:string"]
"#;

/// A saga of every kind of step; begins on line 26.
const SAGA: &str = r#"
[[saga]]
name = "OrderCreation"
fields = ["order_id:string:max=64", "amount:money"]
time_budget = "1h"

[[saga.step]]
name = "reserve_inventory"
call = "Inventory.ReservationRequested"
undo = "Inventory.ReleaseRequested"

[[saga.step]]
name = "debit"
after = ["reserve_inventory"]

[[saga.step]]
name = "send_confirmation"
after = ["reserve_inventory"]
call = "Mail.ConfirmationRequested"
compensation = "none"
reason = "a mail cannot be called back"
optional = true

[[saga.step]]
name = "close"
after = ["debit", "send_confirmation"]
"#;

/// A saga that needs nothing but itself; begins on line 26.
const SMALL: &str =
    "\n[[saga]]\nname = \"Order\"\nfields = [\"a:string\"]\n[[saga.step]]\nname = \"pay\"\n";

fn graph(place: &Place, form: &str) -> Ran {
    place.run(&["plan", form, "--out", "pay"])
}

fn with(spec: &str) -> Place {
    let place = Place::new();
    place.write("pay/orch.toml", spec);
    place.write(
        "pay/Cargo.toml",
        "[package]\nname = \"pay\"\nedition = \"2024\"\n",
    );
    place
}

fn changed(text: &str, from: &str, to: &str) -> String {
    assert!(text.contains(from), "{from}");
    text.replacen(from, to, 1)
}

/// Each is refused before anything is drawn, with its code, its line and what to do.
fn refused(sagas: &str, code: &str, line: usize, what: &str, help: &str) {
    let ran = graph(&with(&format!("{DOMAINS}{sagas}")), "--graph").refused(2, code);
    let expected = format!("error[{code}]: {what}\n  --> orch.toml:{line}\nhelp: {help}\n");
    assert_eq!(
        (ran.out.as_str(), ran.err.as_str()),
        ("", expected.as_str()),
        "{sagas}"
    );
}

#[test]
fn steps_that_have_no_order_are_refused() {
    let small = |to: &str| changed(SMALL, "[[saga.step]]\nname = \"pay\"\n", to);
    refused(
        &small(""),
        "OG015",
        26,
        "the saga `Order` has no step",
        "add a `[[saga.step]]` or take the saga out",
    );
    let many: String = (0..65)
        .map(|at| format!("[[saga.step]]\nname = \"step_{at}\"\n"))
        .collect();
    refused(
        &small(&many),
        "OG015",
        26,
        "the saga `Order` has 65 steps, more than 64",
        "make a saga of some of them",
    );
    refused(
        &changed(
            SAGA,
            "after = [\"debit\", \"send",
            "after = [\"debti\", \"send",
        ),
        "OG015",
        49,
        "the step `close` comes after `debti`, and there is no such step",
        "did you mean `debit`?",
    );
    refused(
        &changed(SAGA, "[\"debit\", ", "[\n  \"debit\",\n  \"pack\", "),
        "OG015",
        51,
        "the step `close` comes after `pack`, and there is no such step",
        "there are: reserve_inventory, debit, send_confirmation",
    );
    refused(
        &format!("{SMALL}after = [\"x\"]\n"),
        "OG015",
        31,
        "the step `pay` comes after `x`, and there is no such step",
        "it is the only step: take `after` out",
    );
    refused(
        &format!("{SMALL}after = [\"pay\"]\n"),
        "OG015",
        31,
        "the step `pay` comes after itself",
        "take it out; `after = []` begins at once",
    );
    refused(
        &changed(SAGA, "[\"debit\", ", "[\"debit\", \"debit\", "),
        "OG015",
        49,
        "`after` of the step `close` names `debit` twice",
        "keep one of them",
    );
    let cycle =
        "take one of these `after` out; a step without `after` comes after the one before it";
    refused(
        &format!("{SMALL}after = [\"ship\"]\n[[saga.step]]\nname = \"ship\"\n"),
        "OG015",
        31,
        "steps wait for each other: pay after ship after pay",
        cycle,
    );
    refused(
        &changed(
            SAGA,
            "name = \"reserve_inventory\"\n",
            "name = \"reserve_inventory\"\nafter = [\"close\"]\n",
        ),
        "OG015",
        33,
        "steps wait for each other: reserve_inventory after close after debit after reserve_inventory",
        cycle,
    );
}

#[test]
fn compensations_that_say_nothing_or_two_things_are_refused() {
    refused(
        &changed(SAGA, "undo = \"Inventory.ReleaseRequested\"\n", ""),
        "OG016",
        33,
        "the step `reserve_inventory` calls Inventory.ReservationRequested, and nothing says what undoes that",
        "add `undo = \"Domain.Event\"`, or `compensation = \"none\"` and a `reason`",
    );
    for (reason, line) in [
        ("", 44),
        ("reason = \"\"\n", 45),
        ("reason = \" \\t\"\n", 45),
    ] {
        refused(
            &changed(SAGA, "reason = \"a mail cannot be called back\"\n", reason),
            "OG016",
            line,
            "the step `send_confirmation` has `compensation = \"none\"` and no `reason`",
            "add `reason = \"…\"`: why nothing has to be undone, or can be",
        );
    }
    refused(
        &changed(
            SAGA,
            "reason =",
            "undo = \"Inventory.ReleaseRequested\"\nreason =",
        ),
        "OG016",
        44,
        "the step `send_confirmation` is undone by `undo`, and `compensation = \"none\"` says that nothing undoes it",
        "keep one of them",
    );
    refused(
        &changed(SAGA, "call = \"Inventory.ReservationRequested\"\n", ""),
        "OG016",
        33,
        "the step `reserve_inventory` has `undo` and no `call`",
        "take `undo` out: work in your own database is undone by code of yours",
    );
    refused(
        &format!("{SMALL}reason = \"it is late\"\n"),
        "OG016",
        31,
        "the step `pay` has a `reason` why nothing undoes it, and does not say that nothing does",
        "take `reason` out, or add `compensation = \"none\"`",
    );
    refused(
        &changed(
            SAGA,
            "Inventory.ReleaseRequested",
            "Inventory.ReservationRequested",
        ),
        "OG016",
        34,
        "the step `reserve_inventory` is undone by Inventory.ReservationRequested, which is what it calls: it \
         would happen twice",
        "name the operation that takes it back, or write `compensation = \"none\"` and a `reason`",
    );
    refused(
        &format!("{SMALL}compensation = \"later\"\n"),
        "OG012",
        31,
        "`compensation` cannot be `later`",
        "available: none",
    );
    refused(
        &format!(
            "{SMALL}compensation = \"none\"\nreason = \"{}\"\n",
            "x".repeat(201)
        ),
        "OG012",
        32,
        "`reason` has 201 characters, 200 are allowed",
        "say it shorter, and the rest in a comment",
    );
}

#[test]
fn operations_that_are_not_there_are_refused() {
    let add = "add a `[[domain.operation]]` for it, or name one that is there";
    let undo = |to: &str| changed(SAGA, "Inventory.ReleaseRequested", to);
    for (typed, shown) in [
        ("Release", "Release"),
        ("a.b.c", "a.b.c"),
        ("", ""),
        ("\\u001b", "\\u{1b}"),
    ] {
        let what = format!("`undo` is `{shown}`, and has to be `Domain.Event` of an operation");
        refused(&undo(typed), "OG017", 34, &what, add);
    }
    refused(
        &undo("Inventory.RelaseRequested"),
        "OG017",
        34,
        "`undo` names the operation `Inventory.RelaseRequested`, and there is no such one",
        "did you mean `Inventory.ReleaseRequested`?",
    );
    refused(
        &changed(SAGA, "Mail.ConfirmationRequested", "Sms.TextSent"),
        "OG017",
        43,
        "`call` names the operation `Sms.TextSent`, and there is no such one",
        add,
    );
}

#[test]
fn names_that_cannot_be_are_refused() {
    let step = |typed: &str, code: &str, why: &str, help: &str| {
        let what = format!("`{typed}` cannot be a step name: {why}");
        refused(
            &changed(SMALL, "\"pay\"", &format!("{typed:?}")),
            code,
            30,
            &what,
            help,
        );
    };
    step(
        "ReserveInventory",
        "OG002",
        "it is not snake_case",
        "write `reserve_inventory`",
    );
    step(
        "reserve-it",
        "OG002",
        "it is not snake_case",
        "write `reserve_it`",
    );
    let form = "lower-case letters, digits and `_`, such as `reserve_inventory`";
    for wrong in ["", "1st", "été", "_", "Type"] {
        step(wrong, "OG002", "it is not snake_case", form);
    }
    step("pay_", "OG002", "it is not snake_case", "write `pay`");
    step(
        &"a".repeat(40).replacen('a', "fn", 1),
        "OG002",
        "it has 41 characters, 40 are allowed",
        "use a shorter name",
    );
    step(
        "match",
        "OG003",
        "it is a Rust keyword",
        "try `match_order`",
    );
    refused(
        &format!("{SMALL}[[saga.step]]\nname = \"pay\"\n"),
        "OG004",
        32,
        "the step `pay` is there twice",
        "rename one of them",
    );
    let saga = |typed: &str, code: &str, what: &str, help: &str| {
        refused(
            &changed(SMALL, "\"Order\"", &format!("{typed:?}")),
            code,
            27,
            what,
            help,
        );
    };
    let other = "give the saga another name";
    saga(
        "order",
        "OG002",
        "`order` is not the name's own spelling",
        "write `Order`",
    );
    saga(
        "Saga",
        "OG003",
        "`Saga` cannot be a saga name: it is a name of the runtime",
        "try `CustomerSaga`",
    );
    saga(
        "../x",
        "OG002",
        "`../x` cannot be a saga name: it looks like a path",
        "letters and digits in PascalCase, such as `OrderCreation`",
    );
    saga(
        "Inventory",
        "OG004",
        "the domain `Inventory` and the saga `Inventory` would be one module",
        other,
    );
    saga(
        "MAIL",
        "OG004",
        "the domain `Mail` and the saga `MAIL` would be one module",
        other,
    );
    saga(
        "Payment",
        "OG004",
        "the domain `Charge` and the saga `Payment` would have one migration",
        other,
    );
    saga(
        "MailCallbacks",
        "OG004",
        "the domain `Mail` and the saga `MailCallbacks` would have one migration",
        other,
    );
    let long = format!("A{}", "b".repeat(40));
    saga(
        &long,
        "OG002",
        &format!(
            "`a{}` is too long for a saga: its tables need at most 40 characters",
            "b".repeat(40)
        ),
        "use a shorter name",
    );
    let twice = SMALL.trim_start();
    refused(
        &format!("{SMALL}{twice}"),
        "OG004",
        32,
        "the saga `Order` is there twice",
        other,
    );
    let upper = changed(twice, "Order", "ORDER");
    refused(
        &format!("{SMALL}{upper}"),
        "OG004",
        32,
        "the sagas `Order` and `ORDER` differ only by case",
        other,
    );
}

#[test]
fn values_and_keys_that_nothing_reads_are_refused() {
    let time = "write a whole number and `s`, `m`, `h` or `d`, such as `1h`: from `1s` to `365d`";
    for typed in ["1 hour", "0s", "366d", "1.5h"] {
        let what = format!("`time_budget` cannot be `{typed}`");
        refused(
            &changed(SAGA, "\"1h\"", &format!("{typed:?}")),
            "OG012",
            28,
            &what,
            time,
        );
    }
    let small = |from: &str, to: &str| changed(SMALL, from, to);
    for (saga, code, line, what, help) in [
        (
            format!("{SMALL}afetr = []\n"),
            "OG011",
            31,
            "unknown key `afetr` in [[saga.step]]",
            "did you mean `after`?",
        ),
        (
            small("fields", "time = \"1h\"\nfields"),
            "OG011",
            28,
            "unknown key `time` in [[saga]]",
            "[[saga]] has the keys name, fields, time_budget, step",
        ),
        (
            small("fields = [\"a:string\"]\n", ""),
            "OG012",
            26,
            "`fields` is missing",
            "add `fields = [\"order_id:string\"]`",
        ),
        (
            small("a:string", "a:mony"),
            "OG006",
            28,
            "unknown type `mony`",
            "did you mean `money`?",
        ),
        (
            small("name = \"Order\"\n", ""),
            "OG012",
            26,
            "`name` is missing",
            "add `name = \"…\"`",
        ),
        (
            small("name = \"pay\"\n", ""),
            "OG012",
            29,
            "`name` is missing",
            "add `name = \"…\"`",
        ),
        (
            format!("{SMALL}after = \"x\"\n"),
            "OG012",
            31,
            "`after` is a string, and has to be a list of steps",
            "write `after = [\"reserve_inventory\"]`",
        ),
        (
            format!("{SMALL}after = [\n1]\n"),
            "OG012",
            32,
            "`after` is an integer, and has to be a list of steps",
            "write `after = [\"reserve_inventory\"]`",
        ),
        (
            format!("{SMALL}optional = 1\n"),
            "OG012",
            31,
            "`optional` is an integer, and has to be true or false",
            "write `optional = true`",
        ),
        ("saga = 3\n".to_owned(), "OG012", 25, "", ""),
    ] {
        if what.is_empty() {
            graph(&with(&format!("version = 1\n{saga}")), "--graph").refused(2, code);
        } else {
            refused(&saga, code, line, what, help);
        }
    }
}

#[test]
fn a_saga_is_drawn() {
    let place = with(&format!("{DOMAINS}{SAGA}{SMALL}"));
    let ran = graph(&place, "--graph").done();
    assert_eq!(ran.err, "");
    insta::assert_snapshot!(ran.out, @"");
    insta::assert_snapshot!(graph(&place, "--graph=mermaid").done().out, @"");
    insta::assert_snapshot!(graph(&place, "--graph=dot").done().out, @"");
    let text = graph(&place, "--graph=text").done();
    assert_eq!(text.out, ran.out);
}

/// A program reads the same as a person.
#[test]
fn a_graph_is_a_document() {
    let place = with(&format!("{DOMAINS}{SAGA}"));
    let document = place
        .run(&["plan", "--graph", "--json", "--out", "pay"])
        .done()
        .json();
    assert_eq!(document["kind"], "graph");
    let saga = &document["sagas"][0];
    assert_eq!(saga["name"], "OrderCreation");
    assert_eq!(saga["time_budget_seconds"], 3_600);
    let steps = saga["steps"].as_array().unwrap();
    let levels: Vec<_> = steps
        .iter()
        .map(|step| step["level"].as_u64().unwrap())
        .collect();
    assert_eq!(levels, [1, 2, 2, 3]);
    let kinds: Vec<_> = steps
        .iter()
        .map(|step| step["undone_by"].as_str().unwrap())
        .collect();
    assert_eq!(kinds, ["operation", "code", "nothing", "code"]);
    assert_eq!(
        steps[3]["after"],
        serde_json::json!(["debit", "send_confirmation"])
    );
    let both = ["plan", "--graph=dot", "--json", "--out", "pay"];
    let ran = place.run(&both);
    assert_eq!((ran.code, ran.json()["code"].as_str()), (2, Some("OG001")));
}

/// Looking at it must not need a package that is whole, and must not touch it.
#[test]
fn drawing_writes_nothing_and_needs_no_saga() {
    let place = Place::with_package();
    let before = place.everything();
    for form in ["--graph", "--graph=mermaid", "--graph=dot"] {
        let ran = graph(&place, form).done();
        assert!(
            ran.err
                .starts_with("note: orch.toml has no saga: write a section `[[saga]]`"),
            "{ran:?}"
        );
    }
    assert_eq!(graph(&place, "--graph").out, "");
    assert_eq!(
        graph(&place, "--graph=mermaid").out.lines().next(),
        Some("flowchart TD")
    );
    let document = place
        .run(&["plan", "--graph", "--json", "--out", "pay"])
        .done()
        .json();
    assert_eq!(document["sagas"], serde_json::json!([]));
    assert_eq!(place.everything(), before);
    place
        .run(&["plan", "--graph=svg", "--out", "pay"])
        .refused(2, "OG001");
    place
        .run(&["plan", "--graph", "--diff", "--out", "pay"])
        .refused(2, "OG001");
}

/// Code for the calls and none for what undoes them would be worse than no code.
#[test]
fn a_package_with_a_saga_is_not_half_generated() {
    let place = Place::with_package();
    let spec = place.read("pay/orch.toml");
    let saga = "[[saga]]\nname = \"Order\"\nfields = [\"a:string\"]\n[[saga.step]]\nname = \"pay\"\n\
                call = \"Payment.PaymentRequested\"\ncompensation = \"none\"\nreason = \"it is final\"\n";
    place.write("pay/orch.toml", &format!("{spec}\n{saga}"));
    let before = place.everything();
    for arguments in [
        &["apply"][..],
        &["apply", "--dry-run"],
        &["apply", "--force"],
        &["plan"],
        &["check"],
        &["upgrade"],
        &["Payment", "RefundRequested"],
        &[
            "generate",
            "orchestration",
            "Mail",
            "MailRequested",
            "a:string",
        ],
        &["generate", "metrics", "Payment"],
        &["eject", "rules.rs"],
    ] {
        let ran = place
            .run(&[arguments, &["--out", "pay"]].concat())
            .refused(2, "OG013");
        let said = "sagas are not generated yet, and orch.toml has the saga `Order`";
        assert!(ran.err.contains(said), "{arguments:?}: {ran:?}");
    }
    let changed = |place: &Place| {
        let mut everything = place.everything();
        everything.retain(|path, _| path.is_file());
        everything
            .into_iter()
            .map(|(path, (_, text))| (path, text))
            .collect::<Vec<_>>()
    };
    let mut files = before;
    files.retain(|path, _| path.is_file());
    let files: Vec<_> = files
        .into_iter()
        .map(|(path, (_, text))| (path, text))
        .collect();
    assert_eq!(changed(&place), files);
    graph(&place, "--graph").done();
    place
        .run(&["remove", "Payment", "--out", "pay"])
        .refused(2, "OG017");
    place.write("pay/orch.toml", &spec);
    place.run(&["check", "--out", "pay"]).done();
}
