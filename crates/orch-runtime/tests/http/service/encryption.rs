//! The variable that says with which keys stored texts are sealed.

use tempfile::TempDir;

use crate::raw::{get, post};

use super::process::{Process, finished};

const KEY: &str = "1f9e1c3e0f3b8d0a5b7c6d4e2f1a0b9c8d7e6f5a4b3c2d1e0f9a8b7c6d5e4f3a";

fn folder(keys: &str) -> TempDir {
    let folder = TempDir::new().unwrap();
    std::fs::write(folder.path().join("keys"), keys).unwrap();
    folder
}

#[tokio::test]
async fn help_lists_the_variable() {
    let help = finished("--help", &[]).await.out;
    assert!(help.contains("ORCH_ENCRYPTION_KEYS_FILE"), "{help}");
}

#[cfg(feature = "encryption")]
#[tokio::test]
async fn a_service_with_keys_writes_no_command_in_clear() {
    let keys = format!("2026-11 {KEY}\nfingerprint {}\n", "f".repeat(64));
    let variables = [
        ("ORCH_ENCRYPTION_KEYS_FILE", "keys"),
        ("DATABASE_URL", "sqlite://sealed.db"),
        ("RUST_LOG", "trace"),
    ];
    let process = Process::start_in(folder(&keys), "--simulate", &variables).await;
    let ask = || post("/api/pings", "k", r#"{"name":"ann"}"#).header("prefer", "wait=5");
    let accepted = ask().send(process.address).await;
    assert_eq!(accepted.status, 200);
    let replayed = ask().send(process.address).await;
    assert_eq!(replayed.status, 200);
    assert_eq!(get("/ready").send(process.address).await.status, 200);
    process.signal("TERM").await;
    let (end, folder) = process.end_and_keep().await;
    assert!(end.out.contains(r#""encryption":"2026-11""#), "{end:?}");
    assert!(!end.out.contains(&KEY[..16]) && !end.err.contains(&KEY[..16]));
    let file = rusqlite::Connection::open(folder.path().join("sealed.db")).unwrap();
    let payload = "select payload from ping_operations";
    let payload: String = file.query_row(payload, [], |row| row.get(0)).unwrap();
    assert!(payload.starts_with("orch1:2026-11:"), "{payload}");
}

/// Whoever asked for encryption must not find out from a backup that there was none.
#[tokio::test]
async fn keys_that_cannot_be_used_keep_the_service_from_starting() {
    let cut = &KEY[1..];
    for (file, keys, part) in [
        ("no/keys", "", "no/keys cannot be read"),
        ("keys", "# none", "keys: there is no line \"fingerprint"),
        (
            "keys",
            &format!("k {cut}"),
            "keys: line 1: the key must be 32 bytes",
        ),
    ] {
        let variables = [("ORCH_ENCRYPTION_KEYS_FILE", file)];
        let process = Process::spawn(folder(keys), "--check --simulate", &variables);
        let end = process.end().await;
        assert_eq!(end.code, 1, "{end:?}");
        let expected = if cfg!(feature = "encryption") {
            format!("error: ORCH_ENCRYPTION_KEYS_FILE cannot be used: {part}")
        } else {
            "error: ORCH_ENCRYPTION_KEYS_FILE needs the cargo feature \"encryption\"".to_owned()
        };
        assert!(end.err.contains(&expected), "{end:?}");
        assert!(!end.err.contains(&cut[..16]) && !end.out.contains(&cut[..16]));
    }
}
