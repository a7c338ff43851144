//! An account and its auth token, as one text.

use std::str::FromStr;

use crate::secret::Secret;

/// An account of Twilio with its auth token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TwilioAccount {
    pub(super) sid: String,
    pub(super) token: Secret<String>,
}

/// A text is no account with its token. Nothing of it is in the message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected the account and its auth token: AC, 32 hexadecimal digits, a colon, the token")]
pub struct InvalidAccount;

impl FromStr for TwilioAccount {
    type Err = InvalidAccount;

    /// Reads `AC…:token`.
    fn from_str(text: &str) -> Result<Self, InvalidAccount> {
        let (sid, token) = text.split_once(':').ok_or(InvalidAccount)?;
        let digits = sid.strip_prefix("AC").ok_or(InvalidAccount)?;
        let is_sid = digits.len() == 32 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        let is_token = !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic());
        if !is_sid || !is_token {
            return Err(InvalidAccount);
        }
        Ok(Self {
            sid: sid.to_owned(),
            token: Secret::new(token.to_owned()),
        })
    }
}
