//! Files of databases: a fresh one for each measurement.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// `name` in `folder`, and nothing of what was there before.
pub(crate) fn fresh(folder: &Path, name: &str) -> Result<PathBuf> {
    let file = folder.join(name);
    for ending in ["db", "db-wal", "db-shm"] {
        let old = file.with_extension(ending);
        if old.exists() {
            std::fs::remove_file(&old).with_context(|| old.display().to_string())?;
        }
    }
    Ok(file)
}
