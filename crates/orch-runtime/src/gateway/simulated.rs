//! A provider inside this process, for trying a service out. No money moves.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::http::{HeaderMap, Method, Uri};
use serde_json::{Value as Json, json};

use crate::clock::Clock;
use crate::ids::OpId;
use crate::operation::retry::spread;

use super::answer::Answer;

/// Keys remembered; older ones are forgotten, as real providers do after their window.
const KEYS: usize = 100_000;
/// Answers take this long and up to twice as long again.
const FASTEST: Duration = Duration::from_millis(50);

/// Says yes to everything after 50 to 150 ms, has one effect per key, and can be asked about a key.
///
/// It speaks the protocol of [`HttpGateway`](super::HttpGateway): `POST` does, `GET …/<key>` tells.
#[derive(Debug, Clone, Default)]
pub struct SimulatedProvider {
    effects: Arc<Mutex<Effects>>,
}

#[derive(Debug, Default)]
struct Effects {
    by_key: HashMap<OpId, Json>,
    order: std::collections::VecDeque<OpId>,
}

impl SimulatedProvider {
    /// One that has done nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// How many effects it has had.
    #[must_use]
    pub fn effects(&self) -> usize {
        self.lock().by_key.len()
    }

    pub(super) async fn answer(
        &self,
        clock: &dyn Clock,
        method: &Method,
        uri: &Uri,
        key: Option<&OpId>,
    ) -> Answer {
        let asked = uri.path().rsplit('/').next().unwrap_or_default();
        clock.sleep(delay(key.map_or(asked, OpId::as_str))).await;
        let (status, body) = match key {
            Some(key) => (200, self.act(key)),
            None => self.told(asked),
        };
        tracing::warn!(%method, op_id = key.map_or(asked, OpId::as_str), status, "SIMULATED provider answered; nothing real happened");
        Answer {
            status,
            retry_after: None,
            headers: HeaderMap::new(),
            body,
        }
    }

    /// The effect of `key`: the first call has it, later ones see it.
    fn act(&self, key: &OpId) -> Json {
        let mut effects = self.lock();
        if let Some(effect) = effects.by_key.get(key) {
            return effect.clone();
        }
        if effects.by_key.len() >= KEYS
            && let Some(oldest) = effects.order.pop_front()
        {
            effects.by_key.remove(&oldest);
        }
        let effect = json!({"id": format!("sim_{key}"), "simulated": true});
        effects.by_key.insert(key.clone(), effect.clone());
        effects.order.push_back(key.clone());
        effect
    }

    fn told(&self, asked: &str) -> (u16, Json) {
        let known = OpId::new(asked).ok();
        let effect = known.and_then(|key| self.lock().by_key.get(&key).cloned());
        effect.map_or((404, Json::Null), |effect| (200, effect))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Effects> {
        self.effects.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Between 50 and 150 ms, the same for the same key.
fn delay(key: &str) -> Duration {
    let place = f64::from(spread(key, 1)) / f64::from(u32::MAX);
    FASTEST.mul_f64(1.0 + 2.0 * place)
}
