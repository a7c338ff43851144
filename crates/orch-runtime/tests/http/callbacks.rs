//! The route on which providers report by themselves: what is answered, and what is written.

use std::sync::Arc;

use orch_runtime::axum::http::Method;
use orch_runtime::axum::http::request::Parts;
use orch_runtime::callback::{HmacSha256, TimestampedHmacSha256};
use orch_runtime::fault::{Boundary, Step};
use orch_runtime::http::{self, Api, ApiConfig, ApiError, Authenticator};
use orch_runtime::metrics::Metrics;
use orch_runtime::store::{Migration, StoreKind};
use orch_runtime::testing::client::{self, Client};
use orch_runtime::testing::{Provider, Reply, World, WorldSetup, signature, timestamped_signature};
use orch_runtime::{
    Callback, CallbackOutcome, CallbackReceiver, CallbackRefused, CallbackRequest, Clock as _,
    EventId, Json, OpId, OperationState, OwnerId, Secret, Timestamp,
};

use crate::ping::{self, Ping, Pinging, TABLES};
use crate::site::unlimited;

pub(crate) const PATH: &str = "/api/pings/callbacks";
const SECRET: &str = "whsec_0123456789abcdef";

pub(crate) const MIGRATIONS: &[Migration] = &[
    ping::MIGRATIONS[0],
    Migration {
        name: "0002_ping_callbacks",
        up: include_str!("ping_callbacks.sql"),
    },
];

const SETUP: WorldSetup = WorldSetup {
    store: StoreKind::Sqlite,
    migrations: MIGRATIONS,
    tables: TABLES,
};

fn secrets() -> [Secret<String>; 1] {
    [Secret::new(SECRET.to_owned())]
}

/// A provider that signs its bodies, and says `{"id","op","ok"}`.
pub(crate) struct Signed(pub(crate) HmacSha256);

impl CallbackReceiver for Signed {
    fn verify(&self, request: &CallbackRequest<'_>, _: Timestamp) -> Result<(), CallbackRefused> {
        self.0.verify(request.head, request.body)
    }

    fn read(&self, request: &CallbackRequest<'_>) -> Result<Option<Callback>, CallbackRefused> {
        let read = serde_json::from_slice(request.body);
        let body: Json = read.map_err(|_| CallbackRefused::new("no JSON"))?;
        let text = |field: &str| body[field].as_str().unwrap_or_default();
        let Some(ok) = body["ok"].as_bool() else {
            return Ok(None);
        };
        Ok(Some(Callback {
            event_id: EventId::new(text("id"))
                .map_err(|error| CallbackRefused::new(error.to_string()))?,
            op_id: OpId::new(text("op")).ok(),
            provider_ref: None,
            outcome: if ok {
                CallbackOutcome::Ok {
                    message: "pinged".to_owned(),
                    result: None,
                }
            } else {
                CallbackOutcome::Fail {
                    code: "GONE".to_owned(),
                    message: "nobody there".to_owned(),
                }
            },
        }))
    }
}

/// Believes nobody.
struct Nobody;

impl Authenticator for Nobody {
    fn owner(&self, _: &Parts) -> Result<OwnerId, ApiError> {
        Err(ApiError::unauthenticated("Bearer"))
    }
}

struct Shop {
    world: World,
    client: Client,
    metrics: Metrics,
}

impl Shop {
    fn open(config: ApiConfig, receiver: impl CallbackReceiver) -> Self {
        let metrics = Metrics::new();
        let counted = metrics.clone();
        let world = World::new(SETUP, Provider::unkeyed(), move |builder, provider| {
            builder
                .register(Pinging(provider))
                .metrics(counted.clone())
                .callbacks()
        });
        let clock = Arc::new(world.clock.clone());
        let api = Api::with(config, clock, Arc::new(Nobody), &metrics);
        let routes = http::callbacks(&api.endpoint(world.engine()), PATH, receiver);
        let client = Client::new(routes, &api);
        Self {
            world,
            client,
            metrics,
        }
    }

    fn signed() -> Self {
        Self::open(unlimited(), Signed(HmacSha256::new(&secrets()).unwrap()))
    }

    /// An operation whose answer was lost.
    async fn in_doubt(&self) -> OpId {
        self.world.provider.script([Reply::DoneButLost]);
        let op = self.world.submit("k", &Ping::named("ann")).await.unwrap();
        assert_eq!(self.world.state(&op).await, OperationState::Unknown);
        op
    }

    async fn post(&self, body: &str) -> client::Reply {
        self.post_as(body, &signature(SECRET, body)).await
    }

    async fn post_as(&self, body: &str, signature: &str) -> client::Reply {
        let headers = [("x-signature", signature)];
        self.client.send(Method::POST, PATH, &headers, body).await
    }

    async fn kept(&self) -> i64 {
        let sql = "select count(*) as n from ping_callbacks";
        self.world.count(sql, vec![]).await
    }

    fn counts(&self, result: &str, times: u32) -> bool {
        let line =
            format!(r#"orchestration_callback_total{{domain="ping",result="{result}"}} {times}"#);
        self.metrics.render().lines().any(|shown| shown == line)
    }
}

fn event(id: &str, op: &OpId, ok: bool) -> String {
    format!(r#"{{"id":"{id}","op":"{op}","ok":{ok}}}"#)
}

#[tokio::test]
async fn a_signed_event_ends_its_operation_and_a_second_delivery_is_answered_alike() {
    let shop = Shop::signed();
    let op = shop.in_doubt().await;
    let body = event("evt-1", &op, true);
    for _ in 0..2 {
        let reply = shop.post(&body).await;
        assert_eq!((reply.status, reply.text("status")), (200, "RECEIVED"));
        assert_eq!(shop.world.state(&op).await, OperationState::Completed);
    }
    assert_eq!(shop.kept().await, 1);
    assert!(shop.counts("new", 1) && shop.counts("duplicate", 1));
}

/// Early, late and contradicting events are no fault of the provider.
#[tokio::test]
async fn an_event_that_changes_nothing_is_received_all_the_same() {
    let shop = Shop::signed();
    let op = shop.in_doubt().await;
    let nobody = OpId::new("nobody").unwrap();
    for (id, op, ok) in [
        ("e-1", &nobody, true),
        ("e-2", &op, true),
        ("e-3", &op, false),
    ] {
        assert_eq!(shop.post(&event(id, op, ok)).await.status, 200);
    }
    assert_eq!(shop.world.state(&op).await, OperationState::Completed);
    assert_eq!(shop.kept().await, 3);
}

/// Anybody can reach the route.
#[tokio::test]
async fn without_the_right_signature_nothing_is_written_and_nothing_is_said() {
    let shop = Shop::signed();
    let op = shop.in_doubt().await;
    let body = event("evt-1", &op, true);
    let good = signature(SECRET, &body);
    let other = signature("another_secret_0123456789", &body);
    let tampered = event("evt-1", &op, false);
    for (body, signature) in [
        (&tampered, &*good),
        (&body, &*other),
        (&body, ""),
        (&body, "sha256="),
    ] {
        let reply = shop.post_as(body, signature).await;
        assert_eq!(reply.status, 401);
        assert_eq!(reply.text("code"), "UNAUTHENTICATED");
        assert!(!reply.text("detail").contains("signature"), "{reply:?}");
    }
    let bare = shop.client.send(Method::POST, PATH, &[], &body).await;
    assert_eq!(bare.status, 401);
    assert_eq!(shop.kept().await, 0);
    assert_eq!(shop.world.state(&op).await, OperationState::Unknown);
    assert!(shop.counts("refused", 5));
}

#[tokio::test]
async fn a_signed_body_that_cannot_be_read_is_refused_and_one_of_no_interest_ignored() {
    let shop = Shop::signed();
    for body in ["", "{", r#"{"id":"","ok":true}"#] {
        let reply = shop.post(body).await;
        assert_eq!(
            (reply.status, reply.text("code")),
            (400, "INVALID_CALLBACK")
        );
    }
    let reply = shop.post(r#"{"id":"evt-1","type":"invoice.sent"}"#).await;
    assert_eq!((reply.status, reply.text("status")), (200, "IGNORED"));
    assert_eq!(shop.kept().await, 0);
    assert!(shop.counts("refused", 3) && shop.counts("ignored", 1));
}

/// A provider takes 200 as a promise.
#[tokio::test]
async fn what_cannot_be_kept_is_not_confirmed() {
    let mut shop = Shop::signed();
    let op = shop.in_doubt().await;
    let body = event("evt-1", &op, true);
    shop.world.crash_at(Boundary::BeforeCommit(Step::Receive));
    let reply = shop.post(&body).await;
    assert_eq!(reply.status, 503);
    assert!(reply.header("retry-after").is_some());
    shop.world.restart();
    assert_eq!(shop.kept().await, 0);
}

#[tokio::test]
async fn the_limits_of_body_and_client_hold_here_too() {
    let config = ApiConfig {
        max_body: 100,
        per_client: "2/60s".parse().unwrap(),
        ..unlimited()
    };
    let shop = Shop::open(config, Signed(HmacSha256::new(&secrets()).unwrap()));
    assert_eq!(shop.post(&" ".repeat(101)).await.status, 413);
    assert_eq!(shop.post("{}").await.status, 200);
    assert_eq!(shop.post("{}").await.status, 429);
}

/// A provider that signs a time with its bodies.
struct Stamped(TimestampedHmacSha256);

impl CallbackReceiver for Stamped {
    fn verify(&self, request: &CallbackRequest<'_>, now: Timestamp) -> Result<(), CallbackRefused> {
        self.0.verify(request.head, request.body, now)
    }

    fn read(&self, _: &CallbackRequest<'_>) -> Result<Option<Callback>, CallbackRefused> {
        Ok(None)
    }
}

/// Somebody has recorded a request and sends it again a day later.
#[tokio::test]
async fn the_age_of_a_signature_is_measured_on_the_clock_of_the_service() {
    let scheme = TimestampedHmacSha256::new(&secrets()).unwrap();
    let shop = Shop::open(unlimited(), Stamped(scheme));
    let value = timestamped_signature(SECRET, "{}", shop.world.clock.now());
    let headers = [("stripe-signature", &*value)];
    for (wait, status) in [(0, 200), (299, 200), (60, 401)] {
        shop.world
            .clock
            .advance(std::time::Duration::from_secs(wait));
        let reply = shop.client.send(Method::POST, PATH, &headers, "{}").await;
        assert_eq!(reply.status, status, "{wait}");
    }
}
