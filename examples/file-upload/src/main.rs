//! Starts the service: `--help` says how it is configured, `--simulate` needs no provider.

use std::process::ExitCode;

fn main() -> ExitCode {
    file_upload::service().run()
}
