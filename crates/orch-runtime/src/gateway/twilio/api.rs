//! Requests to Twilio.

use std::sync::Arc;

use crate::clock::Clock;
use crate::gateway::answer::{Answer, CallError};
use crate::gateway::call::{Call, encoded};
use crate::gateway::client::JsonClient;
use crate::gateway::config::{self, InvalidUrl};
use crate::ids::OpId;

use super::{OP_ID, TwilioAccount, TwilioConfig, TwilioMessage};

/// Messages of a page: as many as an answer has room for, however long they are.
const PAGE: &str = "200";

/// The API of one account.
#[derive(Debug, Clone)]
pub(super) struct Api {
    client: JsonClient,
    base: String,
    account: TwilioAccount,
    from: String,
    status_callback: Option<String>,
}

impl Api {
    pub(super) fn new(config: TwilioConfig, clock: Arc<dyn Clock>) -> Result<Self, InvalidUrl> {
        let callback = config.status_callback;
        Ok(Self {
            client: JsonClient::new(config.timeout).clock(clock),
            base: config::base(&config.url)?,
            account: config.account,
            from: config.from,
            status_callback: callback.as_deref().map(config::base).transpose()?,
        })
    }

    pub(super) async fn send(
        &self,
        key: &OpId,
        message: &TwilioMessage<'_>,
    ) -> Result<Answer, CallError> {
        let sender = if self.from.starts_with("MG") {
            "MessagingServiceSid"
        } else {
            "From"
        };
        let callback = self.status_callback.as_ref();
        let callback = callback.map(|url| format!("{url}?{OP_ID}={key}"));
        let mut fields = vec![
            ("To", message.to),
            (sender, &*self.from),
            ("Body", message.body),
        ];
        fields.extend(callback.as_deref().map(|url| ("StatusCallback", url)));
        self.signed(Call::post(self.messages()).form(fields)).await
    }

    /// The first page of the messages to a number.
    pub(super) async fn list(&self, to: &str) -> Result<Answer, CallError> {
        let filter = encoded([("To", to), ("PageSize", PAGE)]);
        self.page(&format!("{}?{filter}", self.messages_path()))
            .await
    }

    /// A page at the path that the one before it names.
    pub(super) async fn page(&self, path: &str) -> Result<Answer, CallError> {
        self.signed(Call::get(format!("{}{path}", self.base))).await
    }

    fn messages(&self) -> String {
        format!("{}{}", self.base, self.messages_path())
    }

    fn messages_path(&self) -> String {
        format!("/2010-04-01/Accounts/{}/Messages.json", self.account.sid)
    }

    async fn signed(&self, call: Call) -> Result<Answer, CallError> {
        let TwilioAccount { sid, token } = &self.account;
        self.client.send(call.basic(sid, token)?).await
    }
}
