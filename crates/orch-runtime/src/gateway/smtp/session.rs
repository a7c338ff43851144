//! One mail to one server: everything up to the dot, and the dot.

use std::io;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::operation::answer::GatewayError;

use super::config::{SmtpConfig, SmtpCredentials, SmtpServer};
use super::mailbox::Mailbox;
use super::reply::Reply;

/// What a session runs over.
trait Wire: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Wire for T {}

/// Why a session does not go on.
#[derive(Debug)]
pub(super) enum Failure {
    /// The server said so.
    Said(Reply),
    /// The connection broke, or what came over it made no sense.
    Broken(String),
}

/// A session in which the server waits for the dot.
pub(super) struct Ready {
    session: Session,
}

struct Session {
    wire: BufReader<Box<dyn Wire>>,
    /// What the server offers.
    offers: Reply,
    is_private: bool,
    hello: String,
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Broken(error.to_string())
    }
}

impl Failure {
    /// What it means as long as the server cannot have accepted the mail.
    pub(super) fn before_the_dot(self) -> GatewayError {
        match self {
            Self::Said(reply) => refusal(&reply),
            Self::Broken(reason) => GatewayError::Unavailable {
                reason: format!("the mail was not accepted: {reason}"),
                after: None,
            },
        }
    }

    /// What it means once the dot may have arrived.
    pub(super) fn after_the_dot(self) -> GatewayError {
        match self {
            Self::Said(reply) => refusal(&reply),
            Self::Broken(reason) => GatewayError::NoAnswer { reason },
        }
    }
}

/// A server that says no has accepted nothing: for now with 4xx, for good with 5xx (RFC 5321, 4.2.1).
fn refusal(reply: &Reply) -> GatewayError {
    let (code, text) = (reply.code, reply.text());
    match reply.kind() {
        5 => GatewayError::Refused {
            code: format!("SMTP_{code}"),
            message: text,
        },
        _ => GatewayError::Unavailable {
            reason: format!("the server answered {code}: {text}"),
            after: None,
        },
    }
}

/// Everything up to the dot: whatever goes wrong in here, nothing was accepted.
///
/// # Errors
/// See [`Failure`].
pub(super) async fn prepare(
    config: &SmtpConfig,
    tls: &TlsConnector,
    to: &Mailbox,
    text: &str,
) -> Result<Ready, Failure> {
    let mut session = Session::open(&config.server, tls).await?;
    if let Some(credentials) = &config.credentials {
        if !session.is_private && !config.server.is_local() {
            let reason = "it offers no TLS, and the password is not sent without";
            return Err(Failure::Broken(reason.to_owned()));
        }
        session.authenticate(credentials).await?;
    }
    let from = &config.from;
    let is_ascii = [from, to].iter().all(|mailbox| mailbox.header().is_ascii());
    if !is_ascii && session.offers.extension("SMTPUTF8").is_none() {
        let reason = "an address has letters beyond ASCII, and it does not offer SMTPUTF8";
        return Err(Failure::Broken(reason.to_owned()));
    }
    let parameter = if is_ascii { "" } else { " SMTPUTF8" };
    let mail = format!("MAIL FROM:<{}>{parameter}", from.address());
    session.order(&mail, 2).await?;
    session
        .order(&format!("RCPT TO:<{}>", to.address()), 2)
        .await?;
    session.order("DATA", 3).await?;
    session.send(&stuffed(text)).await?;
    Ok(Ready { session })
}

impl Ready {
    /// Sends the dot and waits for the answer.
    ///
    /// # Errors
    /// See [`Failure::after_the_dot`].
    pub(super) async fn finish(mut self) -> Result<Reply, Failure> {
        let reply = self.session.order(".", 2).await?;
        // It is done; whether the server hears a farewell changes nothing.
        drop(self.session.send("QUIT\r\n").await);
        Ok(reply)
    }
}

impl Session {
    async fn open(server: &SmtpServer, tls: &TlsConnector) -> Result<Self, Failure> {
        let stream = TcpStream::connect((&*server.host, server.port)).await?;
        stream.set_nodelay(true)?;
        let hello = match stream.local_addr()?.ip() {
            std::net::IpAddr::V4(address) => format!("EHLO [{address}]"),
            std::net::IpAddr::V6(address) => format!("EHLO [IPv6:{address}]"),
        };
        let wire: Box<dyn Wire> = if server.is_implicit {
            encrypted(Box::new(stream), server, tls).await?
        } else {
            Box::new(stream)
        };
        let mut session = Self {
            wire: BufReader::new(wire),
            offers: Reply {
                code: 250,
                lines: Vec::new(),
            },
            is_private: server.is_implicit,
            hello,
        };
        session.expect(2).await?;
        session.greet().await?;
        if !session.is_private && session.offers.extension("STARTTLS").is_some() {
            session = session.secured(server, tls).await?;
        }
        Ok(session)
    }

    async fn greet(&mut self) -> Result<(), Failure> {
        let hello = self.hello.clone();
        self.offers = self.order(&hello, 2).await?;
        Ok(())
    }

    /// What came in clear behind the answer to STARTTLS was put there by somebody on the way, and would be
    /// read as if it came over TLS (CVE-2011-0411).
    async fn secured(mut self, server: &SmtpServer, tls: &TlsConnector) -> Result<Self, Failure> {
        self.order("STARTTLS", 2).await?;
        if !self.wire.buffer().is_empty() {
            let reason = "something was said in clear after STARTTLS";
            return Err(Failure::Broken(reason.to_owned()));
        }
        let wire = encrypted(self.wire.into_inner(), server, tls).await?;
        let mut session = Self {
            wire: BufReader::new(wire),
            is_private: true,
            ..self
        };
        session.greet().await?;
        Ok(session)
    }

    async fn authenticate(&mut self, credentials: &SmtpCredentials) -> Result<(), Failure> {
        let SmtpCredentials { user, password } = credentials;
        let password = password.expose();
        let offered = self.offers.extension("AUTH").unwrap_or_default();
        let offers = |name: &str| {
            let mut offered = offered.split_ascii_whitespace();
            offered.any(|offered| offered.eq_ignore_ascii_case(name))
        };
        if offers("PLAIN") {
            let both = STANDARD.encode(format!("\0{user}\0{password}"));
            self.order(&format!("AUTH PLAIN {both}"), 2).await?;
            return Ok(());
        }
        if offers("LOGIN") {
            self.order("AUTH LOGIN", 3).await?;
            self.order(&STANDARD.encode(user), 3).await?;
            self.order(&STANDARD.encode(password), 2).await?;
            return Ok(());
        }
        let reason = "it offers neither AUTH PLAIN nor AUTH LOGIN, and a password is configured";
        Err(Failure::Broken(reason.to_owned()))
    }

    /// Sends one line and expects a reply of this kind.
    async fn order(&mut self, line: &str, kind: u16) -> Result<Reply, Failure> {
        self.send(&format!("{line}\r\n")).await?;
        self.expect(kind).await
    }

    async fn send(&mut self, text: &str) -> Result<(), Failure> {
        let wire = self.wire.get_mut();
        wire.write_all(text.as_bytes()).await?;
        wire.flush().await?;
        Ok(())
    }

    async fn expect(&mut self, kind: u16) -> Result<Reply, Failure> {
        let reply = Reply::read(&mut self.wire).await?;
        match reply.kind() {
            found if found == kind => Ok(reply),
            4 | 5 => Err(Failure::Said(reply)),
            _ => Err(Failure::Broken(format!(
                "the server answered {} out of turn",
                reply.code
            ))),
        }
    }
}

async fn encrypted(
    wire: Box<dyn Wire>,
    server: &SmtpServer,
    tls: &TlsConnector,
) -> Result<Box<dyn Wire>, Failure> {
    let name = ServerName::try_from(server.host.clone())
        .map_err(|error| Failure::Broken(error.to_string()))?;
    Ok(Box::new(tls.connect(name, wire).await?))
}

/// The text with a second dot before each line that begins with one (RFC 5321, 4.5.2), so that nothing in
/// it ends it.
fn stuffed(text: &str) -> String {
    let stuffed = text.replace("\r\n.", "\r\n..");
    if stuffed.starts_with('.') {
        return format!(".{stuffed}");
    }
    stuffed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_line_of_a_text_is_a_single_dot() {
        assert_eq!(
            stuffed(".\r\n.\r\na.b\r\n..\r\n"),
            "..\r\n..\r\na.b\r\n...\r\n"
        );
    }
}
