//! The HTTP promises, tested from outside: real sockets, a real database file.

#[cfg(test)]
mod bad_input;
#[cfg(test)]
mod contract;
#[cfg(test)]
mod gateway;
#[cfg(test)]
mod limits;
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
