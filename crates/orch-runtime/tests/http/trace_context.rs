//! The header by which a request says to which trace it belongs.

use crate::raw::{Ask, post};
use crate::site::{Site, unlimited};

const CALLER: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
const OTHER: &str = "00-1af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

/// What is kept of the trace of an accepted request.
async fn kept(ask: impl FnOnce(Ask) -> Ask) -> Option<String> {
    let site = Site::start(unlimited()).await;
    let ask = ask(post("/api/pings", "k", r#"{"name":"ann"}"#));
    assert_eq!(ask.send(site.address).await.status, 202);
    let sql = "select trace_parent from ping_operations".to_owned();
    let rows = site.engine.store().query(sql, Vec::new()).await.unwrap();
    rows[0].get("trace_parent").unwrap()
}

#[tokio::test]
async fn an_operation_keeps_the_trace_of_its_request() {
    let kept = kept(|ask| ask.header("traceparent", CALLER)).await;
    assert_eq!(kept.as_deref(), Some(CALLER));
}

/// A payment that is refused because of somebody's monitoring would be absurd.
#[tokio::test]
async fn a_header_that_says_nothing_is_no_reason_to_refuse() {
    assert_eq!(kept(|ask| ask).await, None);
    for header in [
        "",
        "rubbish",
        "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    ] {
        assert_eq!(
            kept(|ask| ask.header("traceparent", header)).await,
            None,
            "{header}"
        );
    }
    let bytes = kept(|ask| ask.header("traceparent", b"\xff\xfe")).await;
    assert_eq!(bytes, None);
    let both = |ask: Ask| {
        ask.header("traceparent", CALLER)
            .header("traceparent", OTHER)
    };
    assert_eq!(
        kept(both).await,
        None,
        "nobody knows which of the two is meant"
    );
}
