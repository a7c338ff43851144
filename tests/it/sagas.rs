//! Sagas as a user writes them into `orch.toml`: what is drawn of them.

use crate::command::{Place, Ran};

/// Three domains whose operations sagas call.
pub(crate) const DOMAINS: &str = r#"version = 1

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

/// A saga of every kind of step.
pub(crate) const SAGA: &str = r#"
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
max_attempts = 5
backoff_base = "2s"
backoff_cap = "90s"
time_budget = "10m"

[[saga.step]]
name = "close"
after = ["debit", "send_confirmation"]
"#;

/// A saga that needs nothing but itself.
pub(crate) const SMALL: &str = r#"
[[saga]]
name = "Order"
fields = ["a:string"]
[[saga.step]]
name = "pay"
"#;

pub(crate) fn graph(place: &Place, form: &str) -> Ran {
    place.run(&["plan", form, "--out", "pay"])
}

/// A package that has nothing but its spec.
pub(crate) fn with(spec: &str) -> Place {
    let place = Place::new();
    place.write("pay/orch.toml", spec);
    place
}

#[test]
fn a_saga_is_drawn() {
    let place = with(&format!("{DOMAINS}{SAGA}{SMALL}"));
    let ran = graph(&place, "--graph").done();
    assert_eq!(ran.err, "");
    insta::assert_snapshot!(ran.out, @"
    saga OrderCreation
    │  input        order_id:string:max=64, amount:money
    │  time budget  1h
    ▼ 1
    ├─ reserve_inventory
    │    calls      Inventory.ReservationRequested
    │    undone by  Inventory.ReleaseRequested
    ▼ 2, in parallel
    ├─ debit
    │    after      reserve_inventory
    │    works in   our own database
    │    undone by  code of this package
    ├─ send_confirmation (optional)
    │    after      reserve_inventory
    │    calls      Mail.ConfirmationRequested
    │    undone by  nothing: a mail cannot be called back
    │    limits     5 attempts, 2s to 90s apart, for 10m
    ▼ 3
    ├─ close
    │    after      debit, send_confirmation
    │    works in   our own database
    │    undone by  code of this package
    ▼ completed

    saga Order
    │  input        a:string
    ▼ 1
    ├─ pay
    │    works in   our own database
    │    undone by  code of this package
    ▼ completed

    A step begins when all that it comes after are done. When one fails that is not
    optional, what was done is undone, the last first.
    ");
    let text = graph(&place, "--graph=text").done();
    assert_eq!(text.out, ran.out);
}

/// Who copies what the guide shows gets what it promises: a package that is whole, and stays as it was written.
#[test]
fn the_plan_in_the_guide_makes_a_package() {
    let guide = include_str!("../../docs/14_sagas-guide.md");
    let (_, block) = guide.split_once("```toml\nversion = 1\n").unwrap();
    let (spec, _) = block.split_once("```").unwrap();
    let runtime = "version = 1\n[runtime]\nsource = \"vendored\"\n";
    let place = with(&format!("{runtime}{spec}"));
    place.run(&["apply", "--quiet", "--out", "pay"]).done();
    place.run(&["check", "--out", "pay"]).done();
    let events = place.read("pay/src/order/generated/events.rs");
    for told in [
        ".step(\"payment\", \"OrderPaid\", \"PaymentFailed\")",
        ".telling(\"inventory\", \"left\")",
        ".telling_input(\"itemId\")",
    ] {
        assert!(events.contains(told), "{told}: {events}");
    }
    let wiring = place.read("pay/src/order/mod.rs");
    assert!(wiring.contains("weight: Weight::Optional"), "{wiring}");
    for route in ["orders", "orders/{transaction_id}/compensate"] {
        let routes = place.read("pay/src/order/controller.rs");
        assert!(routes.contains(&format!("\"/api/{route}\"")), "{routes}");
    }
}

/// Tools that draw read them as they are.
#[test]
fn a_saga_is_written_for_other_tools() {
    let place = with(&format!("{DOMAINS}{SAGA}{SMALL}"));
    insta::assert_snapshot!(graph(&place, "--graph=mermaid").done().out, @r#"
    flowchart TD
      subgraph s1["OrderCreation"]
        s1_1["reserve_inventory<br/>calls Inventory.ReservationRequested"]
        s1_1u(["Inventory.ReleaseRequested"])
        s1_1 -. undone by .-> s1_1u
        s1_2["debit<br/>works in our own database"]
        s1_2u(["code of this package"])
        s1_2 -. undone by .-> s1_2u
        s1_3["send_confirmation (optional)<br/>calls Mail.ConfirmationRequested"]:::optional
        s1_3u[/"nothing#58; a mail cannot be called back"/]
        s1_3 -. undone by .-> s1_3u
        s1_4["close<br/>works in our own database"]
        s1_4u(["code of this package"])
        s1_4 -. undone by .-> s1_4u
        s1_1 --> s1_2
        s1_1 --> s1_3
        s1_2 --> s1_4
        s1_3 --> s1_4
      end
      subgraph s2["Order"]
        s2_1["pay<br/>works in our own database"]
        s2_1u(["code of this package"])
        s2_1 -. undone by .-> s2_1u
      end
      classDef optional stroke-dasharray: 5 5
    "#);
    insta::assert_snapshot!(graph(&place, "--graph=dot").done().out, @r#"
    digraph sagas {
      node [shape=box];
      subgraph cluster_s1 {
        label="OrderCreation";
        s1_1 [label="reserve_inventory\ncalls Inventory.ReservationRequested"];
        s1_1u [label="Inventory.ReleaseRequested", shape=ellipse];
        s1_1 -> s1_1u [label="undone by", style=dotted];
        s1_2 [label="debit\nworks in our own database"];
        s1_2u [label="code of this package", shape=ellipse];
        s1_2 -> s1_2u [label="undone by", style=dotted];
        s1_3 [label="send_confirmation (optional)\ncalls Mail.ConfirmationRequested", style=dashed];
        s1_3u [label="nothing: a mail cannot be called back", shape=plaintext];
        s1_3 -> s1_3u [label="undone by", style=dotted];
        s1_4 [label="close\nworks in our own database"];
        s1_4u [label="code of this package", shape=ellipse];
        s1_4 -> s1_4u [label="undone by", style=dotted];
        s1_1 -> s1_2;
        s1_1 -> s1_3;
        s1_2 -> s1_4;
        s1_3 -> s1_4;
      }
      subgraph cluster_s2 {
        label="Order";
        s2_1 [label="pay\nworks in our own database"];
        s2_1u [label="code of this package", shape=ellipse];
        s2_1 -> s2_1u [label="undone by", style=dotted];
      }
    }
    "#);
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
