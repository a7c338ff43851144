//! `orch-gen man`: manual pages, made from the arguments.

use super::Environment;
use super::args::Arguments;
use super::output::Output;
use super::target::absolute;
use crate::disk::{Entry, Read as _, Real, Write as _, refused};
use crate::error::{Code, Error, Exit, Result};
use clap::{Command, CommandFactory};
use clap_mangen::Man;
use std::io;
use std::path::{Path, PathBuf};

/// The first line of every page: a file without it is somebody else's.
const MARK: &str = ".\\\" Written by orch-gen man\n";

/// A manual page and the name of its file.
struct Page {
    file: String,
    text: Vec<u8>,
}

/// Prints the main page, or writes all pages into a folder.
pub(super) fn run(
    folder: Option<&Path>,
    environment: &Environment,
    output: &mut Output<'_>,
) -> Result<Exit> {
    let pages = pages().map_err(|error| Error::new(Code::Render, error.to_string()))?;
    let Some(folder) = folder else {
        if let Some(main) = pages.first() {
            output.text(&String::from_utf8_lossy(&main.text));
        }
        return Ok(Exit::Done);
    };
    let folder = absolute(environment, folder);
    // Everything is looked at before the first page is written.
    for page in &pages {
        check(&folder, &folder.join(&page.file))?;
    }
    for page in &pages {
        write(&folder, page)?;
    }
    let count = pages.len();
    output.say(&format!("{count} pages are in {}", folder.display()));
    Ok(Exit::Done)
}

/// The page of the program first, then one of each command.
fn pages() -> io::Result<Vec<Page>> {
    let mut program = Arguments::command();
    program.build();
    let mut pages = Vec::new();
    add(&program, &mut pages)?;
    Ok(pages)
}

fn add(command: &Command, pages: &mut Vec<Page>) -> io::Result<()> {
    // A page of a command says what its program says of the version.
    let version = env!("CARGO_PKG_VERSION");
    let page = Man::new(command.clone())
        .source(format!("orch-gen {version}"))
        .manual("orch-gen");
    pages.push(Page {
        file: page.get_filename(),
        text: text(&page, command)?,
    });
    command
        .get_subcommands()
        .filter(|command| !command.is_hide_set())
        .try_for_each(|command| add(command, pages))
}

fn text(page: &Man, command: &Command) -> io::Result<Vec<u8>> {
    let mut text = MARK.as_bytes().to_vec();
    page.render_title(&mut text)?;
    page.render_name_section(&mut text)?;
    page.render_synopsis_section(&mut text)?;
    page.render_description_section(&mut text)?;
    page.render_options_section(&mut text)?;
    if command.has_subcommands() {
        page.render_subcommands_section(&mut text)?;
    }
    if let Some(examples) = command.get_after_help() {
        text.extend(verbatim("EXAMPLES", &examples.to_string()).into_bytes());
    }
    Ok(text)
}

/// A section whose lines stay as they are.
fn verbatim(heading: &str, lines: &str) -> String {
    let lines: String = lines
        .lines()
        .map(|line| line.replace('\\', "\\\\").replace('-', "\\-"))
        // The mark in front keeps a line from being read as a request.
        .map(|line| format!("\\&{line}\n"))
        .collect();
    format!(".SH {heading}\n.nf\n{lines}.fi\n")
}

/// Refuses a folder that is not there, and a file that is no page of ours.
fn check(folder: &Path, path: &Path) -> Result<()> {
    let entry = |path: &Path| {
        Real.entry(path)
            .map_err(|error| refused("look at", path, &error))
    };
    if entry(&folder.join("."))? != Some(Entry::Folder) {
        return Err(
            Error::new(Code::Usage, "there is no such folder for the pages")
                .at(folder.display().to_string())
                .help("make it first, such as with `mkdir -p`"),
        );
    }
    let ours = match entry(path)? {
        None => true,
        Some(Entry::File) => {
            let text = Real
                .read(path)
                .map_err(|error| refused("read", path, &error))?;
            text.starts_with(MARK.as_bytes())
        }
        Some(Entry::Folder | Entry::Link | Entry::Other) => false,
    };
    if ours {
        return Ok(());
    }
    Err(Error::new(
        Code::Occupied,
        "something is there that is no page of orch-gen; nothing was written",
    )
    .at(path.display().to_string())
    .help("move it away, or name another folder"))
}

/// Writes a page beside its place and moves it there, so that nobody reads half of one.
fn write(folder: &Path, page: &Page) -> Result<()> {
    let new: PathBuf = folder.join(format!(".{}.new", page.file));
    let path = folder.join(&page.file);
    let fail = |error| refused("write", &path, &error);
    // What a run that was killed left behind.
    if Real.entry(&new).map_err(fail)?.is_some() {
        Real.remove_file(&new).map_err(fail)?;
    }
    Real.create_file(&new, &page.text).map_err(fail)?;
    Real.rename(&new, &path).map_err(fail)
}
