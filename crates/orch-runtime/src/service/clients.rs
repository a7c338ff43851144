//! From the access to a provider to its client.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use crate::clock::Clock;
#[cfg(feature = "fcm")]
use crate::gateway::FcmClient;
#[cfg(feature = "stripe")]
use crate::gateway::StripeClient;
#[cfg(feature = "twilio")]
use crate::gateway::TwilioClient;
use crate::gateway::{GatewayKind, HttpGateway, InvalidUrl, SimulatedProvider};

use super::gateways::Access;
use super::settings::Settings;

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
}

/// The clients of all providers.
///
/// # Errors
/// When an address is none.
pub(super) fn open(
    settings: &Settings,
    clock: &Arc<dyn Clock>,
) -> Result<HashMap<&'static str, Gateway>, InvalidUrl> {
    let one = |(name, access): (&&'static str, &Access)| {
        let callbacks = settings.callback_urls.get(name);
        Ok((*name, client(access.clone(), callbacks, Arc::clone(clock))?))
    };
    settings.gateways.iter().map(one).collect()
}

#[cfg_attr(
    not(feature = "twilio"),
    expect(unused_variables, reason = "only Twilio is told where to report")
)]
fn client(
    access: Access,
    callbacks: Option<&String>,
    clock: Arc<dyn Clock>,
) -> Result<Gateway, InvalidUrl> {
    Ok(match access {
        Access::Http(config) => Gateway::Http(HttpGateway::new(config, clock)?),
        #[cfg(feature = "stripe")]
        Access::Stripe(config) => Gateway::Stripe(StripeClient::new(config, clock)?),
        #[cfg(feature = "twilio")]
        Access::Twilio(mut config) => {
            config.status_callback = callbacks.cloned();
            Gateway::Twilio(TwilioClient::new(config, clock)?)
        }
        #[cfg(feature = "fcm")]
        Access::Fcm(config) => Gateway::Fcm(FcmClient::new(config, clock)?),
        Access::Simulated { kind, timeout } => simulated(kind, timeout, clock),
    })
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
    }
}
