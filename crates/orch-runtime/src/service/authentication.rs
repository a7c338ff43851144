//! The variables that say how callers are known. Setting one of them replaces what believes everybody,
//! and never what the program itself put in its place.

use std::fmt;
use std::sync::Arc;

use crate::clock::Clock;
use crate::http::{ApiKeys, Authenticator};
#[cfg(feature = "jwt")]
use crate::http::{Jwt, JwtAlgorithm, JwtConfig, JwtKey};
#[cfg(feature = "jwt")]
use crate::secret::Secret;

use super::environment::Environment;
use super::module::Service;
use super::problem::Problem;

const API_KEYS_FILE: &str = "ORCH_API_KEYS_FILE";
const JWT_KEY_FILE: &str = "ORCH_JWT_KEY_FILE";
const JWT_ALGORITHM: &str = "ORCH_JWT_ALGORITHM";
const JWT_ISSUER: &str = "ORCH_JWT_ISSUER";
const JWT_AUDIENCE: &str = "ORCH_JWT_AUDIENCE";
const JWT: [&str; 4] = [JWT_KEY_FILE, JWT_ALGORITHM, JWT_ISSUER, JWT_AUDIENCE];

/// How callers are known, checked as far as it can be before the start.
#[derive(Debug, Clone)]
pub(super) enum Authentication {
    ApiKeys(ApiKeys),
    #[cfg(feature = "jwt")]
    Jwt(Box<JwtConfig>),
}

impl Authentication {
    /// What asks callers for it. Keys know no time.
    #[cfg_attr(
        not(feature = "jwt"),
        expect(unused_variables, reason = "only tokens end")
    )]
    pub(super) fn authenticator(&self, clock: &Arc<dyn Clock>) -> Arc<dyn Authenticator> {
        match self {
            Self::ApiKeys(keys) => Arc::new(keys.clone()),
            #[cfg(feature = "jwt")]
            Self::Jwt(config) => Arc::new(Jwt::new(JwtConfig::clone(config), Arc::clone(clock))),
        }
    }
}

/// The name in the log.
impl fmt::Display for Authentication {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ApiKeys(_) => "api keys",
            #[cfg(feature = "jwt")]
            Self::Jwt(_) => "jwt",
        })
    }
}

/// Reads all variables of the kind; nothing when none is set.
pub(super) fn read(service: &Service, environment: &mut Environment) -> Option<Authentication> {
    let keys = api_keys(environment);
    let tokens = jwt(environment);
    let token_variable = JWT.into_iter().find(|name| environment.is_set(name));
    let key_variable = environment.is_set(API_KEYS_FILE).then_some(API_KEYS_FILE);
    if let (Some(keys), Some(tokens)) = (key_variable, token_variable) {
        let message = format!("and {tokens} are both set: callers have keys or tokens, not both");
        environment.report(Problem::about(keys, message));
    }
    let own = service.authenticator.as_ref();
    if let Some(variable) = key_variable.or(token_variable)
        && own.is_some_and(|own| !own.is_trusting())
    {
        let message = "is set, and the program has an authenticator of its own, given to \
                       Service::authenticator: unset the variable, or take that authenticator out";
        environment.report(Problem::about(variable, message));
    }
    keys.or(tokens)
}

fn api_keys(environment: &mut Environment) -> Option<Authentication> {
    let meaning = "callers have keys: a file of lines, owner and SHA-256 of a key";
    let path = environment.text(API_KEYS_FILE, "none", meaning)?;
    match ApiKeys::from_file(&path) {
        Ok(keys) => Some(Authentication::ApiKeys(keys)),
        Err(error) => {
            environment.report(Problem::about(
                API_KEYS_FILE,
                format!("cannot be used: {error}"),
            ));
            None
        }
    }
}

#[cfg(not(feature = "jwt"))]
fn jwt(environment: &mut Environment) -> Option<Authentication> {
    for name in JWT {
        environment.text(name, "none", "needs the cargo feature jwt of orch-runtime");
        if environment.is_set(name) {
            let message = "needs the cargo feature \"jwt\" of orch-runtime: add it to the \
                           dependency in Cargo.toml and build again";
            environment.report(Problem::about(name, message));
        }
    }
    None
}

#[cfg(feature = "jwt")]
fn jwt(environment: &mut Environment) -> Option<Authentication> {
    let meanings = [
        (
            JWT_KEY_FILE,
            "callers have tokens: a public key in PEM, a JWKS, or the secret of HS256",
        ),
        (
            JWT_ALGORITHM,
            "how tokens are signed: HS256, RS256, ES256 or EdDSA",
        ),
        (JWT_ISSUER, "who signs tokens, their iss"),
        (JWT_AUDIENCE, "whom tokens are for, their aud"),
    ];
    let [path, algorithm, issuer, audience] =
        meanings.map(|(name, meaning)| environment.text(name, "none", meaning));
    if !JWT.iter().any(|name| environment.is_set(name)) {
        return None;
    }
    for name in JWT {
        if !environment.is_set(name) {
            let message = format!("is not set: {} go together", JWT.join(", "));
            environment.report(Problem::about(name, message));
        }
    }
    let algorithm = algorithm.and_then(|text| match text.parse::<JwtAlgorithm>() {
        Ok(algorithm) => Some(algorithm),
        Err(expected) => {
            environment.report(Problem::value(JWT_ALGORITHM, &text, expected));
            None
        }
    });
    let key = jwt_key(&path?, algorithm?, environment)?;
    let config = JwtConfig::new(key, issuer?, audience?);
    Some(Authentication::Jwt(Box::new(config)))
}

#[cfg(feature = "jwt")]
fn jwt_key(path: &str, algorithm: JwtAlgorithm, environment: &mut Environment) -> Option<JwtKey> {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => Secret::new(text),
        Err(error) => {
            let message = format!("cannot be used: {path} cannot be read: {error}");
            environment.report(Problem::about(JWT_KEY_FILE, message));
            return None;
        }
    };
    match JwtKey::parse(algorithm, &text) {
        Ok(key) => Some(key),
        Err(error) => {
            let message = format!("cannot be used with {algorithm}: {path}: {error}");
            environment.report(Problem::about(JWT_KEY_FILE, message));
            None
        }
    }
}
