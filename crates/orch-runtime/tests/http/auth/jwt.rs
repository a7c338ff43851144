//! Which tokens are believed.

use std::sync::Arc;
use std::time::Duration;

use orch_runtime::axum::http::Request;
use orch_runtime::http::{Authenticator as _, Jwt, JwtAlgorithm, JwtConfig, JwtKey, ServerConfig};
use orch_runtime::testing::ManualClock;
use orch_runtime::{Clock as _, Json, Secret};
use serde_json::json;

use super::tokens::{
    ED25519_PUBLIC, P256_PUBLIC, P384_PUBLIC, RSA, RSA_PUBLIC, RSA1024_PUBLIC, base64url, ed25519,
    es256, hs256, jwks, rs256, token,
};
use crate::raw::{Reply, post};
use crate::site::{Site, unlimited};

const SECRET: &str = "a-shared-secret-of-enough-bytes-0123";

fn shared() -> JwtKey {
    JwtKey::shared(&Secret::new(SECRET.to_owned())).unwrap()
}

fn config(key: JwtKey) -> JwtConfig {
    JwtConfig::new(key, "https://issuer.example", "pings")
}

fn seconds(clock: &ManualClock) -> i64 {
    clock.now().timestamp()
}

/// Claims that are good at the time at which a [`ManualClock`] begins, for a minute.
fn claims() -> Json {
    let now = seconds(&ManualClock::default());
    json!({"iss": "https://issuer.example", "aud": "pings", "sub": "ann", "exp": now + 60})
}

fn with(name: &str, value: Json) -> Json {
    let mut claims = claims();
    claims[name] = value;
    claims
}

fn without(name: &str) -> Json {
    let mut claims = claims();
    claims.as_object_mut().unwrap().remove(name);
    claims
}

fn signed(claims: &Json) -> String {
    token(
        &json!({"alg": "HS256", "typ": "JWT"}),
        claims,
        hs256(SECRET),
    )
}

/// The owner that `token` names under `config` at the time of `clock`.
fn owner_at(config: JwtConfig, clock: &ManualClock, token: &str) -> Result<String, String> {
    let request = Request::builder().header("authorization", format!("Bearer {token}"));
    let (parts, ()) = request.body(()).unwrap().into_parts();
    let owner = Jwt::new(config, Arc::new(clock.clone())).owner(&parts);
    owner
        .map(|owner| owner.to_string())
        .map_err(|error| error.to_string())
}

fn owner(config: JwtConfig, token: &str) -> Result<String, String> {
    owner_at(config, &ManualClock::default(), token)
}

fn ann() -> Result<String, String> {
    Ok("ann".to_owned())
}

/// The one answer to whatever is not believed.
fn refused() -> Result<String, String> {
    Err("401 UNAUTHENTICATED: the request does not say whose it is".to_owned())
}

#[test]
fn each_algorithm_verifies_with_its_own_key() {
    let pem = |algorithm, text| config(JwtKey::pem(algorithm, text).unwrap());
    let with = |alg: &str| json!({ "alg": alg });
    let rsa = token(&with("RS256"), &claims(), rs256);
    assert_eq!(owner(pem(JwtAlgorithm::Rs256, RSA_PUBLIC), &rsa), ann());
    let p256 = token(&with("ES256"), &claims(), es256);
    assert_eq!(owner(pem(JwtAlgorithm::Es256, P256_PUBLIC), &p256), ann());
    let ed = token(&with("EdDSA"), &claims(), ed25519);
    assert_eq!(owner(pem(JwtAlgorithm::EdDsa, ED25519_PUBLIC), &ed), ann());
    assert_eq!(owner(config(shared()), &signed(&claims())), ann());
}

#[test]
fn a_changed_token_is_refused() {
    let good = signed(&claims());
    let (message, signature) = good.rsplit_once('.').unwrap();
    let header = message.split_once('.').unwrap().0;
    let other = base64url(with("sub", json!("bob")).to_string());
    for bad in [
        format!("{header}.{other}.{signature}"),
        format!("{message}."),
        message.to_owned(),
        format!("{good}A"),
        format!("{good}=="),
        format!(".{good}"),
        good.replace('.', ""),
        "..".to_owned(),
        String::new(),
    ] {
        assert_eq!(owner(config(shared()), &bad), refused(), "{bad}");
    }
    let others = token(&json!({"alg": "HS256"}), &claims(), hs256("another-secret"));
    assert_eq!(owner(config(shared()), &others), refused());
}

/// A token must not choose how it is checked.
#[test]
fn the_algorithm_is_the_configured_one_whatever_the_token_says() {
    let rsa = || config(JwtKey::pem(JwtAlgorithm::Rs256, RSA_PUBLIC).unwrap());
    for alg in ["none", "None", "", "HS512", "RS256", "ES256"] {
        let unsigned = token(&json!({ "alg": alg }), &claims(), |_| Vec::new());
        assert_eq!(owner(config(shared()), &unsigned), refused(), "{alg}");
        assert_eq!(owner(rsa(), &unsigned), refused(), "{alg}");
        let mut named = token(&json!({ "alg": alg }), &claims(), hs256(SECRET));
        assert_eq!(owner(config(shared()), &named), refused(), "{alg}");
        named.truncate(named.rfind('.').unwrap() + 1);
        assert_eq!(owner(config(shared()), &named), refused(), "{alg}");
    }
    for secret in [RSA_PUBLIC, RSA_PUBLIC.trim_end()] {
        for alg in ["HS256", "RS256"] {
            let confused = token(&json!({ "alg": alg }), &claims(), hs256(secret));
            assert_eq!(owner(rsa(), &confused), refused(), "{alg}");
        }
    }
}

/// Keys that a token brings along, and extensions that nobody here understands.
#[test]
fn a_token_that_brings_its_own_key_or_rules_is_refused() {
    let set = jwks();
    let bring = json!({"alg": "RS256", "jwk": set["keys"][0], "jku": "https://evil.example/"});
    let p256 = || config(JwtKey::pem(JwtAlgorithm::Es256, P256_PUBLIC).unwrap());
    assert_eq!(owner(p256(), &token(&bring, &claims(), rs256)), refused());
    let critical = json!({"alg": "HS256", "crit": ["b64"], "b64": false});
    let critical = token(&critical, &claims(), hs256(SECRET));
    assert_eq!(owner(config(shared()), &critical), refused());
}

#[test]
fn a_set_of_keys_is_asked_for_the_one_that_the_token_names() {
    let set = jwks().to_string();
    let by = |algorithm| config(JwtKey::jwks(algorithm, &set).unwrap());
    let named = |alg: &str, kid: &str| json!({"alg": alg, "kid": kid});
    let rsa = token(&named("RS256", "rsa"), &claims(), rs256);
    assert_eq!(owner(by(JwtAlgorithm::Rs256), &rsa), ann());
    let p256 = token(&named("ES256", "p256"), &claims(), es256);
    assert_eq!(owner(by(JwtAlgorithm::Es256), &p256), ann());
    let ed = token(&named("EdDSA", "ed25519"), &claims(), ed25519);
    assert_eq!(owner(by(JwtAlgorithm::EdDsa), &ed), ann());

    for header in [
        named("RS256", "unknown"),
        named("RS256", "p256"),
        named("RS256", "sealing"),
        json!({"alg": "RS256"}),
    ] {
        let bad = token(&header, &claims(), rs256);
        assert_eq!(owner(by(JwtAlgorithm::Rs256), &bad), refused(), "{header}");
    }
}

/// The time is the service's clock, so that a test, or a clock that was set right, can wind it.
#[test]
fn a_token_is_good_between_its_times_and_half_a_minute_around_them() {
    let clock = ManualClock::default();
    let now = seconds(&clock);
    let at = |claims: &Json| owner_at(config(shared()), &clock, &signed(claims));
    assert_eq!(at(&with("exp", json!(now - 29))), ann());
    assert_eq!(at(&with("exp", json!(now - 30))), refused());
    assert_eq!(at(&with("nbf", json!(now + 30))), ann());
    assert_eq!(at(&with("nbf", json!(now + 31))), refused());
    assert_eq!(
        at(&with("exp", json!(f64::from(60_u32) + 1_735_689_600.5))),
        ann()
    );
    for no_time in [
        json!("4102444800"),
        json!(null),
        json!([]),
        json!(-1),
        json!(i64::MIN),
    ] {
        assert_eq!(at(&with("exp", no_time.clone())), refused(), "{no_time}");
    }
    for no_time in [
        json!("0"),
        json!(null),
        json!(i64::MAX),
        json!(u64::MAX),
        json!(1e300),
    ] {
        assert_eq!(at(&with("nbf", no_time.clone())), refused(), "{no_time}");
    }
    assert_eq!(at(&without("exp")), refused());

    let good = signed(&claims());
    clock.advance(Duration::from_millis(89_999));
    assert_eq!(owner_at(config(shared()), &clock, &good), ann());
    clock.advance(Duration::from_millis(1));
    assert_eq!(owner_at(config(shared()), &clock, &good), refused());
}

#[test]
fn a_token_is_for_this_service_and_from_its_issuer() {
    let check = |claims: &Json| owner(config(shared()), &signed(claims));
    assert_eq!(check(&with("aud", json!(["others", "pings"]))), ann());
    for aud in [
        json!("others"),
        json!([]),
        json!(["others"]),
        json!({"pings": 1}),
        json!(null),
    ] {
        assert_eq!(check(&with("aud", aud.clone())), refused(), "{aud}");
    }
    for iss in [
        json!("https://issuer.example/"),
        json!(["https://issuer.example"]),
        json!(1),
    ] {
        assert_eq!(check(&with("iss", iss.clone())), refused(), "{iss}");
    }
    assert_eq!(check(&without("aud")), refused());
    assert_eq!(check(&without("iss")), refused());
}

#[test]
fn a_token_names_an_owner_in_the_configured_claim() {
    let check = |claims: &Json| owner(config(shared()), &signed(claims));
    assert_eq!(check(&without("sub")), refused());
    for sub in [json!(""), json!(7), json!("a\u{7}"), json!("x".repeat(129))] {
        assert_eq!(check(&with("sub", sub.clone())), refused(), "{sub}");
    }
    let tenant = JwtConfig {
        owner_claim: "tenant".to_owned(),
        ..config(shared())
    };
    assert_eq!(
        owner(tenant.clone(), &signed(&with("tenant", json!("shop")))),
        Ok("shop".into())
    );
    assert_eq!(owner(tenant, &signed(&claims())), refused());
}

/// Claims that two readers would read differently.
#[test]
fn a_claim_that_stands_twice_is_refused() {
    let text = claims().to_string().replace('}', r#","sub":"bob"}"#);
    let header = base64url(r#"{"alg":"HS256"}"#);
    let message = format!("{header}.{}", base64url(text));
    let twice = format!("{message}.{}", base64url(hs256(SECRET)(message.as_bytes())));
    assert_eq!(owner(config(shared()), &twice), refused());
}

#[test]
fn a_token_over_8_kib_is_not_looked_at() {
    let sized = |bytes: usize| signed(&with("pad", json!("x".repeat(bytes))));
    let long = sized(6_200);
    assert!(long.len() > 8_192 && sized(5_700).len() < 8_192);
    assert_eq!(owner(config(shared()), &sized(5_700)), ann());
    assert_eq!(owner(config(shared()), &long), refused());
}

#[test]
fn a_key_that_would_let_others_in_is_refused_at_the_start() {
    let parse = |algorithm, text: &str| {
        let parsed = JwtKey::parse(algorithm, &Secret::new(text.to_owned()));
        parsed.map_err(|error| error.to_string())
    };
    let set = jwks().to_string();
    let private = format!(
        "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n",
        base64url(RSA)
    );
    let mut same = jwks();
    same["keys"][1] = same["keys"][0].clone();
    let mut nameless = jwks();
    nameless["keys"][0].as_object_mut().unwrap().remove("kid");
    for (algorithm, text, part) in [
        (JwtAlgorithm::Hs256, "too short", "32 bytes"),
        (JwtAlgorithm::Hs256, RSA_PUBLIC, "no shared secret"),
        (JwtAlgorithm::Hs256, &set, "no shared secret"),
        (JwtAlgorithm::Rs256, &private, "private key"),
        (JwtAlgorithm::Rs256, SECRET, "PEM"),
        (JwtAlgorithm::Rs256, P256_PUBLIC, "no public key for"),
        (JwtAlgorithm::Rs256, RSA1024_PUBLIC, "2048"),
        (JwtAlgorithm::Es256, P384_PUBLIC, "no public key for"),
        (JwtAlgorithm::EdDsa, RSA_PUBLIC, "no public key for"),
        (JwtAlgorithm::Rs256, &RSA_PUBLIC.repeat(2), "one public key"),
        (JwtAlgorithm::Rs256, "{}", "JWKS"),
        (JwtAlgorithm::Rs256, r#"{"keys":[]}"#, "no public key"),
        (JwtAlgorithm::Rs256, &same.to_string(), "same kid"),
        (JwtAlgorithm::Rs256, &nameless.to_string(), "no kid"),
    ] {
        let error = parse(algorithm, text).unwrap_err();
        assert!(error.contains(part), "{algorithm}: {error}");
    }
    assert!(parse(JwtAlgorithm::Hs256, &format!("{SECRET}\n")).is_ok());
    assert!(parse(JwtAlgorithm::Es256, P256_PUBLIC).is_ok());
    assert!(parse(JwtAlgorithm::Es256, &set).is_ok());
}

#[test]
fn nothing_of_a_key_is_printed() {
    let shown = format!(
        "{:?}",
        Jwt::new(config(shared()), Arc::new(ManualClock::default()))
    );
    assert!(
        shown.contains("Hs256") && !shown.contains(SECRET),
        "{shown}"
    );
}

/// Over the wire all bad tokens look the same: who tries learns nothing of what is nearly right.
#[tokio::test]
async fn all_bad_tokens_get_the_same_answer() {
    let clock = ManualClock::default();
    let jwt = Jwt::new(config(shared()), Arc::new(clock));
    let site = Site::start_asking(unlimited(), ServerConfig::default(), Arc::new(jwt)).await;
    let bearing = |token: String| {
        let ask = post("/api/pings", "k", r#"{"name":"ann"}"#);
        ask.header("authorization", format!("Bearer {token}"))
    };
    let mut answers: Vec<Reply> = Vec::new();
    for bad in [
        "x".repeat(9_000),
        token(&json!({"alg": "none"}), &claims(), |_| Vec::new()),
        signed(&with("exp", json!(1))),
        signed(&with("aud", json!("others"))),
        signed(&without("sub")),
        "garbage".to_owned(),
    ] {
        answers.push(bearing(bad).send(site.address).await);
    }
    assert_eq!(
        (answers[0].status, answers[0].code().as_str()),
        (401, "UNAUTHENTICATED")
    );
    for answer in &mut answers {
        answer.headers.retain(|(name, _)| name != "date");
    }
    assert!(
        answers.windows(2).all(|pair| pair[0] == pair[1]),
        "{answers:#?}"
    );
    assert_eq!(
        bearing(signed(&claims())).send(site.address).await.status,
        202
    );
}
