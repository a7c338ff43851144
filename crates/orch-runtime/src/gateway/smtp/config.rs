//! Which server takes the mail, and from whom.

use std::str::FromStr;
use std::time::Duration;

use axum::http::Uri;

use crate::secret::Secret;

use super::mailbox::Mailbox;
use super::probe::ProbeUrl;

/// The ports of RFC 6409 and RFC 8314.
const SUBMISSION: u16 = 587;
const SUBMISSIONS: u16 = 465;

/// Access to one server.
#[derive(Debug, Clone)]
pub struct SmtpConfig {
    /// Where it is.
    pub server: SmtpServer,
    /// Who we are to it. They are sent only under TLS, or within this machine.
    pub credentials: Option<SmtpCredentials>,
    /// The sender of all mail.
    pub from: Mailbox,
    /// How to ask by HTTP whether a mail was accepted. Without it, an answer that was lost is decided by a
    /// person.
    pub probe_url: Option<ProbeUrl>,
    /// For one mail from connecting to the last answer, and for one question.
    pub timeout: Duration,
}

impl SmtpConfig {
    /// `server` and a sender, without credentials and without a probe URL, with the default timeout of
    /// 10 s.
    #[must_use]
    pub fn new(server: SmtpServer, from: Mailbox) -> Self {
        Self {
            server,
            credentials: None,
            from,
            probe_url: None,
            timeout: Duration::from_secs(10),
        }
    }
}

/// A user and a password.
#[derive(Debug, Clone)]
pub struct SmtpCredentials {
    /// The user.
    pub user: String,
    /// The password.
    pub password: Secret<String>,
}

/// A server: `smtp://host:port`, where TLS begins by STARTTLS when it is offered, or `smtps://host:port`,
/// where it begins at once. Without a port, 587 and 465.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SmtpServer {
    pub(super) host: String,
    pub(super) port: u16,
    /// TLS from the first byte.
    pub(super) is_implicit: bool,
}

/// A text is no address of a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected smtp://host:port or smtps://host:port without user, password and path")]
pub struct InvalidServer;

impl FromStr for SmtpServer {
    type Err = InvalidServer;

    fn from_str(url: &str) -> Result<Self, InvalidServer> {
        let uri: Uri = url.parse().map_err(|_| InvalidServer)?;
        let authority = uri.authority().ok_or(InvalidServer)?;
        let (is_implicit, usual) = match uri.scheme_str() {
            Some("smtp") => (false, SUBMISSION),
            Some("smtps") => (true, SUBMISSIONS),
            _ => return Err(InvalidServer),
        };
        let host = authority.host().trim_matches(['[', ']']);
        let is_bare = matches!(uri.path(), "" | "/") && uri.query().is_none();
        if host.is_empty() || !is_bare || authority.as_str().contains('@') || url.contains('#') {
            return Err(InvalidServer);
        }
        Ok(Self {
            host: host.to_owned(),
            port: authority.port_u16().unwrap_or(usual),
            is_implicit,
        })
    }
}

impl SmtpServer {
    /// Whether it is on this machine, so that nobody reads what is sent in clear.
    pub(super) fn is_local(&self) -> bool {
        let address: Option<std::net::IpAddr> = self.host.parse().ok();
        self.host == "localhost" || address.is_some_and(|address| address.is_loopback())
    }
}

impl FromStr for SmtpCredentials {
    type Err = InvalidCredentials;

    /// Reads `user:password`; the password may hold colons.
    fn from_str(text: &str) -> Result<Self, InvalidCredentials> {
        let (user, password) = text.split_once(':').ok_or(InvalidCredentials)?;
        let is_good = |text: &str| !text.is_empty() && !text.contains(char::is_control);
        if !is_good(user) || !is_good(password) {
            return Err(InvalidCredentials);
        }
        Ok(Self {
            user: user.to_owned(),
            password: Secret::new(password.to_owned()),
        })
    }
}

/// A text does not name a user and a password. It does not show the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected user:password")]
pub struct InvalidCredentials;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_has_a_scheme_a_host_and_perhaps_a_port() {
        let server = |url: &str| {
            let server: SmtpServer = url.parse().unwrap();
            (server.host, server.port, server.is_implicit)
        };
        let host = "mail.example.com".to_owned();
        assert_eq!(
            server("smtp://mail.example.com"),
            (host.clone(), 587, false)
        );
        assert_eq!(server("smtps://mail.example.com/"), (host, 465, true));
        assert_eq!(server("smtp://[::1]:1025"), ("::1".to_owned(), 1025, false));
        for url in [
            "mail.example.com",
            "http://mail.example.com",
            "smtp://user:pw@host",
            "smtp://host/path",
            "smtp://host?x=1",
            "smtp://:25",
        ] {
            assert_eq!(url.parse::<SmtpServer>(), Err(InvalidServer), "{url}");
        }
    }

    #[test]
    fn credentials_are_never_shown() {
        let credentials: SmtpCredentials = "me:pass:word".parse().unwrap();
        assert_eq!(credentials.password.expose(), "pass:word");
        assert!(!format!("{credentials:?}").contains("pass:word"));
        for text in ["", "me", "me:", ":pw", "me:p\nw"] {
            assert!(text.parse::<SmtpCredentials>().is_err(), "{text:?}");
        }
    }
}
