//! Encryption of stored texts, with keys that change.
//!
//! A [`PayloadCipher`] is made from a [`KeyRing`] and given to the database, which then seals what may
//! hold personal data before it is written and opens it after it is read:
//! [`Database::sealed_by`](crate::store::Database::sealed_by).
//!
//! ```text
//!  payload, result, error_cause, outcome ─▶ orch1:<key id>:<base64url(nonce ‖ ciphertext ‖ tag)>
//!                                            AES-256-GCM; additional data: the text's place
//! ```
//!
//! **Invariant:** a sealed text opens in the place for which it was sealed and nowhere else: domain,
//! operation, kind of command, column and, in the log, fence are authenticated with it; of a callback,
//! domain, column and event.
//!
//! **Invariant:** the digest that recognises a repeated request does not change with the current key.
//!
//! **Deliberately absent:** wiping keys from memory. `ring` does not wipe the keys that it holds, and
//! without `unsafe` a wipe is no more than a wish. Whoever can read the memory of the process has the keys.

mod cipher;
mod envelope;
mod key_ring;

pub use self::cipher::PayloadCipher;
pub use self::key_ring::{InvalidKeyRing, KeyRing};
