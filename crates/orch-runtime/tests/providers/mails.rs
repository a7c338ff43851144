//! A domain that sends mail, as generated code would write it.

use orch_runtime::gateway::smtp::{SmtpClient, SmtpMail};
use orch_runtime::{BizKey, Column, Command, Idempotency, OpId, Orchestrator, Outcome, Probe};
use serde::{Deserialize, Serialize};

use super::recovery::outcome;

/// Asks to send a mail.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Notice {
    pub(crate) to: String,
    pub(crate) subject: String,
    pub(crate) body: String,
}

impl Notice {
    fn mail(&self) -> SmtpMail<'_> {
        SmtpMail {
            to: &self.to,
            subject: &self.subject,
            body: &self.body,
        }
    }
}

impl Command for Notice {
    const EVENT_TYPE: &'static str = "NOTICE_REQUESTED";

    fn biz_key(&self) -> BizKey {
        BizKey::of(&self.to)
    }

    fn columns(&self) -> Vec<Column> {
        vec![Column::new("name", &*self.to), Column::new("count", 1_i64)]
    }
}

pub(crate) struct Mailing(pub(crate) SmtpClient);

impl Orchestrator for Mailing {
    type Command = Notice;
    const DOMAIN: &'static str = "PING";

    fn idempotency(&self) -> Idempotency {
        self.0.idempotency()
    }

    async fn execute(&self, op_id: &OpId, command: &Notice) -> Outcome {
        outcome(self.0.send(op_id, &command.mail()).await)
    }

    async fn probe(&self, op_id: &OpId, command: &Notice) -> Probe {
        self.0.probe(op_id, &command.mail()).await
    }
}
