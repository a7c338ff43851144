//! Stripe, by a server that keeps charges and honours idempotency keys.

use std::net::SocketAddr;
use std::process::Command as Program;
use std::sync::{Arc, Mutex};

use orch_runtime::OperationState::{Completed, Failed};
use orch_runtime::axum::extract::State;
use orch_runtime::axum::http::StatusCode;
use orch_runtime::axum::routing::get;
use orch_runtime::axum::{self, Json as Body, Router};
use orch_runtime::gateway::{Call, JsonClient};
use orch_runtime::gateway::{StripeCharge, StripeClient, StripeConfig, StripeRefund};
use orch_runtime::{
    Clock as _, GatewayError, IdSource as _, Idempotency, Json, Money, OpId, Probe, Receipt,
    Secret, SystemClock, UuidSource,
};

use serde_json::json;

use super::emulator::Emulator;
use super::lossy::LossyProxy;
use super::through::{Port, Request, TIMEOUT, settled, world};

const KEY: &str = "sk_test_of_these_tests";

/// The server, and the way to it on which answers get lost.
struct Stripe {
    emulator: Emulator,
    proxy: LossyProxy,
}

impl Stripe {
    async fn start() -> Self {
        let arrange = |command: &mut Program, [port]: [u16; 1], _: &std::path::Path| {
            command.env("PORT", port.to_string());
        };
        let emulator = Emulator::start("ORCH_TEST_STRIPE_MOCK", arrange).await;
        let proxy = LossyProxy::start(emulator.address(0)).await;
        Self { emulator, proxy }
    }

    /// A client on the way that loses answers.
    fn client(&self) -> StripeClient {
        client(self.proxy.address())
    }

    /// What the server has, asked for directly: charges or refunds that succeeded.
    async fn effects(&self, list: &str) -> usize {
        let url = format!("http://{}/v1/{list}?limit=100", self.emulator.address(0));
        let token = Secret::new(KEY.to_owned());
        let call = Call::get(url).bearer(&token).unwrap();
        let answer = JsonClient::new(TIMEOUT).send(call).await.unwrap();
        let is_done = |object: &&Json| object["status"] == "succeeded";
        answer.body["data"]
            .as_array()
            .unwrap()
            .iter()
            .filter(is_done)
            .count()
    }

    fn lose(&self, count: usize, method: &'static str) {
        self.proxy.lose(count, move |asked, _| asked == method);
    }

    fn asked(&self, method: &str) -> usize {
        let passed = self.proxy.passed();
        passed
            .iter()
            .filter(|line| line.starts_with(method))
            .count()
    }
}

fn client(address: SocketAddr) -> StripeClient {
    let config = StripeConfig {
        url: format!("http://{address}"),
        timeout: TIMEOUT,
        ..StripeConfig::new(Secret::new(KEY.to_owned()))
    };
    StripeClient::new(config, Arc::new(SystemClock)).unwrap()
}

fn euros(cents: i64) -> Money {
    Money::from_minor(cents, "EUR".parse().unwrap()).unwrap()
}

fn charge(request: &Request) -> StripeCharge<'_> {
    StripeCharge {
        amount: euros(request.cents),
        source: &request.to,
    }
}

fn request(source: &str) -> Request {
    Request {
        to: source.to_owned(),
        text: String::new(),
        cents: 1_000,
    }
}

struct Charging(StripeClient);

impl Port for Charging {
    fn idempotency(&self) -> Idempotency {
        self.0.idempotency()
    }

    async fn call(&self, key: &OpId, request: &Request) -> Result<Receipt, GatewayError> {
        self.0.charge(key, &charge(request)).await
    }

    async fn probe(&self, key: &OpId, request: &Request) -> Probe {
        self.0.probe_charge(key, &charge(request)).await
    }
}

struct Refunding(StripeClient);

fn refund(request: &Request) -> StripeRefund<'_> {
    StripeRefund {
        charge: &request.to,
        amount: Some(euros(request.cents)),
    }
}

impl Port for Refunding {
    fn idempotency(&self) -> Idempotency {
        self.0.idempotency()
    }

    async fn call(&self, key: &OpId, request: &Request) -> Result<Receipt, GatewayError> {
        self.0.refund(key, &refund(request)).await
    }

    async fn probe(&self, key: &OpId, request: &Request) -> Probe {
        self.0.probe_refund(key, &refund(request)).await
    }
}

fn op_id() -> OpId {
    UuidSource.op_id(SystemClock.now())
}

#[tokio::test]
async fn a_charge_is_made_and_found_by_its_operation() {
    let stripe = Stripe::start().await;
    let client = stripe.client();
    let (key, other) = (op_id(), op_id());
    let request = request("tok_visa");
    let receipt = client.charge(&key, &charge(&request)).await.unwrap();
    let reference = receipt.provider_ref.unwrap();
    assert!(reference.starts_with("ch_"), "{reference}");
    let Probe::Committed { provider_ref, .. } = client.probe_charge(&key, &charge(&request)).await
    else {
        panic!("it is there");
    };
    assert_eq!(provider_ref, Some(reference));
    let absent = client.probe_charge(&other, &charge(&request)).await;
    assert_eq!(absent, Probe::NotCommitted);
}

/// The connection breaks after Stripe took the money.
#[tokio::test]
async fn a_charge_whose_answer_was_lost_is_found_by_asking() {
    let stripe = Stripe::start().await;
    stripe.lose(1, "POST");
    let world = world(Charging(stripe.client()));
    assert_eq!(settled(&world, &request("tok_visa")).await, (Completed, 1));
    assert_eq!((stripe.proxy.lost(), stripe.asked("GET")), (1, 1));
    assert_eq!(stripe.effects("charges").await, 1);
}

/// The questions get no answer either: the same key again has no second effect.
#[tokio::test]
async fn a_charge_that_cannot_be_asked_about_is_made_once_under_its_key() {
    let stripe = Stripe::start().await;
    stripe.proxy.lose(2, |_, _| true);
    let world = world(Charging(stripe.client()));
    assert_eq!(settled(&world, &request("tok_visa")).await, (Completed, 2));
    assert_eq!((stripe.proxy.lost(), stripe.asked("POST")), (2, 2));
    assert_eq!(stripe.effects("charges").await, 1);
}

#[tokio::test]
async fn a_declined_card_fails_the_operation_with_its_code() {
    let stripe = Stripe::start().await;
    let world = world(Charging(stripe.client()));
    let op_id = world.submit("key-1", &request("tok_chargeDeclined")).await;
    let view = world.view(&op_id.unwrap()).await;
    assert_eq!(view.state, Failed);
    let outcome = serde_json::to_value(view.outcome).unwrap();
    assert_eq!(outcome["code"], "generic_decline", "{outcome}");
    assert_eq!(stripe.effects("charges").await, 0);
}

/// The refusal is lost: nothing was taken, and the operation does not hang on it.
#[tokio::test]
async fn a_decline_whose_answer_was_lost_is_a_decline() {
    let stripe = Stripe::start().await;
    stripe.lose(1, "POST");
    let world = world(Charging(stripe.client()));
    let (state, _) = settled(&world, &request("tok_chargeDeclined")).await;
    assert_eq!(state, Failed);
    assert_eq!(stripe.effects("charges").await, 0);
}

#[tokio::test]
async fn a_refund_whose_answer_was_lost_is_made_once() {
    let stripe = Stripe::start().await;
    let client = stripe.client();
    let paid = client.charge(&op_id(), &charge(&request("tok_visa"))).await;
    let paid = paid.unwrap().provider_ref.unwrap();
    stripe.lose(1, "POST");
    let world = world(Refunding(client));
    let half = Request {
        cents: 500,
        ..request(&paid)
    };
    assert_eq!(settled(&world, &half).await, (Completed, 1));
    assert_eq!((stripe.proxy.lost(), stripe.asked("GET")), (1, 1));
    assert_eq!(stripe.effects("refunds").await, 1);
}

/// A program of another version sent other parameters under the key, and its answer was lost.
#[tokio::test]
async fn a_key_that_came_with_other_parameters_is_asked_about() {
    let stripe = Stripe::start().await;
    let client = stripe.client();
    let key = op_id();
    let (first, second) = (
        request("tok_visa"),
        Request {
            cents: 2_000,
            ..request("tok_visa")
        },
    );
    client.charge(&key, &charge(&first)).await.unwrap();
    let again = client.charge(&key, &charge(&second)).await;
    assert!(
        matches!(again, Err(GatewayError::NoAnswer { .. })),
        "{again:?}"
    );
    let said = client.probe_charge(&key, &charge(&second)).await;
    assert!(matches!(said, Probe::Committed { .. }), "{said:?}");
}

/// Many charges lie between the one that is asked about and now.
#[tokio::test]
async fn the_list_is_read_to_its_end() {
    let stripe = Stripe::start().await;
    let client = stripe.client();
    let request = request("tok_visa");
    let first = op_id();
    client.charge(&first, &charge(&request)).await.unwrap();
    for _ in 0..100 {
        client.charge(&op_id(), &charge(&request)).await.unwrap();
    }
    let last = op_id();
    client.charge(&last, &charge(&request)).await.unwrap();
    for key in [&first, &last] {
        let said = client.probe_charge(key, &charge(&request)).await;
        assert!(matches!(said, Probe::Committed { .. }), "{said:?}");
    }
    let before = stripe.asked("GET");
    let absent = client.probe_charge(&op_id(), &charge(&request)).await;
    assert_eq!(absent, Probe::NotCommitted);
    assert_eq!(stripe.asked("GET") - before, 2);
}

/// Takes the money of every call, and answers that it broke.
async fn broken(passed: Arc<Mutex<Vec<String>>>) -> SocketAddr {
    let charge = async |State(taken): State<Arc<Mutex<Vec<String>>>>, form: String| {
        let name = form.split("op_id%5D=").nth(1).unwrap().to_owned();
        taken.lock().unwrap().push(name);
        StatusCode::INTERNAL_SERVER_ERROR
    };
    let list = async |State(taken): State<Arc<Mutex<Vec<String>>>>| {
        let charge = |name: &String| json!({"id": "ch_1", "status": "succeeded", "metadata": {"op_id": name}});
        let charges: Vec<Json> = taken.lock().unwrap().iter().take(1).map(charge).collect();
        Body(json!({"data": charges, "has_more": false}))
    };
    let routes = Router::new().route("/v1/charges", get(list).post(charge));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, routes.with_state(passed)).await });
    address
}

/// It is never called a failure: the money is gone.
#[tokio::test]
async fn a_stripe_that_breaks_after_it_took_the_money_is_asked_at_last() {
    let taken = Arc::default();
    let world = world(Charging(client(broken(Arc::clone(&taken)).await)));
    let (state, _) = settled(&world, &request("tok_visa")).await;
    assert_eq!(state, Completed);
    let taken = taken.lock().unwrap();
    assert!(taken.iter().all(|name| *name == taken[0]), "one key");
}
