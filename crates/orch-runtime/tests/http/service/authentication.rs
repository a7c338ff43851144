//! How callers are known, by variables.

use tempfile::TempDir;

use crate::auth::{ANNS_KEY, KEYS};
use crate::raw::{get, post};

use super::process::{End, Process, finished};

fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = TempDir::new().unwrap();
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

/// Starts a service that ends by itself, in a folder with these files.
async fn ended(files: &[(&str, &str)], variables: &[(&str, &str)]) -> End {
    let check = "--check --simulate";
    Process::spawn(folder(files), check, variables).end().await
}

fn errors(end: &End) -> Vec<&str> {
    assert_eq!(end.code, 1, "{end:?}");
    let lines = end.err.lines();
    lines
        .filter_map(|line| line.strip_prefix("error: "))
        .collect()
}

#[tokio::test]
async fn help_lists_the_variables() {
    let help = finished("--help", &[]).await.out;
    for name in [
        "ORCH_API_KEYS_FILE",
        "ORCH_JWT_KEY_FILE",
        "ORCH_JWT_ALGORITHM",
        "ORCH_JWT_ISSUER",
        "ORCH_JWT_AUDIENCE",
        "ORCH_RATE_LIMIT_REFUSED",
    ] {
        assert!(help.contains(name), "{name} is missing in {help}");
    }
}

/// The program passes the default that believes everybody, as a generated one does.
#[tokio::test]
async fn a_file_of_keys_replaces_what_believes_everybody() {
    let variables = [
        ("ORCH_API_KEYS_FILE", "keys"),
        ("CHILD_WITH_AUTHENTICATOR", "trusting"),
    ];
    let process = Process::start_in(folder(&[("keys", KEYS)]), "--simulate", &variables).await;
    let ask = || post("/api/pings", "k", r#"{"name":"ann"}"#);
    let claimed = ask()
        .header("x-owner-id", "ann")
        .send(process.address)
        .await;
    assert_eq!(claimed.status, 401);
    let accepted = ask()
        .header("x-api-key", ANNS_KEY)
        .send(process.address)
        .await;
    assert_eq!(accepted.status, 202);
    process.signal("TERM").await;
    let log = process.end().await.out;
    assert!(log.contains(r#""authentication":"api keys""#), "{log}");
}

/// An audit must show who was turned away and how often, and neither hold keys nor fill the disk.
#[tokio::test]
async fn refusals_are_audited_without_the_credential_and_no_faster_than_the_limit() {
    let variables = [
        ("ORCH_API_KEYS_FILE", "keys"),
        ("ORCH_RATE_LIMIT_REFUSED", "2/60s"),
        ("RUST_LOG", "trace"),
    ];
    let process = Process::start_in(folder(&[("keys", KEYS)]), "--simulate", &variables).await;
    let guess = || get("/api/pings/x").header("x-api-key", "s3cret-guess-0123456789abcdef");
    for status in [401, 401, 429, 429, 429] {
        assert_eq!(guess().send(process.address).await.status, status);
    }
    process.signal("TERM").await;
    let end = process.end().await;
    let audited: Vec<&str> = end
        .out
        .lines()
        .filter(|line| line.contains(r#""target":"audit""#))
        .collect();
    assert_eq!(audited.len(), 2, "{audited:#?}");
    for part in [
        r#""action":"ADMIT""#,
        r#""outcome":"UNAUTHENTICATED""#,
        r#""client":"127.0.0.1""#,
        r#""reason":"an unknown key""#,
        r#""route":"/api/pings/{op_id}""#,
    ] {
        assert!(
            audited[0].contains(part),
            "{part} is missing in {audited:#?}"
        );
    }
    assert!(!end.out.contains("s3cret") && !end.err.contains("s3cret"));
}

#[tokio::test]
async fn a_submission_over_a_limit_is_audited() {
    let variables = [("ORCH_RATE_LIMIT_PER_KEY", "1/60s")];
    let process = Process::start("--simulate", &variables).await;
    for status in [202, 429] {
        let ask = post("/api/pings", "k", r#"{"name":"ann"}"#);
        assert_eq!(ask.send(process.address).await.status, status);
    }
    process.signal("TERM").await;
    let log = process.end().await.out;
    let reason = r#""reason":"too many submissions under one key""#;
    let line = log.lines().find(|line| line.contains(reason));
    let line = line.unwrap_or_else(|| panic!("no line in {log}"));
    assert!(line.contains(r#""outcome":"RATE_LIMITED""#), "{line}");
}

/// The program's own refusals are audited like all others.
#[tokio::test]
async fn what_the_program_forbids_is_audited() {
    let variables = [("CHILD_WITH_AUTHENTICATOR", "forbidding")];
    let process = Process::start("--simulate", &variables).await;
    let reply = get("/api/pings/x").send(process.address).await;
    assert_eq!(reply.status, 403);
    process.signal("TERM").await;
    let log = process.end().await.out;
    let outcome = r#""outcome":"FORBIDDEN""#;
    let lines = log.lines().filter(|line| line.contains(outcome));
    assert_eq!(lines.count(), 1, "{log}");
    assert!(log.contains(r#""authentication":"own""#), "{log}");
}

#[tokio::test]
async fn a_file_of_keys_that_cannot_be_used_is_one_clear_line() {
    let end = ended(&[], &[("ORCH_API_KEYS_FILE", "no/keys")]).await;
    let [error] = errors(&end)[..] else {
        panic!("{end:?}")
    };
    assert!(
        error.starts_with("ORCH_API_KEYS_FILE cannot be used: no/keys cannot be read"),
        "{error}"
    );

    let files = [("keys", "ann hunter2")];
    let end = ended(&files, &[("ORCH_API_KEYS_FILE", "keys")]).await;
    let [error] = errors(&end)[..] else {
        panic!("{end:?}")
    };
    assert!(
        error.contains("keys: line 1") && !error.contains("hunter2"),
        "{error}"
    );
}

/// Which of the two applies must not depend on who remembers what.
#[tokio::test]
async fn an_authenticator_of_the_program_is_not_silently_replaced() {
    let variables = [
        ("ORCH_API_KEYS_FILE", "keys"),
        ("CHILD_WITH_AUTHENTICATOR", "own"),
    ];
    let end = ended(&[("keys", KEYS)], &variables).await;
    let [error] = errors(&end)[..] else {
        panic!("{end:?}")
    };
    let both = error.contains("ORCH_API_KEYS_FILE") && error.contains("Service::authenticator");
    assert!(both, "{error}");
    let alone = ended(&[], &[("CHILD_WITH_AUTHENTICATOR", "own")]).await;
    assert_eq!(alone.code, 0, "{alone:?}");
}

#[cfg(not(feature = "jwt"))]
#[tokio::test]
async fn tokens_need_a_feature_that_is_named() {
    let end = ended(&[], &[("ORCH_JWT_ISSUER", "https://issuer.example")]).await;
    let [error] = errors(&end)[..] else {
        panic!("{end:?}")
    };
    let named = error.contains("ORCH_JWT_ISSUER") && error.contains("cargo feature \"jwt\"");
    assert!(named, "{error}");
}

#[cfg(feature = "jwt")]
mod tokens {
    use super::*;

    const SECRET: &str = "s3cret-s3cret-s3cret-s3cret-s3cret\n";
    const ALL: [(&str, &str); 4] = [
        ("ORCH_JWT_KEY_FILE", "secret"),
        ("ORCH_JWT_ALGORITHM", "HS256"),
        ("ORCH_JWT_ISSUER", "https://issuer.example"),
        ("ORCH_JWT_AUDIENCE", "pings"),
    ];

    #[tokio::test]
    async fn tokens_of_the_configured_issuer_are_believed() {
        let claims = serde_json::json!({
            "iss": "https://issuer.example", "aud": "pings", "sub": "ann", "exp": 4_102_444_800_u32,
        });
        let header = serde_json::json!({"alg": "HS256"});
        let sign = crate::auth::tokens::hs256(SECRET.trim());
        let token = crate::auth::tokens::token(&header, &claims, sign);
        let variables = [&ALL[..], &[("RUST_LOG", "trace")]].concat();
        let files = folder(&[("secret", SECRET)]);
        let process = Process::start_in(files, "--simulate", &variables).await;
        let ask = |token: &str| {
            let ask = post("/api/pings", "k", r#"{"name":"ann"}"#);
            ask.header("authorization", format!("Bearer {token}"))
        };
        assert_eq!(ask(&token).send(process.address).await.status, 202);
        assert_eq!(ask(&token[1..]).send(process.address).await.status, 401);
        process.signal("TERM").await;
        let end = process.end().await;
        let signature = token.rsplit_once('.').unwrap().1;
        assert!(end.out.contains(r#""authentication":"jwt""#), "{end:?}");
        assert!(
            end.out.contains("the token's header is not acceptable"),
            "{end:?}"
        );
        assert!(
            !end.out.contains(signature) && !end.out.contains("s3cret"),
            "{end:?}"
        );
    }

    #[tokio::test]
    async fn incomplete_settings_name_what_is_missing() {
        let end = ended(&[], &[("ORCH_JWT_ISSUER", "https://issuer.example")]).await;
        let named: Vec<&str> = errors(&end)
            .iter()
            .filter_map(|error| error.split(' ').next())
            .collect();
        let missing = [
            "ORCH_JWT_KEY_FILE",
            "ORCH_JWT_ALGORITHM",
            "ORCH_JWT_AUDIENCE",
        ];
        assert_eq!(named, missing, "{end:?}");
    }

    #[tokio::test]
    async fn keys_and_tokens_at_once_are_refused() {
        let variables = [&ALL[..], &[("ORCH_API_KEYS_FILE", "keys")]].concat();
        let end = ended(&[("secret", SECRET), ("keys", KEYS)], &variables).await;
        let [error] = errors(&end)[..] else {
            panic!("{end:?}")
        };
        let both = error.contains("ORCH_API_KEYS_FILE") && error.contains("ORCH_JWT_KEY_FILE");
        assert!(both, "{error}");
    }

    #[tokio::test]
    async fn a_key_that_cannot_be_used_is_one_clear_line_without_the_key() {
        for (text, algorithm, part) in [
            ("s3cret", "HS256", "at least 32 bytes"),
            (SECRET, "RS256", "expected one public key in PEM"),
            (SECRET, "none", "expected HS256, RS256, ES256 or EdDSA"),
        ] {
            let mut variables = ALL;
            variables[1].1 = algorithm;
            let end = ended(&[("secret", text)], &variables).await;
            let [error] = errors(&end)[..] else {
                panic!("{end:?}")
            };
            assert!(error.contains(part) && !error.contains("s3cret"), "{error}");
        }
        let end = ended(&[], &ALL).await;
        assert!(end.err.contains("secret cannot be read"), "{end:?}");
    }
}
