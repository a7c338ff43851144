//! Black-box tests: the program as a user runs it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod baseline;
mod beside;
mod clippy;
mod comfort;
mod command;
mod conflict_questions;
mod conflicts;
mod doctor;
mod editor;
mod existing;
mod fixes;
mod format;
mod gateways;
mod generate;
mod hook;
mod hostile;
mod interactive;
mod interrupted;
mod lint;
mod lint_settings;
mod machine;
mod metrics;
mod migrations;
mod output;
mod places;
mod renames;
mod repository;
mod saga_commands;
mod saga_errors;
mod sagas;
mod schemas;
mod staged;
mod templates;
#[cfg(target_os = "linux")]
mod terminal;
mod upgrade;
#[cfg(unix)]
mod watch;
