//! A service starts only when all is well, stops in good order, and keeps its secrets.

mod refusals;
mod secrets;
mod simulated;
mod stopping;
