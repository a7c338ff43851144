//! `orch-gen completions`: a script for the shell.

use super::args::Arguments;
use super::output::Output;
use clap::CommandFactory;
use clap_complete::Shell;

/// Prints the script.
pub(super) fn run(shell: Shell, output: &mut Output<'_>) {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "orch-gen", &mut script);
    let script = String::from_utf8_lossy(&script);
    // The bash generator of clap 4.6 takes the hyphen of the program's own name for a command.
    let script = script.replace("orch__subcmd__gen", "orch__gen");
    output.line(script.trim_end());
}
