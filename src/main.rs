//! `orch-gen`.

use std::process::ExitCode;

fn main() -> ExitCode {
    orch_gen::main(std::env::args_os())
}
