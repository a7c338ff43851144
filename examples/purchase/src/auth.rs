//! Who is asking.
//!
//! Written once by orch-gen and yours from then on; upgrades merge, they never overwrite.

use orch_runtime::http::{Authenticator, TrustedHeader};

/// Takes the owner from the header `X-Owner-Id`, which the gateway in front of this service must set
/// for callers it has authenticated, and must remove from all requests that come from outside.
/// Without the header the owner is `anonymous`. Replace it by your own [`Authenticator`].
#[must_use]
pub fn authenticator() -> impl Authenticator {
    TrustedHeader::default()
}
