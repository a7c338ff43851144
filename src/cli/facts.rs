//! What the linter found in files before, kept in the build folder.
//!
//! It is kept only where there is a build folder already: a package that nobody built is linted in
//! moments, and a command that adds to it or looks at it leaves nothing else behind.

use super::Environment;
use crate::lock::Hash;
use orch_lint::Cache;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What Cargo puts into a build folder that it makes.
const TAG: &str = "CACHEDIR.TAG";

/// What decides what is found: the hash of the linter's sources.
const PROGRAM: &str = env!("ORCH_GEN_SOURCES");

/// The facts of one package or workspace.
#[derive(Debug, Default)]
pub(super) struct Facts {
    pub(super) cache: Arc<Cache>,
    file: Option<PathBuf>,
}

impl Facts {
    /// What was found below `root` before.
    pub(super) fn of(root: &Path, environment: &Environment) -> Self {
        let file = build_folder(root, environment).map(|folder| file_in(&folder, root));
        let cache = file.as_ref().map(|file| Cache::open(file, PROGRAM));
        Self {
            cache: Arc::new(cache.unwrap_or_default()),
            file,
        }
    }

    /// Keeps what was found. Without it the next run takes longer, so a disk that refuses is no error.
    pub(super) fn save(&self) {
        if let Some(file) = &self.file {
            let folder = file.parent().unwrap_or(file);
            let _ = fs::create_dir_all(folder).and_then(|()| self.cache.save());
        }
    }
}

fn build_folder(root: &Path, environment: &Environment) -> Option<PathBuf> {
    let named = environment.target_dir.as_ref();
    let named = named.map(|folder| environment.folder.join(folder));
    let beside = || {
        let mut folders = root.ancestors().map(|folder| folder.join("target"));
        folders.find(|folder| folder.join(TAG).is_file())
    };
    named.filter(|folder| folder.is_dir()).or_else(beside)
}

/// Of a workspace and of its members there are different files.
fn file_in(folder: &Path, root: &Path) -> PathBuf {
    let name = Hash::of(root.as_os_str().as_encoded_bytes());
    folder.join("orch-lint").join(&name.as_str()[..16])
}
