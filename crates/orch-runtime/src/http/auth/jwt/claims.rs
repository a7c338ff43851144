//! What a token says, once its signature is known to be good.

use serde_json::{Map, Value as Json};

use crate::clock::Timestamp;
use crate::http::json;
use crate::ids::OwnerId;

use super::{JwtConfig, Reason};

/// The owner that `payload` names at `now`.
///
/// # Errors
/// The first thing that is not as `config` says.
pub(super) fn check(payload: &[u8], config: &JwtConfig, now: Timestamp) -> Result<OwnerId, Reason> {
    // A name that stands twice would say two things: the strict reader refuses it.
    let claims = json::object(payload).map_err(|_| "the token's claims are no JSON object")?;
    check_times(&claims, config, now.timestamp_millis())?;
    if claims.get("iss").and_then(Json::as_str) != Some(&config.issuer) {
        return Err("the token is from another issuer");
    }
    let audience = claims.get("aud");
    if !audience.is_some_and(|audience| names(audience, &config.audience)) {
        return Err("the token is for another audience");
    }
    let owner = claims.get(&config.owner_claim).and_then(Json::as_str);
    let owner = owner.ok_or("the token names no owner")?;
    OwnerId::new(owner).map_err(|_| "the token's owner is not acceptable")
}

fn check_times(claims: &Map<String, Json>, config: &JwtConfig, now: i64) -> Result<(), Reason> {
    let leeway = i64::try_from(config.leeway.as_millis()).unwrap_or(i64::MAX);
    let ends = claims.get("exp").ok_or("the token has no exp")?;
    let ends = millis(ends).ok_or("the token's exp is no time")?;
    if now >= ends.saturating_add(leeway) {
        return Err("the token has expired");
    }
    let Some(begins) = claims.get("nbf") else {
        return Ok(());
    };
    let begins = millis(begins).ok_or("the token's nbf is no time")?;
    if now < begins.saturating_sub(leeway) {
        return Err("the token is not valid yet");
    }
    Ok(())
}

/// A `NumericDate`: seconds since 1970, perhaps with a fraction.
#[expect(
    clippy::cast_possible_truncation,
    reason = "fractions below a millisecond do not matter, and what is out of range ends at its end"
)]
fn millis(date: &Json) -> Option<i64> {
    match date.as_i64() {
        Some(seconds) => Some(seconds.saturating_mul(1_000)),
        None => date.as_f64().map(|seconds| (seconds * 1_000.0) as i64),
    }
}

/// `aud` is one name, or a list of them.
fn names(audience: &Json, wanted: &str) -> bool {
    match audience {
        Json::String(name) => name == wanted,
        Json::Array(names) => names.iter().any(|name| name == wanted),
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::Object(_) => false,
    }
}
