//! The variables of a mail server.

use std::fmt;
use std::str::FromStr;

use crate::gateway::smtp::SmtpConfig;

use super::gateways::{Access, Reader};
use super::problem::Problem;

impl Reader<'_> {
    pub(super) fn smtp(&mut self) -> Option<Access> {
        let meaning = "the mail server, smtp://host:port or smtps://host:port";
        let server = self.needed("URL", meaning, meaning);
        let server = self.understood("URL", server);
        let meaning = "the sender of all mail, an address or Name <address>";
        let from = self.needed("FROM", meaning, meaning);
        let from = self.understood("FROM", from);
        let meaning = "who we are to the mail server, user:password";
        let credentials = self.optional("TOKEN", meaning);
        let credentials = credentials.and_then(|text| match text.parse() {
            Ok(credentials) => Some(credentials),
            Err(error) => {
                self.report("TOKEN", format!("cannot be used: {error}"));
                None
            }
        });
        let meaning = "asked by GET whether a mail was accepted; {message_id} in it is the mail";
        let probe_url = self.optional("PROBE_URL", meaning);
        let probe_url = self.understood("PROBE_URL", probe_url);
        Some(Access::Smtp(SmtpConfig {
            credentials,
            probe_url,
            ..SmtpConfig::new(server?, from?)
        }))
    }

    fn optional(&mut self, end: &str, meaning: &'static str) -> Option<String> {
        let variable = self.variable(end);
        self.environment.text(&variable, "none", meaning)
    }

    /// The value of a text that may be shown.
    fn understood<T>(&mut self, end: &str, text: Option<String>) -> Option<T>
    where
        T: FromStr<Err: fmt::Display>,
    {
        let text = text?;
        match text.parse() {
            Ok(value) => Some(value),
            Err(expected) => {
                let problem = Problem::value(&self.variable(end), &text, expected);
                self.environment.report(problem);
                None
            }
        }
    }
}
