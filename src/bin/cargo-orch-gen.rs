//! `cargo orch-gen`: the same program, called by cargo with its own name as first argument.

use std::process::ExitCode;

/// Parsing is all small allocations: a third of the time with the system's allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let mut arguments: Vec<_> = std::env::args_os().collect();
    if arguments.get(1).is_some_and(|first| first == "orch-gen") {
        arguments.remove(1);
    }
    orch_gen::main(arguments)
}
