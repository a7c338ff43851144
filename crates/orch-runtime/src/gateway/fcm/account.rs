//! A service account: the file that Google hands out for a program.

use std::fmt;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::rsa::KeyPair;
use ring::signature::RSA_PKCS1_SHA256;
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::pki_types::pem::PemObject as _;
use serde::Deserialize;
use serde_json::json;

use crate::clock::Timestamp;
use crate::gateway::config;
use crate::secret::Secret;

/// What the access token is for.
const SCOPE: &str = "https://www.googleapis.com/auth/firebase.messaging";
/// How long an assertion is good, in seconds; the most that Google takes.
const LIFE: i64 = 3_600;

/// A service account with its private key.
#[derive(Clone)]
pub struct ServiceAccount {
    pub(super) project: String,
    pub(super) token_uri: String,
    email: String,
    key: Arc<KeyPair>,
}

impl fmt::Debug for ServiceAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServiceAccount")
            .field("project", &self.project)
            .field("email", &self.email)
            .finish_non_exhaustive()
    }
}

/// A text is no service account that can be used. Nothing of the key is in the message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidServiceAccount(&'static str);

#[derive(Deserialize)]
struct File {
    #[serde(rename = "type")]
    kind: String,
    project_id: String,
    client_email: String,
    private_key: Secret<String>,
    token_uri: String,
}

impl ServiceAccount {
    /// Reads the JSON of a service account's key.
    ///
    /// # Errors
    /// When it is none, or its key or its address cannot be used.
    pub fn parse(text: &Secret<String>) -> Result<Self, InvalidServiceAccount> {
        let file: File = serde_json::from_str(text.expose()).map_err(|_| {
            InvalidServiceAccount(
                "expected the JSON of a service account's key, with project_id, client_email, \
                 private_key and token_uri",
            )
        })?;
        if file.kind != "service_account" {
            let why = "expected a key whose type is service_account";
            return Err(InvalidServiceAccount(why));
        }
        let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | ':');
        if file.project_id.is_empty() || !file.project_id.chars().all(is_name) {
            return Err(InvalidServiceAccount("its project_id is no project's"));
        }
        if config::parse(&file.token_uri).is_err() {
            return Err(InvalidServiceAccount("its token_uri is no address"));
        }
        let der = PrivatePkcs8KeyDer::from_pem_slice(file.private_key.expose().as_bytes());
        let key = der
            .ok()
            .and_then(|der| KeyPair::from_pkcs8(der.secret_pkcs8_der()).ok());
        let key = key.ok_or(InvalidServiceAccount(
            "its private_key is no RSA key of 2048 bits or more in PKCS #8",
        ))?;
        Ok(Self {
            project: file.project_id,
            token_uri: file.token_uri,
            email: file.client_email,
            key: Arc::new(key),
        })
    }

    /// What is handed in for an access token: a JWT, signed by RS256. Nothing where no random numbers can
    /// be had.
    pub(super) fn assertion(&self, now: Timestamp) -> Option<Secret<String>> {
        let issued = now.timestamp();
        let head = json!({"alg": "RS256", "typ": "JWT"});
        let claims = json!({
            "iss": self.email,
            "scope": SCOPE,
            "aud": self.token_uri,
            "iat": issued,
            "exp": issued + LIFE,
        });
        let part = |json: &serde_json::Value| URL_SAFE_NO_PAD.encode(json.to_string());
        let signed = format!("{}.{}", part(&head), part(&claims));
        let mut signature = vec![0; self.key.public().modulus_len()];
        let random = SystemRandom::new();
        self.key
            .sign(
                &RSA_PKCS1_SHA256,
                &random,
                signed.as_bytes(),
                &mut signature,
            )
            .ok()?;
        Some(Secret::new(format!(
            "{signed}.{}",
            URL_SAFE_NO_PAD.encode(signature)
        )))
    }
}

#[cfg(all(test, feature = "testing"))]
mod tests {
    use super::*;
    use crate::clock::from_millis;
    use ring::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};

    /// Google's own servers check it so.
    #[test]
    fn the_assertion_is_a_jwt_that_the_accounts_key_has_signed() {
        let account = crate::testing::service_account("https://oauth.example/token");
        let assertion = account.assertion(from_millis(1_800_000_000_000)).unwrap();
        let (signed, signature) = assertion.expose().rsplit_once('.').unwrap();
        let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
        let public = account.key.public().as_ref();
        let key = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, public);
        key.verify(signed.as_bytes(), &signature).unwrap();
        let (head, claims) = signed.split_once('.').unwrap();
        let read = |part: &str| -> serde_json::Value {
            serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
        };
        assert_eq!(read(head), json!({"alg": "RS256", "typ": "JWT"}));
        let claims = read(claims);
        assert_eq!(claims["aud"], "https://oauth.example/token");
        assert_eq!(claims["exp"], 1_800_003_600);
        assert!(!format!("{account:?}").contains("key"));
    }
}
