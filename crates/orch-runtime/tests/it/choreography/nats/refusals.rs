//! Orders that do not go through, told through a server and inside the process: both end with the same balances.

use async_nats::jetstream::stream::Config as StreamConfig;

use super::*;

/// How many items and boxes there are, what the provider says to the payment and to the confirmation, how the order
/// ends, and whether it is sold.
const CASES: [(u32, u32, &[Reply], SagaState, i64); 5] = [
    (
        3,
        3,
        &[Reply::Refuse("NO_MONEY")],
        SagaState::Compensated,
        0,
    ),
    (3, 3, &[Reply::DoneButLost], SagaState::Completed, 1),
    (
        3,
        3,
        &[Reply::Done, Reply::Refuse("NO_SUCH_ADDRESS")],
        SagaState::Completed,
        1,
    ),
    (3, 0, &[], SagaState::Compensated, 0),
    (0, 3, &[], SagaState::Failed, 0),
];

/// What a shop has when its only order has come to rest.
async fn balances(shop: &Shop) -> [i64; 4] {
    let paid = "order_id like 'pay-%' and state = 'COMPLETED'";
    let refunded = "order_id like 'refund-%' and state = 'COMPLETED'";
    let takings = "select count(*) as n from takings";
    [
        shop.count(paid).await - shop.count(refunded).await,
        shop.pieces("item").await,
        shop.pieces("box").await,
        shop.world.count(takings, vec![]).await,
    ]
}

#[tokio::test]
#[ignore = "needs a NATS server: cargo xtask test nats"]
async fn an_order_that_is_undone_leaves_the_same_on_either_bus() {
    for (items, boxes, replies, end, sold) in CASES {
        let mut inside = shop(items, boxes);
        inside.world.provider.script(replies.iter().cloned());
        let id = inside.order("a").await;
        let saga = inside.settle(&id).await;
        assert_eq!(saga.state, end);

        let server = NatsServer::start().await;
        let between = shop(items, boxes);
        between.world.provider.script(replies.iter().cloned());
        let choreography = choir(&between.sagas, &join(&server).await).build().unwrap();
        let (signal, working) = work(&between.sagas, &choreography);
        let id = between.order("a").await;
        let mut looks = interval(LOOK);
        assert_eq!(settled(&between, &id, &mut looks).await, end);
        let saga = between.saga(&id).await;
        signal.request();
        working.await.unwrap();

        let (items, boxes) = (i64::from(items), i64::from(boxes));
        between.assert_balanced(sold, items, boxes).await;
        inside.assert_balanced(sold, items, boxes).await;
        let (one, other) = (balances(&inside).await, balances(&between).await);
        assert_eq!(one, other, "{saga:?}");
    }
}

/// It is tried as often as any event, and needs no server then.
#[tokio::test]
#[ignore = "needs a NATS server: cargo xtask test nats"]
async fn what_is_too_large_for_the_server_waits_for_a_person() {
    let server = NatsServer::start().await;
    let shop = shop(3, 3);
    let nats = join_of(&server, 1).await;
    let choreography = choir(&shop.sagas, &nats).build().unwrap();
    let context = asked(&server).await;
    let mut stream = context.get_stream("orders").await.unwrap();
    let narrow = StreamConfig {
        max_message_size: 64,
        ..stream.info().await.unwrap().config.clone()
    };
    context.update_stream(narrow).await.unwrap();
    let id = shop.order("a").await;
    for _ in 0..3 {
        assert_eq!(choreography.dead_letters(9).await.unwrap(), []);
        let taken = choreography.run_once(shop.world.clock.now()).await.unwrap();
        assert_eq!(taken, 1);
        shop.world.clock.advance(Duration::from_secs(1));
    }
    let letters = choreography.dead_letters(9).await.unwrap();
    let [letter] = &letters[..] else {
        panic!("{letters:?}")
    };
    assert_eq!((&*letter.handler, letter.deliveries), ("ReserveHandler", 3));
    let why = Decision::new("ada", "it does not matter how large it is").unwrap();
    let name = &letter.event.event_id;
    let redriven = choreography.redrive(name, "ReserveHandler", &why).await;
    assert!(matches!(redriven, Ok(Delivered::Now(_))), "{redriven:?}");
    assert_eq!(shop.saga(&id).await.steps[0].state, StepState::Succeeded);
}
