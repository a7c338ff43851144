//! What orch-gen owns of cancellation. Edits are refused by `orch-gen apply`.

pub mod command;
