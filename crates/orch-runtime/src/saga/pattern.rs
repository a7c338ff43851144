//! Who moves a saga on: whoever looks at it, or handlers that hear of events.

use std::fmt;
use std::str::FromStr;
use std::sync::atomic::{AtomicBool, Ordering};

use serde::Serialize;

use crate::value::{FromValue, Value};

use super::builder::SagaBuildError;
use super::engine::Sagas;

/// Who moves a saga on. It stands on the saga's row: a running saga ends as it began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum SagaPattern {
    /// Whoever learns that something happened begins what comes next.
    #[default]
    Orchestration,
    /// Each step has a handler that begins it when it hears of the event that the step waits for.
    Choreography,
}

/// The text names no pattern.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected orchestration or choreography, found \"{0}\"")]
pub struct UnknownPattern(String);

impl SagaPattern {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Orchestration, Self::Choreography];

    /// The name in tables and in the API.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Orchestration => "ORCHESTRATION",
            Self::Choreography => "CHOREOGRAPHY",
        }
    }

    /// The name in settings.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Orchestration => "orchestration",
            Self::Choreography => "choreography",
        }
    }
}

impl fmt::Display for SagaPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for SagaPattern {
    type Err = UnknownPattern;

    fn from_str(text: &str) -> Result<Self, UnknownPattern> {
        let mut all = Self::ALL.into_iter();
        all.find(|pattern| pattern.name() == text)
            .ok_or_else(|| UnknownPattern(text.to_owned()))
    }
}

impl FromValue for SagaPattern {
    fn from_value(value: &Value) -> Result<Self, String> {
        let text = String::from_value(value)?;
        let mut all = Self::ALL.into_iter();
        all.find(|pattern| pattern.as_str() == text)
            .ok_or_else(|| format!("unknown pattern \"{text}\""))
    }
}

/// The pattern that new sagas take. It changes at once, for all that come after.
#[derive(Debug, Default)]
pub(super) struct Switch(AtomicBool);

impl Switch {
    pub(super) fn to(pattern: SagaPattern) -> Self {
        Self(AtomicBool::new(pattern == SagaPattern::Choreography))
    }

    pub(super) fn set(&self, pattern: SagaPattern) {
        self.0
            .store(pattern == SagaPattern::Choreography, Ordering::SeqCst);
    }

    pub(super) fn get(&self) -> SagaPattern {
        match self.0.load(Ordering::SeqCst) {
            true => SagaPattern::Choreography,
            false => SagaPattern::Orchestration,
        }
    }
}

impl<I> Sagas<I> {
    /// The pattern that new sagas take.
    #[must_use]
    pub fn pattern(&self) -> SagaPattern {
        self.inner.pattern.get()
    }

    /// Has new sagas take this pattern from now on. Those that run end in theirs.
    ///
    /// # Errors
    /// When sagas are to be choreographed whose events have no names.
    pub fn set_pattern(&self, pattern: SagaPattern) -> Result<(), SagaBuildError> {
        if pattern == SagaPattern::Choreography && self.inner.told.is_none() {
            return Err(SagaBuildError::NoEvents);
        }
        self.inner.pattern.set(pattern);
        tracing::info!(sagas = self.inner.tables.prefix, %pattern, "new sagas take this pattern");
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_is_one_of_two() {
        for pattern in SagaPattern::ALL {
            assert_eq!(pattern.name().parse(), Ok(pattern));
            let stored = Value::from(pattern.as_str());
            assert_eq!(SagaPattern::from_value(&stored), Ok(pattern));
        }
        assert_eq!(
            "both".parse::<SagaPattern>().unwrap_err().to_string(),
            "expected orchestration or choreography, found \"both\""
        );
    }
}
