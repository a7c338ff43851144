//! The cache in a real Redis server. `cargo xtask test redis` gets one and runs these tests.

use orch_runtime::saga::RedisCache;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use super::cache::{seen, through};
use super::*;
use crate::emulator::Emulator;

/// Names the program redis-server.
const REDIS_SERVER: &str = "ORCH_TEST_REDIS_SERVER";

/// Long enough for a machine that is busy, and much shorter than a caller's patience.
const SOON: Duration = Duration::from_secs(5);

async fn server() -> Emulator {
    let server = Emulator::start(REDIS_SERVER, |command, [port], _| {
        let port = port.to_string();
        command.args(["--bind", "127.0.0.1", "--save", "", "--port", &port]);
    });
    server.await
}

fn url(server: &Emulator) -> String {
    format!("redis://{}", server.address(0))
}

async fn ask(server: &Emulator, words: &[&str]) -> ::redis::Value {
    let client = ::redis::Client::open(url(server)).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    let mut command = ::redis::Cmd::new();
    for word in words {
        command.arg(word);
    }
    command.query_async(&mut connection).await.unwrap()
}

#[tokio::test]
#[ignore = "needs a Redis server: cargo xtask test redis"]
async fn a_saga_that_has_ended_is_kept_for_an_hour() {
    let server = server().await;
    let mut shop = Shop::new(9, 9);
    let sagas = through(&shop, Arc::new(RedisCache::new(&url(&server)).unwrap()));
    let id = shop.order("a").await;
    assert!(!seen(&sagas, &id).await.state.is_final());
    assert_eq!(ask(&server, &["DBSIZE"]).await, ::redis::Value::Int(0));
    let ended = shop.settle(&id).await;
    assert_eq!(seen(&sagas, &id).await, ended);
    let key = format!("saga:{id}");
    let ::redis::Value::Int(time) = ask(&server, &["TTL", &key]).await else {
        panic!("no number")
    };
    assert!((3_500..=3_600).contains(&time), "{time}");
    shop.world
        .alter("update order_saga_states set status = 'FAILED'");
    assert_eq!(seen(&sagas, &id).await, ended, "from the cache");
    ask(&server, &["DEL", &key]).await;
    assert_eq!(seen(&sagas, &id).await.state, SagaState::Failed);
}

/// The server dies while orders run: they end as they would without it, and nobody notices.
#[tokio::test]
#[ignore = "needs a Redis server: cargo xtask test redis"]
async fn a_server_that_dies_is_not_missed() {
    let server = server().await;
    let mut shop = Shop::new(9, 9);
    let sagas = through(&shop, Arc::new(RedisCache::new(&url(&server)).unwrap()));
    let first = shop.order("a").await;
    let ended = shop.settle(&first).await;
    assert_eq!(seen(&sagas, &first).await, ended);
    let second = shop.order("b").await;
    drop(server);
    let looking = async {
        for _ in 0..20 {
            assert_eq!(seen(&sagas, &first).await, ended);
            assert_eq!(seen(&sagas, &second).await.id, second);
            sagas.look(&second).await.unwrap();
            shop.world.clock.advance(Duration::from_secs(6));
        }
    };
    tokio::time::timeout(SOON, looking).await.unwrap();
    let other = shop.settle(&second).await;
    assert_eq!(other.state, SagaState::Completed);
    assert_eq!(seen(&sagas, &second).await, other);
    shop.assert_balanced(2, 9, 9).await;
}

/// A server that takes connections and says nothing is worse than none.
#[tokio::test]
async fn a_server_that_hangs_is_not_waited_for() {
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("redis://{}", silent.local_addr().unwrap());
    let mut shop = Shop::new(9, 9);
    let sagas = through(&shop, Arc::new(RedisCache::new(&url).unwrap()));
    let id = shop.order("a").await;
    let ended = shop.settle(&id).await;
    // One after the other they would wait for ten seconds.
    let mut readers = JoinSet::new();
    for _ in 0..40 {
        let (sagas, id) = (sagas.clone(), id.clone());
        readers.spawn(async move { seen(&sagas, &id).await });
    }
    let found = tokio::time::timeout(SOON, readers.join_all()).await;
    assert!(found.unwrap().iter().all(|found| *found == ended));
}

#[test]
fn an_address_that_is_none_is_refused_without_being_repeated() {
    let refused = RedisCache::new("postgres://ada:secret@host").unwrap_err();
    let message = refused.to_string();
    assert!(message.contains("redis://127.0.0.1:6379/0"), "{message}");
    assert!(!message.contains("secret"), "{message}");
}
