//! What the answers of S3 mean where they are not a plain success.

use serde_json::json;

use crate::clock::Timestamp;
use crate::gateway::answer::Answer;
use crate::gateway::meaning;
use crate::gateway::network::Whole;
use crate::operation::answer::GatewayError;

/// What the answer to a `PUT` means that is neither a success nor "there is an object already".
///
/// | answer | meaning |
/// |---|---|
/// | 307; 409; 400 `RequestTimeout` | not now: nothing was stored |
/// | 301, 308 | refused: the endpoint is not that of the bucket |
/// | 429, 503 `SlowDown`, 500 and the rest | as in [`receipt`](crate::gateway::receipt) |
pub(super) fn of_put(whole: &Whole, now: Timestamp) -> GatewayError {
    let mut answer = Answer::new(whole.status().as_u16(), whole.headers(), &[], now);
    let text = String::from_utf8_lossy(whole.body());
    let field = |name| element(&text, name);
    answer.body = json!({"code": field("Code"), "message": field("Message")});
    let code = answer.text("code").unwrap_or_default();
    match answer.status {
        307 | 409 => answer.unavailable(),
        400 if code == "RequestTimeout" => answer.unavailable(),
        301 | 308 => answer.refusal(),
        _ => match meaning::receipt(Ok(answer)) {
            Err(error) => error,
            Ok(_) => GatewayError::NoAnswer {
                reason: "a success that is none".to_owned(),
            },
        },
    }
}

/// The text of the first element of this name. S3's errors have no attributes and no nesting; entities
/// stay as they are.
fn element<'a>(xml: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = xml.split_once(&format!("<{name}>"))?;
    let (text, _) = rest.split_once(&format!("</{name}>"))?;
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::Response;

    fn meaning(status: u16, code: &str) -> GatewayError {
        let body = format!(
            "<?xml version=\"1.0\"?>\n<Error><Code>{code}</Code><Message>so it is</Message>\
             <AWSAccessKeyId>AKIA</AWSAccessKeyId></Error>"
        );
        let whole = Response::builder()
            .status(status)
            .header("retry-after", "7");
        of_put(
            &whole.body(body.into_bytes()).unwrap(),
            Timestamp::default(),
        )
    }

    #[test]
    fn a_refusal_has_the_code_and_the_words_of_the_provider() {
        for (status, code) in [
            (403, "AccessDenied"),
            (400, "BadDigest"),
            (404, "NoSuchBucket"),
            (301, "PermanentRedirect"),
        ] {
            let refused = meaning(status, code);
            assert_eq!(
                refused.to_string(),
                format!("refused with {code}: so it is")
            );
        }
    }

    #[test]
    fn what_may_work_later_is_tried_later() {
        for (status, code) in [
            (307, "TemporaryRedirect"),
            (400, "RequestTimeout"),
            (409, "ConditionalRequestConflict"),
            (429, "TooManyRequests"),
            (500, "InternalError"),
            (503, "SlowDown"),
        ] {
            let said = meaning(status, code);
            let waits = matches!(
                &said,
                GatewayError::Unavailable { after: Some(wait), .. } if wait.as_secs() == 7
            );
            assert!(waits, "{status} {code}: {said}");
        }
    }

    #[test]
    fn an_answer_without_xml_is_named_after_its_status() {
        let bare = Response::builder().status(403).body(b"<html>".to_vec());
        let refused = of_put(&bare.unwrap(), Timestamp::default());
        assert_eq!(
            refused.to_string(),
            "refused with HTTP_403: the provider answered 403"
        );
    }
}
