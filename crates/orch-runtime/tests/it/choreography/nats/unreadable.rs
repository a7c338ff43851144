//! Messages that are no events.

use async_nats::HeaderMap;
use orch_runtime::metrics::Metrics;

use super::*;

/// Whoever hears of its kind has a dead letter of it that says what and why, and goes on with the others.
#[tokio::test]
#[ignore = "needs a NATS server: cargo xtask test nats"]
async fn what_nobody_can_read_waits_for_a_person() {
    let server = NatsServer::start().await;
    let shop = shop(3, 3);
    let metrics = Metrics::new();
    let builder = choir(&shop.sagas, &join_of(&server, 1).await);
    let choreography = builder.metrics(&metrics).build().unwrap();
    let context = asked(&server).await;
    let mut headers = HeaderMap::new();
    headers.insert("Nats-Msg-Id", "EVT_of-a-later-release");
    let later = r#"{"id":"EVT_1","transactionId":"TXN_1","form":2}"#;
    let sent = context.publish_with_headers("orders.0.ItemReserved", headers, later.into());
    sent.await.unwrap().await.unwrap();
    let sent = context.publish("orders.0.PaySucceeded", "not an event".into());
    sent.await.unwrap().await.unwrap();
    let (signal, working) = work(&shop.sagas, &choreography);
    let mut looks = interval(LOOK);
    let mut letters = Vec::new();
    for _ in 0..LOOKS {
        looks.tick().await;
        letters = choreography.dead_letters(9).await.unwrap();
        if letters.len() == 3 {
            break;
        }
    }
    letters.sort_by(|one, other| one.handler.cmp(&other.handler));
    let seen: Vec<_> = letters
        .iter()
        .map(|letter| {
            let event = &letter.event;
            let (id, saga) = (event.event_id.as_str(), event.transaction_id.as_str());
            (&*letter.handler, &*event.event_type, id, saga)
        })
        .collect();
    let (id, numbered) = (
        "EVT_of-a-later-release",
        "EVT_00000000000000000000000000000002",
    );
    let expected = [
        ("ConfirmHandler", "PaySucceeded", numbered, "unknown"),
        ("PackHandler", "ItemReserved", id, "TXN_1"),
        ("PayHandler", "ItemReserved", id, "TXN_1"),
    ];
    assert_eq!(seen, expected);
    assert!(letters.iter().all(|letter| letter.deliveries == 3));
    assert_eq!(letters[0].event.payload["unreadable"], "not an event");
    let reason = "message 2 of the NATS stream orders is no event that this release can read: ";
    assert!(letters[0].error.starts_with(reason), "{}", letters[0].error);
    let counted = metrics.render();
    for handler in ["ConfirmHandler", "PackHandler", "PayHandler"] {
        let dead = format!(
            "orchestration_event_dead_letters_total{{handler=\"{handler}\",saga=\"order_saga\"}} 1"
        );
        assert!(counted.contains(&dead), "{counted}");
    }
    let id = shop.order("a").await;
    let state = settled(&shop, &id, &mut looks).await;
    assert_eq!(state, SagaState::Completed);
    shop.assert_balanced(1, 3, 3).await;
    signal.request();
    working.await.unwrap();
}
