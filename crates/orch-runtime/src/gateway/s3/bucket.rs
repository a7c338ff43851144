//! Requests to a bucket: made, signed, sent once.

use axum::body::Bytes;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, HOST, IF_NONE_MATCH, USER_AGENT};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Uri};
use http_body_util::Empty;
use hyper::body::Body;

use crate::clock::{Sleep, Timestamp};
use crate::gateway::answer::CallError;
use crate::gateway::client::AGENT;
use crate::gateway::network::{Network, Whole};
use crate::ids::OpId;
use crate::spool::{ContentBody, ContentHash};
use crate::trace::{self, TRACEPARENT};

use super::config::{self, InvalidBucket, S3Config, S3Credentials};
use super::object::S3Object;
use super::signing::{Signed, authorization, date};

/// SHA-256 of no content.
const NOTHING: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/// One bucket, its connections, and who signs.
pub(super) struct Bucket {
    network: Network,
    url: Uri,
    region: String,
    credentials: S3Credentials,
}

/// How long requests may go on, and from when.
pub(super) struct Limit {
    pub(super) now: Timestamp,
    pub(super) sleep: Sleep,
    pub(super) waited: String,
}

impl Bucket {
    pub(super) fn new(config: S3Config) -> Result<Self, InvalidBucket> {
        Ok(Self {
            network: Network::new(),
            url: config::bucket(&config.url)?,
            region: config.region,
            credentials: config.credentials,
        })
    }

    /// Stores `body` as `object`, unless there is an object of this name: then it is answered with 412.
    pub(super) async fn put(
        &self,
        op_id: &OpId,
        (object, hash): (&S3Object<'_>, &ContentHash),
        body: ContentBody,
        limit: &mut Limit,
    ) -> Result<Whole, CallError> {
        let (payload, checksum) = (hash.to_string(), hash.base64());
        let headers = [
            (CONTENT_TYPE, object.content_type),
            (IF_NONE_MATCH, "*"),
            (HeaderName::from_static("x-amz-checksum-sha256"), &checksum),
            (
                HeaderName::from_static("x-amz-sdk-checksum-algorithm"),
                "SHA256",
            ),
            (HeaderName::from_static("x-amz-meta-op-id"), op_id.as_str()),
        ];
        let request = self.request(Method::PUT, object, &payload, &headers, limit.now, body);
        self.send(request, limit).await
    }

    /// Asks what is stored under the name of `object`.
    pub(super) async fn head(
        &self,
        object: &S3Object<'_>,
        limit: &mut Limit,
    ) -> Result<Whole, CallError> {
        let headers = [(HeaderName::from_static("x-amz-checksum-mode"), "ENABLED")];
        let body = Empty::<Bytes>::new();
        let request = self.request(Method::HEAD, object, NOTHING, &headers, limit.now, body);
        self.send(request, limit).await
    }

    async fn send<B>(
        &self,
        request: Result<Request<B>, axum::http::Error>,
        limit: &mut Limit,
    ) -> Result<Whole, CallError>
    where
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let request = request.map_err(|error| CallError::not_sent(error.to_string()))?;
        let Limit { sleep, waited, .. } = limit;
        self.network.call(&self.url, request, sleep, waited).await
    }

    /// What something on the way may add or change is not signed.
    fn request<B>(
        &self,
        method: Method,
        object: &S3Object<'_>,
        payload: &str,
        headers: &[(HeaderName, &str)],
        now: Timestamp,
        body: B,
    ) -> Result<Request<B>, axum::http::Error> {
        let folder = self.url.path().trim_end_matches('/');
        let path = format!("{folder}/{}", object.path());
        let host = self
            .url
            .authority()
            .map_or("", |authority| authority.as_str());
        let mut signed = HeaderMap::new();
        signed.insert(HOST, HeaderValue::try_from(host)?);
        signed.insert("x-amz-content-sha256", HeaderValue::try_from(payload)?);
        signed.insert("x-amz-date", HeaderValue::try_from(date(now))?);
        if let Some(token) = &self.credentials.session_token {
            let mut token = HeaderValue::try_from(token.expose())?;
            token.set_sensitive(true);
            signed.insert("x-amz-security-token", token);
        }
        for (name, value) in headers {
            signed.insert(name, HeaderValue::try_from(*value)?);
        }
        let to_sign = Signed {
            method: &method,
            path: &path,
            headers: &signed,
            payload,
        };
        let signature = authorization(&to_sign, &self.credentials, &self.region, now);
        let mut signature = HeaderValue::try_from(signature)?;
        signature.set_sensitive(true);
        let mut request = Request::builder().method(method).uri(path).body(body)?;
        *request.headers_mut() = signed;
        request.headers_mut().insert(AUTHORIZATION, signature);
        let agent = HeaderValue::from_static(AGENT);
        request.headers_mut().insert(USER_AGENT, agent);
        if let Some(place) = trace::current() {
            let place = HeaderValue::try_from(place.to_string())?;
            request.headers_mut().insert(TRACEPARENT, place);
        }
        Ok(request)
    }
}
