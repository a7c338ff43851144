//! Starts the service: `--help` says how it is configured, `--simulate` needs no provider.

use std::process::ExitCode;

use notification::service;

fn main() -> ExitCode {
    service().run()
}
