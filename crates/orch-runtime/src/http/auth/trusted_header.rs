//! Owners named by a gateway in front.

use axum::http::request::Parts;
use axum::http::{HeaderName, StatusCode};

use crate::http::ApiError;
use crate::ids::OwnerId;

use super::Authenticator;

/// Takes the owner from a header that something in front of this service has set; without the header,
/// the owner is `anonymous`.
///
/// **This trusts whoever can reach the port.** Put a gateway in front that checks who is calling,
/// removes the header from every request that comes from outside, and sets it itself. Without such a
/// gateway anybody can name any owner: use [`ApiKeys`](super::ApiKeys), or write an [`Authenticator`] of
/// your own.
#[derive(Debug, Clone)]
pub struct TrustedHeader {
    name: HeaderName,
}

impl TrustedHeader {
    /// Reads the header `name`.
    #[must_use]
    pub fn new(name: HeaderName) -> Self {
        Self { name }
    }
}

impl Default for TrustedHeader {
    /// Reads `X-Owner-Id`.
    fn default() -> Self {
        Self::new(HeaderName::from_static("x-owner-id"))
    }
}

impl Authenticator for TrustedHeader {
    fn owner(&self, parts: &Parts) -> Result<OwnerId, ApiError> {
        let mut values = parts.headers.get_all(&self.name).iter();
        let Some(value) = values.next() else {
            return Ok(OwnerId::anonymous());
        };
        if values.next().is_some() {
            return Err(self.refused("stands there more than once"));
        }
        let text = value
            .to_str()
            .map_err(|_| self.refused("is no readable text"))?;
        OwnerId::new(text).map_err(|error| self.refused(&error.to_string()))
    }

    fn is_trusting(&self) -> bool {
        true
    }
}

impl TrustedHeader {
    fn refused(&self, problem: &str) -> ApiError {
        let detail = format!("the header {} {problem}", self.name);
        ApiError::new(StatusCode::BAD_REQUEST, "INVALID_OWNER", detail)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::Request;

    fn owner(values: &[&[u8]]) -> Result<String, String> {
        let mut request = Request::builder();
        for value in values {
            request = request.header("X-Owner-Id", *value);
        }
        let (parts, ()) = request.body(()).unwrap().into_parts();
        let owner = TrustedHeader::default().owner(&parts);
        owner
            .map(|owner| owner.to_string())
            .map_err(|error| error.code().to_owned())
    }

    #[test]
    fn nobody_is_anonymous_and_somebody_is_named() {
        assert_eq!(owner(&[]), Ok("anonymous".to_owned()));
        assert_eq!(owner(&[b"user-1"]), Ok("user-1".to_owned()));
    }

    #[test]
    fn a_header_that_could_mean_two_owners_is_refused() {
        let long = "x".repeat(129);
        let refused: [&[&[u8]]; 4] = [&[b"a", b"b"], &[b"a", b"a"], &[b""], &[long.as_bytes()]];
        for values in refused {
            assert_eq!(owner(values), Err("INVALID_OWNER".to_owned()));
        }
        assert_eq!(owner(&[b"\xff"]), Err("INVALID_OWNER".to_owned()));
    }
}
