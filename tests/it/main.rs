//! Black-box tests: the program as a user runs it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod command;
mod conflicts;
mod format;
mod gateways;
mod generate;
mod hostile;
mod interrupted;
mod lint;
mod machine;
mod migrations;
mod output;
mod places;
