//! What is to be stored, checked, and how an answer says that it is there.

use axum::http::HeaderMap;
use axum::http::header::{CONTENT_LENGTH, ETAG};
use serde_json::json;

use crate::ids::OpId;
use crate::operation::answer::{GatewayError, Receipt};
use crate::spool::ContentHash;

/// Bytes of an object's key at most, as S3 has it.
const KEY_BYTES: usize = 1_024;

/// An object to store.
#[derive(Debug, Clone, Copy)]
pub struct S3Object<'a> {
    /// Its name in the bucket: 1 to 1,024 bytes; no control characters, and no part of the path that is
    /// empty, `.` or `..`, because proxies take those away.
    pub object_key: &'a str,
    /// Its media type, such as `image/png`.
    pub content_type: &'a str,
    /// Bytes of its content.
    pub size: u64,
    /// SHA-256 of its content, 64 hexadecimal digits. It names the content in the spool.
    pub sha256: &'a str,
}

impl S3Object<'_> {
    /// The hash of its content, when all of it can be sent.
    pub(super) fn check(&self) -> Result<ContentHash, GatewayError> {
        let part = |part: &str| matches!(part, "" | "." | "..");
        if self.object_key.len() > KEY_BYTES
            || self.object_key.chars().any(char::is_control)
            || self.object_key.split('/').any(part)
        {
            let message = format!(
                "the object key must have 1 to {KEY_BYTES} bytes, no control characters and no part that \
                 is empty, . or .."
            );
            return Err(refused("INVALID_OBJECT_KEY", message));
        }
        let printable = |byte: u8| byte.is_ascii_graphic() || byte == b' ';
        if self.content_type.is_empty() || !self.content_type.bytes().all(printable) {
            let message = "the content type must be a media type such as image/png";
            return Err(refused("INVALID_CONTENT_TYPE", message));
        }
        self.sha256.parse().map_err(|_| {
            refused(
                "INVALID_SHA256",
                "the SHA-256 of the content must be 64 hexadecimal digits",
            )
        })
    }

    /// The key as it stands in a path: all but unreserved characters and slashes escaped.
    pub(super) fn path(&self) -> String {
        let mut path = String::with_capacity(self.object_key.len());
        for byte in self.object_key.bytes() {
            match byte {
                b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                    path.push(char::from(byte));
                }
                other => path.push_str(&format!("%{other:02X}")),
            }
        }
        path
    }
}

/// A refusal of our own.
pub(super) fn refused(code: &str, message: impl Into<String>) -> GatewayError {
    GatewayError::Refused {
        code: code.to_owned(),
        message: message.into(),
    }
}

/// Whether the stored object that answered with `headers` is the one that `op_id` was to store: it says
/// so, or it has the same content.
pub(super) fn is_ours(
    headers: &HeaderMap,
    op_id: &OpId,
    object: &S3Object<'_>,
    hash: &ContentHash,
) -> bool {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let is_named = header("x-amz-meta-op-id") == Some(op_id.as_str());
    let same_size = header(CONTENT_LENGTH.as_str()) == Some(&*object.size.to_string());
    let same_content = header("x-amz-checksum-sha256") == Some(&*hash.base64());
    is_named || (same_size && same_content)
}

/// What the answer about a stored object proves: its version, else its entity tag.
pub(super) fn receipt(headers: &HeaderMap) -> Receipt {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let etag = header(ETAG.as_str()).map(|tag| tag.trim_matches('"'));
    let version = header("x-amz-version-id").filter(|version| *version != "null");
    Receipt {
        provider_ref: version.or(etag).map(str::to_owned),
        result: Some(json!({"etag": etag, "versionId": version})),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::{HeaderName, HeaderValue};

    const HELLO: &str = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";

    fn object(key: &str) -> S3Object<'_> {
        S3Object {
            object_key: key,
            content_type: "text/plain",
            size: 5,
            sha256: HELLO,
        }
    }

    #[test]
    fn a_key_that_a_proxy_would_rewrite_is_refused() {
        for key in [
            "",
            "/a",
            "a/",
            "a//b",
            "./a",
            "a/../b",
            "a\nb",
            &"k".repeat(1_025),
        ] {
            assert!(object(key).check().is_err(), "{key:?}");
        }
        for key in ["a", "a/b c", "..a/b..", "übung/1+1=2.pdf"] {
            assert!(object(key).check().is_ok(), "{key:?}");
        }
    }

    #[test]
    fn a_wrong_hash_or_type_is_refused_before_anything_is_read() {
        let wrong = S3Object {
            sha256: "abc",
            ..object("a")
        };
        assert!(
            matches!(wrong.check(), Err(GatewayError::Refused { code, .. }) if code == "INVALID_SHA256")
        );
        for content_type in ["", "text/plain\r\nx-amz-acl: public-read"] {
            let wrong = S3Object {
                content_type,
                ..object("a")
            };
            assert!(
                matches!(wrong.check(), Err(GatewayError::Refused { code, .. }) if code == "INVALID_CONTENT_TYPE")
            );
        }
    }

    #[test]
    fn a_path_escapes_everything_but_unreserved_characters() {
        assert_eq!(object("a b/ü+%~-_.").path(), "a%20b/%C3%BC%2B%25~-_.");
    }

    fn found(headers: &[(&'static str, &str)]) -> bool {
        let pair = |(name, value): &(&'static str, &str)| {
            let value = HeaderValue::from_str(value).unwrap();
            (HeaderName::from_static(name), value)
        };
        let headers = headers.iter().map(pair).collect();
        let object = object("a");
        let hash = object.check().unwrap();
        is_ours(&headers, &OpId::new("op-1").unwrap(), &object, &hash)
    }

    /// An object of somebody else that is taken for ours is an upload that never happened.
    #[test]
    fn only_our_name_or_our_very_content_is_ours() {
        let hello = "LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=";
        assert!(found(&[
            ("x-amz-meta-op-id", "op-1"),
            ("content-length", "9")
        ]));
        assert!(found(&[
            ("x-amz-checksum-sha256", hello),
            ("content-length", "5")
        ]));
        assert!(!found(&[
            ("x-amz-checksum-sha256", hello),
            ("content-length", "6")
        ]));
        assert!(!found(&[
            ("x-amz-checksum-sha256", "other"),
            ("content-length", "5")
        ]));
        assert!(!found(&[
            ("x-amz-meta-op-id", "op-2"),
            ("content-length", "5")
        ]));
        assert!(!found(&[]));
    }
}
