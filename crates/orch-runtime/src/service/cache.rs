//! The variable that says where sagas that have ended are kept for readers.

use std::sync::Arc;

use crate::saga::SagaCache;

use super::environment::Environment;
use super::module::Service;
use super::problem::Problem;

const REDIS_URL: &str = "ORCH_REDIS_URL";

/// The cache, when there is one. It is not asked for anything: a service starts without it.
#[cfg(feature = "redis")]
pub(super) fn read(service: &Service, environment: &mut Environment) -> Option<Arc<dyn SagaCache>> {
    if service.sagas.is_empty() {
        return None;
    }
    let meaning = "a Redis server from which sagas that have ended are read";
    let url = environment.text(REDIS_URL, "none", meaning)?;
    match crate::saga::RedisCache::new(&url) {
        Ok(cache) => Some(Arc::new(cache)),
        Err(error) => {
            environment.report(Problem::about(REDIS_URL, error.to_string()));
            None
        }
    }
}

/// A cache that is named and never asked would be taken for one that works.
#[cfg(not(feature = "redis"))]
pub(super) fn read(service: &Service, environment: &mut Environment) -> Option<Arc<dyn SagaCache>> {
    if !service.sagas.is_empty() {
        let meaning = "needs the cargo feature redis of orch-runtime";
        environment.text(REDIS_URL, "none", meaning);
        if environment.is_set(REDIS_URL) {
            let message = "needs the cargo feature \"redis\" of orch-runtime: add it to the dependency in \
                           Cargo.toml and build again";
            environment.report(Problem::about(REDIS_URL, message));
        }
    }
    None
}
