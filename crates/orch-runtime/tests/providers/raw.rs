//! Requests by hand, to look at what an emulator keeps and to prepare it.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// Sends one request, `line` and perhaps more lines of its head, with a form as its body, or with none.
/// Answers everything that came back.
pub(crate) async fn ask(address: SocketAddr, line: &str, form: &str) -> String {
    let (line, head) = line.split_once("\r\n").unwrap_or((line, "X-No: more"));
    let mut stream = TcpStream::connect(address).await.unwrap();
    let length = form.len();
    let request = format!(
        "{line} HTTP/1.1\r\n{head}\r\nHost: {address}\r\nConnection: close\r\nContent-Length: {length}\r\n\
         Content-Type: application/x-www-form-urlencoded\r\n\r\n{form}"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    String::from_utf8(answer).unwrap()
}
