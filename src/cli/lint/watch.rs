//! `--watch`: the linter beside an editor.
//!
//! Files are looked at, not listened to: a look at a few hundred files takes a millisecond, works on every
//! file system, and needs no library.

use crate::error::Result;
use crate::lock;
use orch_lint::sources;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, SystemTime};

/// How often files are looked at: soon enough to seem at once, seldom enough to cost nothing.
const LOOK: Duration = Duration::from_millis(300);
/// How often an end that was asked for is noticed.
const BREATH: Duration = Duration::from_millis(50);

/// Calls `lint` now, and again after each change below `root`, until the process is asked to end or `lint`
/// says that nobody reads what it finds.
pub(super) fn watch(root: &Path, mut lint: impl FnMut() -> Result<bool>) -> Result<()> {
    let ends = Arc::new(AtomicBool::new(false));
    for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
        // Without it the signal ends the process all the same, with another exit code.
        let _ = signal_hook::flag::register(signal, Arc::clone(&ends));
    }
    loop {
        // Looked at before it is linted: what changes meanwhile is linted again.
        let seen = Seen::below(root);
        if !lint()? {
            return Ok(());
        }
        while Seen::below(root) == seen {
            if !waits(&ends) {
                return Ok(());
            }
        }
    }
}

/// Waits until it is time to look again; `false` when the process is asked to end.
fn waits(ends: &AtomicBool) -> bool {
    let mut waited = Duration::ZERO;
    while waited < LOOK {
        if ends.load(Ordering::Relaxed) {
            return false;
        }
        thread::sleep(BREATH);
        waited += BREATH;
    }
    !ends.load(Ordering::Relaxed)
}

/// The files that can change what is found, with what tells that they changed.
#[derive(Debug, PartialEq, Eq, Default)]
struct Seen(BTreeMap<PathBuf, (Option<SystemTime>, u64)>);

impl Seen {
    fn below(root: &Path) -> Self {
        let mut seen = Seen::default();
        let mut folders = vec![root.to_owned()];
        while let Some(folder) = folders.pop() {
            let Ok(entries) = fs::read_dir(&folder) else {
                continue;
            };
            for entry in entries.filter_map(std::result::Result::ok) {
                let name = entry.file_name();
                let name = name.to_string_lossy();
                let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
                if is_folder && !sources::is_skipped(&name) {
                    folders.push(entry.path());
                } else if !is_folder && matters(&name) {
                    // What a link leads to counts, not the link.
                    let found = fs::metadata(entry.path());
                    let found = found.map(|of| (of.modified().ok(), of.len()));
                    seen.0.insert(entry.path(), found.unwrap_or_default());
                }
            }
        }
        seen
    }
}

fn matters(name: &str) -> bool {
    let ends = [".rs", ".sql", ".toml", ".baseline"];
    name == lock::FILE || ends.iter().any(|end| name.ends_with(end))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::File;

    /// What a build writes would have the linter run for ever.
    #[test]
    fn only_sources_are_looked_at() {
        let folder = tempfile::tempdir().unwrap();
        let write = |path: &str| {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "x").unwrap();
        };
        write("src/lib.rs");
        let seen = Seen::below(folder.path());
        write("target/debug/a.rs");
        write(".git/index.toml");
        write("notes.txt");
        assert_eq!(Seen::below(folder.path()), seen);
        for path in ["migrations/1.sql", "orch.lock"] {
            let seen = Seen::below(folder.path());
            write(path);
            assert_ne!(Seen::below(folder.path()), seen, "{path}");
        }
        let seen = Seen::below(folder.path());
        let file = File::options()
            .write(true)
            .open(folder.path().join("src/lib.rs"));
        file.unwrap().set_modified(SystemTime::UNIX_EPOCH).unwrap();
        assert_ne!(Seen::below(folder.path()), seen);
    }
}
