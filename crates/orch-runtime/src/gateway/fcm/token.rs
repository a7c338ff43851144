//! The access token: fetched when it is needed, kept until shortly before it ends.

use std::time::Duration;

use tokio::sync::Mutex;

use crate::clock::{Timestamp, later};
use crate::gateway::answer::Answer;
use crate::gateway::call::Call;
use crate::gateway::client::JsonClient;
use crate::operation::answer::GatewayError;
use crate::secret::Secret;

use super::account::ServiceAccount;

const GRANT: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
/// A token is not used in its last minute.
const MARGIN: Duration = Duration::from_secs(60);

/// The token of one account. While it is fetched, others wait for it.
#[derive(Debug, Default)]
pub(super) struct Token {
    kept: Mutex<Option<Kept>>,
}

#[derive(Debug, Clone)]
struct Kept {
    token: Secret<String>,
    until: Timestamp,
}

impl Token {
    /// A token that is good at `now`. Waiting for others and fetching take no longer than one call may:
    /// an attempt that is cut off while it waits would be in doubt, and nothing was sent.
    ///
    /// # Errors
    /// When none can be had: the message was not sent.
    pub(super) async fn get(
        &self,
        account: &ServiceAccount,
        client: &JsonClient,
        now: Timestamp,
    ) -> Result<Secret<String>, GatewayError> {
        tokio::select! {
            token = self.kept_or_fetched(account, client, now) => token,
            () = client.limit() => Err(none("its server takes too long", None)),
        }
    }

    async fn kept_or_fetched(
        &self,
        account: &ServiceAccount,
        client: &JsonClient,
        now: Timestamp,
    ) -> Result<Secret<String>, GatewayError> {
        let mut kept = self.kept.lock().await;
        if let Some(good) = kept.as_ref().filter(|kept| now < kept.until) {
            return Ok(good.token.clone());
        }
        let fetched = fetch(account, client, now).await?;
        let token = fetched.token.clone();
        *kept = Some(fetched);
        Ok(token)
    }

    /// Forgets a token that was refused.
    pub(super) async fn forget(&self, refused: &Secret<String>) {
        let mut kept = self.kept.lock().await;
        if kept.as_ref().is_some_and(|kept| kept.token == *refused) {
            *kept = None;
        }
    }
}

async fn fetch(
    account: &ServiceAccount,
    client: &JsonClient,
    now: Timestamp,
) -> Result<Kept, GatewayError> {
    let assertion = account.assertion(now);
    let assertion = assertion.ok_or_else(|| none("no random numbers", None))?;
    let fields = [("grant_type", GRANT), ("assertion", assertion.expose())];
    let answer = client
        .send(Call::post(&account.token_uri).form(fields))
        .await;
    let answer = answer.map_err(|error| none(&error.to_string(), None))?;
    if answer.status != 200 {
        let error = answer.text("error").unwrap_or_default();
        let why = format!("its server answered {} {error}", answer.status);
        return Err(none(why.trim_end(), Some(&answer)));
    }
    let (Some(token), Some(seconds)) = (
        answer.body["access_token"].as_str(),
        answer.body["expires_in"].as_u64(),
    ) else {
        return Err(none("the answer of its server cannot be read", None));
    };
    let life = Duration::from_secs(seconds).saturating_sub(MARGIN);
    Ok(Kept {
        token: Secret::new(token.to_owned()),
        until: later(now, life),
    })
}

fn none(why: &str, answer: Option<&Answer>) -> GatewayError {
    GatewayError::Unavailable {
        reason: format!("no access token: {why}"),
        after: answer.and_then(|answer| answer.retry_after),
    }
}
