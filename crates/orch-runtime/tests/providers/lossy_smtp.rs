//! A way to an SMTP server on which connections are cut at a place of the test's choice.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// Where the next connection is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cut {
    /// When the server asks for the text.
    AfterData,
    /// When the server has answered the dot, and before its client hears of it.
    AfterTheDot,
}

/// Passes sessions on to a server.
pub(crate) struct LossySmtp {
    address: SocketAddr,
    cuts: Arc<Mutex<Vec<Cut>>>,
}

impl LossySmtp {
    /// In front of the server at `target`; cuts nothing yet.
    pub(crate) async fn start(target: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let cuts: Arc<Mutex<Vec<Cut>>> = Arc::default();
        let shared = Arc::clone(&cuts);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let cut = shared.lock().unwrap().pop();
                tokio::spawn(async move { drop(converse(client, target, cut).await) });
            }
        });
        Self { address, cuts }
    }

    /// Where clients reach it.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Cuts the next sessions, the last of `cuts` first.
    pub(crate) fn cut(&self, cuts: &[Cut]) {
        *self.cuts.lock().unwrap() = cuts.to_vec();
    }

    /// Cuts that are still to come.
    pub(crate) fn left(&self) -> usize {
        self.cuts.lock().unwrap().len()
    }
}

async fn converse(
    mut client: TcpStream,
    target: SocketAddr,
    cut: Option<Cut>,
) -> std::io::Result<()> {
    let mut server = TcpStream::connect(target).await?;
    let (mut said, mut answered) = (Vec::new(), vec![0; 4_096]);
    loop {
        let from = said.len();
        tokio::select! {
            read = client.read_buf(&mut said) => match read? {
                0 => return Ok(()),
                _ => server.write_all(&said[from..]).await?,
            },
            read = server.read(&mut answered) => {
                let end = match cut {
                    Some(Cut::AfterData) => &b"DATA\r\n"[..],
                    Some(Cut::AfterTheDot) => b"\r\n.\r\n",
                    None => b"the end of the session",
                };
                if said.ends_with(end) {
                    return client.set_zero_linger();
                }
                match read? {
                    0 => return Ok(()),
                    read => client.write_all(&answered[..read]).await?,
                }
            }
        }
    }
}
