//! What orch-gen owns of notification. Edits are refused by `orch-gen apply`.

pub mod command;
pub mod finalizer;
pub mod operation;
pub mod reaper;
pub mod repository;
pub mod wal;
