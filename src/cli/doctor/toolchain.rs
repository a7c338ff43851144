//! The programs that generated code is built and checked with.

use super::check::Check;
use std::path::Path;
use std::process::{Command, Stdio};

/// The oldest Rust that generated code builds with.
const OLDEST: (u32, u32) = (1, 89);

/// A check for each program, as it answers in `folder`: a file there may choose the toolchain.
pub(super) fn checks(folder: &Path) -> Vec<Check> {
    let tool = |name, program, fix: &str| match version(folder, program) {
        Some(version) => Check::ok(name, version),
        None => Check::problem(name, format!("`{program} --version` does not run"), fix),
    };
    vec![
        tool("cargo", "cargo", "install Rust with rustup"),
        rustc(version(folder, "rustc")),
        tool("rustfmt", "rustfmt", "rustup component add rustfmt"),
        tool("clippy", "cargo-clippy", "rustup component add clippy"),
    ]
}

fn rustc(version: Option<String>) -> Check {
    let (major, minor) = OLDEST;
    let Some(version) = version else {
        let message = "`rustc --version` does not run";
        return Check::problem("rustc", message, "install Rust with rustup");
    };
    match release(&version) {
        Some(found) if found >= OLDEST => Check::ok("rustc", version),
        Some(_) => {
            let message = format!("{version} is older than {major}.{minor}");
            Check::problem("rustc", message, "rustup update stable")
        }
        None => {
            let message = format!("`{version}` names no release");
            Check::warning(
                "rustc",
                message,
                format!("use Rust {major}.{minor} or newer"),
            )
        }
    }
}

/// `rustc 1.89.0 (…)` to major and minor.
fn release(version: &str) -> Option<(u32, u32)> {
    let mut parts = version.split_whitespace().nth(1)?.split('.');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

/// The first line of `program --version`; nothing when it does not run or fails.
fn version(folder: &Path, program: &str) -> Option<String> {
    let answer = Command::new(program)
        .arg("--version")
        .current_dir(folder)
        // A toolchain that is named and not there would be downloaded.
        .env("RUSTUP_AUTO_INSTALL", "0")
        .stdin(Stdio::null())
        .output()
        .ok()
        .filter(|answer| answer.status.success())?;
    let text = String::from_utf8_lossy(&answer.stdout);
    text.lines().next().map(|line| line.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::doctor::check::Status;

    #[test]
    fn old_compilers_are_a_problem() {
        for (version, expected) in [
            ("rustc 1.89.0 (abc 2025-08-04)", Status::Ok),
            ("rustc 1.95.0-nightly", Status::Ok),
            ("rustc 2.0.0", Status::Ok),
            ("rustc 1.88.1", Status::Problem),
            ("something else", Status::Warning),
        ] {
            assert_eq!(
                rustc(Some(version.to_owned())).status,
                expected,
                "{version}"
            );
        }
        assert_eq!(rustc(None).status, Status::Problem);
    }
}
