//! A transaction that refuses everything: for turns that are taken before there is one.

use async_trait::async_trait;

use crate::store::hook::{HookDriver, HookError, HookErrorKind};
use crate::value::{Row, Value};

/// Refuses every statement, and remembers that it was asked for one.
#[derive(Debug, Default)]
pub(in crate::saga) struct Closed {
    pub(in crate::saga) was_asked: bool,
}

impl Closed {
    fn refuse(&mut self) -> HookError {
        self.was_asked = true;
        let reason = "this turn is written together with others, and has no transaction yet";
        HookError::of(HookErrorKind::Unguarded, reason)
    }
}

#[async_trait]
impl HookDriver for Closed {
    async fn execute(&mut self, _sql: &str, _params: &[Value]) -> Result<u64, HookError> {
        Err(self.refuse())
    }

    async fn query(&mut self, _sql: &str, _params: &[Value]) -> Result<Vec<Row>, HookError> {
        Err(self.refuse())
    }
}
