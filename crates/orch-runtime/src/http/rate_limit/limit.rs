//! A limit as it is written: `5/60s`, or `off`.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// Longest window; longer ones would keep names for ever.
const LONGEST: Duration = Duration::from_secs(86_400);

/// How many requests are let through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RateLimit {
    /// All.
    Off,
    /// At most `requests` in any window as long as `within`.
    AtMost {
        /// Requests.
        requests: u32,
        /// Length of the window.
        within: Duration,
    },
}

/// The text is no limit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "expected <requests>/<seconds>s, such as 5/60s, with at least one request and at most a day; or off"
)]
pub struct InvalidLimit;

impl FromStr for RateLimit {
    type Err = InvalidLimit;

    /// Reads `5/60s`, `5/1m`, `100/h` (an hour) or `off`.
    fn from_str(text: &str) -> Result<Self, InvalidLimit> {
        if text == "off" {
            return Ok(Self::Off);
        }
        let (requests, window) = text.split_once('/').ok_or(InvalidLimit)?;
        let requests = number(requests)?;
        let unit = window.chars().next_back().ok_or(InvalidLimit)?;
        let seconds = match unit {
            's' => 1,
            'm' => 60,
            'h' => 3_600,
            _ => return Err(InvalidLimit),
        };
        let count = match &window[..window.len() - 1] {
            "" => 1,
            digits => number(digits)?,
        };
        let within = Duration::from_secs(u64::from(count) * seconds);
        if within > LONGEST {
            return Err(InvalidLimit);
        }
        Ok(Self::AtMost { requests, within })
    }
}

fn number(digits: &str) -> Result<u32, InvalidLimit> {
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(InvalidLimit);
    }
    digits
        .parse()
        .ok()
        .filter(|number| *number > 0)
        .ok_or(InvalidLimit)
}

impl fmt::Display for RateLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Off => f.write_str("off"),
            Self::AtMost { requests, within } => write!(f, "{requests}/{}s", within.as_secs()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_writes() {
        for (text, written) in [
            ("5/60s", "5/60s"),
            ("600/1m", "600/60s"),
            ("1/h", "1/3600s"),
            ("off", "off"),
        ] {
            assert_eq!(
                text.parse::<RateLimit>().map(|limit| limit.to_string()),
                Ok(written.to_owned())
            );
        }
    }

    #[test]
    fn refuses_what_could_be_misread() {
        for text in [
            "",
            "5",
            "/60s",
            "0/60s",
            "5/0s",
            "5/60",
            "+5/60s",
            "5/25h",
            "5 / 60s",
            "OFF",
            "5/6é",
            "4294967296/s",
        ] {
            assert_eq!(text.parse::<RateLimit>(), Err(InvalidLimit), "{text}");
        }
    }
}
