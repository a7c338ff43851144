//! One mail, checked and written as it travels.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::clock::Timestamp;
use crate::operation::answer::GatewayError;

use super::header;
use super::mailbox::Mailbox;

/// Characters of a line of base64 (RFC 2045).
const LINE: usize = 76;

/// A mail of plain text to one recipient.
#[derive(Debug, Clone, Copy)]
pub struct SmtpMail<'a> {
    /// Whom it is for: an address, or a name and an address.
    pub to: &'a str,
    /// One line.
    pub subject: &'a str,
    /// Any text; line breaks become those of mail.
    pub body: &'a str,
}

impl SmtpMail<'_> {
    /// The recipient, when all of it can be sent.
    pub(super) fn check(&self) -> Result<Mailbox, GatewayError> {
        let refused = |what: &str, why: &str| GatewayError::Refused {
            code: format!("INVALID_{what}"),
            message: why.to_owned(),
        };
        if self.subject.contains(char::is_control) {
            let why = "the subject must be one line without control characters";
            return Err(refused("SUBJECT", why));
        }
        let to = self.to.parse();
        to.map_err(|error: super::mailbox::InvalidMailbox| refused("RECIPIENT", &error.to_string()))
    }

    /// The mail with its headers, in lines that end with CR LF. All but addresses is ASCII.
    pub(super) fn text(&self, from: &Mailbox, to: &Mailbox, id: &str, now: Timestamp) -> String {
        let headers = [
            ("From", from.header()),
            ("To", to.header()),
            ("Subject", header::unstructured(self.subject)),
            ("Date", now.to_rfc2822()),
            ("Message-ID", format!("<{id}>")),
            ("MIME-Version", "1.0".to_owned()),
            ("Content-Type", "text/plain; charset=utf-8".to_owned()),
            ("Content-Transfer-Encoding", "base64".to_owned()),
        ];
        let mut text = String::new();
        for (name, value) in headers {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
        text.push_str("\r\n");
        let body = self.body.replace("\r\n", "\n").replace('\n', "\r\n");
        let mut rest = &*STANDARD.encode(body);
        while !rest.is_empty() {
            let (line, after) = rest.split_at(rest.len().min(LINE));
            text.push_str(line);
            text.push_str("\r\n");
            rest = after;
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAIL: SmtpMail<'_> = SmtpMail {
        to: "Ann <ann@example.com>",
        subject: "Hello",
        body: "line\n.\nlast",
    };

    #[test]
    fn a_mail_is_lines_of_ascii_with_an_encoded_body() {
        let from: Mailbox = "shop@example.com".parse().unwrap();
        let to = MAIL.check().unwrap();
        let now = "2026-11-21T12:00:00Z".parse().unwrap();
        let text = MAIL.text(&from, &to, "op-1@example.com", now);
        assert_eq!(
            text,
            "From: shop@example.com\r\n\
             To: Ann <ann@example.com>\r\n\
             Subject: Hello\r\n\
             Date: Sat, 21 Nov 2026 12:00:00 +0000\r\n\
             Message-ID: <op-1@example.com>\r\n\
             MIME-Version: 1.0\r\n\
             Content-Type: text/plain; charset=utf-8\r\n\
             Content-Transfer-Encoding: base64\r\n\
             \r\n\
             bGluZQ0KLg0KbGFzdA==\r\n"
        );
        let long = SmtpMail {
            body: &"x".repeat(10_000),
            ..MAIL
        };
        let text = long.text(&from, &to, "op-1@example.com", now);
        assert!(text.split("\r\n").all(|line| line.len() <= 78));
    }

    /// A subject with a line break adds headers of the client's making.
    #[test]
    fn headers_cannot_be_added() {
        for subject in ["a\r\nBcc: eve@example.com", "a\nb", "a\rb", "a\0b"] {
            let said = SmtpMail { subject, ..MAIL }.check().unwrap_err();
            assert!(said.to_string().contains("INVALID_SUBJECT"), "{said}");
        }
        let to = "ann@example.com\r\nBcc: eve@example.com";
        let said = SmtpMail { to, ..MAIL }.check().unwrap_err();
        assert!(said.to_string().contains("INVALID_RECIPIENT"), "{said}");
    }
}
