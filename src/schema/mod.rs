//! The schema as a history: which migrations a package has, and what the next one adds.
//!
//! A database remembers the text of every migration that it applied, so none is ever rewritten. What was
//! written says in SQL which columns there are; what the spec asks for beyond that becomes a migration of
//! its own.
//!
//! ```text
//!  migrations/*.sql ─▶ History ──┐
//!                                ├─▶ migrations: those that are written, then the new ones
//!  orch.toml ─▶ Wanted ──────────┘
//! ```

mod history;
mod next;
mod prune;
mod sql;
mod table;
#[cfg(test)]
mod tests;

pub use history::{History, Written};
pub use next::{Change, Column, Kind, Migration, Step, Wanted, migrations};
pub use sql::{Both, Named, Sql};
pub use table::Table;
