//! Firebase Cloud Messaging, by a server of our own: there is no other. It keeps what it was sent.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use orch_runtime::OperationState::{Completed, Parked};
use orch_runtime::axum::extract::State;
use orch_runtime::axum::http::{HeaderMap, StatusCode};
use orch_runtime::axum::routing::post;
use orch_runtime::axum::{self, Json as Body, Router};
use orch_runtime::gateway::{FcmClient, FcmConfig, FcmMessage};
use orch_runtime::testing::{ManualClock, service_account};
use orch_runtime::{GatewayError, Idempotency, Json, OpId, Probe, Receipt, SystemClock};
use serde_json::json;

use super::lossy::LossyProxy;
use super::through::{Port, Request, TIMEOUT, settled, world};

const PATH: &str = "/v1/projects/test-project/messages:send";

#[derive(Clone, Default)]
struct Firebase {
    seen: Arc<Mutex<Seen>>,
}

#[derive(Default)]
struct Seen {
    tokens: usize,
    /// The newest token only is good.
    good: usize,
    messages: Vec<Json>,
}

impl Firebase {
    async fn start() -> (Self, LossyProxy) {
        let firebase = Self::default();
        let router = Router::new()
            .route("/token", post(token))
            .route(PATH, post(take))
            .with_state(firebase.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let proxy = LossyProxy::start(listener.local_addr().unwrap()).await;
        tokio::spawn(async move { axum::serve(listener, router).await });
        (firebase, proxy)
    }

    fn tokens(&self) -> usize {
        self.seen.lock().unwrap().tokens
    }

    fn messages(&self) -> usize {
        self.seen.lock().unwrap().messages.len()
    }
}

async fn token(State(firebase): State<Firebase>, form: String) -> Body<Json> {
    assert!(form.contains("jwt-bearer&assertion="), "{form}");
    let mut seen = firebase.seen.lock().unwrap();
    seen.tokens += 1;
    seen.good = seen.tokens;
    Body(json!({"access_token": format!("token-{}", seen.tokens), "expires_in": 3_599}))
}

async fn take(
    State(firebase): State<Firebase>,
    head: HeaderMap,
    message: Body<Json>,
) -> (StatusCode, Body<Json>) {
    let mut seen = firebase.seen.lock().unwrap();
    if head["authorization"] != format!("Bearer token-{}", seen.good) {
        let error = json!({"error": {"status": "UNAUTHENTICATED", "message": "no"}});
        return (StatusCode::UNAUTHORIZED, Body(error));
    }
    seen.messages.push(message.0);
    (
        StatusCode::OK,
        Body(json!({"name": "projects/p/messages/1"})),
    )
}

fn client(proxy: &LossyProxy, clock: &ManualClock) -> FcmClient {
    let url = format!("http://{}", proxy.address());
    let config = FcmConfig {
        timeout: TIMEOUT,
        url: url.clone(),
        ..FcmConfig::new(service_account(&format!("{url}/token")))
    };
    FcmClient::new(config, Arc::new(clock.clone())).unwrap()
}

fn message(request: &Request) -> FcmMessage<'_> {
    FcmMessage {
        token: &request.to,
        title: None,
        body: &request.text,
    }
}

fn request() -> Request {
    Request {
        to: "device-1".to_owned(),
        text: "hello".to_owned(),
        cents: 0,
    }
}

struct Notifying(FcmClient);

impl Port for Notifying {
    fn idempotency(&self) -> Idempotency {
        self.0.idempotency()
    }

    async fn call(&self, key: &OpId, request: &Request) -> Result<Receipt, GatewayError> {
        self.0.send(key, &message(request)).await
    }

    async fn probe(&self, key: &OpId, request: &Request) -> Probe {
        self.0.probe(key, &message(request)).await
    }
}

/// Nobody can be asked, and nothing is sent a second time by itself.
#[tokio::test]
async fn a_notification_whose_answer_was_lost_is_sent_once_and_waits_for_a_person() {
    let (firebase, proxy) = Firebase::start().await;
    proxy.lose(1, |_, path| path == PATH);
    let world = world(Notifying(client(&proxy, &ManualClock::default())));
    assert_eq!(settled(&world, &request()).await, (Parked, 1));
    assert_eq!((proxy.lost(), firebase.messages()), (1, 1));
}

/// The token's server breaks off: nothing was sent, so that another attempt does no harm.
#[tokio::test]
async fn a_lost_access_token_is_no_lost_notification() {
    let (firebase, proxy) = Firebase::start().await;
    proxy.lose(1, |_, path| path == "/token");
    let world = world(Notifying(client(&proxy, &ManualClock::default())));
    assert_eq!(settled(&world, &request()).await, (Completed, 2));
    assert_eq!((firebase.tokens(), firebase.messages()), (2, 1));
}

#[tokio::test]
async fn an_access_token_is_kept_until_it_ends_or_is_refused() {
    let (firebase, proxy) = Firebase::start().await;
    let clock = ManualClock::default();
    let client = client(&proxy, &clock);
    let key = OpId::new("op-1").unwrap();
    let send = async || client.send(&key, &message(&request())).await;
    for _ in 0..3 {
        send().await.unwrap();
    }
    assert_eq!(firebase.tokens(), 1);
    clock.advance(Duration::from_secs(3_540));
    send().await.unwrap();
    assert_eq!(firebase.tokens(), 2);
    firebase.seen.lock().unwrap().good = 0;
    let refused = send().await;
    assert!(
        matches!(refused, Err(GatewayError::Unavailable { .. })),
        "{refused:?}"
    );
    send().await.unwrap();
    assert_eq!((firebase.tokens(), firebase.messages()), (3, 5));
    let sent = firebase.seen.lock().unwrap().messages[0].clone();
    assert_eq!(sent["message"]["android"]["notification"]["tag"], "op-1");
    assert_eq!(
        sent["message"]["apns"]["headers"]["apns-collapse-id"],
        "op-1"
    );
}

/// Calls that wait for one another's token would be cut off one after the other, and an attempt that is
/// cut off is in doubt although nothing was sent.
#[tokio::test]
async fn waiting_for_a_token_ends_before_the_attempt_does() {
    let routes = Router::new().route("/token", post(std::future::pending::<()>));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, routes).await });
    let config = FcmConfig {
        timeout: Duration::from_millis(1_500),
        url: url.clone(),
        ..FcmConfig::new(service_account(&format!("{url}/token")))
    };
    let client = FcmClient::new(config, Arc::new(SystemClock)).unwrap();
    let key = OpId::new("op-1").unwrap();
    let request = request();
    let message = message(&request);
    let send = || tokio::time::timeout(client.attempt_timeout(), client.send(&key, &message));
    let (first, second, third, fourth) = tokio::join!(send(), send(), send(), send());
    for end in [first, second, third, fourth] {
        let end = end.expect("it ends by itself");
        assert!(
            matches!(end, Err(GatewayError::Unavailable { .. })),
            "{end:?}"
        );
    }
}
