//! `orch-gen lint -- cargo clippy …`: another program that finds things, and its findings in one stream.
//!
//! What the program prints is passed on line by line as it comes; what the linter finds stands between two
//! of its lines, as soon as it is known. An editor that reads the diagnostics of one command gets both.

use crate::error::{Code, Error, Result};
use std::ffi::{OsStr, OsString};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc::{Sender, channel};
use std::thread;

/// What comes next.
pub(super) enum Next<T> {
    /// A line of the program, with its end.
    Line(Vec<u8>),
    /// What the linter gave.
    Linted(T),
}

/// Runs a program in a folder while `lint` runs, and hands on what comes. Gives whether the program ended
/// well. When `next` says that nobody reads any more, the program is ended.
pub(super) fn run<T: Send>(
    command: &[OsString],
    folder: &Path,
    lint: impl FnOnce() -> T + Send,
    mut next: impl FnMut(Next<T>) -> Result<bool>,
) -> Result<bool> {
    let mut words = command.iter();
    let program = words.next().map_or(OsStr::new(""), OsString::as_os_str);
    let mut child = Command::new(program)
        .args(words)
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| unusable(program, &error))?;
    let lines = child.stdout.take().map(BufReader::new);
    let read = thread::scope(|scope| {
        let (sender, receiver) = channel();
        let linted = sender.clone();
        scope.spawn(move || linted.send(Next::Linted(lint())));
        scope.spawn(move || lines.map(|lines| pass_on(lines, &sender)));
        for one in receiver {
            let goes_on = next(one);
            if !matches!(goes_on, Ok(true)) {
                // Its output ends with it, and with that the thread that reads it.
                let _ = child.kill();
                return goes_on;
            }
        }
        Ok(true)
    });
    let ended = child.wait().map_err(|error| unusable(program, &error));
    read.and(ended.map(|status| status.success()))
}

/// Sends the lines of an output, until it ends or nobody listens.
fn pass_on<T>(mut lines: impl BufRead, to: &Sender<Next<T>>) {
    loop {
        let mut line = Vec::new();
        match lines.read_until(b'\n', &mut line) {
            Ok(read) if read > 0 => {}
            _ => return,
        }
        if !line.ends_with(b"\n") {
            line.push(b'\n');
        }
        if to.send(Next::Line(line)).is_err() {
            return;
        }
    }
}

fn unusable(program: &OsStr, error: &std::io::Error) -> Error {
    let program = program.display();
    Error::new(Code::Usage, format!("`{program}` cannot be run: {error}"))
        .help("name a program on the PATH, such as `-- cargo clippy --message-format=json`")
}
