//! One key, read from PEM or from a JWK, and the check of a signature with it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, PublicKeyUse};
use ring::hmac;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents,
    UnparsedPublicKey,
};
use rustls::pki_types::SubjectPublicKeyInfoDer;
use rustls::pki_types::pem::PemObject as _;

use super::key::JwtAlgorithm;

/// Why a key cannot be used.
type Problem = &'static str;

/// Bytes of an RSA modulus at least, 2048 bits.
const MODULUS_BYTES: usize = 256;

/// What stands before the key in a `SubjectPublicKeyInfo` (RFC 5280). DER has one way to write each, so
/// comparing is all the reading there is to do.
const SPKI_P256: &[u8] =
    b"\x30\x59\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\
    \xce\x3d\x03\x01\x07\x03\x42\x00";
const SPKI_ED25519: &[u8] = b"\x30\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21\x00";
const RSA_ENCRYPTION: &[u8] = b"\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00";

/// A key of one algorithm.
#[derive(Clone)]
pub(super) enum Verifier {
    Hs256(hmac::Key),
    Rs256(RsaPublicKeyComponents<Vec<u8>>),
    /// The same as `RSAPublicKey` of PKCS #1.
    Rs256Der(Vec<u8>),
    /// An uncompressed point.
    Es256(Vec<u8>),
    EdDsa(Vec<u8>),
}

/// Whether a key of a set is meant for `algorithm`.
pub(super) fn is_for(jwk: &Jwk, algorithm: JwtAlgorithm) -> bool {
    let kind = match (&jwk.algorithm, algorithm) {
        (AlgorithmParameters::RSA(_), JwtAlgorithm::Rs256) => true,
        (AlgorithmParameters::EllipticCurve(key), JwtAlgorithm::Es256) => {
            key.curve == EllipticCurve::P256
        }
        (AlgorithmParameters::OctetKeyPair(key), JwtAlgorithm::EdDsa) => {
            key.curve == EllipticCurve::Ed25519
        }
        (_, _) => false,
    };
    let common = &jwk.common;
    let usage = common.public_key_use.as_ref();
    let named = common.key_algorithm.map(|named| named.to_string());
    kind && usage.is_none_or(|usage| *usage == PublicKeyUse::Signature)
        && named.is_none_or(|named| named == algorithm.name())
}

impl Verifier {
    pub(super) fn shared(secret: &str) -> Self {
        Self::Hs256(hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()))
    }

    /// The public key in a PEM text.
    ///
    /// # Errors
    /// When there is none, more than one, or one of another kind.
    pub(super) fn of_pem(algorithm: JwtAlgorithm, text: &str) -> Result<Self, Problem> {
        if text.contains("PRIVATE KEY-----") {
            return Err(
                "a private key does not belong here: openssl pkey -pubout writes the public one",
            );
        }
        if text.matches("-----BEGIN").count() != 1 {
            return Err("expected one public key in PEM, -----BEGIN PUBLIC KEY-----");
        }
        let info = SubjectPublicKeyInfoDer::from_pem_slice(text.as_bytes())
            .map_err(|_| "expected a public key in PEM, -----BEGIN PUBLIC KEY-----")?;
        let info: &[u8] = info.as_ref();
        let key = match algorithm {
            JwtAlgorithm::Hs256 => None,
            JwtAlgorithm::Rs256 => rsa_key(info).map(|key| Self::Rs256Der(key.to_vec())),
            JwtAlgorithm::Es256 => {
                let point = info.strip_prefix(SPKI_P256).filter(|key| is_point(key));
                point.map(|key| Self::Es256(key.to_vec()))
            }
            JwtAlgorithm::EdDsa => {
                let key = info
                    .strip_prefix(SPKI_ED25519)
                    .filter(|key| key.len() == 32);
                key.map(|key| Self::EdDsa(key.to_vec()))
            }
        };
        key.ok_or("the PEM text is no public key for the algorithm (RSA keys need 2048 bits)")
    }

    /// The public key in `jwk`, which [`is_for`] `algorithm`.
    ///
    /// # Errors
    /// When its parts are malformed or too short.
    pub(super) fn of_jwk(algorithm: JwtAlgorithm, jwk: &Jwk) -> Result<Self, Problem> {
        const MALFORMED: Problem = "a key of the JWKS is malformed, or RSA of less than 2048 bits";
        let bytes = |text: &str| URL_SAFE_NO_PAD.decode(text).map_err(|_| MALFORMED);
        let key = match (&jwk.algorithm, algorithm) {
            (AlgorithmParameters::RSA(key), JwtAlgorithm::Rs256) => {
                let (n, e) = (bytes(&key.n)?, bytes(&key.e)?);
                let long = n.len() >= MODULUS_BYTES && n[0] != 0;
                long.then_some(Self::Rs256(RsaPublicKeyComponents { n, e }))
            }
            (AlgorithmParameters::EllipticCurve(key), JwtAlgorithm::Es256) => {
                let point = [vec![4], bytes(&key.x)?, bytes(&key.y)?].concat();
                is_point(&point).then_some(Self::Es256(point))
            }
            (AlgorithmParameters::OctetKeyPair(key), JwtAlgorithm::EdDsa) => {
                let key = bytes(&key.x)?;
                (key.len() == 32).then_some(Self::EdDsa(key))
            }
            (_, _) => None,
        };
        key.ok_or(MALFORMED)
    }

    /// Whether `signature` is this key's for `message`. Secrets are compared in constant time.
    pub(super) fn is_good(&self, message: &[u8], signature: &[u8]) -> bool {
        let verified = match self {
            Self::Hs256(key) => hmac::verify(key, message, signature),
            Self::Rs256(key) => key.verify(&RSA_PKCS1_2048_8192_SHA256, message, signature),
            Self::Rs256Der(key) => {
                UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, key).verify(message, signature)
            }
            Self::Es256(key) => {
                UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, key).verify(message, signature)
            }
            Self::EdDsa(key) => UnparsedPublicKey::new(&ED25519, key).verify(message, signature),
        };
        verified.is_ok()
    }
}

fn is_point(bytes: &[u8]) -> bool {
    bytes.len() == 65 && bytes[0] == 4
}

/// The `RSAPublicKey` in a `SubjectPublicKeyInfo`. Lengths have two bytes: 2048 bits and more.
fn rsa_key(info: &[u8]) -> Option<&[u8]> {
    let rest = sized(0x30, info)?;
    let rest = sized(0x03, rest.strip_prefix(RSA_ENCRYPTION)?)?;
    let key = rest.strip_prefix(&[0])?;
    sized(0x30, key).filter(|inner| inner.len() > MODULUS_BYTES)?;
    Some(key)
}

/// The content of the one element with `tag` that `bytes` are.
fn sized(tag: u8, bytes: &[u8]) -> Option<&[u8]> {
    let rest = bytes.strip_prefix(&[tag, 0x82])?;
    let (length, rest) = rest.split_first_chunk::<2>()?;
    (usize::from(u16::from_be_bytes(*length)) == rest.len()).then_some(rest)
}
