//! The loops that repair and watch: Finalizer, Reaper, Cleaner, Monitor, CallbackSweeper,
//! DatabaseMonitor, SpoolSweeper.
//!
//! Each has explicit limits, a `run_once` that does one bounded batch and reports, and a dull loop that
//! waits, calls and logs what was not zero. One bad item never stops the others.

mod callback_sweeper;
mod cleaner;
mod database_monitor;
mod finalizer;
mod monitor;
mod reaper;
mod rotation;
#[cfg(feature = "s3")]
mod spool_sweeper;
mod workers;

pub use self::callback_sweeper::{CallbackSweeper, CallbackSweeperConfig, CallbackSweeperReport};
pub use self::cleaner::{Cleaner, CleanerConfig, CleanerReport};
pub use self::database_monitor::{DatabaseMonitor, DatabaseMonitorConfig};
pub use self::finalizer::{Finalizer, FinalizerConfig, FinalizerReport};
pub use self::monitor::{Monitor, MonitorConfig, MonitorReport};
pub use self::reaper::{Reaper, ReaperConfig, ReaperReport};
#[cfg(feature = "s3")]
pub use self::spool_sweeper::{SpoolSweeper, SpoolSweeperConfig};
pub use self::workers::{Scheduler, Workers};
