//! The signature of Twilio, which covers the address too.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::hmac::{HMAC_SHA1_FOR_LEGACY_USE_ONLY, Key, verify};

use crate::secret::Secret;

use super::signature::{InvalidSecret, only, unreadable, wrong};
use super::{CallbackRefused, CallbackRequest, SHORTEST_SECRET};

/// `X-Twilio-Signature`: an HMAC with SHA-1 under the account's auth token, in base64, over the address as
/// Twilio was given it and the names and values of the form in the order of the names.
///
/// The address is ours to know: behind a proxy a request does not say to where it was sent.
#[derive(Debug, Clone)]
pub struct TwilioSignature {
    keys: Vec<Key>,
    url: String,
}

impl TwilioSignature {
    /// Accepts what is sent to `url`, with any query, and signed under any of `secrets`.
    ///
    /// # Errors
    /// As [`HmacSha256::new`](super::HmacSha256::new).
    pub fn new(secrets: &[Secret<String>], url: &str) -> Result<Self, InvalidSecret> {
        if secrets.is_empty() {
            return Err(InvalidSecret::None);
        }
        let key = |secret: &Secret<String>| match secret.expose().as_bytes() {
            short if short.len() < SHORTEST_SECRET => Err(InvalidSecret::TooShort),
            secret => Ok(Key::new(HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret)),
        };
        Ok(Self {
            keys: secrets.iter().map(key).collect::<Result<_, _>>()?,
            url: url.to_owned(),
        })
    }

    /// Checks the signature of a request.
    ///
    /// # Errors
    /// When it is missing, unreadable or wrong.
    pub fn verify(&self, request: &CallbackRequest<'_>) -> Result<(), CallbackRefused> {
        let signature = only(request.head, "x-twilio-signature")?;
        let signature = STANDARD.decode(signature).map_err(|_| unreadable())?;
        let signed = signed(&self.url, request);
        let is_of = |key: &Key| verify(key, signed.as_bytes(), &signature).is_ok();
        if self.keys.iter().any(is_of) {
            Ok(())
        } else {
            Err(wrong())
        }
    }
}

/// What the signature is made over.
fn signed(url: &str, request: &CallbackRequest<'_>) -> String {
    let mut signed = url.to_owned();
    if !request.query.is_empty() {
        signed = format!("{signed}?{}", request.query);
    }
    let mut fields: Vec<_> = form_urlencoded::parse(request.body).collect();
    fields.sort();
    for (name, value) in fields {
        signed.push_str(&name);
        signed.push_str(&value);
    }
    signed
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::{HeaderMap, HeaderValue};

    const TOKEN: &str = "12345678901234567890";
    const URL: &str = "https://mycompany.com/myapp.php";
    const QUERY: &str = "foo=1&bar=2";
    const BODY: &[u8] = b"CallSid=CA1234567890ABCDE&Caller=%2B12349013030&Digits=1234&From=%2B12349013030&To=%2B18005551212";

    fn accepts(
        token: &str,
        url: &str,
        query: &str,
        body: &[u8],
        signature: &[&'static str],
    ) -> bool {
        let scheme = TwilioSignature::new(&[Secret::new(token.to_owned())], url).unwrap();
        let mut head = HeaderMap::new();
        for signature in signature {
            head.append("x-twilio-signature", HeaderValue::from_static(signature));
        }
        let head = &head;
        scheme
            .verify(&CallbackRequest { query, head, body })
            .is_ok()
    }

    /// A known answer, made by Python's hmac over the example of Twilio's guide, under a longer token.
    #[test]
    fn the_signature_is_the_one_that_others_compute() {
        let good = "P4FwXHysi8NCANP8KbzEjzxTWeY=";
        assert!(accepts(TOKEN, URL, QUERY, BODY, &[good]));
    }

    #[test]
    fn another_address_body_or_token_and_no_or_two_signatures_are_refused() {
        let good = "P4FwXHysi8NCANP8KbzEjzxTWeY=";
        assert!(!accepts(
            "another token, as long",
            URL,
            QUERY,
            BODY,
            &[good]
        ));
        assert!(!accepts(
            TOKEN,
            "https://mycompany.com/",
            QUERY,
            BODY,
            &[good]
        ));
        assert!(!accepts(TOKEN, URL, "foo=1&bar=3", BODY, &[good]));
        assert!(!accepts(TOKEN, URL, "", BODY, &[good]));
        assert!(!accepts(TOKEN, URL, QUERY, &BODY[1..], &[good]));
        for signature in [&[][..], &[good, good], &["%"], &[""]] {
            assert!(
                !accepts(TOKEN, URL, QUERY, BODY, signature),
                "{signature:?}"
            );
        }
    }

    #[test]
    fn a_secret_that_can_be_guessed_is_refused() {
        let short = [Secret::new("short".to_owned())];
        assert_eq!(
            TwilioSignature::new(&short, URL).err(),
            Some(InvalidSecret::TooShort)
        );
        assert_eq!(
            TwilioSignature::new(&[], URL).err(),
            Some(InvalidSecret::None)
        );
    }
}
