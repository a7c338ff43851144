//! The HTTP promises, tested from outside: real sockets, a real database file.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on may stop, in its helpers too"
)]

#[cfg(test)]
mod auth;
#[cfg(test)]
mod bad_input;
#[cfg(test)]
mod callbacks;
#[cfg(test)]
mod contents;
#[cfg(test)]
mod contract;
#[cfg(all(test, unix))]
#[path = "../providers/emulator.rs"]
mod emulator;
#[cfg(test)]
mod form;
#[cfg(test)]
mod gateway;
#[cfg(test)]
mod limits;
#[cfg(test)]
mod monitoring;
#[cfg(all(test, unix))]
#[path = "../providers/nats_server.rs"]
mod nats_server;
#[cfg(test)]
mod ping;
#[cfg(test)]
mod raw;
#[cfg(test)]
mod server;
#[cfg(all(test, unix))]
mod service;
#[cfg(test)]
mod site;
#[cfg(test)]
mod storm;
#[cfg(test)]
mod trace_context;
