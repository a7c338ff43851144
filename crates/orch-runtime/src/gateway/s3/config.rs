//! Where a bucket is and who may write to it.

use std::time::Duration;

use axum::http::Uri;

use crate::gateway::config::{self, InvalidUrl};
use crate::secret::Secret;

/// Access to one bucket.
#[derive(Debug, Clone)]
pub struct S3Config {
    /// The endpoint with the bucket in its path, and perhaps a folder below it:
    /// `https://s3.eu-central-1.amazonaws.com/my-bucket`.
    pub url: String,
    /// The region that requests are signed for, such as `eu-central-1`.
    pub region: String,
    /// Who signs.
    pub credentials: S3Credentials,
    /// For one [`put`](super::S3Client::put) or [`probe`](super::S3Client::probe), from connecting to the
    /// last byte of the last answer. An object that cannot be sent within it is never stored.
    pub timeout: Duration,
}

impl S3Config {
    /// The bucket at `url` in `region`, with the default timeout of 10 s.
    pub fn new(
        url: impl Into<String>,
        region: impl Into<String>,
        credentials: S3Credentials,
    ) -> Self {
        Self {
            url: url.into(),
            region: region.into(),
            credentials,
            timeout: Duration::from_secs(10),
        }
    }
}

/// An access key, for good or for a session.
#[derive(Debug, Clone)]
pub struct S3Credentials {
    /// Its name.
    pub access_key_id: String,
    /// What requests are signed with.
    pub secret_access_key: Secret<String>,
    /// Of a session, what is sent beside the signature.
    pub session_token: Option<Secret<String>>,
}

/// A text is no address of a bucket.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "expected the endpoint with the bucket in its path and without a query, https://host/bucket"
)]
pub struct InvalidBucket;

impl From<InvalidUrl> for InvalidBucket {
    fn from(_: InvalidUrl) -> Self {
        Self
    }
}

/// Reads the address of a bucket.
///
/// # Errors
/// When no requests can be sent to it, or no bucket is named.
pub(crate) fn bucket(url: &str) -> Result<Uri, InvalidBucket> {
    let uri = config::parse(url)?;
    let path = uri.path().trim_matches('/');
    if path.is_empty() || uri.query().is_some() {
        return Err(InvalidBucket);
    }
    Ok(uri)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_without_a_bucket_is_refused() {
        for url in [
            "https://s3.eu-central-1.amazonaws.com",
            "https://s3.eu-central-1.amazonaws.com/",
            "https://host/bucket?versionId=1",
            "https://key:secret@host/bucket",
            "bucket",
        ] {
            assert_eq!(bucket(url), Err(InvalidBucket), "{url}");
        }
        for url in ["http://127.0.0.1:5000/b", "https://host/bucket/folder/"] {
            assert!(bucket(url).is_ok(), "{url}");
        }
    }
}
