//! The variable that says with which keys stored texts are sealed.

use std::sync::Arc;

use crate::store::Sealing;

use super::environment::Environment;
use super::problem::Problem;

const KEYS_FILE: &str = "ORCH_ENCRYPTION_KEYS_FILE";

/// The cipher, when there are keys.
#[cfg(feature = "encryption")]
pub(super) fn read(environment: &mut Environment) -> Option<Arc<dyn Sealing>> {
    use crate::encryption::{KeyRing, PayloadCipher};
    let meaning = "stored texts are sealed: a file of lines, id and key";
    let path = environment.text(KEYS_FILE, "none", meaning)?;
    match KeyRing::from_file(&path) {
        Ok(ring) => Some(Arc::new(PayloadCipher::new(ring))),
        Err(error) => {
            let message = format!("cannot be used: {error}");
            environment.report(Problem::about(KEYS_FILE, message));
            None
        }
    }
}

/// Keys without a cipher would be texts in clear that somebody takes for sealed.
#[cfg(not(feature = "encryption"))]
pub(super) fn read(environment: &mut Environment) -> Option<Arc<dyn Sealing>> {
    let meaning = "needs the cargo feature encryption of orch-runtime";
    environment.text(KEYS_FILE, "none", meaning);
    if environment.is_set(KEYS_FILE) {
        let message = "needs the cargo feature \"encryption\" of orch-runtime: add it to the \
                       dependency in Cargo.toml and build again";
        environment.report(Problem::about(KEYS_FILE, message));
    }
    None
}
