//! Twilio: requests as its own description wants them, and messages that are sent once although Twilio
//! knows no keys.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::process::Command as Program;
use std::sync::{Arc, Mutex};

use orch_runtime::OperationState::{Completed, Parked};
use orch_runtime::axum::extract::{RawQuery, State};
use orch_runtime::axum::http::{HeaderMap, StatusCode};
use orch_runtime::axum::routing::get;
use orch_runtime::axum::{self, Json as Body, Router};
use orch_runtime::gateway::{TwilioClient, TwilioConfig, TwilioMessage};
use orch_runtime::{
    Clock as _, GatewayError, IdSource as _, Idempotency, Json, OpId, Probe, Receipt, SystemClock,
    UuidSource,
};
use serde_json::json;

use super::emulator::{Emulator, named};
use super::lossy::LossyProxy;
use super::through::{Port, Request, TIMEOUT, settled, world};

const ACCOUNT: &str = "AC0123456789abcdef0123456789abcdef:0123456789abcdef0123456789abcdef";
const NUMBER: &str = "+15551234567";

fn client(address: SocketAddr) -> TwilioClient {
    let config = TwilioConfig {
        url: format!("http://{address}"),
        status_callback: Some("https://example.com/status".to_owned()),
        timeout: TIMEOUT,
        ..TwilioConfig::new(ACCOUNT.parse().unwrap(), "+15005550006")
    };
    TwilioClient::new(config, Arc::new(SystemClock)).unwrap()
}

fn message(request: &Request) -> TwilioMessage<'_> {
    TwilioMessage {
        to: &request.to,
        body: &request.text,
    }
}

fn request() -> Request {
    Request {
        to: NUMBER.to_owned(),
        text: "Grüße & more: 1+1=2".to_owned(),
        cents: 0,
    }
}

struct Texting(TwilioClient);

impl Port for Texting {
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

/// Prism answers 422 to a request that Twilio's description does not allow, and 401 to one without a
/// name and a password.
#[tokio::test]
async fn requests_are_as_twilios_own_description_wants_them() {
    let prism = |command: &mut Program, [port]: [u16; 1], _: &std::path::Path| {
        command.args(["mock", "--host", "127.0.0.1", "--port"]);
        command.arg(port.to_string());
        command.arg(named("ORCH_TEST_TWILIO_OPENAPI"));
    };
    let emulator = Emulator::start("ORCH_TEST_PRISM", prism).await;
    let client = client(emulator.address(0));
    let key = UuidSource.op_id(SystemClock.now());
    let sent = client.send(&key, &message(&request())).await;
    assert!(
        sent.as_ref()
            .is_ok_and(|receipt| receipt.provider_ref.is_some()),
        "{sent:?}"
    );
    // Its list names a next page for ever: every request for one was as it should be.
    let said = client.probe(&key, &message(&request())).await;
    let is_endless = |reason: &str| reason.contains("more than 10 pages");
    assert!(
        matches!(&said, Probe::StillUnknown { reason } if is_endless(reason)),
        "{said:?}"
    );
}

/// A Twilio that keeps what it was sent, as Prism does not.
#[derive(Clone, Default)]
struct Twilio {
    messages: Arc<Mutex<Vec<Json>>>,
}

impl Twilio {
    async fn start() -> (Self, LossyProxy) {
        let twilio = Self::default();
        let path = "/2010-04-01/Accounts/{sid}/Messages.json";
        let router = Router::new().route(path, get(list).post(take));
        let router = router.with_state(twilio.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let proxy = LossyProxy::start(listener.local_addr().unwrap()).await;
        tokio::spawn(async move { axum::serve(listener, router).await });
        (twilio, proxy)
    }

    /// A message that somebody else has sent, made in `year`.
    fn has(&self, to: &str, body: &str, year: u32) {
        let mut messages = self.messages.lock().unwrap();
        let sid = format!("SM{}", messages.len());
        // The newest come first. It waits in the queue: it has no date of sending.
        messages.insert(
            0,
            json!({"sid": sid, "to": to, "body": body, "status": "queued", "date_sent": null,
                "date_created": format!("01 Jan {year} 00:00:01 +0000")}),
        );
    }

    fn count(&self) -> usize {
        self.messages.lock().unwrap().len()
    }
}

async fn take(
    State(twilio): State<Twilio>,
    head: HeaderMap,
    form: String,
) -> (StatusCode, Body<Json>) {
    assert!(
        head["authorization"]
            .to_str()
            .unwrap()
            .starts_with("Basic ")
    );
    let form = fields(&form);
    assert!(form["StatusCallback"].starts_with("https://example.com/status?op_id="));
    twilio.has(&form["To"], &form["Body"], 2025);
    let message = twilio.messages.lock().unwrap()[0].clone();
    (StatusCode::CREATED, Body(message))
}

/// Two messages a page.
async fn list(State(twilio): State<Twilio>, RawQuery(query): RawQuery) -> Body<Json> {
    let query = fields(&query.unwrap());
    let messages = twilio.messages.lock().unwrap();
    let page: usize = query.get("Page").map_or(0, |page| page.parse().unwrap());
    let to = &query["To"];
    let all: Vec<&Json> = messages
        .iter()
        .filter(|message| message["to"] == **to)
        .collect();
    let shown: Vec<&Json> = all.iter().skip(page * 2).take(2).copied().collect();
    let next = (all.len() > page * 2 + 2).then(|| {
        let to = to.replace('+', "%2B");
        format!(
            "/2010-04-01/Accounts/AC1/Messages.json?To={to}&Page={}",
            page + 1
        )
    });
    Body(json!({"messages": shown, "next_page_uri": next}))
}

fn fields(text: &str) -> HashMap<String, String> {
    form_urlencoded::parse(text.as_bytes())
        .into_owned()
        .collect()
}

/// The connection breaks after Twilio took the message, which waits in its queue.
#[tokio::test]
async fn a_message_whose_answer_was_lost_is_found_by_its_text() {
    let (twilio, proxy) = Twilio::start().await;
    proxy.lose(1, |method, _| method == "POST");
    let world = world(Texting(client(proxy.address())));
    assert_eq!(settled(&world, &request()).await, (Completed, 1));
    assert_eq!((proxy.lost(), twilio.count()), (1, 1));
}

/// Newer messages with other texts, and an older one with the same.
#[tokio::test]
async fn other_messages_are_not_taken_for_it() {
    let (twilio, proxy) = Twilio::start().await;
    let request = request();
    twilio.has(NUMBER, &request.text, 2024);
    twilio.has("+15550000000", &request.text, 2025);
    let client = client(proxy.address());
    let world = world(Texting(client.clone()));
    proxy.lose(1, |method, _| method == "POST");
    let op_id = world.submit("key-1", &request).await.unwrap();
    assert_eq!(
        client
            .probe(&UuidSource.op_id(SystemClock.now()), &message(&request))
            .await,
        Probe::NotCommitted
    );
    for text in ["another", "and another", "and one more"] {
        twilio.has(NUMBER, text, 2025);
    }
    world.settle().await;
    assert_eq!(world.state(&op_id).await, Completed);
    assert_eq!(twilio.count(), 6);
}

/// Two with the same text: nobody can say which is whose, and a third would be one too many.
#[tokio::test]
async fn two_messages_with_the_same_text_wait_for_a_person() {
    let (twilio, proxy) = Twilio::start().await;
    let request = request();
    twilio.has(NUMBER, &request.text, 2025);
    proxy.lose(1, |method, _| method == "POST");
    let world = world(Texting(client(proxy.address())));
    assert_eq!(settled(&world, &request).await, (Parked, 1));
    assert_eq!(twilio.count(), 2);
}

/// The number may be kept in another form, so that a list without it proves nothing.
#[tokio::test]
async fn a_number_in_another_form_waits_for_a_person() {
    let (twilio, proxy) = Twilio::start().await;
    proxy.lose(1, |method, _| method == "POST");
    let world = world(Texting(client(proxy.address())));
    let request = Request {
        to: "0555 1234567".to_owned(),
        ..request()
    };
    assert_eq!(settled(&world, &request).await, (Parked, 1));
    assert_eq!(twilio.count(), 1);
}
