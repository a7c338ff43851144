//! What a cancellation promises: never twice, never lost, never silently stuck.
//!
//! Written once by orch-gen and yours from then on; upgrades merge, they never overwrite. The clock is
//! wound by hand and the provider follows a script, so nothing here sleeps.

mod command;
mod controller;
mod crashes;
mod duplicates;
mod gateway;
mod outcomes;
mod schedulers;
mod transactions;
mod world;
