//! The kinds of providers that a service can be configured for.

/// How a provider is spoken to, which decides by what variables it is configured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum GatewayKind {
    /// Plain JSON over HTTP: [`HttpGateway`](super::HttpGateway).
    Http,
    /// Stripe: [`StripeClient`](super::StripeClient).
    #[cfg(feature = "stripe")]
    Stripe,
    /// Twilio: [`TwilioClient`](super::TwilioClient).
    #[cfg(feature = "twilio")]
    Twilio,
    /// Firebase Cloud Messaging: [`FcmClient`](super::FcmClient).
    #[cfg(feature = "fcm")]
    Fcm,
    /// An object store that speaks S3: [`S3Client`](super::S3Client).
    #[cfg(feature = "s3")]
    S3,
    /// A mail server: [`SmtpClient`](super::SmtpClient).
    #[cfg(feature = "smtp")]
    Smtp,
}
