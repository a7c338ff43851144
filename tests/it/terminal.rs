//! A real pseudo-terminal, with somebody who reads before typing.

use crate::command::{PROGRAM, Place, Ran, ran};
use std::path::PathBuf;
use std::process::Command;

/// Waits until the terminal shows what is before the `=` of a step, then types what is behind it; with
/// `>` in front that is a file to write to.
const TYPIST: &str = r#"
import os, pty, signal, sys
# A question that never comes must not hold up everybody.
signal.alarm(60)
folder, count, *rest = sys.argv[1:]
command, steps = rest[:int(count)], rest[int(count):]
child, terminal = pty.fork()
if child == 0:
    os.chdir(folder)
    os.execvp(command[0], command)
seen = b""
def until(mark):
    global seen
    while mark is None or mark not in seen:
        try:
            more = os.read(terminal, 4096)
        except OSError:
            return
        if not more:
            return
        sys.stdout.buffer.write(more)
        seen += more
for step in steps:
    mark, answer = step.split("=", 1)
    until(mark.encode())
    seen = b""
    if answer.startswith(">"):
        with open(answer[1:], "w") as file:
            file.write("x")
    else:
        os.write(terminal, b"\x04" if answer == "^D" else answer.encode() + b"\n")
until(None)
sys.stdout.buffer.flush()
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"#;

/// A terminal in a place.
pub(crate) struct Terminal {
    folder: PathBuf,
}

impl Terminal {
    /// Nothing where there is no Python to open one.
    pub(crate) fn new(place: &Place) -> Option<Self> {
        let python = Command::new("python3").arg("--version").output();
        python.ok().map(|_| Self {
            folder: place.path(""),
        })
    }

    /// Runs the program with these arguments and steps.
    pub(crate) fn run(&self, arguments: &[&str], steps: &[&str]) -> Ran {
        ran(self.command(arguments, steps))
    }

    /// The command behind [`Terminal::run`], for a test that changes its variables.
    pub(crate) fn command(&self, arguments: &[&str], steps: &[&str]) -> Command {
        let count = (arguments.len() + 1).to_string();
        let mut command = Command::new("python3");
        command
            .args(["-c", TYPIST])
            .arg(&self.folder)
            .args([&count, PROGRAM])
            .args(arguments)
            .args(steps)
            .env_remove("NO_COLOR")
            .env_remove("CI");
        command
    }
}
