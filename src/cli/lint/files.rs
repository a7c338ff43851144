//! Reports in files: each is written whole, and none when one of them cannot be.

use super::super::Environment;
use super::super::target::absolute;
use super::args::LintFormat;
use crate::disk::{Read as _, Real, Write as _, refused};
use crate::error::{Code, Error, Result};
use clap::ValueEnum as _;
use std::fs::{self, OpenOptions};
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};

/// A form and the file it is written to: `sarif=lint.sarif`.
#[derive(Debug, Clone)]
pub(in crate::cli) struct ReportFile {
    pub(super) format: LintFormat,
    pub(super) path: PathBuf,
}

impl ReportFile {
    /// Reads `FORMAT=PATH`.
    pub(in crate::cli) fn parse(text: &str) -> std::result::Result<Self, String> {
        let (format, path) = text
            .split_once('=')
            .filter(|(_, path)| !path.is_empty())
            .ok_or("it is not FORMAT=PATH, such as sarif=lint.sarif")?;
        let format = LintFormat::from_str(format, false).map_err(|_| {
            let all = LintFormat::value_variants().iter();
            let names: Vec<String> = all
                .filter_map(|format| Some(format.to_possible_value()?.get_name().to_owned()))
                .collect();
            format!("the format is one of {}", names.join(", "))
        })?;
        Ok(Self {
            format,
            path: path.into(),
        })
    }
}

/// The files themselves, with links followed. Refuses, before any work is done, what can be no file
/// and one file for two reports.
pub(super) fn goals(files: &[ReportFile], environment: &Environment) -> Result<Vec<ReportFile>> {
    let mut goals: Vec<ReportFile> = Vec::new();
    for file in files {
        let path = absolute(environment, &file.path);
        let path = goal(&path).map_err(|error| cannot_write(&path, &error))?;
        if goals.iter().any(|other| other.path == path) {
            return Err(Error::new(Code::Usage, "two reports cannot be in one file")
                .at(path.display().to_string())
                .help("give each `--output-file` a path of its own"));
        }
        let format = file.format;
        goals.push(ReportFile { format, path });
    }
    Ok(goals)
}

/// A device or a pipe would be replaced by a file, so only files are taken.
fn goal(path: &Path) -> io::Result<PathBuf> {
    match fs::metadata(path) {
        Ok(found) if found.is_file() => Real.resolve(path),
        Ok(found) if found.is_dir() => Err(ErrorKind::IsADirectory.into()),
        Ok(_) => Err(io::Error::other("it is not a file")),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else {
                return Err(error);
            };
            Ok(Real.resolve(folder)?.join(name))
        }
        Err(error) => Err(error),
    }
}

/// Writes drafts beside all files, then puts each in its place.
pub(super) fn write(files: impl Iterator<Item = (PathBuf, String)>) -> Result<()> {
    let mut drafts: Vec<Draft> = Vec::new();
    for (path, text) in files {
        let draft = Draft::beside(&path, &text).map_err(|error| cannot_write(&path, &error))?;
        drafts.push(draft);
    }
    for draft in &drafts {
        let placed = Real.rename(&draft.path, &draft.goal);
        placed.map_err(|error| cannot_write(&draft.goal, &error))?;
    }
    Ok(())
}

/// A file under another name, which goes unless it was put in its place.
struct Draft {
    path: PathBuf,
    goal: PathBuf,
}

impl Draft {
    fn beside(goal: &Path, text: &str) -> io::Result<Self> {
        let mut name = std::ffi::OsString::from(".");
        name.push(goal.file_name().unwrap_or_default());
        name.push(format!(".{}", std::process::id()));
        let draft = Self {
            path: goal.with_file_name(name),
            goal: goal.to_owned(),
        };
        // Left by a process of the same number that was killed.
        let _ = Real.remove_file(&draft.path);
        Real.create_file(&draft.path, text.as_bytes())?;
        Ok(draft)
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        let _ = Real.remove_file(&self.path);
    }
}

fn cannot_write(path: &Path, error: &io::Error) -> Error {
    let refusal = refused("write the report", path, error);
    match error.kind() {
        ErrorKind::NotFound => refusal.help("make the folder first, or choose another path"),
        ErrorKind::IsADirectory => refusal.help("name a file in it"),
        ErrorKind::Other => refusal.help("name a file; `--format` chooses what is printed"),
        _ => refusal,
    }
}

/// Adds to a file that others add to as well.
pub(super) fn append(path: &Path, text: &str) -> io::Result<()> {
    let mut file = OpenOptions::new().create(true).append(true).open(path)?;
    file.write_all(text.as_bytes())
}
