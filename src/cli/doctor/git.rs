//! Whether version control keeps what has to be kept.

use super::check::Check;
use crate::lock;
use crate::plan::Plan;
use crate::spec;
use std::path::Path;
use std::process::{Command, Stdio};

const NAME: &str = "gitignore";

/// Asks git, which knows every file that ignores something.
pub(super) fn check(root: &Path, plan: Option<&Plan>) -> Check {
    let base = format!("{}/0", lock::BASE);
    let mut paths = vec![spec::FILE, lock::FILE, base.as_str()];
    let migration = plan.into_iter().flat_map(|plan| &plan.changes);
    let migration = migration.filter(|change| change.owner == "migrations");
    let migration = migration.map(|change| change.path.as_str()).next();
    paths.push(migration.unwrap_or("migrations/sqlite/0001_payment.sql"));
    let answer = Command::new("git")
        .args(["check-ignore", "--no-index", "--"])
        .args(&paths)
        .current_dir(root)
        .stdin(Stdio::null())
        .output();
    let Ok(answer) = answer else {
        return Check::ok(NAME, "not looked at: there is no git");
    };
    match answer.status.code() {
        Some(0) => {
            let ignored = String::from_utf8_lossy(&answer.stdout);
            let ignored: Vec<&str> = ignored.lines().collect();
            let first = ignored.first().copied().unwrap_or_default();
            Check::problem(
                NAME,
                format!("ignored, and has to be committed: {}", ignored.join(", ")),
                format!("take out the line that `git check-ignore -v --no-index {first}` names"),
            )
        }
        Some(1) => Check::ok(NAME, "nothing that has to be committed is ignored"),
        _ => Check::ok(NAME, "not looked at: the package is in no git repository"),
    }
}
