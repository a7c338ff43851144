//! The HTTP promises, tested from outside: real sockets, a real database file.

mod bad_input;
mod contract;
mod gateway;
mod limits;
mod ping;
mod raw;
mod server;
mod service;
mod site;
mod storm;
