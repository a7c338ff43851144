//! Whose request it is.
//!
//! | authenticator | believes |
//! |---|---|
//! | [`TrustedHeader`] | a header that a gateway in front has set; everybody who reaches the port |
//! | [`ApiKeys`] | who knows a key whose digest is in a list |
//! | `Jwt` (feature `jwt`) | a token that one issuer has signed for this service |
//!
//! **Invariant:** a credential is in no log, no error, no answer and no `Debug`. A client that is
//! refused learns that it was; why stands in the audit line.
//!
//! **Deliberately absent:** the network and the database. An authenticator answers at once, from what
//! it was given at the start.

mod api_keys;
mod bearer;
#[cfg(feature = "jwt")]
mod jwt;
mod trusted_header;

use axum::http::request::Parts;

use crate::http::ApiError;
use crate::ids::OwnerId;

pub use self::api_keys::{ApiKeys, InvalidApiKeys};
#[cfg(feature = "jwt")]
pub use self::jwt::{InvalidJwtKey, Jwt, JwtAlgorithm, JwtConfig, JwtKey};
pub use self::trusted_header::TrustedHeader;

/// Finds the owner of a request. It runs before anything else, so it sees the head only.
///
/// Keys and operations of one owner are invisible to all others: whatever this returns decides what a
/// caller can see. Where finding out takes a question to somebody else, let a middleware ask and leave
/// the answer in the request's extensions; this reads it there.
pub trait Authenticator: Send + Sync + 'static {
    /// The owner.
    ///
    /// # Errors
    /// Usually [`ApiError::unauthenticated`], with the reason for the audit line by
    /// [`ApiError::with_reason`].
    fn owner(&self, parts: &Parts) -> Result<OwnerId, ApiError>;

    /// Whether it believes everybody who can reach the port. A service that listens beyond its own
    /// machine warns of it at its start. Refusals of one that does not are counted per address, because
    /// each may be a guess.
    fn is_trusting(&self) -> bool {
        false
    }
}

impl<F> Authenticator for F
where
    F: Fn(&Parts) -> Result<OwnerId, ApiError> + Send + Sync + 'static,
{
    fn owner(&self, parts: &Parts) -> Result<OwnerId, ApiError> {
        self(parts)
    }
}
