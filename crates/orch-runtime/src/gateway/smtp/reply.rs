//! What a server says: a code and some lines.

use tokio::io::{AsyncBufRead, AsyncBufReadExt as _, AsyncReadExt as _};

/// Bytes of a line, and lines of a reply, at most.
const LINE: u64 = 2_048;
const LINES: usize = 128;
/// Characters of a reply that are shown.
const SHOWN: usize = 500;

/// A whole reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reply {
    pub(super) code: u16,
    /// Without the codes.
    pub(super) lines: Vec<String>,
}

impl Reply {
    /// Reads lines up to the one whose code has no hyphen behind it.
    pub(super) async fn read(from: &mut (impl AsyncBufRead + Unpin)) -> std::io::Result<Self> {
        let mut lines = Vec::new();
        while lines.len() < LINES {
            let mut line = Vec::new();
            let read = (&mut *from).take(LINE).read_until(b'\n', &mut line).await?;
            if read == 0 {
                return Err(std::io::ErrorKind::UnexpectedEof.into());
            }
            let line = String::from_utf8_lossy(&line);
            let (code, is_last, text) = parse(line.trim_end()).ok_or_else(unreadable)?;
            lines.push(text.to_owned());
            if is_last {
                return Ok(Self { code, lines });
            }
        }
        Err(unreadable())
    }

    /// 1 to 5: what kind of reply it is.
    pub(super) fn kind(&self) -> u16 {
        self.code / 100
    }

    /// Its words on one line, of a very long one the beginning.
    pub(super) fn text(&self) -> String {
        let readable = |c: char| if c.is_control() { ' ' } else { c };
        let text = self.lines.join(" ");
        text.chars().take(SHOWN).map(readable).collect()
    }

    /// What the server says behind the name of an extension, if it has it.
    pub(super) fn extension(&self, name: &str) -> Option<&str> {
        self.lines.iter().skip(1).find_map(|line| {
            let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
            word.eq_ignore_ascii_case(name).then_some(rest)
        })
    }
}

fn parse(line: &str) -> Option<(u16, bool, &str)> {
    let code = line
        .get(..3)?
        .parse()
        .ok()
        .filter(|code| (200..600).contains(code))?;
    match line.as_bytes().get(3) {
        None => Some((code, true, "")),
        Some(b' ') => Some((code, true, &line[4..])),
        Some(b'-') => Some((code, false, &line[4..])),
        Some(_) => None,
    }
}

fn unreadable() -> std::io::Error {
    let problem = "the server does not speak SMTP";
    std::io::Error::new(std::io::ErrorKind::InvalidData, problem)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_reply_is_all_its_lines() {
        let mut said =
            &b"250-mail.example.com\r\n250-AUTH PLAIN LOGIN\r\n250 starttls\r\n354 go\r\n"[..];
        let reply = Reply::read(&mut said).await.unwrap();
        assert_eq!((reply.code, reply.kind()), (250, 2));
        assert_eq!(reply.extension("auth"), Some("PLAIN LOGIN"));
        assert_eq!(reply.extension("STARTTLS"), Some(""));
        assert_eq!(reply.extension("mail.example.com"), None);
        assert_eq!(Reply::read(&mut said).await.unwrap().text(), "go");
        assert!(Reply::read(&mut said).await.is_err(), "the end");
    }

    /// A server that never ends its reply would fill the memory.
    #[tokio::test]
    async fn what_is_no_reply_is_an_error() {
        let endless = "250-x\r\n".repeat(1_000);
        let long = "250 ".to_owned() + &"x".repeat(5_000);
        for said in [
            "HTTP/1.1 400\r\n",
            "25",
            "2500 x\r\n",
            "250-a\r\n",
            "é50 a\r\n",
            &endless,
        ] {
            assert!(
                Reply::read(&mut said.as_bytes()).await.is_err(),
                "{said:.20}"
            );
        }
        let reply = Reply::read(&mut long.as_bytes()).await.unwrap();
        assert_eq!(reply.text().len(), 500);
    }
}
