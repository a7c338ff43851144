//! Who sends and who receives.

use std::fmt;
use std::str::FromStr;

use super::header;

/// Bytes of an address, and of the part before its `@`, at most (RFC 5321).
const ADDRESS_BYTES: usize = 254;
const LOCAL_BYTES: usize = 64;

/// An address with or without a name: `orders@example.com` or `Example Shop <orders@example.com>`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mailbox {
    name: Option<String>,
    address: String,
}

/// A text is no mailbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected an address such as orders@example.com, or Example Shop <orders@example.com>")]
pub struct InvalidMailbox;

impl FromStr for Mailbox {
    type Err = InvalidMailbox;

    fn from_str(text: &str) -> Result<Self, InvalidMailbox> {
        let (name, address) = match text.strip_suffix('>').map(|text| text.split_once('<')) {
            Some(Some((name, address))) => (Some(name.trim()), address),
            Some(None) => return Err(InvalidMailbox),
            None => (None, text),
        };
        let name = name.filter(|name| !name.is_empty());
        if !is_address(address) || name.is_some_and(|name| name.contains(char::is_control)) {
            return Err(InvalidMailbox);
        }
        Ok(Self {
            name: name.map(str::to_owned),
            address: address.to_owned(),
        })
    }
}

impl Mailbox {
    /// The address alone.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }

    /// What stands behind the `@`.
    #[must_use]
    pub fn domain(&self) -> &str {
        self.address.rsplit('@').next().unwrap_or_default()
    }

    /// As it stands in a header line.
    pub(super) fn header(&self) -> String {
        match &self.name {
            Some(name) => format!("{} <{}>", header::phrase(name), self.address),
            None => self.address.clone(),
        }
    }
}

impl fmt::Display for Mailbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.name {
            Some(name) => write!(f, "{name} <{}>", self.address),
            None => f.write_str(&self.address),
        }
    }
}

/// Addresses as people have them: words with dots, `@`, a domain. Not those in quotation marks, with
/// comments or with a number for a domain, which are legal, and mostly a slip or an attack.
fn is_address(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else {
        return false;
    };
    let is_letter = |c: char| c.is_ascii_alphanumeric() || (!c.is_ascii() && c.is_alphanumeric());
    let in_local = |c: char| is_letter(c) || "!#$%&'*+-/=?^_`{|}~".contains(c);
    let in_domain = |c: char| is_letter(c) || c == '-';
    let words = |text: &str, is_legal: &dyn Fn(char) -> bool| {
        text.split('.')
            .all(|word| !word.is_empty() && word.chars().all(is_legal))
    };
    text.len() <= ADDRESS_BYTES
        && local.len() <= LOCAL_BYTES
        && words(local, &in_local)
        && words(domain, &in_domain)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A line break in an address would be a second command, or a header of somebody else's making.
    #[test]
    fn what_is_no_plain_address_is_refused() {
        for text in [
            "",
            "ann",
            "@example.com",
            "ann@",
            "ann@example..com",
            ".ann@example.com",
            "ann@example.com\r\nRCPT TO:<eve@example.com>",
            "ann@example.com>",
            "<ann@example.com",
            "ann example@example.com",
            "\"ann\"@example.com",
            "ann@[127.0.0.1]",
            "ann@example.com,eve@example.com",
            "Ann\nBcc: eve@example.com <ann@example.com>",
            &format!("{}@example.com", "a".repeat(65)),
            &format!("a@{}.com", "a".repeat(254)),
        ] {
            assert_eq!(text.parse::<Mailbox>(), Err(InvalidMailbox), "{text:?}");
        }
    }

    #[test]
    fn a_mailbox_has_an_address_and_perhaps_a_name() {
        let ann: Mailbox = "Ann, Éve <ann+x@example.com>".parse().unwrap();
        assert_eq!(
            (ann.address(), ann.domain()),
            ("ann+x@example.com", "example.com")
        );
        assert_eq!(ann.header(), "=?UTF-8?B?QW5uLCDDiXZl?= <ann+x@example.com>");
        let bob: Mailbox = "bob@bücher.example".parse().unwrap();
        assert_eq!(bob.header(), "bob@bücher.example");
    }
}
