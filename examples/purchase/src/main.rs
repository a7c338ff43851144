//! Starts the service: `--help` says how it is configured, `--simulate` needs no provider.
//!
//! Written once by orch-gen and yours from then on; upgrades merge, they never overwrite. What is not
//! generated is added here: `service().migrations(..)`, `.routes(..)`, `.api(..)`.

use std::process::ExitCode;

use purchase::{service, shop};

fn main() -> ExitCode {
    service().migrations(shop::MIGRATIONS).run()
}
