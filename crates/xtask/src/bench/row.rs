//! One measured thing: its samples, and what is wanted of it.

use anyhow::{Context, Result};
use serde_json::{Value, json};

/// What is wanted of a median.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Wanted {
    /// Nothing: it is there to compare with.
    Nothing,
    /// This or less.
    AtMost(f64),
    /// This or more.
    AtLeast(f64),
}

/// The samples of one thing.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// What was measured.
    pub name: String,
    /// The unit of the samples.
    pub unit: String,
    /// In the order in which they were taken.
    pub samples: Vec<f64>,
    /// What is wanted of their median.
    pub wanted: Wanted,
    /// Why samples are missing, if they are.
    pub not_run: Option<String>,
}

impl Row {
    /// A row that nothing is wanted of.
    #[must_use]
    pub fn new(name: impl Into<String>, unit: &str, samples: Vec<f64>) -> Self {
        Self {
            name: name.into(),
            unit: unit.to_owned(),
            samples,
            wanted: Wanted::Nothing,
            not_run: None,
        }
    }

    /// A row that could not be measured, or not as often as it should have been.
    #[must_use]
    pub fn not_run(name: impl Into<String>, reason: &str, samples: Vec<f64>) -> Self {
        Self {
            not_run: Some(reason.to_owned()),
            ..Self::new(name, "", samples)
        }
    }

    /// Sets what is wanted.
    #[must_use]
    pub fn wanted(mut self, wanted: Wanted) -> Self {
        self.wanted = wanted;
        self
    }

    /// The value that `share` of the samples do not exceed: 0.5 is the median, 0 the smallest.
    #[must_use]
    pub fn quantile(&self, share: f64) -> f64 {
        quantile(&self.samples, share)
    }

    /// The median.
    #[must_use]
    pub fn median(&self) -> f64 {
        self.quantile(0.5)
    }

    /// Whether it is as wanted.
    #[must_use]
    pub fn is_met(&self) -> bool {
        match self.wanted {
            Wanted::Nothing => true,
            Wanted::AtMost(limit) => self.median() <= limit,
            Wanted::AtLeast(limit) => self.median() >= limit,
        }
    }

    /// As it stands in the JSON report.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let (at_most, at_least) = match self.wanted {
            Wanted::Nothing => (None, None),
            Wanted::AtMost(limit) => (Some(limit), None),
            Wanted::AtLeast(limit) => (None, Some(limit)),
        };
        json!({
            "name": self.name, "unit": self.unit, "median": self.median(),
            "atMost": at_most, "atLeast": at_least, "met": self.is_met(), "samples": self.samples,
            "notRun": self.not_run,
        })
    }

    /// Reads what [`to_json`](Self::to_json) wrote.
    ///
    /// # Errors
    /// When it is something else.
    pub fn from_json(value: &Value) -> Result<Self> {
        let text = |key: &str| value[key].as_str().with_context(|| format!("no {key}"));
        let samples = value["samples"].as_array().context("no samples")?;
        let wanted = match (value["atMost"].as_f64(), value["atLeast"].as_f64()) {
            (Some(limit), _) => Wanted::AtMost(limit),
            (None, Some(limit)) => Wanted::AtLeast(limit),
            (None, None) => Wanted::Nothing,
        };
        let samples = samples.iter().filter_map(Value::as_f64).collect();
        Ok(Self {
            not_run: value["notRun"].as_str().map(str::to_owned),
            ..Self::new(text("name")?, text("unit")?, samples).wanted(wanted)
        })
    }
}

/// The value that `share` of `samples` do not exceed; 0 when there are none.
#[must_use]
pub fn quantile(samples: &[f64], share: f64) -> f64 {
    let mut sorted = samples.to_vec();
    sorted.sort_by(f64::total_cmp);
    let last = sorted.len().saturating_sub(1);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "an index between 0 and the last one"
    )]
    let at = (last as f64 * share.clamp(0.0, 1.0)).round() as usize;
    sorted.get(at).copied().unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle_and_decides() {
        let row = Row::new("x", "ms", vec![9.0, 1.0, 2.0]).wanted(Wanted::AtMost(2.0));
        assert!((row.median() - 2.0).abs() < f64::EPSILON);
        assert!(row.is_met());
        assert!(!row.wanted(Wanted::AtLeast(2.5)).is_met());
    }

    #[test]
    fn a_row_survives_json() {
        let row = Row::new("x", "ms", vec![1.5]).wanted(Wanted::AtLeast(1.0));
        assert_eq!(Row::from_json(&row.to_json()).unwrap(), row);
        let row = Row::not_run("x", "no such program", Vec::new());
        assert_eq!(Row::from_json(&row.to_json()).unwrap(), row);
    }
}
