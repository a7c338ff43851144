//! Projects that change while their databases stay: other fields, another event, another version.

use std::fs;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

use crate::http;
use crate::project::{Project, shown};
use crate::provider::{Answer, Provider};
use crate::service::{Site, poll};
use crate::{database, project, turn};

/// What was accepted yesterday has to be there tomorrow, whatever the spec says by then.
#[test]
fn a_database_outlives_the_changes_of_its_spec() {
    let _turn = turn();
    let provider = Provider::start(|_, _| Answer::Done);
    let project = project::at_runtime_of_repository("proof-grown");
    let mut site = first_release(&project, &provider);
    let mut service = site.start();
    let asked = http::post(service.address, "key-1", &http::payment("order-1")).unwrap();
    let op_id = asked.text("opId");
    assert_eq!(service.rest(&op_id), "COMPLETED");
    service.terminate();
    service.ended();
    let spec = fs::read_to_string(project.path("orch.toml")).unwrap();
    let spec = spec.replace(
        "\"order_id:string:max=64\"",
        "\"order_id:i64\", \"note:text?\"",
    );
    fs::write(project.path("orch.toml"), spec).unwrap();
    generate(&project, &["apply"]);
    generate(
        &project,
        &[
            "Payment",
            "RefundRequested",
            "payment_id:string",
            "note:text",
        ],
    );
    site.replace_program(&project.program());
    let service = site.start();
    assert_eq!(service.rest(&op_id), "COMPLETED", "the old one is there");
    let order = http::payment("7").replace(r#""orderId":"7""#, r#""orderId":7"#);
    let asked = http::post(service.address, "key-2", &order).unwrap();
    assert_eq!(service.rest(&asked.text("opId")), "COMPLETED");
    let sql = "select sum(order_id) from payment_operations";
    assert_eq!(database::number(&site.database(), sql), 7);
    let names: Vec<String> = database::texts(
        &site.database(),
        "select name from pragma_table_info('payment_operations') where name like 'order_id%'",
    );
    let aside = names.iter().find(|name| name.contains("_before_")).unwrap();
    let sql = format!("select {aside} from payment_operations where {aside} is not null");
    assert_eq!(
        database::texts(&site.database(), &sql),
        ["order-1"],
        "nothing is lost"
    );
    let headers = [
        ("content-type", "application/json"),
        ("idempotency-key", "key-3"),
    ];
    let body = r#"{"paymentId":"p-1","note":"wrong size"}"#;
    let refund = http::send(service.address, "POST /api/refunds", &headers, body).unwrap();
    assert_eq!(refund.status(), 202, "{refund:?}");
}

/// Whoever renames a domain has operations of it that are still open, and clients that ask again.
#[test]
fn operations_of_a_renamed_domain_go_on() {
    let _turn = turn();
    let is_busy = Arc::new(AtomicBool::new(true));
    let asked = Arc::clone(&is_busy);
    let provider = Provider::start(move |_, _| match asked.load(SeqCst) {
        true => Answer::Busy,
        false => Answer::Done,
    });
    let project = project::at_runtime_of_repository("proof-renamed");
    let mut site = first_release(&project, &provider);
    let mut service = site.start();
    let asked = http::post(service.address, "key-1", &http::payment("order-1")).unwrap();
    let op_id = asked.text("opId");
    let waiting =
        "select count(*) from payment_operations where state = 'PENDING' and attempts = 1";
    poll("a refused attempt", || {
        (database::number(&site.database(), waiting) == 1).then_some(())
    });
    service.terminate();
    service.ended();
    is_busy.store(false, SeqCst);
    for (from, to) in [
        ("name = \"Payment\"", "name = \"Charge\"\nwas = \"Payment\""),
        (
            "event = \"PaymentRequested\"",
            "event = \"ChargeRequested\"\nwas = \"PaymentRequested\"",
        ),
        ("amount:money", "total:money:was=amount"),
    ] {
        project.edit("orch.toml", from, to);
    }
    generate(&project, &["apply"]);
    site.replace_program(&project.program());
    let site = site
        .unset("PAYMENT_GATEWAY_URL")
        .set("CHARGE_GATEWAY_URL", &provider.url());
    let service = site.start();
    let ended =
        "select state from payment_operations where state <> 'PENDING' and state <> 'IN_PROGRESS'";
    let state = poll("an end", || database::texts(&site.database(), ended).pop());
    assert_eq!(state, "COMPLETED");
    let headers = [
        ("content-type", "application/json"),
        ("idempotency-key", "key-1"),
    ];
    let again = http::payment("order-1").replace("\"amount\"", "\"total\"");
    let again = http::send(service.address, "POST /api/charges", &headers, &again).unwrap();
    assert_eq!(again.text("opId"), op_id, "{again:?}");
}

/// The package that the first version wrote, brought to this one: it builds, and its tests pass.
#[test]
fn a_project_of_the_first_version_passes_its_tests_after_the_upgrade() {
    let _turn = turn();
    let fixture = "tests/it/upgrade/fixtures/0.1.0/payment";
    let project = project::copied("proof-upgraded", fixture);
    generate(&project, &["upgrade"]);
    let tested = project.cargo(&["test"]);
    assert!(tested.status.success(), "{}", shown(&tested));
}

/// Where the program runs as it is built now, whatever the project becomes.
fn first_release(project: &Project, provider: &Provider) -> Site {
    let first = project.folder().join("first");
    fs::copy(project.program(), &first).unwrap();
    Site::new(&first, provider)
}

fn generate(project: &Project, arguments: &[&str]) {
    let ran = Command::new(env!("CARGO_BIN_EXE_orch-gen"))
        .args(arguments)
        .current_dir(project.folder())
        .output()
        .unwrap();
    assert!(ran.status.success(), "{}", shown(&ran));
}
