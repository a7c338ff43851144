//! What a purchase promises: all of it happens, or nothing of it stays; nothing happens twice.
//!
//! Written once by orch-gen and yours from then on; upgrades merge, they never overwrite. The clock is
//! wound by hand and the providers follow a script, so nothing here sleeps.

mod command;
mod controller;
mod crashes;
mod flows;
mod news;
mod operators;
mod requests;
mod shop;
mod statistics;
mod storefront;
mod tables;
mod told;
mod world;
