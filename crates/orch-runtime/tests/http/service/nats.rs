//! A service whose events go through a NATS server that its environment names. `cargo xtask test nats` gets one and
//! runs this.

use async_nats::jetstream;
use serde_json::Value;
use tempfile::TempDir;

use crate::raw::post;

use super::sagas::{end, greeter, served_as};
use crate::nats_server::NatsServer;

/// What is told goes through the server, and not past it.
#[tokio::test]
#[ignore = "needs a NATS server: cargo xtask test nats"]
async fn a_service_is_put_behind_a_server_of_events_by_its_environment() {
    const BODY: &str = r#"{"first":"ada","second":"bob"}"#;
    let server = NatsServer::start().await;
    let url = server.url();
    let folder = TempDir::new().unwrap();
    let variables = [
        ("SAGA_PATTERN_MODE", "choreography"),
        ("ORCH_NATS_URL", &*url),
    ];
    let (embedded, address) = served_as(&folder, greeter(), variables).await.unwrap();
    let asked = post("/api/greetings", "k", BODY).send(address).await;
    let id = asked.json()["transactionId"].as_str().unwrap().to_owned();
    let saga = end(address, &format!("/api/greetings/{id}")).await;
    assert_eq!(saga["status"], "COMPLETED", "{saga}");
    embedded.stop().await.unwrap();

    let client = async_nats::connect(&url).await.unwrap();
    let stream = jetstream::new(client)
        .get_stream("order_saga")
        .await
        .unwrap();
    let kept = stream.get_raw_message(1).await.unwrap();
    let first: Value = serde_json::from_slice(&kept.payload).unwrap();
    assert_eq!(first["eventType"], "GreetingInitiated");
    assert_eq!(first["transactionId"], *id);
}

/// Both have sagas of the same kind on the same account.
#[tokio::test]
#[ignore = "needs a NATS server: cargo xtask test nats"]
async fn services_that_share_a_server_hear_nothing_of_each_other() {
    const BODY: &str = r#"{"first":"ada","second":"bob"}"#;
    let server = NatsServer::start().await;
    let url = server.url();
    let mut running = Vec::new();
    for prefix in ["shop", "mall-2"] {
        let folder = TempDir::new().unwrap();
        let variables = [
            ("SAGA_PATTERN_MODE", "choreography"),
            ("ORCH_NATS_URL", &*url),
            ("ORCH_NATS_PREFIX", prefix),
        ];
        let served = served_as(&folder, greeter(), variables).await.unwrap();
        running.push((prefix, folder, served));
    }
    let client = async_nats::connect(&url).await.unwrap();
    let context = jetstream::new(client);
    assert!(context.get_stream("order_saga").await.is_err());
    for (prefix, _folder, (embedded, address)) in running {
        let asked = post("/api/greetings", "k", BODY).send(address).await;
        let id = asked.json()["transactionId"].as_str().unwrap().to_owned();
        let saga = end(address, &format!("/api/greetings/{id}")).await;
        assert_eq!(saga["status"], "COMPLETED", "{saga}");
        embedded.stop().await.unwrap();
        let stream = context.get_stream(format!("{prefix}-order_saga")).await;
        let stream = stream.unwrap();
        for told in 1..=stream.cached_info().state.messages {
            let event = stream.get_raw_message(told).await.unwrap();
            let event: Value = serde_json::from_slice(&event.payload).unwrap();
            assert_eq!(event["transactionId"], *id);
        }
    }
}

/// A name that is misspelled would leave its handler to nobody.
#[tokio::test]
#[ignore = "needs a NATS server: cargo xtask test nats"]
async fn a_service_serves_no_handlers_that_there_are_not() {
    let server = NatsServer::start().await;
    let url = server.url();
    let folder = TempDir::new().unwrap();
    let serving = |names| [("ORCH_NATS_URL", &*url), ("ORCH_NATS_HANDLERS", names)];
    let wrong = serving("CompensationHandler, GreetHandlr");
    let refused = served_as(&folder, greeter(), wrong).await.unwrap_err();
    let reason =
        "ORCH_NATS_HANDLERS names \"GreetHandlr\", and the service has no such handler: there are ";
    assert!(refused.to_string().starts_with(reason), "{refused}");
    let refused = served_as(&folder, greeter(), serving("A,,B"))
        .await
        .unwrap_err();
    assert!(
        refused.to_string().contains("expected names of handlers"),
        "{refused}"
    );
    let right = serving("CompensationHandler");
    let (embedded, _) = served_as(&folder, greeter(), right).await.unwrap();
    embedded.stop().await.unwrap();
}
