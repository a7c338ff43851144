//! Durations as they are written in variables: `10s`, `500ms`, `2m`.

use std::time::Duration;

/// What is accepted, for messages.
pub(super) const EXPECTED: &str = "expected a whole number with ms, s or m, such as 10s";

/// Reads a duration that is longer than nothing.
pub(super) fn parse(text: &str) -> Option<Duration> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let number: u32 = digits
        .bytes()
        .all(|byte| byte.is_ascii_digit())
        .then(|| digits.parse().ok())??;
    let unit = match &text[digits.len()..] {
        "ms" => Duration::from_millis(1),
        "s" => Duration::from_secs(1),
        "m" => Duration::from_secs(60),
        _ => return None,
    };
    unit.checked_mul(number)
        .filter(|duration| !duration.is_zero())
}

/// The text that [`parse`] reads back.
pub(super) fn written(duration: Duration) -> String {
    match duration.subsec_millis() {
        0 => format!("{}s", duration.as_secs()),
        _ => format!("{}ms", duration.as_millis()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_writes() {
        for (text, millis) in [("10s", 10_000), ("500ms", 500), ("2m", 120_000)] {
            let read = parse(text);
            assert_eq!(read, Some(Duration::from_millis(millis)));
            assert_eq!(read.map(written).as_deref().and_then(parse), read);
        }
    }

    #[test]
    fn refuses_what_could_be_misread() {
        for text in [
            "",
            "10",
            "s",
            "0s",
            "-1s",
            "1.5s",
            "10 s",
            "10S",
            "1h",
            "99999999999s",
            "١s",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
