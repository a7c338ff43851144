//! The kinds of gateways: who is at the other end of a domain's calls.

use super::not_one_of;
use crate::error::Result;

/// How a domain reaches its provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum GatewayKind {
    /// Any provider that speaks plain JSON over HTTP.
    #[default]
    Http,
    /// Stripe: charges and refunds.
    Stripe,
    /// An object store that speaks S3.
    S3,
    /// A mail server.
    Smtp,
    /// Twilio: text messages.
    Twilio,
    /// Firebase Cloud Messaging: notifications on devices.
    Fcm,
}

impl GatewayKind {
    /// Every value, as `orch.toml` and the command line spell them.
    pub const ALL: &'static [(&'static str, Self)] = &[
        ("http", Self::Http),
        ("stripe", Self::Stripe),
        ("s3", Self::S3),
        ("smtp", Self::Smtp),
        ("twilio", Self::Twilio),
        ("fcm", Self::Fcm),
    ];

    /// Reads the kind of a gateway.
    ///
    /// # Errors
    /// When there is no such kind.
    pub fn parse(word: &str) -> Result<Self> {
        let known = Self::ALL.iter().find(|(keyword, _)| *keyword == word);
        known.map(|(_, kind)| *kind).ok_or_else(|| {
            let keywords: Vec<&str> = Self::ALL.iter().map(|(keyword, _)| *keyword).collect();
            not_one_of("gateway", word, &keywords)
        })
    }

    /// The value's spelling.
    #[must_use]
    pub const fn keyword(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Stripe => "stripe",
            Self::S3 => "s3",
            Self::Smtp => "smtp",
            Self::Twilio => "twilio",
            Self::Fcm => "fcm",
        }
    }

    /// How names of types begin that are its own, and its name in the runtime: `Stripe`.
    #[must_use]
    pub const fn type_name(self) -> &'static str {
        match self {
            Self::Http => "Http",
            Self::Stripe => "Stripe",
            Self::S3 => "S3",
            Self::Smtp => "Smtp",
            Self::Twilio => "Twilio",
            Self::Fcm => "Fcm",
        }
    }

    /// The runtime's feature that holds its client; plain HTTP is always there.
    #[must_use]
    pub const fn feature(self) -> Option<&'static str> {
        match self {
            Self::Http => None,
            Self::Stripe | Self::S3 | Self::Smtp | Self::Twilio | Self::Fcm => Some(self.keyword()),
        }
    }

    /// Whether this kind of provider reports results by itself, in a way that we can read.
    #[must_use]
    pub const fn has_callbacks(self) -> bool {
        match self {
            Self::Http | Self::Stripe | Self::Twilio => true,
            Self::S3 | Self::Smtp | Self::Fcm => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(word: &str) -> String {
        GatewayKind::parse(word).unwrap_err().to_string()
    }

    #[test]
    fn every_keyword_is_read() {
        for (word, kind) in GatewayKind::ALL {
            assert_eq!(kind.keyword(), *word);
            assert_eq!(GatewayKind::parse(word).unwrap(), *kind);
        }
    }

    #[test]
    fn a_word_that_is_none_gets_the_nearest_one_or_all() {
        insta::assert_snapshot!(refused("strpe"), @"
        error[OG012]: `gateway` cannot be `strpe`
        help: did you mean `stripe`?
        ");
        insta::assert_snapshot!(refused("carrier-pigeon"), @"
        error[OG012]: `gateway` cannot be `carrier-pigeon`
        help: available: http, stripe, s3, smtp, twilio, fcm
        ");
    }
}
