//! The variables of providers with clients of their own.

use orch_runtime::gateway::GatewayKind;
use orch_runtime::service::{Module, Parts, Service, Setup, SetupError};

use super::process::finished;
use super::{MODULE, start};
use crate::ping::MIGRATIONS;

const CLIENTS: (&str, &str) = ("CHILD_WITH_CLIENTS", "yes");
const ACCOUNT: &str = "AC0123456789abcdef0123456789abcdef:hunter2";

/// The service of these tests: one provider of each kind.
pub(super) fn service() -> Service {
    let module = Module {
        gateways: &[
            ("PING", GatewayKind::Http),
            ("PAY", GatewayKind::Stripe),
            ("SMS", GatewayKind::Twilio),
            ("PUSH", GatewayKind::Fcm),
        ],
        start: start_with_clients,
        ..MODULE
    };
    Service::new("pinger", "1.2.3")
        .migrations(MIGRATIONS)
        .module(module)
        .callbacks("SMS")
}

fn start_with_clients(setup: &Setup) -> Result<Parts, SetupError> {
    setup.stripe("PAY")?;
    setup.twilio("SMS")?;
    setup.fcm("PUSH")?;
    setup.callback_url("SMS")?;
    let wrong = [
        setup.stripe("SMS").err(),
        setup.gateway("PUSH").err(),
        setup.callback_url("PAY").err(),
    ];
    assert!(wrong.iter().all(Option::is_some), "{wrong:?}");
    start(setup)
}

#[tokio::test]
async fn each_kind_has_its_own_variables() {
    let help = finished("--help", &[CLIENTS]).await.out;
    for part in [
        "PAY_GATEWAY_URL",
        "[default: https://api.stripe.com]",
        "PAY_GATEWAY_TOKEN",
        "[default: https://api.twilio.com]",
        "SMS_GATEWAY_FROM",
        "SMS_CALLBACK_URL",
        "[default: https://fcm.googleapis.com]",
        "PUSH_GATEWAY_CREDENTIALS_FILE",
        "PUSH_GATEWAY_TIMEOUT",
    ] {
        assert!(help.contains(part), "{part}: {help}");
    }
    assert!(!help.contains("PUSH_GATEWAY_TOKEN"), "{help}");
}

#[tokio::test]
async fn what_is_missing_is_named_and_simulated_providers_need_nothing() {
    let end = finished("--check", &[CLIENTS]).await;
    assert_eq!(end.code, 1);
    for part in [
        "PING_GATEWAY_URL is not set",
        "PAY_GATEWAY_TOKEN is not set",
        "SMS_GATEWAY_TOKEN is not set",
        "SMS_GATEWAY_FROM is not set",
        "SMS_CALLBACK_URL is not set",
        "PUSH_GATEWAY_CREDENTIALS_FILE is not set",
    ] {
        assert!(end.err.contains(part), "{part}: {}", end.err);
    }
    assert!(!end.err.contains("PAY_GATEWAY_URL"), "{}", end.err);
    let end = finished("--check --simulate", &[CLIENTS]).await;
    assert_eq!(end.code, 0, "{}", end.err);
}

#[tokio::test]
async fn what_cannot_be_used_is_named_and_no_secret_is_shown() {
    let wrong = [
        CLIENTS,
        ("PING_GATEWAY_URL", "http://127.0.0.1:9/"),
        ("PAY_GATEWAY_URL", "nowhere"),
        ("PAY_GATEWAY_TOKEN", "hunter2 hunter2"),
        ("PAY_GATEWAY_FROM", "nobody"),
        ("SMS_GATEWAY_TOKEN", "hunter2"),
        ("SMS_CALLBACK_URL", "https://me:hunter2@example.com/"),
        ("PUSH_GATEWAY_CREDENTIALS_FILE", "/nowhere/at/all"),
        ("PUSH_GATEWAY_TOKEN", "hunter2"),
    ];
    let end = finished("--check", &wrong).await;
    assert_eq!(end.code, 1);
    for (name, _) in &wrong[2..] {
        assert!(end.err.contains(name), "{name}: {}", end.err);
    }
    assert!(!end.err.contains("hunter2"), "{}", end.err);
}

#[tokio::test]
async fn with_all_its_variables_it_starts() {
    let folder = tempfile::TempDir::new().unwrap();
    let file = folder.path().join("account.json");
    let variables = [
        CLIENTS,
        ("PING_GATEWAY_URL", "http://127.0.0.1:9/"),
        ("PAY_GATEWAY_TOKEN", "sk_test_1"),
        ("SMS_GATEWAY_TOKEN", ACCOUNT),
        ("SMS_GATEWAY_FROM", "+15005550006"),
        ("SMS_CALLBACK_SECRET", "0123456789abcdef"),
        ("SMS_CALLBACK_URL", "https://example.com/status"),
        ("PUSH_GATEWAY_CREDENTIALS_FILE", file.to_str().unwrap()),
    ];
    std::fs::write(&file, "{}").unwrap();
    let end = finished("--check", &variables).await;
    assert!(end.err.contains("service account"), "{}", end.err);
    let account = orch_runtime::testing::service_account_file("https://oauth.example/token");
    std::fs::write(&file, account).unwrap();
    let end = finished("--check", &variables).await;
    assert_eq!(end.code, 0, "{}", end.err);
}
