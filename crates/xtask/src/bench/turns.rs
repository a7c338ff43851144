//! Processes that take turns, so that what the machine does meanwhile hits all of them.
//!
//! **Invariant:** no turn deletes, and each that makes files does so in a folder of its own. On ext4 a new file in a folder
//! where many were deleted within the last seconds takes far longer than others.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::bench::row::{Row, Wanted};
use crate::job::Job;

/// Characters of an error that a table can hold.
const CAUSE: usize = 120;

/// Where processes write: everything is deleted when all is done.
#[derive(Debug)]
pub(super) struct Scratch(PathBuf);

impl Scratch {
    /// A new folder in `folder`, for the bench `name`.
    pub(super) fn new(folder: &Path, name: &str) -> Result<Self> {
        let folder = folder.join(format!("{name}-{}", std::process::id()));
        fs::create_dir(&folder).with_context(|| folder.display().to_string())?;
        Ok(Self(folder))
    }

    /// A place for `name`, which is not there yet; the folder around it is.
    pub(super) fn place(&self, name: &str) -> Result<PathBuf> {
        let place = self.0.join(name);
        let around = place.parent().context("it lies in a folder")?;
        fs::create_dir_all(around).with_context(|| around.display().to_string())?;
        Ok(place)
    }

    /// A place for each of `turns` turns of `name`.
    pub(super) fn places(&self, name: &str, turns: usize) -> Result<Vec<PathBuf>> {
        let place = |turn| self.place(&format!("{name}/{turn}"));
        (0..turns).map(place).collect()
    }

    /// A copy of `model` for each of `turns` turns of `name`.
    pub(super) fn copies(&self, model: &Path, name: &str, turns: usize) -> Result<Vec<PathBuf>> {
        let places = self.places(name, turns)?;
        for place in &places {
            copy(model, place).output()?;
        }
        Ok(places)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What is left is in the build folder, which anybody may delete.
        drop(fs::remove_dir_all(&self.0));
    }
}

/// `cp -r`.
pub(super) fn copy(from: &Path, to: &Path) -> Job {
    Job::new("cp").args([Path::new("-r"), from, to])
}

/// Files in `folder` and below it.
pub(super) fn files(folder: &Path) -> Result<usize> {
    let mut count = 0;
    for entry in fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let entry = entry?;
        count += match entry.file_type()?.is_dir() {
            true => files(&entry.path())?,
            false => 1,
        };
    }
    Ok(count)
}

/// One thing that takes turns with others.
#[derive(Debug)]
pub(super) struct Case {
    name: String,
    wanted: Wanted,
    jobs: Vec<Job>,
    /// A file that has one function more in each turn.
    edited: Option<PathBuf>,
    /// A program of others, that need not work for the rest to be measured.
    is_foreign: bool,
    trouble: Option<String>,
    samples: Vec<f64>,
}

impl Case {
    /// A case with the processes of all its turns.
    pub(super) fn new(name: impl Into<String>, jobs: Vec<Job>) -> Self {
        Self {
            name: name.into(),
            wanted: Wanted::Nothing,
            jobs,
            edited: None,
            is_foreign: false,
            trouble: None,
            samples: Vec::new(),
        }
    }

    /// A program of others: what goes wrong with it is said in its row.
    pub(super) fn foreign(title: &str, case: Result<Self>) -> Self {
        let mut case = case.unwrap_or_else(|error| {
            let mut case = Self::new(title, Vec::new());
            case.trouble = Some(cause(&format!("{error:#}")));
            case
        });
        case.is_foreign = true;
        case
    }

    /// Sets how many milliseconds are wanted at most.
    pub(super) fn at_most(mut self, limit: f64) -> Self {
        self.wanted = Wanted::AtMost(limit);
        self
    }

    /// Adds a function to a file before each turn: a run may see that a comment changes nothing.
    pub(super) fn after_edit_of(mut self, file: PathBuf) -> Self {
        self.edited = Some(file);
        self
    }

    /// Runs what is due in turn `turn` of `turns`: a case with fewer processes is spread over all turns.
    fn take(&mut self, turn: usize, turns: usize) -> Result<()> {
        let due = |turn: usize| turn * self.jobs.len() / turns;
        for job in &self.jobs[due(turn)..due(turn + 1)] {
            if self.trouble.is_some() {
                break;
            }
            if let Some(file) = &self.edited {
                edit(file, self.samples.len())?;
            }
            // Who waits for the disk would else wait for what its neighbours wrote.
            Job::new("sync").output()?;
            match job.timed() {
                Ok(took) => self.samples.push(took.as_secs_f64() * 1e3),
                Err(error) if self.is_foreign => {
                    self.trouble = Some(cause(&format!("{error:#}")));
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn row(self) -> Row {
        match self.trouble {
            Some(reason) => Row::not_run(self.name, &reason, self.samples),
            None => Row::new(self.name, "ms", self.samples).wanted(self.wanted),
        }
    }
}

fn edit(file: &Path, turn: usize) -> Result<()> {
    let mut text = fs::read_to_string(file).with_context(|| file.display().to_string())?;
    text += &format!("fn one_more_{turn}(of: usize) -> usize {{ of.min({turn}) }}\n");
    Ok(fs::write(file, text)?)
}

/// Lets all cases take their turns; a row for each, in their order.
pub(super) fn take_turns(mut cases: Vec<Case>) -> Result<Vec<Row>> {
    let turns = cases.iter().map(|case| case.jobs.len()).max().unwrap_or(0);
    for turn in 0..turns {
        for case in &mut cases {
            case.take(turn, turns)?;
        }
    }
    Ok(cases.into_iter().map(Case::row).collect())
}

/// The end of an error's text, fit for a table: what was run comes first, and why it failed last.
fn cause(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    let line = words.join(" ");
    let surplus = line.chars().count().saturating_sub(CAUSE);
    match surplus {
        0 => line,
        _ => format!("… {}", line.chars().skip(surplus).collect::<String>()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A long command line would hide why it failed.
    #[test]
    fn a_long_error_is_cut_at_its_beginning() {
        let text = format!("`cargo {}` failed: no such file", "x ".repeat(100));
        let cause = cause(&text);
        assert!(cause.starts_with("… ") && cause.ends_with("failed: no such file"));
        assert_eq!(cause.chars().count(), CAUSE + 2);
    }

    /// A median of fewer samples than were asked for would say more than was seen.
    #[test]
    fn a_case_with_fewer_processes_takes_all_its_turns() {
        let jobs = |count| vec![Job::new("true"); count];
        let cases = vec![Case::new("often", jobs(7)), Case::new("seldom", jobs(3))];
        let rows = take_turns(cases).unwrap();
        let counts: Vec<usize> = rows.iter().map(|row| row.samples.len()).collect();
        assert_eq!(counts, [7, 3]);
    }

    /// One missing program of others must not cost the figures of everything else.
    #[test]
    fn only_a_program_of_others_may_fail() {
        let failing = || Case::new("x", vec![Job::new("false")]);
        assert!(take_turns(vec![failing()]).is_err());
        let rows = take_turns(vec![
            Case::foreign("x", Ok(failing())),
            Case::foreign("y", Err(anyhow::anyhow!("no such crate"))),
        ]);
        let rows = rows.unwrap();
        assert!(rows[0].not_run.as_ref().unwrap().contains("false"));
        assert_eq!(rows[1].not_run.as_deref(), Some("no such crate"));
    }
}
