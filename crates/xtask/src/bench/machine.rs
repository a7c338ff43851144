//! The machine under the figures: cores, load, the disk and how fast it makes a write durable.

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use super::row::quantile;

/// Durable writes per look at the disk.
const WRITES: usize = 60;

/// What figures depend on.
#[derive(Debug, Clone)]
pub struct Machine {
    /// Processors this program may use.
    pub cores: usize,
    /// Load averages over 1, 5 and 15 minutes.
    pub load: String,
    /// File system of the folder that was measured in.
    pub file_system: String,
    /// Median of a durable write of 4 KiB, in milliseconds.
    pub fsync_ms: f64,
}

impl Machine {
    /// Looks at the machine and at the disk below `folder`.
    ///
    /// # Errors
    /// When the folder cannot be written, or is not on a disk.
    pub fn look(folder: &Path) -> Result<Self> {
        let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
        let load = load.split(' ').take(3).collect::<Vec<_>>().join(" ");
        let file_system = file_system(folder)?;
        if ["tmpfs", "ramfs", "overlay"].contains(&file_system.as_str()) {
            bail!("{} is on {file_system} and not on a disk", folder.display());
        }
        Ok(Self {
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            load,
            file_system,
            fsync_ms: fsync_ms(folder)?,
        })
    }

    /// As it stands in the JSON report.
    #[must_use]
    pub fn to_json(&self) -> Value {
        json!({
            "cores": self.cores, "load": self.load,
            "fileSystem": self.file_system, "fsyncMs": self.fsync_ms,
        })
    }
}

impl std::fmt::Display for Machine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            cores,
            load,
            file_system,
            fsync_ms,
        } = self;
        write!(
            f,
            "{cores} cores, load {load}, {file_system}, durable 4 KiB write {fsync_ms:.2} ms"
        )
    }
}

/// Median time of appending 4 KiB and making them durable.
///
/// # Errors
/// When the folder cannot be written.
pub fn fsync_ms(folder: &Path) -> Result<f64> {
    let path = folder.join("fsync");
    let mut file = File::create(&path).with_context(|| path.display().to_string())?;
    let mut samples = Vec::with_capacity(WRITES);
    for _ in 0..WRITES {
        let begin = Instant::now();
        file.write_all(&[7; 4096])?;
        file.sync_data()?;
        samples.push(begin.elapsed().as_secs_f64() * 1e3);
    }
    fs::remove_file(&path)?;
    Ok(quantile(&samples, 0.5))
}

/// The type of the innermost mount above `folder`; `unknown` where the system does not say.
fn file_system(folder: &Path) -> Result<String> {
    let folder = folder.canonicalize()?;
    let mounts = fs::read_to_string("/proc/self/mounts").unwrap_or_default();
    let of_mount = |line: &str| {
        let mut words = line.split(' ').skip(1);
        let (place, kind) = (words.next()?.to_owned(), words.next()?.to_owned());
        folder.starts_with(&place).then_some((place.len(), kind))
    };
    let innermost = mounts.lines().filter_map(of_mount).max();
    Ok(innermost.map_or_else(|| "unknown".to_owned(), |(_, kind)| kind))
}
