//! A world to wind: a clock that stands still, a provider that does what it is told, and crashes at
//! every boundary. For the tests of this crate and of generated projects (feature `testing`).
//!
//! ```text
//!  World ── ManualClock ── advance() ──▶ timeouts, backoff, leases
//!    │ ──── Provider ───── script() ───▶ answers, lost answers, hangs; counts effects per key
//!    └───── crash_at() ─── Boundary ───▶ everything after it fails; restart() reads the same file
//! ```

pub mod client;
mod clock;
mod database;
#[cfg(feature = "postgres")]
pub mod postgres;
mod provider;
mod saga_effects;
mod saga_world;
#[cfg(feature = "fcm")]
mod service_account;
#[cfg(feature = "callbacks")]
mod signing;
#[cfg(feature = "sqlite")]
pub mod sim;
#[cfg(feature = "s3")]
mod spool;
mod world;

pub use self::clock::ManualClock;
pub use self::database::TestDatabase;
pub use self::provider::{Provider, Reply};
pub use self::saga_effects::SagaEffects;
pub use self::saga_world::{AddHandlers, SagaDomain, SagaWorld, SagaWorldSetup};
#[cfg(feature = "fcm")]
pub use self::service_account::{service_account, service_account_file};
#[cfg(all(feature = "callbacks", feature = "twilio"))]
pub use self::signing::twilio_signature;
#[cfg(feature = "callbacks")]
pub use self::signing::{signature, timestamped_signature};
#[cfg(feature = "s3")]
pub use self::spool::TestSpool;
pub use self::world::{Crashes, World, WorldSetup};
