//! Where a provider is and how long it may take.

use std::time::Duration;

use axum::http::Uri;

use crate::secret::Secret;

/// Access to one provider.
#[derive(Debug, Clone)]
pub struct GatewayConfig {
    /// Where requests are posted to, `http://` or `https://`.
    pub url: String,
    /// Sent as `Authorization: Bearer`.
    pub token: Option<Secret<String>>,
    /// From the beginning of a call to the last byte of its answer.
    pub timeout: Duration,
}

impl GatewayConfig {
    /// The provider at `url`, without a token, with the default timeout of 10 s.
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            token: None,
            timeout: Duration::from_secs(10),
        }
    }

    /// Whether requests can be sent to the address.
    ///
    /// # Errors
    /// When they cannot.
    pub fn check(&self) -> Result<(), InvalidUrl> {
        parse(&self.url).map(drop)
    }

    /// Whether what is sent can be read on its way: plain HTTP to another machine.
    #[must_use]
    pub fn is_exposed(&self) -> bool {
        is_exposed(&self.url)
    }
}

/// Whether what is sent to `url` can be read on its way.
pub(crate) fn is_exposed(url: &str) -> bool {
    let Ok(uri) = parse(url) else {
        return false;
    };
    let host = uri.host().unwrap_or_default().trim_matches(['[', ']']);
    let address: Option<std::net::IpAddr> = host.parse().ok();
    let here = host == "localhost" || address.is_some_and(|address| address.is_loopback());
    uri.scheme_str() == Some("http") && !here
}

/// A text is no address of a provider.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected http://host/path or https://host/path without user, password and fragment")]
pub struct InvalidUrl;

/// The bytes are no certificate of an authority.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected the certificate of an authority in DER")]
pub struct InvalidAuthority;

/// Reads an address that requests can be sent to.
pub(crate) fn parse(url: &str) -> Result<Uri, InvalidUrl> {
    let uri: Uri = url.parse().map_err(|_| InvalidUrl)?;
    let scheme = uri.scheme_str().unwrap_or_default();
    let authority = uri.authority().ok_or(InvalidUrl)?;
    let plain = !authority.as_str().contains('@') && !url.contains('#');
    if matches!(scheme, "http" | "https") && plain && !authority.host().is_empty() {
        Ok(uri)
    } else {
        Err(InvalidUrl)
    }
}

/// Where an API begins, without a `/` at its end: an address to which paths are added.
#[cfg(any(feature = "stripe", feature = "twilio", feature = "fcm"))]
pub(super) fn base(url: &str) -> Result<String, InvalidUrl> {
    match parse(url)?.query() {
        None => Ok(url.trim_end_matches('/').to_owned()),
        Some(_) => Err(InvalidUrl),
    }
}

/// `uri` with one more part at the end of its path. `part` must need no escaping.
pub(super) fn below(uri: &Uri, part: &str) -> Result<Uri, InvalidUrl> {
    let path = uri.path().trim_end_matches('/');
    let query = uri
        .query()
        .map(|query| format!("?{query}"))
        .unwrap_or_default();
    let mut parts = uri.clone().into_parts();
    let whole = format!("{path}/{part}{query}")
        .parse()
        .map_err(|_| InvalidUrl)?;
    parts.path_and_query = Some(whole);
    Uri::from_parts(parts).map_err(|_| InvalidUrl)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_nothing_can_be_sent_to_is_refused() {
        for url in [
            "",
            "/pay",
            "provider/pay",
            "ftp://a/b",
            "http://",
            "https://user:pw@host/",
            "http://a/#b",
            "http://a b/",
        ] {
            assert_eq!(parse(url), Err(InvalidUrl), "{url}");
        }
        for url in [
            "http://127.0.0.1:8080",
            "https://provider.example/v1/charges?mode=test",
        ] {
            assert!(parse(url).is_ok(), "{url}");
        }
    }

    #[test]
    fn plain_http_is_exposed_unless_it_stays_on_the_machine() {
        for (url, exposed) in [
            ("http://provider/pay", true),
            ("https://provider/pay", false),
            ("http://localhost:1/", false),
            ("http://127.0.0.1/", false),
            ("http://[::1]:8080/", false),
        ] {
            assert_eq!(GatewayConfig::new(url).is_exposed(), exposed, "{url}");
        }
    }

    #[test]
    fn a_part_goes_behind_the_path_and_before_the_query() {
        let below = |url| below(&parse(url).unwrap(), "op-1").unwrap().to_string();
        assert_eq!(below("http://a"), "http://a/op-1");
        assert_eq!(below("http://a/pay/?x=1"), "http://a/pay/op-1?x=1");
    }
}
