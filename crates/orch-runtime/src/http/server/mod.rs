//! Serving a router on a socket, with a bound on everything a client can hold on to.
//!
//! A connection is closed when the head of its next request does not arrive in time, idle or slow
//! alike, and when its client stops reading; there are never more than [`ServerConfig::connections`] of
//! them, the rest waits in the backlog of the socket.

mod patience;

use std::future::poll_fn;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tower_service::Service as _;

use crate::clock::Clock;
use crate::engine::Shutdown;

use self::patience::Patience;

/// Bytes of a request's head at most.
const HEAD_BYTES: usize = 64 * 1024;
/// Pause after the system had no room for a new connection.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// How long, and how many bytes, a refused sender may go on sending before the connection is cut.
const LINGER_TIME: Duration = Duration::from_secs(2);
const LINGER_BYTES: usize = 16 * 1024 * 1024;

/// The limits of a server.
#[derive(Debug, Clone, Copy)]
pub struct ServerConfig {
    /// Connections open at the same time.
    pub connections: usize,
    /// How long the head of a request may take; also how long an idle connection is kept.
    pub head_timeout: Duration,
    /// How long a client may let an answer wait without reading any of it.
    pub read_timeout: Duration,
    /// How long requests may go on after the order to stop.
    pub grace: Duration,
}

impl Default for ServerConfig {
    /// 4,096 connections, 30 s for a head and for reading on, 30 s of grace.
    fn default() -> Self {
        Self {
            connections: 4_096,
            head_timeout: Duration::from_secs(30),
            read_timeout: Duration::from_secs(30),
            grace: Duration::from_secs(30),
        }
    }
}

/// Serves `app` on `listener` until `shutdown`, then waits for running requests up to the grace.
/// Handlers find the peer's address as [`ConnectInfo`].
pub async fn serve(
    listener: TcpListener,
    app: Router,
    config: ServerConfig,
    clock: Arc<dyn Clock>,
    mut shutdown: Shutdown,
) {
    let room = Arc::new(Semaphore::new(config.connections));
    let mut open = JoinSet::new();
    loop {
        tokio::select! {
            () = shutdown.requested() => break,
            Some(_) = open.join_next() => {}
            accepted = accept(&listener, &room) => match accepted {
                Ok((stream, peer, permit)) => {
                    let (app, shutdown) = (app.clone(), shutdown.clone());
                    let clock = Arc::clone(&clock);
                    open.spawn(async move {
                        connection(stream, peer, app, config, clock, shutdown).await;
                        drop(permit);
                    });
                }
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    clock.sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }
    drop(listener);
    let ended = async { while open.join_next().await.is_some() {} };
    tokio::select! {
        () = ended => {}
        () = clock.sleep(config.grace) => tracing::warn!("stopped with requests still running"),
    }
}

async fn accept(
    listener: &TcpListener,
    room: &Arc<Semaphore>,
) -> std::io::Result<(TcpStream, SocketAddr, tokio::sync::OwnedSemaphorePermit)> {
    let permit = Arc::clone(room).acquire_owned().await;
    let permit = permit.map_err(std::io::Error::other)?;
    let (stream, peer) = listener.accept().await?;
    stream.set_nodelay(true)?;
    Ok((stream, peer, permit))
}

async fn connection(
    stream: TcpStream,
    peer: SocketAddr,
    app: Router,
    config: ServerConfig,
    clock: Arc<dyn Clock>,
    mut shutdown: Shutdown,
) {
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(ConnectInfo(peer));
        let mut app = app.clone();
        Box::pin(async move { app.call(request.map(Body::new)).await })
    });
    let io = Patience::new(
        TokioIo::new(stream),
        config.read_timeout,
        Arc::clone(&clock),
    );
    let mut connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(config.head_timeout)
        .max_buf_size(HEAD_BYTES)
        .serve_connection(io, service);
    let mut stopping = false;
    let ended = loop {
        tokio::select! {
            ended = poll_fn(|context| connection.poll_without_shutdown(context)) => break ended,
            () = shutdown.requested(), if !stopping => {
                stopping = true;
                std::pin::Pin::new(&mut connection).graceful_shutdown();
            }
        }
    };
    if let Err(error) = &ended {
        tracing::debug!(%peer, %error, "connection ended");
    }
    let stream = connection.into_parts().io.into_inner().into_inner();
    tokio::select! {
        () = linger(stream) => {}
        () = clock.sleep(LINGER_TIME) => {}
    }
}

/// Closes our side and throws away what still arrives: a socket closed over unread bytes resets the
/// connection, and the client may lose the answer that says why it was refused.
async fn linger(mut stream: TcpStream) {
    if stream.shutdown().await.is_err() {
        return;
    }
    let mut thrown = vec![0_u8; 16 * 1024];
    let mut total = 0;
    while let Ok(read) = stream.read(&mut thrown).await {
        total += read;
        if read == 0 || total > LINGER_BYTES {
            return;
        }
    }
}
