//! Running other programs, with a message that says what was run and where.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

/// A program to run.
#[derive(Debug, Clone)]
pub struct Job {
    program: OsString,
    arguments: Vec<OsString>,
    folder: Option<PathBuf>,
    variables: Vec<(&'static str, OsString)>,
    /// The highest exit status that is no failure.
    highest: i32,
}

impl Job {
    /// `program` without arguments.
    pub fn new(program: impl Into<OsString>) -> Self {
        Self {
            program: program.into(),
            arguments: Vec::new(),
            folder: None,
            variables: Vec::new(),
            highest: 0,
        }
    }

    /// The cargo that runs this program.
    #[must_use]
    pub fn cargo(arguments: &[&str]) -> Self {
        Self::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into())).args(arguments)
    }

    /// Adds arguments.
    #[must_use]
    pub fn args<A: AsRef<OsStr>>(mut self, arguments: impl IntoIterator<Item = A>) -> Self {
        let arguments = arguments.into_iter();
        self.arguments
            .extend(arguments.map(|argument| argument.as_ref().to_owned()));
        self
    }

    /// Sets where it runs.
    #[must_use]
    pub fn folder(mut self, folder: &Path) -> Self {
        self.folder = Some(folder.to_owned());
        self
    }

    /// Sets an environment variable.
    #[must_use]
    pub fn env(mut self, name: &'static str, value: impl Into<OsString>) -> Self {
        self.variables.push((name, value.into()));
        self
    }

    /// Takes an end with status 1 for success, too: what searches says so whether it found anything.
    #[must_use]
    pub fn that_searches(mut self) -> Self {
        self.highest = 1;
        self
    }

    /// The same, started by `program`, which gets `arguments` first.
    #[must_use]
    pub fn started_by<A: AsRef<OsStr>>(
        self,
        program: &str,
        arguments: impl IntoIterator<Item = A>,
    ) -> Self {
        let starter = Self::new(program).args(arguments);
        let starter = starter.args([&self.program]).args(&self.arguments);
        Self {
            program: starter.program,
            arguments: starter.arguments,
            ..self
        }
    }

    /// The command line, for people.
    #[must_use]
    pub fn shown(&self) -> String {
        let program = Path::new(&self.program).file_stem().unwrap_or_default();
        let mut line = program.to_string_lossy().into_owned();
        for argument in &self.arguments {
            line.push(' ');
            line.push_str(&argument.to_string_lossy());
        }
        line
    }

    /// Runs it with its output on this terminal.
    ///
    /// # Errors
    /// When it cannot be started or does not end with success.
    pub fn run(&self) -> Result<()> {
        let status = self.command().status().with_context(|| self.trouble())?;
        if !self.is_good(status) {
            bail!("{} ({status})", self.trouble());
        }
        Ok(())
    }

    /// Runs it and answers what it wrote to its standard output.
    ///
    /// # Errors
    /// When it cannot be started, does not end with success or writes no text.
    pub fn output(&self) -> Result<String> {
        let done = self.command().output().with_context(|| self.trouble())?;
        if !self.is_good(done.status) {
            let said = String::from_utf8_lossy(&done.stderr).into_owned();
            bail!("{} ({}): {said}", self.trouble(), done.status);
        }
        String::from_utf8(done.stdout).with_context(|| self.trouble())
    }

    /// Runs it and answers how it ended, well or not, and what it wrote, its errors last.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn ended(&self) -> Result<(ExitStatus, String)> {
        let done = self.command().output().with_context(|| self.trouble())?;
        let said = [done.stdout, done.stderr].concat();
        Ok((done.status, String::from_utf8_lossy(&said).into_owned()))
    }

    /// Runs it without output and answers how long the whole process took.
    ///
    /// # Errors
    /// When it cannot be started or does not end with success.
    pub fn timed(&self) -> Result<Duration> {
        let mut command = self.command();
        command.stdout(Stdio::null()).stderr(Stdio::null());
        let begin = Instant::now();
        let status = command.status().with_context(|| self.trouble())?;
        let took = begin.elapsed();
        if !self.is_good(status) {
            bail!("{} ({status})", self.trouble());
        }
        Ok(took)
    }

    fn is_good(&self, status: ExitStatus) -> bool {
        status.code().is_some_and(|code| code <= self.highest)
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.args(&self.arguments).stdin(Stdio::null());
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        if let Some(folder) = &self.folder {
            command.current_dir(folder);
        }
        command
    }

    fn trouble(&self) -> String {
        let place = self
            .folder
            .as_ref()
            .map_or_else(String::new, |folder| format!(" (in {})", folder.display()));
        format!("`{}`{place} failed", self.shown())
    }
}
