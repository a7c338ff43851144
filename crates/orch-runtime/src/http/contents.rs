//! Uploads of contents that commands name: `PUT <path>/contents/{sha256}`.
//!
//! | answer | when |
//! |---|---|
//! | 201 `{"sha256","size"}` | it is durable now |
//! | 200 `{"sha256","size"}` | it was there already |
//! | 400 `CONTENT_MISMATCH` | the bytes have another hash |
//! | 408 `BODY_TOO_SLOW` | no byte came for the time that bodies may take, or no end within an hour |
//! | 413 `BODY_TOO_LARGE` | more than the spool takes |
//! | 415 | a content encoding: the hash is of the bytes as they are sent |
//! | 507 `SPOOL_FULL` | the disk has no room |
//!
//! Owner and limits are those of every route; of anything but a 201 and 200, nothing is left.

use std::time::Duration;

use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::http::header::{CONTENT_ENCODING, EXPECT};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::put;
use axum::{Json, Router};
use http_body_util::BodyExt as _;
use serde_json::json;

use crate::spool::{ContentHash, Spool, Stored, Upload, UploadError};

use super::api::Api;
use super::body;
use super::endpoint::Endpoint;
use super::error::ApiError;

/// How long a whole upload may take.
const LONGEST: Duration = Duration::from_secs(3_600);

/// The route on which clients upload the contents that commands of `endpoint`'s domain name:
/// `PUT <path>/contents/{sha256}`, with the bytes as the body.
pub fn contents(endpoint: &Endpoint, path: &str, spool: Spool) -> Router {
    Router::new()
        .route(&format!("{path}/contents/{{sha256}}"), put(upload))
        .with_state((endpoint.clone(), spool))
}

async fn upload(
    State((endpoint, spool)): State<(Endpoint, Spool)>,
    Path(name): Path<String>,
    request: Request,
) -> Result<Response, ApiError> {
    let (parts, body) = request.into_parts();
    let api = endpoint.api();
    api.admit(&parts)?;
    let hash: ContentHash = name
        .parse()
        .map_err(|_| ApiError::field("sha256", "must be 64 hexadecimal digits"))?;
    check_head(&parts.headers, spool.max_bytes())?;
    let now = api.clock().now();
    let arriving = Arriving {
        api,
        body,
        most: spool.max_bytes(),
    };
    if spool.has(&hash, now).await {
        let waits = parts.headers.contains_key(EXPECT);
        let size = if waits {
            None
        } else {
            Some(arriving.through(None).await?)
        };
        return Ok(answer(StatusCode::OK, &hash, size));
    }
    let upload = spool.upload(hash, now).map_err(refusal)?;
    let size = arriving.through(Some(&upload)).await?;
    let stored = upload.finish().await.map_err(refusal)?;
    let status = match stored {
        Stored::New => StatusCode::CREATED,
        Stored::Existing => StatusCode::OK,
    };
    Ok(answer(status, &hash, Some(size)))
}

fn answer(status: StatusCode, hash: &ContentHash, size: Option<u64>) -> Response {
    let mut body = json!({"sha256": hash.to_string()});
    if let Some(size) = size {
        body["size"] = size.into();
    }
    (status, Json(body)).into_response()
}

fn check_head(headers: &HeaderMap, most: u64) -> Result<(), ApiError> {
    let coding = headers.get(CONTENT_ENCODING);
    if coding.is_some_and(|coding| coding != "identity") {
        let detail = "the content must be sent as it is, without a content encoding";
        let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
        return Err(ApiError::new(status, "UNSUPPORTED_MEDIA_TYPE", detail));
    }
    match body::announced(headers) {
        Some(length) if length > most => Err(body::too_large(most)),
        _ => Ok(()),
    }
}

/// A body on its way in.
struct Arriving<'a> {
    api: &'a Api,
    body: Body,
    most: u64,
}

impl Arriving<'_> {
    /// Hands every part to `upload`, or reads what is not needed any more, because a client that is
    /// answered while it sends may never see the answer. Says how many bytes there were.
    async fn through(mut self, upload: Option<&Upload>) -> Result<u64, ApiError> {
        let clock = self.api.clock();
        let pause = self.api.config().body_timeout;
        let mut end = clock.sleep(LONGEST);
        let mut size = 0;
        loop {
            let frame = tokio::select! {
                biased;
                frame = self.body.frame() => frame,
                () = clock.sleep(pause) => return Err(body::too_slow(pause)),
                () = &mut end => return Err(body::too_slow(LONGEST)),
            };
            let Some(frame) = frame else {
                return Ok(size);
            };
            let Ok(part) = frame.map_err(|_| body::broken())?.into_data() else {
                continue;
            };
            size += part.len() as u64;
            if size > self.most {
                return Err(body::too_large(self.most));
            }
            // The disk has failed: the end of the upload says how.
            if let Some(upload) = upload
                && !upload.take(part).await
            {
                return Ok(size);
            }
        }
    }
}

fn refusal(error: UploadError) -> ApiError {
    let detail = error.to_string();
    match error {
        UploadError::OtherHash(_) => {
            ApiError::new(StatusCode::BAD_REQUEST, "CONTENT_MISMATCH", detail)
        }
        UploadError::Full(_) => {
            let detail = "there is no room for the content now";
            let full = ApiError::new(StatusCode::INSUFFICIENT_STORAGE, "SPOOL_FULL", detail);
            full.with_cause(error.to_string())
        }
        UploadError::Disk(_) => ApiError::internal(detail),
        UploadError::Busy => ApiError::unavailable(detail),
    }
}
