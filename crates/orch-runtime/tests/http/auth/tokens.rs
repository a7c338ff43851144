//! Tokens as an issuer makes them, good and bad.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use orch_runtime::Json;
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, RSA_PKCS1_SHA256, RsaKeyPair,
};
use ring::{hmac, signature::KeyPair as _};

pub(crate) const RSA: &[u8] = include_bytes!("keys/rsa.der");
pub(crate) const RSA_PUBLIC: &str = include_str!("keys/rsa.pem");
const P256: &[u8] = include_bytes!("keys/p256.der");
pub(crate) const P256_PUBLIC: &str = include_str!("keys/p256.pem");
const ED25519: &[u8] = include_bytes!("keys/ed25519.der");
pub(crate) const ED25519_PUBLIC: &str = include_str!("keys/ed25519.pem");
pub(crate) const RSA1024_PUBLIC: &str = include_str!("keys/rsa1024.pem");
pub(crate) const P384_PUBLIC: &str = include_str!("keys/p384.pem");

pub(crate) fn base64url(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// A token with this header and these claims, and what `sign` makes of them.
pub(crate) fn token(header: &Json, claims: &Json, sign: impl Fn(&[u8]) -> Vec<u8>) -> String {
    let (header, claims) = (header.to_string(), claims.to_string());
    let message = format!("{}.{}", base64url(header), base64url(claims));
    let signature = base64url(sign(message.as_bytes()));
    format!("{message}.{signature}")
}

pub(crate) fn hs256(secret: &str) -> impl Fn(&[u8]) -> Vec<u8> {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    move |message| hmac::sign(&key, message).as_ref().to_vec()
}

pub(crate) fn rs256(message: &[u8]) -> Vec<u8> {
    let key = RsaKeyPair::from_pkcs8(RSA).unwrap();
    let mut signature = vec![0; key.public().modulus_len()];
    let random = SystemRandom::new();
    key.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature)
        .unwrap();
    signature
}

pub(crate) fn es256(message: &[u8]) -> Vec<u8> {
    let signed = p256().sign(&SystemRandom::new(), message);
    signed.unwrap().as_ref().to_vec()
}

pub(crate) fn ed25519(message: &[u8]) -> Vec<u8> {
    let key = Ed25519KeyPair::from_pkcs8_maybe_unchecked(ED25519).unwrap();
    key.sign(message).as_ref().to_vec()
}

fn p256() -> EcdsaKeyPair {
    let random = SystemRandom::new();
    EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, P256, &random).unwrap()
}

/// The public halves as a set of keys: `rsa`, `p256` and `ed25519`, and one for encryption.
pub(crate) fn jwks() -> Json {
    let rsa = RsaKeyPair::from_pkcs8(RSA).unwrap();
    let rsa: ring::signature::RsaPublicKeyComponents<Vec<u8>> = rsa.public().into();
    let p256 = p256();
    let (x, y) = p256.public_key().as_ref()[1..].split_at(32);
    let ed = Ed25519KeyPair::from_pkcs8_maybe_unchecked(ED25519).unwrap();
    let (n, e) = (base64url(&rsa.n), base64url(&rsa.e));
    serde_json::json!({"keys": [
        {"kid": "rsa", "kty": "RSA", "alg": "RS256", "use": "sig", "n": n, "e": e},
        {"kid": "sealing", "kty": "RSA", "use": "enc", "n": n, "e": e},
        {"kid": "p256", "kty": "EC", "crv": "P-256", "x": base64url(x), "y": base64url(y)},
        {"kid": "ed25519", "kty": "OKP", "crv": "Ed25519", "x": base64url(ed.public_key())},
    ]})
}
