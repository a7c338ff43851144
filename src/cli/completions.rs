//! `orch-gen completions`: a script for the shell.

use super::args::Arguments;
use super::output::Output;
use clap::CommandFactory;
use clap_complete::Shell;

/// Prints the script.
pub(super) fn run(shell: Shell, output: &mut Output<'_>) {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "orch-gen", &mut script);
    output.line(String::from_utf8_lossy(&script).trim_end());
}
