//! `Prefer: wait=5` (RFC 7240): how long a client would wait for the end of its operation.

use std::time::Duration;

use axum::http::{HeaderMap, HeaderName};

/// The request header.
const PREFER: HeaderName = HeaderName::from_static("prefer");

/// The wait that `headers` ask for, at most `cap`. What cannot be read is no preference, as the RFC
/// wants it; of several, the first counts.
pub(super) fn wait(headers: &HeaderMap, cap: Duration) -> Option<Duration> {
    let seconds = headers
        .get_all(PREFER)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .find_map(seconds)?;
    (seconds > 0).then(|| Duration::from_secs(seconds).min(cap))
}

fn seconds(preference: &str) -> Option<u64> {
    let main = preference.split(';').next()?;
    let (name, value) = main.split_once('=')?;
    if !name.trim().eq_ignore_ascii_case("wait") {
        return None;
    }
    let value = value.trim().trim_matches('"');
    let digits = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| value.parse().unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    fn asked(value: &'static str) -> Option<u64> {
        let headers = HeaderMap::from_iter([(PREFER, HeaderValue::from_static(value))]);
        wait(&headers, Duration::from_secs(30)).map(|wait| wait.as_secs())
    }

    #[test]
    fn reads_a_wait_among_other_preferences_and_caps_it() {
        assert_eq!(asked("wait=5"), Some(5));
        assert_eq!(asked("respond-async, Wait = \"7\"; strict"), Some(7));
        assert_eq!(asked("wait=99999999999999999999999"), Some(30));
    }

    #[test]
    fn what_it_cannot_read_is_no_preference() {
        for value in [
            "wait",
            "wait=",
            "wait=-1",
            "wait=5s",
            "wait=0",
            "waiting=5",
            "return=minimal",
        ] {
            assert_eq!(asked(value), None, "{value}");
        }
    }
}
