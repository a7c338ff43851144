//! The Cleaner's second task: bringing stored texts under the current key, so that an older key can be
//! taken away.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Mutex;

use crate::clock::Timestamp;
use crate::engine::Engine;
use crate::metrics::texts;
use crate::store::StoreError;

/// Operations, or callbacks, per look, whose texts are in memory at the same time.
const WINDOW: u32 = 50;
/// Looks per batch at most.
const WINDOWS: u32 = 200;
/// Pause after a pass that found something: another process may still seal with an older key.
const SHORT_REST: Duration = Duration::from_secs(3_600);
/// Pause after a pass that found nothing.
const LONG_REST: Duration = Duration::from_secs(24 * 3_600);

/// Walks over all operations by name, then over all callbacks, again and again with long pauses; clones share the place.
#[derive(Debug, Default, Clone)]
pub(super) struct Rotation {
    pass: Arc<Mutex<Pass>>,
}

#[derive(Debug, Default)]
struct Pass {
    walk: Walk,
    after: Option<String>,
    found: usize,
    rest_until: Option<Timestamp>,
}

/// What is walked over.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Walk {
    #[default]
    Operations,
    Callbacks,
}

impl Rotation {
    /// Goes on until about `limit` texts are written again, or the batch has looked at enough; says how
    /// many were written. Without keys it does nothing.
    pub(super) async fn run_once(
        &self,
        engine: &Engine,
        now: Timestamp,
        limit: u32,
    ) -> Result<usize, StoreError> {
        let store = engine.store();
        let mut pass = self.pass.lock().await;
        if store.key_ids().is_empty() || pass.rest_until.is_some_and(|until| now < until) {
            return Ok(0);
        }
        let mut rewritten = 0;
        for _ in 0..WINDOWS {
            let after = pass.after.clone();
            let rotated = match pass.walk {
                Walk::Operations => store.rotate(after, WINDOW).await?,
                Walk::Callbacks => store.rotate_callbacks(after, WINDOW).await?,
            };
            rewritten += rotated.rewritten;
            pass.found += rotated.rewritten + rotated.unreadable;
            pass.after = rotated.end;
            let is_through = pass.after.is_none();
            if is_through && pass.walk == Walk::Operations {
                pass.walk = Walk::Callbacks;
            } else if is_through {
                let keys = store.keys_in_use().await?;
                texts::show(
                    &engine.inner.metrics.encryption_texts,
                    &store.key_ids(),
                    &keys,
                );
                let rest = if pass.found > 0 {
                    SHORT_REST
                } else {
                    LONG_REST
                };
                *pass = Pass {
                    rest_until: Some(now + rest),
                    ..Pass::default()
                };
                break;
            }
            if rewritten >= limit as usize {
                break;
            }
        }
        Ok(rewritten)
    }
}
