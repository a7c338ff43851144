//! What a generated controller needs, so that it holds nothing but the mapping of its own fields.
//!
//! ```text
//!  request ─▶ observe ─▶ Submission: limit on refusals ▸ owner ▸ client limit
//!                             │      ▸ body ▸ JSON ▸ key ▸ key limit
//!            controller: fields ▸ command ▸ rules
//!                             │
//!                        Endpoint::submit ─▶ Acceptance: 202, or 200 with the end
//! ```
//!
//! | request | answer |
//! |---|---|
//! | `POST` with `Idempotency-Key` | 202, `Location`, `{"opId","status":"ACCEPTED","message"}` |
//! | the same key and command again | 202, the same `opId`, `Idempotent-Replayed: true` |
//! | the same key, another command | 422, nothing changed |
//! | with `Prefer: wait=5` | 200 and the end when it comes in time, else 202 |
//! | `GET …/{op_id}` | the state; 404 also for somebody else's |
//!
//! All refusals are [`ApiError`]s, RFC 9457 problems on the wire.
//!
//! **Deliberately absent:** TLS, and trust in `X-Forwarded-For`. Both belong to what stands in front.

mod acceptance;
mod api;
mod app;
mod audit;
mod auth;
mod body;
mod callbacks;
mod choreography;
mod client;
#[cfg(feature = "s3")]
mod contents;
mod endpoint;
mod error;
mod json;
mod lookup;
mod observe;
mod operators;
mod prefer;
mod rate_limit;
mod sagas;
mod server;
mod submission;

pub use self::acceptance::Acceptance;
pub use self::api::{Api, ApiConfig, Caller};
pub use self::app::{Readiness, app, finish};
pub(crate) use self::app::{operational, within};
pub use self::auth::{ApiKeys, Authenticator, InvalidApiKeys, TrustedHeader};
#[cfg(feature = "jwt")]
pub use self::auth::{InvalidJwtKey, Jwt, JwtAlgorithm, JwtConfig, JwtKey};
pub use self::callbacks::callbacks;
#[cfg(feature = "s3")]
pub use self::contents::contents;
pub use self::endpoint::Endpoint;
pub use self::error::ApiError;
pub use self::lookup::Lookup;
pub use self::operators::{Operators, saga_operators};
pub use self::rate_limit::{InvalidLimit, RateLimit};
pub use self::sagas::{SagaEndpoint, SagaLookup};
pub use self::server::{ServerConfig, serve};
pub use self::submission::{Form, KeyedRequest, Submission};
