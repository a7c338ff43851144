//! Requests to Firebase Cloud Messaging.

use std::sync::Arc;

use serde_json::{Value as Json, json};

use crate::clock::Clock;
use crate::gateway::call::Call;
use crate::gateway::client::JsonClient;
use crate::gateway::config::{self, InvalidUrl};
use crate::ids::OpId;
use crate::operation::answer::{GatewayError, Receipt};

use super::account::ServiceAccount;
use super::token::Token;
use super::{FcmConfig, FcmMessage, meaning};

/// The API of one project.
#[derive(Debug, Clone)]
pub(super) struct Api {
    client: JsonClient,
    base: String,
    account: ServiceAccount,
    token: Arc<Token>,
}

impl Api {
    pub(super) fn new(config: FcmConfig, clock: Arc<dyn Clock>) -> Result<Self, InvalidUrl> {
        Ok(Self {
            client: JsonClient::new(config.timeout / 2).clock(clock),
            base: config::base(&config.url)?,
            account: config.account,
            token: Arc::default(),
        })
    }

    pub(super) async fn send(
        &self,
        key: &OpId,
        message: &FcmMessage<'_>,
    ) -> Result<Receipt, GatewayError> {
        let now = self.client.now();
        let token = self.token.get(&self.account, &self.client, now).await?;
        let url = format!(
            "{}/v1/projects/{}/messages:send",
            self.base, self.account.project
        );
        let call = Call::post(url).bearer(&token)?.json(&body(key, message))?;
        let answer = self.client.send(call).await;
        if answer.as_ref().is_ok_and(|answer| answer.status == 401) {
            self.token.forget(&token).await;
        }
        meaning::receipt(answer)
    }
}

/// The tag of each platform is the operation's id: a second notification takes the place of the first.
fn body(key: &OpId, message: &FcmMessage<'_>) -> Json {
    let mut notification = json!({"body": message.body});
    if let Some(title) = message.title {
        notification["title"] = title.into();
    }
    json!({"message": {
        "token": message.token,
        "notification": notification,
        "android": {"notification": {"tag": key}},
        "apns": {"headers": {"apns-collapse-id": key}},
        "webpush": {"notification": {"tag": key}},
    }})
}
