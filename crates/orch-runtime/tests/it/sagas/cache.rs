//! Sagas that have ended are read from a cache, where there is one; nothing ever depends on it.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use orch_runtime::saga::{CacheError, SagaCache};

use super::*;
use crate::encryption::cipher;

/// A cache that can be broken.
#[derive(Debug, Default)]
struct Shelf {
    texts: Mutex<HashMap<String, (String, Duration)>>,
    asked: AtomicU32,
    removed: AtomicU32,
    broken: AtomicBool,
}

impl Shelf {
    fn texts(&self) -> HashMap<String, (String, Duration)> {
        let texts = self.texts.lock().unwrap_or_else(PoisonError::into_inner);
        texts.clone()
    }

    fn put(&self, id: &SagaId, text: &str) {
        let mut texts = self.texts.lock().unwrap();
        texts.insert(format!("saga:{id}"), (text.to_owned(), Duration::ZERO));
    }

    fn asked(&self) -> u32 {
        self.asked.load(Ordering::SeqCst)
    }

    fn answer(&self) -> Result<(), CacheError> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        match self.broken.load(Ordering::SeqCst) {
            true => Err(CacheError::new("no such machine")),
            false => Ok(()),
        }
    }
}

#[async_trait]
impl SagaCache for Shelf {
    async fn get(&self, key: &str) -> Result<Option<String>, CacheError> {
        self.answer()?;
        Ok(self.texts().remove(key).map(|(text, _)| text))
    }

    async fn set(&self, key: &str, text: &str, time: Duration) -> Result<(), CacheError> {
        self.answer()?;
        let mut texts = self.texts.lock().unwrap();
        texts.insert(key.to_owned(), (text.to_owned(), time));
        Ok(())
    }

    async fn remove(&self, key: &str) -> Result<(), CacheError> {
        self.answer()?;
        self.removed.fetch_add(1, Ordering::SeqCst);
        self.texts.lock().unwrap().remove(key);
        Ok(())
    }
}

/// The shop's orders, for those who look at them through `cache`.
pub(super) fn through(shop: &Shop, cache: Arc<dyn SagaCache>) -> Sagas<Order> {
    let engine = shop.world.engine();
    let database = shop.world.database().open(Arc::new(NoFaults));
    let tables = SagaTables {
        prefix: "order_saga",
    };
    let builder = Sagas::builder(database, tables, PLAN).clock(Arc::new(shop.world.clock.clone()));
    let builder = builder.events(events()).cache(cache);
    steps(builder, engine).build().unwrap()
}

pub(super) async fn seen(sagas: &Sagas<Order>, id: &SagaId) -> SagaRecord {
    let found = sagas.find(&OwnerId::anonymous(), id).await;
    found.unwrap().unwrap()
}

/// Whoever asks every second how his order goes must see it end.
#[tokio::test]
async fn a_saga_is_read_from_the_cache_when_it_has_ended_and_never_before() {
    let mut shop = Shop::new(9, 9);
    let shelf = Arc::new(Shelf::default());
    let sagas = through(&shop, Arc::clone(&shelf) as _);
    let id = shop.order("a").await;
    assert!(!seen(&sagas, &id).await.state.is_final());
    assert!(shelf.texts().is_empty(), "it runs");
    let ended = shop.settle(&id).await;
    assert_eq!(seen(&sagas, &id).await, ended);
    let texts = shelf.texts();
    let (key, (_, time)) = texts.iter().next().unwrap();
    assert_eq!(
        (key, *time),
        (&format!("saga:{id}"), Duration::from_secs(3_600))
    );

    shop.world.alter(
        "update order_saga_states set error_message = 'the database was asked', status = 'FAILED'",
    );
    assert_eq!(seen(&sagas, &id).await, ended);
    assert_eq!(sagas.find_by_id(&id).await.unwrap(), Some(ended));
    let stranger = OwnerId::new("stranger").unwrap();
    assert_eq!(sagas.find(&stranger, &id).await.unwrap(), None);
}

/// What is durable is forgotten: a turn that ends a saga leaves nothing behind that somebody put there.
#[tokio::test]
async fn a_saga_that_is_written_is_forgotten() {
    let shop = Shop::new(9, 9);
    let shelf = Arc::new(Shelf::default());
    let sagas = through(&shop, Arc::clone(&shelf) as _);
    let id = shop.order("a").await;
    shelf.put(&id, "{}");
    sagas.cancel(&id).await.unwrap();
    for _ in 0..50 {
        tokio::task::yield_now().await;
    }
    assert!(shelf.removed.load(Ordering::SeqCst) > 0);
    assert!(shelf.texts().is_empty());
}

/// A cache is somebody else's machine.
#[tokio::test]
async fn what_is_sealed_stays_sealed() {
    let mut shop = Shop::new(9, 9);
    shop.world.restart_sealed_by(Arc::new(cipher(&["1-key"])));
    shop.sagas = super::sagas(&shop.world);
    let shelf = Arc::new(Shelf::default());
    let sagas = through(&shop, Arc::clone(&shelf) as _);
    let id = shop.order("4111-secret").await;
    let ended = shop.settle(&id).await;
    for _ in 0..2 {
        assert_eq!(seen(&sagas, &id).await, ended);
    }
    let texts = shelf.texts();
    let (text, _) = &texts[&format!("saga:{id}")];
    assert!(text.contains("orch1:1-key:"), "{text}");
    assert!(
        !text.contains("4111-secret") && !text.contains("\"taken\""),
        "{text}"
    );
}

#[tokio::test]
async fn a_cache_that_fails_or_lies_is_a_miss() {
    let mut shop = Shop::new(9, 9);
    let shelf = Arc::new(Shelf::default());
    let sagas = through(&shop, Arc::clone(&shelf) as _);
    let (a, b) = (shop.order("a").await, shop.order("b").await);
    let ended = (shop.settle(&a).await, shop.settle(&b).await);
    assert_eq!(seen(&sagas, &b).await, ended.1);
    let (others, _) = shelf.texts()[&format!("saga:{b}")].clone();
    for lie in [
        "",
        "{}",
        "{\"columns\":[],\"rows\":[]}",
        "{\"columns\":[\"owner_id\"],\"rows\":[[1]]}",
        &others,
    ] {
        shelf.put(&a, lie);
        assert_eq!(seen(&sagas, &a).await, ended.0, "{lie}");
    }

    shelf.broken.store(true, Ordering::SeqCst);
    let before = shelf.asked();
    for _ in 0..9 {
        assert_eq!(seen(&sagas, &a).await, ended.0);
    }
    assert_eq!(shelf.asked(), before + 1, "it is left alone for a while");
    shelf.broken.store(false, Ordering::SeqCst);
    shop.world.clock.advance(Duration::from_secs(5));
    assert_eq!(seen(&sagas, &a).await, ended.0);
    assert!(shelf.asked() > before + 1, "and is asked again");
}
