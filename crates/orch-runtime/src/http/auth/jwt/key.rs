//! What tokens are verified with.

use std::fmt;
use std::str::FromStr;

use jsonwebtoken::Algorithm;
use jsonwebtoken::jwk::JwkSet;

use crate::secret::Secret;

use super::Reason;
use super::verifier::{Verifier, is_for};

/// Bytes of a shared secret at least: as many as SHA-256 has (RFC 7518, section 3.2).
const SECRET_BYTES: usize = 32;

/// The one algorithm that tokens must be signed by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JwtAlgorithm {
    /// HMAC with SHA-256 and a secret shared with the issuer.
    Hs256,
    /// RSA PKCS #1 v1.5 with SHA-256, 2048 to 8192 bits.
    Rs256,
    /// ECDSA on P-256 with SHA-256.
    Es256,
    /// Ed25519.
    EdDsa,
}

impl JwtAlgorithm {
    const ALL: [Self; 4] = [Self::Hs256, Self::Rs256, Self::Es256, Self::EdDsa];

    /// The name as in the header of a token.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Hs256 => "HS256",
            Self::Rs256 => "RS256",
            Self::Es256 => "ES256",
            Self::EdDsa => "EdDSA",
        }
    }
}

impl fmt::Display for JwtAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for JwtAlgorithm {
    type Err = InvalidJwtKey;

    fn from_str(text: &str) -> Result<Self, InvalidJwtKey> {
        let found = Self::ALL.into_iter().find(|known| known.name() == text);
        found.ok_or(InvalidJwtKey("expected HS256, RS256, ES256 or EdDSA"))
    }
}

impl From<JwtAlgorithm> for Algorithm {
    fn from(algorithm: JwtAlgorithm) -> Self {
        match algorithm {
            JwtAlgorithm::Hs256 => Self::HS256,
            JwtAlgorithm::Rs256 => Self::RS256,
            JwtAlgorithm::Es256 => Self::ES256,
            JwtAlgorithm::EdDsa => Self::EdDSA,
        }
    }
}

/// A key, or the name of an algorithm, cannot be used. Nothing of the key is in the message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidJwtKey(&'static str);

/// A key that fits its algorithm, or several that are told apart by `kid`.
#[derive(Clone)]
pub struct JwtKey {
    algorithm: JwtAlgorithm,
    keys: Keys,
}

#[derive(Clone)]
enum Keys {
    One(Verifier),
    ById(Vec<(String, Verifier)>),
}

impl JwtKey {
    /// A secret shared with the issuer, for HS256.
    ///
    /// # Errors
    /// When it is shorter than 32 bytes, or is a public key: that is known to everybody, who could sign
    /// tokens with it.
    pub fn shared(secret: &Secret<String>) -> Result<Self, InvalidJwtKey> {
        let secret = secret.expose().trim_end_matches(['\r', '\n']);
        if secret.contains("-----BEGIN") || secret.trim_start().starts_with('{') {
            let problem = "a PEM or JWKS document is no shared secret: for HS256 give the secret \
                           itself, or name the algorithm of the document";
            return Err(InvalidJwtKey(problem));
        }
        if secret.len() < SECRET_BYTES {
            return Err(InvalidJwtKey("the secret must have at least 32 bytes"));
        }
        Ok(Self {
            algorithm: JwtAlgorithm::Hs256,
            keys: Keys::One(Verifier::shared(secret)),
        })
    }

    /// A public key in PEM (`-----BEGIN PUBLIC KEY-----`).
    ///
    /// # Errors
    /// When it is no such text, a private key, or not a key for `algorithm`.
    pub fn pem(algorithm: JwtAlgorithm, text: &str) -> Result<Self, InvalidJwtKey> {
        let verifier = Verifier::of_pem(algorithm, text).map_err(InvalidJwtKey)?;
        Ok(Self {
            algorithm,
            keys: Keys::One(verifier),
        })
    }

    /// A set of public keys (RFC 7517). Tokens name one of them by `kid`; keys for other algorithms
    /// and uses are passed over. It is not fetched again: keys that the issuer adds later are unknown.
    ///
    /// # Errors
    /// When it is no such text, no key is for `algorithm`, or one of those has no `kid` or the same as
    /// another.
    pub fn jwks(algorithm: JwtAlgorithm, text: &str) -> Result<Self, InvalidJwtKey> {
        let set: JwkSet = serde_json::from_str(text)
            .map_err(|_| InvalidJwtKey("expected a JWKS document, {\"keys\": [..]}"))?;
        let mut keys: Vec<(String, Verifier)> = Vec::new();
        for jwk in set.keys.iter().filter(|jwk| is_for(jwk, algorithm)) {
            let verifier = Verifier::of_jwk(algorithm, jwk).map_err(InvalidJwtKey)?;
            let kid = jwk.common.key_id.clone();
            let kid = kid.ok_or(InvalidJwtKey("a key of the JWKS has no kid"))?;
            if keys.iter().any(|(known, _)| *known == kid) {
                return Err(InvalidJwtKey("two keys of the JWKS have the same kid"));
            }
            keys.push((kid, verifier));
        }
        if keys.is_empty() {
            let problem = "the JWKS has no public key for the algorithm";
            return Err(InvalidJwtKey(problem));
        }
        Ok(Self {
            algorithm,
            keys: Keys::ById(keys),
        })
    }

    /// What a file holds: for HS256 the secret itself (without the line end behind it), else a public
    /// key in PEM or a JWKS document.
    ///
    /// # Errors
    /// As [`shared`](Self::shared), [`pem`](Self::pem) and [`jwks`](Self::jwks).
    pub fn parse(algorithm: JwtAlgorithm, text: &Secret<String>) -> Result<Self, InvalidJwtKey> {
        match algorithm {
            JwtAlgorithm::Hs256 => Self::shared(text),
            _ if text.expose().trim_start().starts_with('{') => {
                Self::jwks(algorithm, text.expose())
            }
            _ => Self::pem(algorithm, text.expose()),
        }
    }

    /// The algorithm that the key is for.
    #[must_use]
    pub fn algorithm(&self) -> JwtAlgorithm {
        self.algorithm
    }

    pub(super) fn verify(
        &self,
        kid: Option<&str>,
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), Reason> {
        let verifier = match &self.keys {
            Keys::One(verifier) => verifier,
            Keys::ById(keys) => {
                let kid = kid.ok_or("the token names no key")?;
                let found = keys.iter().find(|(known, _)| known == kid);
                found
                    .map(|(_, key)| key)
                    .ok_or("the token names an unknown key")?
            }
        };
        if verifier.is_good(message, signature) {
            return Ok(());
        }
        Err("the token's signature is wrong")
    }
}

impl fmt::Debug for JwtKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JwtKey")
            .field("algorithm", &self.algorithm)
            .finish_non_exhaustive()
    }
}
