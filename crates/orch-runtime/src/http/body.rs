//! Reading a request body: counted while it arrives, and within a time limit.

use std::time::Duration;

use axum::body::Body;
use axum::http::header::{CONNECTION, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use http_body_util::BodyExt as _;

use crate::clock::Clock;

use super::error::ApiError;

/// How much may arrive, and for how long it may take.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    pub(super) bytes: usize,
    pub(super) time: Duration,
}

/// Reads `body` to its end.
///
/// # Errors
/// 413 as soon as more than the limit has arrived or is announced, 408 when the end does not come in
/// time, 400 when the connection breaks.
pub(super) async fn read(
    clock: &dyn Clock,
    limits: Limits,
    headers: &HeaderMap,
    body: Body,
) -> Result<Vec<u8>, ApiError> {
    if announced(headers).is_some_and(|length| length > limits.bytes as u64) {
        return Err(too_large(limits.bytes as u64));
    }
    tokio::select! {
        biased;
        read = collect(body, limits.bytes) => read,
        () = clock.sleep(limits.time) => Err(too_slow(limits.time)),
    }
}

/// Only bodies that say they are plain JSON are read.
///
/// # Errors
/// 415.
pub(super) fn expect_json(headers: &HeaderMap) -> Result<(), ApiError> {
    let media = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let plain = headers
        .get(CONTENT_ENCODING)
        .is_none_or(|coding| coding == "identity");
    if plain && media.is_some_and(is_json) {
        return Ok(());
    }
    let detail = "the body must be sent as application/json, without a content encoding";
    Err(ApiError::new(
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "UNSUPPORTED_MEDIA_TYPE",
        detail,
    ))
}

/// `application/json` and `application/<anything>+json`, with or without parameters.
fn is_json(media: &str) -> bool {
    let essence = media.split(';').next().unwrap_or_default().trim();
    let Some((kind, subtype)) = essence.split_once('/') else {
        return false;
    };
    let subtype = subtype.to_ascii_lowercase();
    let suffixed = subtype
        .strip_suffix("+json")
        .is_some_and(|name| !name.is_empty());
    kind.eq_ignore_ascii_case("application") && (subtype == "json" || suffixed)
}

pub(super) fn announced(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

async fn collect(mut body: Body, limit: usize) -> Result<Vec<u8>, ApiError> {
    let mut read = Vec::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| broken())?;
        let Ok(data) = frame.into_data() else {
            continue;
        };
        if data.len() > limit - read.len() {
            return Err(too_large(limit as u64));
        }
        read.extend_from_slice(&data);
    }
    Ok(read)
}

pub(super) fn too_large(limit: u64) -> ApiError {
    let detail = format!("the body is larger than {limit} bytes");
    ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, "BODY_TOO_LARGE", detail)
}

pub(super) fn too_slow(limit: Duration) -> ApiError {
    let detail = format!("the body did not arrive within {} s", limit.as_secs());
    ApiError::new(StatusCode::REQUEST_TIMEOUT, "BODY_TOO_SLOW", detail)
        .with_header(CONNECTION, HeaderValue::from_static("close"))
}

pub(super) fn broken() -> ApiError {
    let detail = "the body broke off before its end";
    ApiError::new(StatusCode::BAD_REQUEST, "BODY_BROKEN", detail)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SystemClock;

    const LIMITS: Limits = Limits {
        bytes: 4,
        time: Duration::from_secs(10),
    };

    async fn status(headers: HeaderMap, body: &'static str) -> Result<Vec<u8>, StatusCode> {
        let read = read(&SystemClock, LIMITS, &headers, Body::from(body)).await;
        read.map_err(|error| error.status())
    }

    #[tokio::test]
    async fn the_limit_holds_whatever_the_length_header_says() {
        assert_eq!(status(HeaderMap::new(), "1234").await, Ok(b"1234".to_vec()));
        assert_eq!(
            status(HeaderMap::new(), "12345").await,
            Err(StatusCode::PAYLOAD_TOO_LARGE)
        );
        let lying = HeaderMap::from_iter([(CONTENT_LENGTH, HeaderValue::from_static("1"))]);
        assert_eq!(
            status(lying, "12345").await,
            Err(StatusCode::PAYLOAD_TOO_LARGE)
        );
        let large = HeaderMap::from_iter([(CONTENT_LENGTH, HeaderValue::from_static("5"))]);
        assert_eq!(status(large, "").await, Err(StatusCode::PAYLOAD_TOO_LARGE));
    }

    #[test]
    fn json_goes_by_several_names() {
        for name in [
            "application/json",
            "Application/JSON; charset=utf-8",
            "application/vnd.a+json",
        ] {
            assert!(is_json(name), "{name}");
        }
        for name in [
            "text/json",
            "application/jsonx",
            "application/+json",
            "json",
            "",
            "text/plain",
        ] {
            assert!(!is_json(name), "{name}");
        }
    }
}
