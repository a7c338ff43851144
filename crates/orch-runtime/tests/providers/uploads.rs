//! A domain that stores objects, as generated code would write it.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use hyper::body::{Body as HttpBody, Frame};
use orch_runtime::axum::body::{Body, Bytes};
use orch_runtime::axum::http::{Request, StatusCode};
use orch_runtime::gateway::s3::{S3Client, S3Object};
use orch_runtime::http::{Api, contents};
use orch_runtime::spool::Spool;
use orch_runtime::testing::World;
use orch_runtime::{BizKey, Column, Command, Idempotency, OpId, Orchestrator, Outcome, Probe};
use serde::{Deserialize, Serialize};
use tower::ServiceExt as _;

use super::recovery::outcome;

/// Asks to store an object.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Upload {
    pub(crate) key: String,
    pub(crate) size: u64,
    pub(crate) sha256: String,
}

impl Upload {
    pub(crate) fn object(&self) -> S3Object<'_> {
        S3Object {
            object_key: &self.key,
            content_type: "text/plain",
            size: self.size,
            sha256: &self.sha256,
        }
    }
}

impl Command for Upload {
    const EVENT_TYPE: &'static str = "UPLOAD_REQUESTED";

    fn biz_key(&self) -> BizKey {
        BizKey::of(&self.key)
    }

    fn columns(&self) -> Vec<Column> {
        let size = i64::try_from(self.size).unwrap();
        vec![Column::new("name", &*self.key), Column::new("count", size)]
    }
}

pub(crate) struct Uploading(pub(crate) S3Client);

impl Orchestrator for Uploading {
    type Command = Upload;
    const DOMAIN: &'static str = "PING";

    fn idempotency(&self) -> Idempotency {
        self.0.idempotency()
    }

    async fn execute(&self, op_id: &OpId, command: &Upload) -> Outcome {
        outcome(self.0.put(op_id, &command.object()).await)
    }

    async fn probe(&self, op_id: &OpId, command: &Upload) -> Probe {
        self.0.probe(op_id, &command.object()).await
    }
}

/// Uploads `size` bytes by HTTP, as a client does.
pub(crate) async fn upload(world: &World, spool: &Spool, sha256: &str, size: usize, byte: u8) {
    let endpoint = Api::default().endpoint(world.engine());
    let routes = contents(&endpoint, "/api/uploads", spool.clone());
    let request = Request::put(format!("/api/uploads/contents/{sha256}"));
    let body = Body::new(Repeated { byte, left: size });
    let answer = routes.oneshot(request.body(body).unwrap()).await.unwrap();
    assert_eq!(answer.status(), StatusCode::CREATED);
}

/// A body that is never whole in memory.
struct Repeated {
    byte: u8,
    left: usize,
}

impl HttpBody for Repeated {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let part = self.left.min(64 * 1024);
        self.left -= part;
        let byte = self.byte;
        let frame = || Ok(Frame::data(Bytes::from(vec![byte; part])));
        Poll::Ready((part > 0).then(frame))
    }
}
