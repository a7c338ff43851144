//! The secrets of callbacks, as a service is told them.

use orch_runtime::callback::HmacSha256;
use orch_runtime::http;
use orch_runtime::service::{Module, Parts, Service, Setup, SetupError};
use orch_runtime::testing::signature;

use super::process::{Process, finished};
use super::{Calling, MODULE};
use crate::callbacks::{MIGRATIONS, PATH, Signed};
use crate::ping::{TABLES, routes};
use crate::raw::post;

const VARIABLE: &str = "PING_CALLBACK_SECRET";
const OLD: &str = "whsec_old_0123456789";
const NEW: &str = "whsec_new_0123456789";
const TAKING: (&str, &str) = ("CHILD_WITH_CALLBACKS", "yes");
const PROVIDER: (&str, &str) = ("PING_GATEWAY_URL", "http://127.0.0.1:9/");

/// The service of these tests.
pub(super) fn service() -> Service {
    Service::new("pinger", "1.2.3")
        .migrations(MIGRATIONS)
        .module(Module { start, ..MODULE })
        .callbacks("PING")
}

fn start(setup: &Setup) -> Result<Parts, SetupError> {
    let orchestrator = Calling(setup.gateway("PING")?);
    let engine = setup.engine(TABLES).register(orchestrator).callbacks();
    let engine = engine.build()?;
    let endpoint = setup.endpoint(&engine);
    let receiver = Signed(HmacSha256::new(setup.callback_secrets("PING")?)?);
    let callbacks = http::callbacks(&endpoint, PATH, receiver);
    Ok(Parts {
        routes: routes(endpoint).merge(callbacks),
        workers: orch_runtime::Workers::new(),
        engine,
    })
}

#[tokio::test]
async fn a_service_that_takes_callbacks_needs_a_secret_that_nobody_can_guess() {
    let help = finished("--help", &[TAKING]).await;
    assert!(help.out.contains(VARIABLE), "{}", help.out);
    for wrong in [None, Some("hunter2"), Some("whsec_old_0123456789,hunter2")] {
        let mut variables = vec![TAKING, PROVIDER];
        variables.extend(wrong.map(|wrong| (VARIABLE, wrong)));
        let end = finished("--check", &variables).await;
        assert_eq!(end.code, 1, "{wrong:?}");
        assert!(end.err.contains(VARIABLE), "{}", end.err);
        assert!(!end.err.contains("hunter2"), "{}", end.err);
    }
    let slip = [
        TAKING,
        PROVIDER,
        (VARIABLE, OLD),
        ("PING_CALLBACK_SECRETS", OLD),
    ];
    assert_eq!(finished("--check", &slip).await.code, 1);
}

async fn status(process: &Process, secret: &str) -> u16 {
    let body = r#"{"id":"evt-1","op":"op-1","ok":true}"#;
    let post = post(PATH, "", body).header("x-signature", signature(secret, body));
    post.send(process.address).await.status
}

/// While a secret is being replaced the provider signs with either.
#[tokio::test]
async fn several_secrets_are_accepted_at_the_same_time() {
    let both = format!("{OLD}, {NEW}");
    let variables = [TAKING, PROVIDER, (VARIABLE, &*both)];
    let process = Process::start("", &variables).await;
    assert_eq!(status(&process, OLD).await, 200);
    assert_eq!(status(&process, NEW).await, 200);
    assert_eq!(status(&process, "whsec_gone_0123456789").await, 401);
    assert_eq!(status(&process, &both).await, 401);
}

#[tokio::test]
async fn a_simulated_provider_needs_no_secret_and_nobody_knows_the_one_it_has() {
    let process = Process::start("--simulate", &[TAKING]).await;
    assert_eq!(status(&process, "").await, 401);
}
