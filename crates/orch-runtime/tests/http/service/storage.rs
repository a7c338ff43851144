//! The variables of buckets, their spools, and mail servers.

use orch_runtime::gateway::GatewayKind;
use orch_runtime::service::{Module, Parts, Service, Setup, SetupError};

use super::process::finished;
use super::{MODULE, start};
use crate::ping::MIGRATIONS;

const STORAGE: (&str, &str) = ("CHILD_WITH_STORAGE", "yes");
const PING: (&str, &str) = ("PING_GATEWAY_URL", "http://127.0.0.1:9/");

/// The service of these tests: two buckets under one access key, and a mail server.
pub(super) fn service() -> Service {
    let module = Module {
        gateways: &[
            ("PING", GatewayKind::Http),
            ("FILE_UPLOAD", GatewayKind::S3),
            ("BACKUP", GatewayKind::S3),
            ("MAIL", GatewayKind::Smtp),
        ],
        start: start_with_storage,
        ..MODULE
    };
    let service = Service::new("pinger", "1.2.3");
    service.migrations(MIGRATIONS).module(module)
}

fn start_with_storage(setup: &Setup) -> Result<Parts, SetupError> {
    setup.s3("FILE_UPLOAD")?;
    setup.smtp("MAIL")?;
    assert!(setup.spool("BACKUP")?.max_bytes() > 0);
    assert!(setup.spool("MAIL").is_err() && setup.s3("MAIL").is_err());
    start(setup)
}

#[tokio::test]
async fn shared_variables_are_listed_once() {
    let help = finished("--help", &[STORAGE]).await.out;
    for part in [
        "FILE_UPLOAD_GATEWAY_URL",
        "[default: ./file-upload-spool]",
        "BACKUP_SPOOL_MAX_BYTES",
        "[default: 1073741824]",
        "MAIL_GATEWAY_FROM",
        "MAIL_GATEWAY_PROBE_URL",
        "AWS_SESSION_TOKEN",
    ] {
        assert!(help.contains(part), "{part}: {help}");
    }
    assert_eq!(help.matches("AWS_REGION").count(), 1, "{help}");
    assert!(!help.contains("MAIL_SPOOL"), "{help}");
}

#[tokio::test]
async fn what_is_missing_is_named_once_and_simulated_providers_need_nothing() {
    let end = finished("--check", &[STORAGE]).await;
    assert_eq!(end.code, 1);
    for part in [
        "FILE_UPLOAD_GATEWAY_URL is not set",
        "BACKUP_GATEWAY_URL is not set",
        "AWS_REGION is not set",
        "AWS_ACCESS_KEY_ID is not set",
        "AWS_SECRET_ACCESS_KEY is not set",
        "MAIL_GATEWAY_URL is not set",
        "MAIL_GATEWAY_FROM is not set",
    ] {
        assert_eq!(end.err.matches(part).count(), 1, "{part}: {}", end.err);
    }
    let end = finished("--check --simulate", &[STORAGE]).await;
    assert_eq!(end.code, 0, "{}", end.err);
}

#[tokio::test]
async fn what_cannot_be_used_is_named_and_no_secret_is_shown() {
    let wrong = [
        STORAGE,
        PING,
        (
            "FILE_UPLOAD_GATEWAY_URL",
            "https://s3.eu-central-1.amazonaws.com",
        ),
        ("BACKUP_GATEWAY_URL", "https://me:hunter2@host/bucket"),
        ("AWS_REGION", "eu central"),
        ("AWS_SECRET_ACCESS_KEY", "hunter2 hunter2"),
        ("BACKUP_SPOOL_MAX_BYTES", "0"),
        ("BACKUP_SPOOLS", "/tmp"),
        ("MAIL_GATEWAY_URL", "smtp://me:hunter2@host:25"),
        ("MAIL_GATEWAY_FROM", "nobody"),
        ("MAIL_GATEWAY_TOKEN", "hunter2"),
        ("MAIL_GATEWAY_PROBE_URL", "http://host/"),
    ];
    let end = finished("--check", &wrong).await;
    assert_eq!(end.code, 1);
    for (name, _) in &wrong[2..] {
        assert!(end.err.contains(name), "{name}: {}", end.err);
    }
    assert!(!end.err.contains("hunter2"), "{}", end.err);
}

#[tokio::test]
async fn with_all_its_variables_it_starts_if_the_spool_can_be_written() {
    let variables = [
        STORAGE,
        PING,
        ("FILE_UPLOAD_GATEWAY_URL", "https://host/bucket"),
        ("BACKUP_GATEWAY_URL", "https://host/backup/folder"),
        ("AWS_REGION", "eu-central-1"),
        ("AWS_ACCESS_KEY_ID", "AKIA1"),
        ("AWS_SECRET_ACCESS_KEY", "a/b+c"),
        ("MAIL_GATEWAY_URL", "smtps://host"),
        ("MAIL_GATEWAY_FROM", "Shop <shop@example.com>"),
        ("MAIL_GATEWAY_TOKEN", "me:pass:word"),
        ("FILE_UPLOAD_SPOOL", "uploads"),
        ("BACKUP_SPOOL", "backups"),
    ];
    let end = finished("--check", &variables).await;
    assert_eq!(end.code, 0, "{}", end.err);
    let mut taken = variables;
    taken[11].1 = "garbage.db";
    let end = finished("--check", &taken).await;
    assert_eq!(end.code, 1);
    assert!(
        end.err.contains("set BACKUP_SPOOL to a folder"),
        "{}",
        end.err
    );
}
