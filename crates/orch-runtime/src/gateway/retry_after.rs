//! `Retry-After` (RFC 9110): seconds, or a date in one of the three forms that HTTP has had.

use std::time::Duration;

use chrono::{DateTime, NaiveDateTime};

use crate::clock::Timestamp;

/// `Sunday, 06-Nov-94 08:49:37 GMT`, RFC 850.
const RFC_850: &str = "%A, %d-%b-%y %H:%M:%S GMT";
/// `Sun Nov  6 08:49:37 1994`, C's asctime.
const ASCTIME: &str = "%a %b %e %H:%M:%S %Y";

/// The wait that `text` asks for, counted from `now`; a date that has passed asks for none.
pub(super) fn parse(text: &str, now: Timestamp) -> Option<Duration> {
    let text = text.trim();
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return text.parse().ok().map(Duration::from_secs);
    }
    let wait = date(text)?.signed_duration_since(now);
    Some(wait.to_std().unwrap_or_default())
}

fn date(text: &str) -> Option<Timestamp> {
    if let Ok(date) = DateTime::parse_from_rfc2822(text) {
        return Some(date.to_utc());
    }
    [RFC_850, ASCTIME]
        .into_iter()
        .find_map(|form| NaiveDateTime::parse_from_str(text, form).ok())
        .map(|date| date.and_utc())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_seconds_and_all_three_forms_of_a_date() {
        let now = date("Sun, 06 Nov 1994 08:49:07 GMT").unwrap();
        let half_a_minute = Some(Duration::from_secs(30));
        for text in [
            "30",
            "Sun, 06 Nov 1994 08:49:37 GMT",
            "Sunday, 06-Nov-94 08:49:37 GMT",
            "Sun Nov  6 08:49:37 1994",
        ] {
            assert_eq!(parse(text, now), half_a_minute, "{text}");
        }
        assert_eq!(
            parse("Sun, 06 Nov 1994 08:00:00 GMT", now),
            Some(Duration::ZERO)
        );
    }

    #[test]
    fn what_it_cannot_read_asks_for_nothing() {
        for text in [
            "",
            "soon",
            "-1",
            "1.5",
            "99999999999999999999999",
            "Sun, 99 Nov 1994 08:49:37 GMT",
        ] {
            assert_eq!(parse(text, Timestamp::default()), None, "{text}");
        }
    }
}
