//! Objects in a bucket of S3, or of anything that speaks its protocol (feature `s3`).
//!
//! ```text
//!  command ─▶ S3Client::put ─▶ PUT, If-None-Match: * ─▶ 200 stored
//!                │                                    └▶ 412 ─▶ HEAD ─▶ ours: stored before | another's
//!              Spool: read in chunks, hashed again, last bytes held back
//! ```
//!
//! A conditional write is the idempotency key: the name of an object can be taken once, and it says by
//! which operation (`x-amz-meta-op-id`). So an upload whose answer was lost may be sent again at any time
//! ([`S3Client::idempotency`]), and an object of somebody else is never overwritten.
//!
//! | answer to `PUT` | means |
//! |---|---|
//! | 2xx | stored; the reference is the version, else the entity tag |
//! | 412, and the object has our operation id or our very content | stored before |
//! | 412, and it has not | refused, `OBJECT_EXISTS` |
//! | 307, 409, 429, or nothing was sent | not now |
//! | 408, 5xx | not now, and it may be stored |
//! | sent and no full answer | unknown |
//! | any other | refused, with the provider's code |
//!
//! `HEAD` answers a probe: our object is there, 404 or another's it is not, anything else says nothing.
//!
//! **Deliberately absent:** the AWS SDK, whose own retries would act behind the log's back, and uploads in
//! parts: an object is one request, so at most 5 GB, and has to be sent within the timeout of an attempt.

mod bucket;
mod client;
mod config;
mod meaning;
mod object;
mod signing;

pub use self::client::S3Client;
pub(crate) use self::config::bucket as check_bucket;
pub use self::config::{InvalidBucket, S3Config, S3Credentials};
pub use self::object::S3Object;
