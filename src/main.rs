//! `orch-gen`.

use std::process::ExitCode;

/// Parsing is all small allocations: a third of the time with the system's allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    orch_gen::main(std::env::args_os())
}
