//! A provider that answers twice: what comes behind an answer belongs to nobody's request.

use serde_json::json;

use orch_runtime::gateway::JsonClient;

use super::raw_provider::{Deed, RawProvider};
use super::{TIMEOUT, op};

const TWICE: &str = "HTTP/1.1 200 OK\r\ncontent-length: 11\r\n\r\n{\"id\":\"p1\"}\
    HTTP/1.1 200 OK\r\ncontent-length: 14\r\n\r\n{\"id\":\"again\"}";
const NEXT: &str = "HTTP/1.1 200 OK\r\ncontent-length: 11\r\n\r\n{\"id\":\"p2\"}";

/// The second answer waits on the kept connection, and would complete the operation that is sent next.
#[tokio::test]
async fn a_second_answer_is_not_taken_for_the_answer_to_the_next_call() {
    for _ in 0..20 {
        let provider = RawProvider::start(&[Deed::Keep(TWICE), Deed::Keep(NEXT)]).await;
        let client = JsonClient::new(TIMEOUT);
        let first = client.post(&provider.url(), &op("op-1"), &json!({})).await;
        assert!(format!("{first:?}").contains("p1"), "{first:?}");
        let next = client.post(&provider.url(), &op("op-2"), &json!({})).await;
        assert!(!format!("{next:?}").contains("again"), "{next:?}");
        assert!(provider.seen().len() <= 2, "{:?}", provider.seen());
    }
}
