//! The command line itself, run in this process: on what is refused, and now and then on what is not.

use orch_gen::cli::{self, Environment, Output};
use orch_gen::error::{Code, Exit};
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// The command line in a folder of its own.
#[derive(Debug)]
pub(crate) struct Program {
    folder: TempDir,
    crates: PathBuf,
}

/// How a run ended.
struct Ran {
    exit: Exit,
    err: String,
}

impl Program {
    /// In a new folder; `crates` holds the runtime.
    pub(crate) fn new(crates: &Path) -> std::io::Result<Self> {
        let folder = tempfile::tempdir()?;
        Ok(Self {
            folder,
            crates: crates.to_owned(),
        })
    }

    /// Requires that a command line is refused in a package with this `orch.toml`, or in none, and that
    /// nothing is written. Answers the code.
    pub(super) fn refuses(
        &mut self,
        before: &Option<String>,
        arguments: &[String],
    ) -> Result<&'static str, String> {
        let bytes = before.as_ref().map(String::as_bytes);
        self.refuses_with(bytes, arguments)
    }

    /// The same for a document that is applied.
    pub(super) fn refuses_document(&mut self, bytes: &[u8]) -> Result<&'static str, String> {
        self.refuses_with(Some(bytes), &["apply".to_owned()])
    }

    fn refuses_with(
        &mut self,
        document: Option<&[u8]>,
        arguments: &[String],
    ) -> Result<&'static str, String> {
        let path = self.folder.path().join("orch.toml");
        if let Some(bytes) = document {
            fs::write(&path, bytes).map_err(|error| error.to_string())?;
        }
        let ran = self.run(arguments);
        let wrong = |what: &str| Err(format!("{what}: {arguments:?}\n{}", ran.err));
        let code = Code::ALL.iter().map(|code| code.number());
        let mut code = code.filter(|number| ran.err.contains(&format!("error[{number}]: ")));
        let Some(code) = code.next().filter(|_| ran.exit == Exit::Usage) else {
            return wrong(&format!("it is not refused, but ends with {:?}", ran.exit));
        };
        if !ran.err.contains("\nhelp: ") {
            return wrong("it is refused without advice");
        }
        let left = self.left()?;
        let is_untouched =
            document.is_none_or(|bytes| fs::read(&path).is_ok_and(|now| now == bytes));
        if !is_untouched
            || left
                .iter()
                .any(|name| document.is_none() || name != "orch.toml")
        {
            return wrong(&format!("it is refused, and {left:?} is written"));
        }
        drop(fs::remove_file(path));
        Ok(code)
    }

    /// Requires that command lines are carried out, and that the tree is as it should be afterwards.
    pub(super) fn carries_out(
        &mut self,
        lines: impl Iterator<Item = Vec<String>>,
    ) -> Result<(), String> {
        let runtime = format!("--runtime-path={}", self.crates.display());
        for mut line in lines {
            line.splice(2..2, ["--out=package".to_owned(), runtime.clone()]);
            self.done(&line)?;
        }
        self.done(&["check", "--out=package"].map(str::to_owned))?;
        fs::remove_dir_all(self.folder.path().join("package")).map_err(|error| error.to_string())
    }

    fn done(&self, arguments: &[String]) -> Result<(), String> {
        let ran = self.run(arguments);
        if ran.exit == Exit::Done {
            return Ok(());
        }
        Err(format!(
            "it ends with {:?}: {arguments:?}\n{}",
            ran.exit, ran.err
        ))
    }

    fn run(&self, arguments: &[String]) -> Ran {
        let environment = Environment {
            folder: self.folder.path().to_owned(),
            terminal: false,
            no_color: true,
            seconds: 0,
            target_dir: None,
            step_summary: None,
            input: None,
            patience: None,
        };
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let words = std::iter::once("orch-gen".to_owned()).chain(arguments.iter().cloned());
        let mut output = Output::new(&mut out, &mut err);
        let exit = cli::run(words.map(OsString::from), &environment, &mut output);
        Ran {
            exit,
            err: String::from_utf8_lossy(&err).into_owned(),
        }
    }

    fn left(&self) -> Result<Vec<String>, String> {
        let entries = fs::read_dir(self.folder.path()).map_err(|error| error.to_string())?;
        let names = entries.flatten().map(|entry| entry.file_name());
        Ok(names
            .map(|name| name.to_string_lossy().into_owned())
            .collect())
    }
}
