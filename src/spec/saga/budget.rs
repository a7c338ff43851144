//! Times in the definition of a saga, such as for how long it may begin steps: `90s`, `30m`, `1h`, `2d`.

use crate::error::{Code, Error, Result};
use std::fmt;

/// The longest one: a year. What takes longer waits for a person, and no longer than this.
const MAX_SECONDS: u64 = 365 * 86_400;

/// The units, the longest first.
const UNITS: [(char, u64); 4] = [('d', 86_400), ('h', 3_600), ('m', 60), ('s', 1)];

/// A time from one second to 365 days.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimeBudget {
    seconds: u64,
}

impl TimeBudget {
    /// Reads a whole number and its unit.
    ///
    /// # Errors
    /// When the text is something else, or the time is too short or too long.
    pub fn parse(text: &str) -> Result<Self> {
        Self::of("time_budget", text)
    }

    /// Reads what the key `key` says.
    pub(super) fn of(key: &str, text: &str) -> Result<Self> {
        seconds(text)
            .filter(|seconds| (1..=MAX_SECONDS).contains(seconds))
            .map(|seconds| Self { seconds })
            .ok_or_else(|| {
                let what = format!("`{key}` cannot be `{}`", text.escape_debug());
                Error::new(Code::SpecValue, what).help(
                    "write a whole number and `s`, `m`, `h` or `d`, such as `1h`: from `1s` to `365d`",
                )
            })
    }

    /// It in seconds.
    #[must_use]
    pub const fn seconds(self) -> u64 {
        self.seconds
    }
}

fn seconds(text: &str) -> Option<u64> {
    let unit = text.chars().last()?;
    let (_, in_seconds) = UNITS.iter().find(|(known, _)| *known == unit)?;
    let number = &text[..text.len() - unit.len_utf8()];
    let is_plain = number.bytes().all(|b| b.is_ascii_digit()) && !number.starts_with('0');
    let number: u64 = number.parse().ok().filter(|_| is_plain)?;
    number.checked_mul(*in_seconds)
}

impl fmt::Display for TimeBudget {
    /// In the longest unit that it is a whole number of.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fits = |(_, in_seconds): &&(char, u64)| self.seconds.is_multiple_of(*in_seconds);
        let (unit, in_seconds) = UNITS.iter().find(fits).copied().unwrap_or(('s', 1));
        write!(f, "{}{unit}", self.seconds / in_seconds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_and_written_in_the_longest_unit() {
        for (typed, seconds, written) in [
            ("1s", 1, "1s"),
            ("90s", 90, "90s"),
            ("60s", 60, "1m"),
            ("1h", 3_600, "1h"),
            ("48h", 172_800, "2d"),
            ("365d", MAX_SECONDS, "365d"),
        ] {
            let budget = TimeBudget::parse(typed).unwrap();
            assert_eq!(budget.seconds(), seconds, "{typed}");
            assert_eq!(budget.to_string(), written);
        }
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for typed in [
            "",
            "h",
            "1",
            "0s",
            "01h",
            "-1h",
            "+1h",
            "1.5h",
            "1 h",
            "1H",
            "1w",
            "366d",
            "١h",
            "99999999999999999999d",
            "18446744073709551615d",
            "1é",
        ] {
            let error = TimeBudget::parse(typed).unwrap_err();
            assert_eq!(error.code(), Code::SpecValue, "{typed}");
        }
    }
}
