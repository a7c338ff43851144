//! Mail by SMTP (feature `smtp`).
//!
//! ```text
//!  connect ─ TLS ─ EHLO ─ AUTH ─ MAIL ─ RCPT ─ DATA ─ text ─▶ .  ─▶ 250
//!  └──────────── nothing is accepted: not now ────────────┘   └ no answer: unknown
//! ```
//!
//! SMTP knows no idempotency keys and cannot be asked what it did: [`SmtpClient::idempotency`] is
//! [`None`](crate::Idempotency::None). A server takes a mail over when it has read the line with the single
//! dot, so that is the one moment from which on a lost connection means "perhaps". Each mail names its
//! operation, `Message-ID: <opId@domain of the sender>`, and where the server, or an archive behind it, can
//! be asked for it by HTTP, [`SmtpConfig::probe_url`] says how.
//!
//! | what comes | means |
//! |---|---|
//! | 2xx after the dot | accepted; the reference is the message id |
//! | 4xx at any place; nothing sent; cut before the dot | not now: nothing was accepted |
//! | 5xx at any place | refused, `SMTP_<code>` |
//! | cut, silent or unreadable after the dot | unknown |
//!
//! **Deliberately absent:** a library. Those there are send text and dot in one step and call both ends of
//! it an error of the network; the difference between them is all that matters here. Attachments, HTML and
//! several recipients are absent too: a mail to two is two operations.

mod client;
mod config;
mod header;
mod mail;
mod mailbox;
mod probe;
mod reply;
mod session;
#[cfg(test)]
mod tests;

pub use self::client::SmtpClient;
pub use self::config::{
    InvalidCredentials, InvalidServer, SmtpConfig, SmtpCredentials, SmtpServer,
};
pub use self::mail::SmtpMail;
pub use self::mailbox::{InvalidMailbox, Mailbox};
pub use self::probe::{InvalidProbeUrl, ProbeUrl};
