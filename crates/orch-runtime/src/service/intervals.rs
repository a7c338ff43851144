//! How often everything in a service looks.

use std::time::Duration;

use crate::engine::EngineConfig;
#[cfg(feature = "s3")]
use crate::scheduler::SpoolSweeperConfig;
use crate::scheduler::{
    CallbackSweeperConfig, CleanerConfig, DatabaseMonitorConfig, FinalizerConfig, MonitorConfig,
    ReaperConfig,
};

/// The limits of engines and schedulers, handed to generated wiring.
#[derive(Debug, Default, Clone, Copy)]
pub struct Intervals {
    /// Lease, heartbeat and room of each engine.
    pub engine: EngineConfig,
    /// Of each Finalizer.
    pub finalizer: FinalizerConfig,
    /// Of each Reaper.
    pub reaper: ReaperConfig,
    /// Of each Cleaner.
    pub cleaner: CleanerConfig,
    /// Of each Monitor.
    pub monitor: MonitorConfig,
    /// Of each CallbackSweeper.
    pub callback_sweeper: CallbackSweeperConfig,
    /// Of each SpoolSweeper.
    #[cfg(feature = "s3")]
    pub spool_sweeper: SpoolSweeperConfig,
    /// Of the process's DatabaseMonitor.
    pub database_monitor: DatabaseMonitorConfig,
}

impl Intervals {
    /// Everything in proportion to a lease: three heartbeats within it, schedulers twice as often as
    /// it ends. Short ones are for tests that kill processes.
    #[must_use]
    pub fn for_lease(lease: Duration) -> Self {
        let half = lease / 2;
        Self {
            engine: EngineConfig {
                lease,
                heartbeat: lease.mul_f64(0.3),
                idle_poll: lease / 5,
                ..EngineConfig::default()
            },
            finalizer: FinalizerConfig {
                every: half,
                min_age: half,
                ..FinalizerConfig::default()
            },
            reaper: ReaperConfig {
                every: half,
                ..ReaperConfig::default()
            },
            cleaner: CleanerConfig::default(),
            monitor: MonitorConfig::default(),
            callback_sweeper: CallbackSweeperConfig {
                every: half,
                ..CallbackSweeperConfig::default()
            },
            #[cfg(feature = "s3")]
            spool_sweeper: SpoolSweeperConfig::default(),
            database_monitor: DatabaseMonitorConfig::default(),
        }
    }
}
