//! Black-box tests: rules on tables of snippets, a whole project and its mutations, bad input,
//! findings that are left for later, members of workspaces, settings.

mod baseline;
mod cases;
mod empty_runs;
mod fixed_texts;
mod fixes;
mod fixtures;
mod formats;
mod further_migrations;
mod members;
mod project;
mod robustness;
mod settings;
mod suppressions;
mod views;
mod ways;
