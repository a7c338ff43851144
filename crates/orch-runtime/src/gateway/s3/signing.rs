//! AWS Signature Version 4 in the `Authorization` header, for requests whose payload's hash is known
//! before the first byte is sent.
//!
//! "Signature Calculations for the Authorization Header: Transferring Payload in a Single Chunk", Amazon S3
//! API Reference; its examples are the tests.

use axum::http::{HeaderMap, Method};
use ring::hmac::{HMAC_SHA256, Key, Tag, sign};
use sha2::{Digest as _, Sha256};

use crate::clock::Timestamp;

use super::config::S3Credentials;

const ALGORITHM: &str = "AWS4-HMAC-SHA256";
const SERVICE: &str = "s3";

/// What is signed of a request: everything that decides what it does.
pub(super) struct Signed<'a> {
    pub(super) method: &'a Method,
    /// Escaped as it is sent.
    pub(super) path: &'a str,
    /// All of them are signed.
    pub(super) headers: &'a HeaderMap,
    /// SHA-256 of the body in lower-case hex.
    pub(super) payload: &'a str,
}

/// A time as the header `x-amz-date` says it.
pub(super) fn date(at: Timestamp) -> String {
    at.format("%Y%m%dT%H%M%SZ").to_string()
}

/// The value of the header `Authorization` for a request that is sent at `at`, which its `x-amz-date` says
/// too.
pub(super) fn authorization(
    signed: &Signed<'_>,
    credentials: &S3Credentials,
    region: &str,
    at: Timestamp,
) -> String {
    let (date, time) = (at.format("%Y%m%d").to_string(), date(at));
    let scope = format!("{date}/{region}/{SERVICE}/aws4_request");
    let (canonical, names) = canonical(signed);
    let canonical = hex(&Sha256::digest(canonical));
    let to_sign = format!("{ALGORITHM}\n{time}\n{scope}\n{canonical}");
    let secret = format!("AWS4{}", credentials.secret_access_key.expose());
    let key = [&*date, region, SERVICE, "aws4_request"]
        .into_iter()
        .fold(Key::new(HMAC_SHA256, secret.as_bytes()), |key, part| {
            Key::new(HMAC_SHA256, under(&key, part).as_ref())
        });
    let signature = hex(under(&key, &to_sign).as_ref());
    let id = &credentials.access_key_id;
    format!("{ALGORITHM} Credential={id}/{scope},SignedHeaders={names},Signature={signature}")
}

/// The request in the one form that both sides make of it, and the names of its headers. Names are in lower
/// case in a [`HeaderMap`]; no request of ours has a query.
fn canonical(signed: &Signed<'_>) -> (String, String) {
    let text = |value: &[u8]| String::from_utf8_lossy(value).trim().to_owned();
    let mut headers: Vec<(&str, String)> = signed
        .headers
        .iter()
        .map(|(name, value)| (name.as_str(), text(value.as_bytes())))
        .collect();
    headers.sort();
    let names: Vec<&str> = headers.iter().map(|(name, _)| *name).collect();
    let names = names.join(";");
    let lines: String = headers
        .iter()
        .map(|(name, value)| format!("{name}:{value}\n"))
        .collect();
    let (method, path, payload) = (signed.method, signed.path, signed.payload);
    let canonical = format!("{method}\n{path}\n\n{lines}\n{names}\n{payload}");
    (canonical, names)
}

fn under(key: &Key, text: &str) -> Tag {
    sign(key, text.as_bytes())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Secret;
    use axum::http::HeaderValue;

    const EMPTY: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    const WELCOME: &str = "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072";

    /// The key, region and time of the examples in the reference.
    fn signature(
        method: Method,
        path: &str,
        payload: &str,
        headers: &[(&'static str, &str)],
    ) -> String {
        let credentials = S3Credentials {
            access_key_id: "AKIAIOSFODNN7EXAMPLE".to_owned(),
            secret_access_key: Secret::new("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY".to_owned()),
            session_token: None,
        };
        let at: Timestamp = "2013-05-24T00:00:00Z".parse().unwrap();
        let (host, date) = ("examplebucket.s3.amazonaws.com", date(at));
        let common = [
            ("host", host),
            ("x-amz-date", &date),
            ("x-amz-content-sha256", payload),
        ];
        let headers = common.iter().chain(headers);
        let headers = headers.map(|(name, value)| {
            let value = HeaderValue::from_str(value).unwrap();
            (axum::http::HeaderName::from_static(name), value)
        });
        let signed = Signed {
            method: &method,
            path,
            headers: &headers.collect(),
            payload,
        };
        authorization(&signed, &credentials, "us-east-1", at)
    }

    /// "Example: GET Object". A signature that only we understand is refused by every server.
    #[test]
    fn signs_the_published_get_as_published() {
        let signed = signature(Method::GET, "/test.txt", EMPTY, &[("range", "bytes=0-9")]);
        assert_eq!(
            signed,
            "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,\
             SignedHeaders=host;range;x-amz-content-sha256;x-amz-date,\
             Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"
        );
    }

    /// "Example: PUT Object", with an escaped path and a payload.
    #[test]
    fn signs_the_published_put_as_published() {
        let headers = [
            ("date", "Fri, 24 May 2013 00:00:00 GMT"),
            ("x-amz-storage-class", "REDUCED_REDUNDANCY"),
        ];
        let signed = signature(Method::PUT, "/test%24file.text", WELCOME, &headers);
        let expected = "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd";
        assert!(signed.ends_with(expected), "{signed}");
    }
}
