//! Who is let in, in which order it is asked, and what a refusal costs.

#[cfg(feature = "jwt")]
mod jwt;
#[cfg(feature = "jwt")]
pub(crate) mod tokens;

use std::sync::Arc;
use std::time::Duration;

use orch_runtime::http::{ApiConfig, ApiKeys, ServerConfig};

use crate::raw::{Ask, get, post};
use crate::site::{Site, unlimited};

const PINGS: &str = "/api/pings";

pub(crate) const ANNS_KEY: &str = "key-of-ann-0123456789abcdef";
/// Owners, and the digests of `ANNS_KEY` and of `key-of-bob-0123456789abcdef`.
pub(crate) const KEYS: &str = "\
    ann e1f3f2df0c0a1ba17140100938063d5bb7ba233e1e1139fde1518e0ffa469728\n\
    bob 763cc07d74d92ed80799777d72fad9cca636e8d1b579ef474fd39e2aee24c3e7\n";

async fn start(config: ApiConfig) -> Site {
    let keys = Arc::new(ApiKeys::parse(KEYS).unwrap());
    Site::start_asking(config, ServerConfig::default(), keys).await
}

fn ping(key: &str) -> Ask {
    post(PINGS, key, r#"{"name":"ann"}"#)
}

fn by_ann(ask: Ask) -> Ask {
    ask.header("x-api-key", ANNS_KEY)
}

fn guess(ask: Ask) -> Ask {
    ask.header("authorization", "Bearer guess-0123456789abcdef012345")
}

#[tokio::test]
async fn a_key_opens_its_owners_operations_and_nobody_elses() {
    let site = start(ApiConfig::default()).await;
    let accepted = by_ann(ping("k")).send(site.address).await;
    assert_eq!(accepted.status, 202);
    let location = accepted.header("location").unwrap();
    let by_bob = get(location).header("authorization", "bearer key-of-bob-0123456789abcdef");
    assert_eq!(by_ann(get(location)).send(site.address).await.status, 200);
    assert_eq!(by_bob.send(site.address).await.status, 404);
    assert_eq!(get(location).send(site.address).await.status, 401);
}

/// The header of a gateway means nothing where there is no gateway.
#[tokio::test]
async fn a_claimed_owner_is_not_believed() {
    let site = start(ApiConfig::default()).await;
    let claimed = ping("k").header("x-owner-id", "ann");
    let reply = claimed.send(site.address).await;
    assert_eq!(
        (reply.status, reply.code().as_str()),
        (401, "UNAUTHENTICATED")
    );
    assert_eq!(reply.header("www-authenticate"), Some("Bearer"));
}

#[tokio::test]
async fn two_different_keys_are_a_wrong_request() {
    let site = start(ApiConfig::default()).await;
    let reply = guess(by_ann(ping("k"))).send(site.address).await;
    assert_eq!(
        (reply.status, reply.code().as_str()),
        (400, "AMBIGUOUS_CREDENTIALS")
    );
}

/// A database that anybody can make work is one that anybody can stop.
#[tokio::test]
async fn a_refused_request_never_reaches_the_store() {
    let per_client = "2/60s".parse().unwrap();
    let site = start(ApiConfig {
        per_client,
        ..unlimited()
    })
    .await;
    site.break_store();
    let asks = || [ping("k"), get("/api/pings/x"), get("/api/pongs/x")];
    for ask in asks() {
        assert_eq!(ask.clone().send(site.address).await.status, 401, "{ask:?}");
        assert_eq!(
            guess(ask.clone()).send(site.address).await.status,
            401,
            "{ask:?}"
        );
    }
    assert_eq!(
        by_ann(ping("k")).send(site.address).await.status,
        500,
        "the store is asked"
    );
    assert_eq!(
        by_ann(get("/api/pings/x")).send(site.address).await.status,
        500
    );
    for ask in asks() {
        assert_eq!(
            by_ann(ask.clone()).send(site.address).await.status,
            429,
            "{ask:?}"
        );
    }
}

#[tokio::test]
async fn a_submission_over_the_limit_of_its_key_never_reaches_the_store() {
    let per_key = "1/60s".parse().unwrap();
    let site = start(ApiConfig {
        per_key,
        ..unlimited()
    })
    .await;
    assert_eq!(by_ann(ping("k")).send(site.address).await.status, 202);
    site.break_store();
    assert_eq!(by_ann(ping("k")).send(site.address).await.status, 429);
    assert_eq!(by_ann(ping("other")).send(site.address).await.status, 500);
}

/// Nothing of the body is read for somebody unknown: the announced megabyte never comes.
#[tokio::test]
async fn an_unknown_caller_is_refused_before_its_body_is_read() {
    let site = start(unlimited()).await;
    let announced = ping("k").body("").header("content-length", "1000000");
    assert_eq!(announced.send(site.address).await.status, 401);
}

/// Were guesses only answered and not counted, a key could be guessed as fast as the network goes. The
/// right key is refused too while the address is over its limit, else the limit would slow nobody.
#[tokio::test]
async fn guessing_is_slow_and_also_the_right_guess_waits() {
    let refused = "3/60s".parse().unwrap();
    let site = start(ApiConfig {
        refused,
        ..unlimited()
    })
    .await;
    assert_eq!(by_ann(ping("a")).send(site.address).await.status, 202);
    for _ in 0..3 {
        assert_eq!(guess(ping("k")).send(site.address).await.status, 401);
    }
    let fourth = guess(ping("k")).send(site.address).await;
    assert_eq!(
        (fourth.status, fourth.code().as_str()),
        (429, "RATE_LIMITED")
    );
    assert_eq!(by_ann(ping("b")).send(site.address).await.status, 429);
    let wait: u64 = fourth.header("retry-after").unwrap().parse().unwrap();
    site.clock.advance(Duration::from_secs(wait));
    assert_eq!(by_ann(ping("b")).send(site.address).await.status, 202);
}

/// Who sends the right key has nothing to do with the limit on wrong ones.
#[tokio::test]
async fn the_right_key_counts_against_no_limit_on_refusals() {
    let refused = "1/60s".parse().unwrap();
    let site = start(ApiConfig {
        refused,
        ..unlimited()
    })
    .await;
    for _ in 0..5 {
        assert_eq!(
            by_ann(get("/api/pings/x")).send(site.address).await.status,
            404
        );
    }
}
