//! Owners named by signed tokens (RFC 7519).
//!
//! ```text
//!  token ─▶ length ▸ header: alg, crit ▸ key, by kid ▸ signature ▸ exp, nbf ▸ iss ▸ aud ▸ owner claim
//! ```
//!
//! Nothing a token says chooses how it is checked: the algorithm is configured, keys inside a token or
//! at addresses it names are not looked at, and `kid` only picks one of the configured keys.
//!
//! The crate `jsonwebtoken` reads headers and key sets. Its `decode` is not used: it checks times
//! against the machine's clock, and it verifies by a provider that is set for the whole process, where
//! another part of the program may have set another one. Signatures are checked by ring, which TLS
//! brings along.

mod claims;
mod key;
mod verifier;

use std::sync::Arc;
use std::time::Duration;

use axum::http::request::Parts;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Header, decode_header};

use crate::clock::Clock;
use crate::http::ApiError;
use crate::ids::OwnerId;

use super::{Authenticator, bearer};

pub use self::key::{InvalidJwtKey, JwtAlgorithm, JwtKey};

/// Bytes of a token at most.
const TOKEN_BYTES: usize = 8 * 1024;

/// Why a token is refused; for the audit line only.
type Reason = &'static str;

/// What a token must be, to be believed.
#[derive(Debug, Clone)]
pub struct JwtConfig {
    /// What it is verified with.
    pub key: JwtKey,
    /// Its `iss`, exactly.
    pub issuer: String,
    /// Its `aud`, or one of them: the name of this service with the issuer.
    pub audience: String,
    /// The claim that names the owner.
    pub owner_claim: String,
    /// How far the issuer's clock may be off, for `exp` and `nbf`.
    pub leeway: Duration,
}

impl JwtConfig {
    /// Owners from `sub`, and 30 s of leeway.
    #[must_use]
    pub fn new(key: JwtKey, issuer: impl Into<String>, audience: impl Into<String>) -> Self {
        Self {
            key,
            issuer: issuer.into(),
            audience: audience.into(),
            owner_claim: "sub".to_owned(),
            leeway: Duration::from_secs(30),
        }
    }
}

/// Takes the owner from a token, sent as `Authorization: Bearer <token>`, that one issuer has signed
/// for this service. `exp` is required; tokens over 8 KiB are refused unread.
///
/// Whatever is wrong with a token, the client gets the same 401. The reason stands in the audit line.
#[derive(Clone)]
pub struct Jwt {
    config: JwtConfig,
    clock: Arc<dyn Clock>,
}

impl Jwt {
    /// Believes tokens that are as `config` says, at the time of `clock`.
    #[must_use]
    pub fn new(config: JwtConfig, clock: Arc<dyn Clock>) -> Self {
        Self { config, clock }
    }

    fn check(&self, token: &[u8]) -> Result<OwnerId, Reason> {
        if token.len() > TOKEN_BYTES {
            return Err("the token is too long");
        }
        let mut parts = token.rsplitn(2, |byte| *byte == b'.');
        let (Some(signature), Some(message)) = (parts.next(), parts.next()) else {
            return Err("the token is malformed");
        };
        let header = decode_header(token).map_err(|_| "the token's header is not acceptable")?;
        self.verify(&header, message, signature)?;
        let payload = message.rsplit(|byte| *byte == b'.').next();
        let payload = decoded(payload.unwrap_or_default())?;
        claims::check(&payload, &self.config, self.clock.now())
    }

    fn verify(&self, header: &Header, message: &[u8], signature: &[u8]) -> Result<(), Reason> {
        if header.crit.is_some() {
            return Err("the token asks for an extension");
        }
        if header.alg != self.config.key.algorithm().into() {
            return Err("the token is signed by another algorithm");
        }
        let signature = decoded(signature)?;
        let kid = header.kid.as_deref();
        self.config.key.verify(kid, message, &signature)
    }
}

fn decoded(part: &[u8]) -> Result<Vec<u8>, Reason> {
    URL_SAFE_NO_PAD
        .decode(part)
        .map_err(|_| "the token is malformed")
}

impl Authenticator for Jwt {
    fn owner(&self, parts: &Parts) -> Result<OwnerId, ApiError> {
        let token = bearer::token(&parts.headers)?;
        self.check(token).map_err(bearer::refused)
    }
}

impl std::fmt::Debug for Jwt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Jwt").field(&self.config).finish()
    }
}
