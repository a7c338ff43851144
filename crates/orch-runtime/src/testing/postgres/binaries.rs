//! Where PostgreSQL's programs are, and as whom they run.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::ServerError;

/// The folder with `initdb` and `pg_ctl`: `ORCH_TEST_POSTGRES_BIN`, the search path, or where Linux
/// distributions and Homebrew put them.
pub(super) fn folder() -> Result<PathBuf, ServerError> {
    let named = std::env::var_os("ORCH_TEST_POSTGRES_BIN").map(PathBuf::from);
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut candidates: Vec<PathBuf> = named.into_iter().collect();
    for parent in ["/usr/lib/postgresql", "/opt/homebrew/opt", "/usr/local/opt"] {
        candidates.extend(versions(Path::new(parent)));
    }
    candidates.extend(std::env::split_paths(&path));
    let complete = |folder: &&PathBuf| {
        let has = |program| folder.join(program).is_file();
        has("initdb") && has("pg_ctl") && has("postgres")
    };
    candidates.iter().find(complete).cloned().ok_or_else(|| {
        ServerError::new(
            "no PostgreSQL was found for the tests: install one (apt-get install postgresql, brew \
             install postgresql), name its folder in ORCH_TEST_POSTGRES_BIN, or name a running \
             server in ORCH_TEST_POSTGRES",
        )
    })
}

/// `<parent>/<version>/bin`, newest first.
fn versions(parent: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(parent).into_iter().flatten().flatten();
    let mut folders: Vec<PathBuf> = entries
        .map(|entry| entry.path().join("bin"))
        .filter(|folder| folder.join("initdb").is_file())
        .collect();
    folders.sort();
    folders.reverse();
    folders
}

/// A program of `folder`, as somebody whom it accepts: it refuses to run as root.
pub(super) fn program(folder: &Path, name: &str) -> Command {
    let program = folder.join(name);
    let Some(user) = harmless_user() else {
        return Command::new(program);
    };
    let mut command = Command::new("setpriv");
    command
        .arg(format!("--reuid={user}"))
        .arg(format!("--regid={}", group(user)))
        .arg("--clear-groups")
        .arg(program);
    command
}

/// Who owns the server's files, if it is not the user of this process.
pub(super) fn harmless_user() -> Option<&'static str> {
    let id = Command::new("id").arg("-u").output().ok()?;
    if id.stdout.trim_ascii() != b"0" {
        return None;
    }
    let exists = |user: &&str| {
        let found = Command::new("id").args(["-u", user]).output();
        found.is_ok_and(|found| found.status.success())
    };
    ["postgres", "nobody"].into_iter().find(exists)
}

fn group(user: &str) -> String {
    let group = Command::new("id").args(["-g", user]).output();
    group.map_or_else(
        |_| user.to_owned(),
        |group| String::from_utf8_lossy(group.stdout.trim_ascii()).into_owned(),
    )
}
