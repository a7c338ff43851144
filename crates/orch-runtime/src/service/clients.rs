//! From the access to a provider to its client.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use crate::clock::Clock;
#[cfg(feature = "fcm")]
use crate::gateway::FcmClient;
#[cfg(feature = "s3")]
use crate::gateway::S3Client;
#[cfg(feature = "smtp")]
use crate::gateway::SmtpClient;
#[cfg(feature = "stripe")]
use crate::gateway::StripeClient;
#[cfg(feature = "twilio")]
use crate::gateway::TwilioClient;
use crate::gateway::{GatewayKind, HttpGateway, SimulatedProvider};
#[cfg(feature = "s3")]
use crate::spool::Spool;

use super::gateways::Access;
use super::settings::Settings;
use super::setup::SetupError;

/// The client of one provider, or of a simulated one in its place.
#[derive(Debug, Clone)]
pub(super) enum Gateway {
    Http(HttpGateway),
    #[cfg(feature = "stripe")]
    Stripe(StripeClient),
    #[cfg(feature = "twilio")]
    Twilio(TwilioClient),
    #[cfg(feature = "fcm")]
    Fcm(FcmClient),
    #[cfg(feature = "s3")]
    S3(S3Client),
    #[cfg(feature = "smtp")]
    Smtp(SmtpClient),
}

/// What clients need beside the access to their provider.
pub(super) struct Ground<'a> {
    pub(super) settings: &'a Settings,
    #[cfg(feature = "s3")]
    pub(super) spools: &'a HashMap<&'static str, Spool>,
    pub(super) clock: &'a Arc<dyn Clock>,
}

/// The clients of all providers.
///
/// # Errors
/// When an address is none.
pub(super) fn open(ground: &Ground<'_>) -> Result<HashMap<&'static str, Gateway>, SetupError> {
    let one = |(name, access): (&&'static str, &Access)| {
        let client = ground.client(name, access.clone())?;
        Ok((*name, client))
    };
    ground.settings.gateways.iter().map(one).collect()
}

impl Ground<'_> {
    #[cfg_attr(
        not(any(feature = "s3", feature = "twilio")),
        expect(unused_variables, reason = "other clients need nothing of their name")
    )]
    fn client(&self, name: &str, access: Access) -> Result<Gateway, SetupError> {
        let clock = Arc::clone(self.clock);
        Ok(match access {
            Access::Http(config) => Gateway::Http(HttpGateway::new(config, clock)?),
            #[cfg(feature = "stripe")]
            Access::Stripe(config) => Gateway::Stripe(StripeClient::new(config, clock)?),
            #[cfg(feature = "twilio")]
            Access::Twilio(mut config) => {
                config.status_callback = self.settings.callback_urls.get(name).cloned();
                Gateway::Twilio(TwilioClient::new(config, clock)?)
            }
            #[cfg(feature = "fcm")]
            Access::Fcm(config) => Gateway::Fcm(FcmClient::new(config, clock)?),
            #[cfg(feature = "s3")]
            Access::S3(config) => {
                let spool = self.spools.get(name).cloned();
                let missing = || SetupError::new(format!("{name} has no spool"));
                Gateway::S3(S3Client::new(config, spool.ok_or_else(missing)?, clock)?)
            }
            #[cfg(feature = "smtp")]
            Access::Smtp(config) => Gateway::Smtp(SmtpClient::new(config, clock)),
            Access::Simulated { kind, timeout } => simulated(kind, timeout, clock),
        })
    }
}

fn simulated(kind: GatewayKind, timeout: Duration, clock: Arc<dyn Clock>) -> Gateway {
    let provider = SimulatedProvider::new();
    match kind {
        GatewayKind::Http => Gateway::Http(HttpGateway::simulated(provider, timeout, clock)),
        #[cfg(feature = "stripe")]
        GatewayKind::Stripe => Gateway::Stripe(StripeClient::simulated(provider, timeout, clock)),
        #[cfg(feature = "twilio")]
        GatewayKind::Twilio => Gateway::Twilio(TwilioClient::simulated(provider, timeout, clock)),
        #[cfg(feature = "fcm")]
        GatewayKind::Fcm => Gateway::Fcm(FcmClient::simulated(provider, timeout, clock)),
        #[cfg(feature = "s3")]
        GatewayKind::S3 => Gateway::S3(S3Client::simulated(provider, timeout, clock)),
        #[cfg(feature = "smtp")]
        GatewayKind::Smtp => Gateway::Smtp(SmtpClient::simulated(provider, timeout, clock)),
    }
}
