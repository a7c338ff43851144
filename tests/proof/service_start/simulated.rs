//! `--simulate` from end to end: what a newcomer sees first.

use serde_json::Value as Json;

use crate::http;
use crate::service::Site;
use crate::{project, turn};

#[test]
fn a_simulated_service_can_be_used_at_once_and_says_what_it_is() {
    let _turn = turn();
    let site = Site::bare(project::plain()).argument("--simulate");
    let mut service = site.start();
    let get = |path: &str| http::get(service.address, path).unwrap();
    assert_eq!(
        (get("/health").status(), get("/ready").status()),
        (200, 200)
    );
    let accepted = http::post(service.address, "key-1", &http::payment("order-1")).unwrap();
    assert_eq!(accepted.status(), 202);
    assert_eq!(accepted.text("status"), "ACCEPTED");
    let op_id = accepted.text("opId");
    let location = accepted.header("location").unwrap();
    assert_eq!(location, format!("{}/{op_id}", http::PAYMENTS));
    assert_eq!(service.rest(&op_id), "COMPLETED");
    let seen = get(location).json();
    assert_eq!(
        seen["outcome"]["providerRef"],
        format!("sim_{op_id}"),
        "{seen}"
    );
    let metrics = get("/metrics").body;
    let accepted = r#"orchestration_accept_total{domain="payment",result="new"} 1"#;
    assert!(metrics.lines().any(|line| line == accepted), "{metrics}");
    service.terminate();
    assert_eq!(service.ended().code(), Some(0));
    let log = service.out.all();
    assert!(log.contains("SIMULATED"), "{log}");
    for line in log.lines() {
        let line: Json = serde_json::from_str(line).unwrap();
        assert!(
            line["timestamp"].is_string() && line["level"].is_string(),
            "{line}"
        );
    }
    println!(
        "simulated: 202, COMPLETED, {} log lines of JSON",
        log.lines().count()
    );
}

/// Who the owner is is believed as it comes, which is nobody's business outside of this machine.
#[test]
fn a_service_that_believes_everybody_warns_when_everybody_can_reach_it() {
    let _turn = turn();
    for (address, warns) in [("0.0.0.0:0", true), ("127.0.0.1:0", false)] {
        let site = Site::bare(project::plain()).argument("--simulate");
        let site = site.set("BIND_ADDR", address);
        let mut service = site.start();
        service.terminate();
        assert_eq!(service.ended().code(), Some(0));
        let log = service.out.all();
        assert_eq!(log.contains("can name any owner"), warns, "{log}");
    }
}

#[test]
fn a_check_opens_everything_and_serves_nothing() {
    let _turn = turn();
    let site = Site::bare(project::plain())
        .argument("--simulate")
        .argument("--check");
    let mut service = site.spawn(&[]);
    assert_eq!(service.ended().code(), Some(0), "{}", service.err.all());
    assert!(service.out.all().contains("fine"));
    assert!(site.database().exists());
}
