//! The credential in the head of a request.

use axum::http::header::AUTHORIZATION;
use axum::http::{HeaderMap, HeaderName, StatusCode};

use crate::http::ApiError;

const SCHEME: &[u8] = b"bearer";
const API_KEY: HeaderName = HeaderName::from_static("x-api-key");

/// What stands behind `Authorization: Bearer`.
///
/// # Errors
/// As [`one`].
#[cfg(feature = "jwt")]
pub(super) fn token(headers: &HeaderMap) -> Result<&[u8], ApiError> {
    one(bearers(headers))
}

/// What stands behind `Authorization: Bearer` or in `X-Api-Key`.
///
/// # Errors
/// As [`one`].
pub(super) fn key(headers: &HeaderMap) -> Result<&[u8], ApiError> {
    let plain = headers.get_all(API_KEY).iter();
    one(bearers(headers).chain(plain.map(|value| value.as_bytes().trim_ascii())))
}

/// 401, the same for all: who guesses learns nothing from it. `reason` goes to the audit line.
pub(super) fn refused(reason: &'static str) -> ApiError {
    ApiError::unauthenticated("Bearer").with_reason(reason)
}

/// The one credential among `found`, which may stand there repeatedly.
///
/// # Errors
/// 401 when there is none, 400 when two could mean two callers.
fn one<'a>(mut found: impl Iterator<Item = &'a [u8]>) -> Result<&'a [u8], ApiError> {
    let first = found.next().ok_or_else(|| refused("no credential"))?;
    if found.all(|other| other == first) {
        return Ok(first);
    }
    let detail = "the request holds two different credentials: send one";
    Err(ApiError::new(
        StatusCode::BAD_REQUEST,
        "AMBIGUOUS_CREDENTIALS",
        detail,
    ))
}

/// Other schemes than `Bearer` are somebody else's business.
fn bearers(headers: &HeaderMap) -> impl Iterator<Item = &[u8]> {
    let values = headers.get_all(AUTHORIZATION).iter();
    values.filter_map(|value| {
        let (scheme, rest) = value.as_bytes().split_at_checked(SCHEME.len())?;
        let separated = rest.is_empty() || rest.starts_with(b" ");
        (separated && scheme.eq_ignore_ascii_case(SCHEME)).then(|| rest.trim_ascii())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    fn headers(lines: &[(HeaderName, &'static str)]) -> HeaderMap {
        let lines = lines.iter().cloned();
        lines
            .map(|(name, value)| (name, HeaderValue::from_static(value)))
            .collect()
    }

    fn found(lines: &[(HeaderName, &'static str)]) -> Result<String, u16> {
        let headers = headers(lines);
        let key = key(&headers).map_err(|error| error.status().as_u16())?;
        Ok(String::from_utf8(key.to_vec()).unwrap())
    }

    #[test]
    fn both_headers_and_any_case_are_read() {
        assert_eq!(found(&[(AUTHORIZATION, "Bearer a")]), Ok("a".to_owned()));
        assert_eq!(found(&[(AUTHORIZATION, "bEARER  a ")]), Ok("a".to_owned()));
        assert_eq!(found(&[(API_KEY, "a")]), Ok("a".to_owned()));
        let both = [(AUTHORIZATION, "Bearer a"), (API_KEY, "a")];
        assert_eq!(found(&both), Ok("a".to_owned()));
        let other = [(AUTHORIZATION, "Basic YTpi"), (API_KEY, "a")];
        assert_eq!(found(&other), Ok("a".to_owned()));
    }

    #[test]
    fn none_is_401_and_two_are_400() {
        assert_eq!(found(&[]), Err(401));
        assert_eq!(found(&[(AUTHORIZATION, "Basic YTpi")]), Err(401));
        assert_eq!(found(&[(AUTHORIZATION, "Bearertoken")]), Err(401));
        let two = [(AUTHORIZATION, "Bearer a"), (API_KEY, "b")];
        assert_eq!(found(&two), Err(400));
        let twice = [(AUTHORIZATION, "Bearer a"), (AUTHORIZATION, "Bearer b")];
        assert_eq!(found(&twice), Err(400));
    }

    #[cfg(feature = "jwt")]
    #[test]
    fn an_api_key_is_no_token() {
        assert!(token(&headers(&[(API_KEY, "a")])).is_err());
        assert!(token(&headers(&[(AUTHORIZATION, "Bearer a")])).is_ok());
    }
}
