//! Other engines at the same work, to compare with: see `crates/xtask/peers`, which is the work.
//!
//! [`Peers`] is for whoever measures the runtime, too: both then use the same server in the same run.
//!
//! **Invariant:** an engine that cannot be had or does not do its work is a row that says so.

mod engine;
mod load;
mod prepare;

pub use self::load::Load;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::Value;

use crate::workspace::Workspace;

use self::engine::Engine;
use self::prepare::Programs;
use super::row::Row;
use super::{Bench, target};

/// Settings of a server that engines are measured on, as lines of `postgresql.conf`: more memory than as
/// shipped, and no checkpoint in the midst of a run.
pub const SERVER_SETTINGS: &str =
    "shared_buffers = 512MB\nmax_wal_size = 4GB\ncheckpoint_timeout = 30min\n";

pub(super) fn measure(bench: &Bench<'_>) -> Result<Vec<Row>> {
    target::rows(bench, "peers", &[])
}

/// Engines, and the loads that are put on all of them.
#[derive(Debug)]
pub struct Contest {
    engines: &'static [Engine],
    /// In the order in which they are shown.
    pub loads: &'static [Load],
}

/// Operations: accepted, executed, or at a steady rate.
pub const OPERATIONS: Contest = Contest {
    engines: engine::OF_OPERATIONS,
    loads: load::OF_OPERATIONS,
};

/// Sagas of three steps, completed or undone.
pub const SAGAS: Contest = Contest {
    engines: engine::OF_SAGAS,
    loads: load::OF_SAGAS,
};

/// The engines of a contest, ready to be measured, and what was found.
#[derive(Debug)]
pub struct Peers {
    contest: &'static Contest,
    programs: Programs,
    folder: PathBuf,
    found: BTreeMap<Place, Vec<f64>>,
    troubles: BTreeMap<(usize, usize), String>,
    /// What else was measured under the same loads.
    others: Vec<String>,
}

/// Where a figure stands: its load, its engine, its place among the load's figures.
type Place = (usize, usize, usize);

impl Peers {
    /// Builds and installs what is needed, below the build folder. `folder` is for files of databases.
    ///
    /// # Errors
    /// When `folder` cannot be made. What cannot be built is a row.
    pub fn prepare(
        contest: &'static Contest,
        workspace: &Workspace,
        folder: &Path,
    ) -> Result<Self> {
        let folder = folder.join("peers");
        std::fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
        Ok(Self {
            contest,
            programs: Programs::get(workspace),
            folder,
            found: BTreeMap::new(),
            troubles: BTreeMap::new(),
            others: Vec::new(),
        })
    }

    /// Takes down what something else came to under `load`, told by `say` as of the engines: a value for
    /// each figure that it has.
    ///
    /// # Errors
    /// When `say` fails.
    pub fn record(
        &mut self,
        load: &Load,
        name: &str,
        figures: Vec<Option<f64>>,
        say: &mut dyn FnMut(&str) -> Result<()>,
    ) -> Result<()> {
        let known = self.others.iter().position(|known| known == name);
        let number = known.unwrap_or_else(|| {
            self.others.push(name.to_owned());
            self.others.len() - 1
        });
        say(&format!("{name}: {}", load.shown(&figures)))?;
        let number = self.contest.engines.len() + number;
        self.note(self.place(load)?, number, figures);
        Ok(())
    }

    /// Puts one load on every engine. An engine that failed under this load is not asked again.
    ///
    /// # Errors
    /// When `say` fails.
    pub fn measure(
        &mut self,
        load: &Load,
        server: &str,
        say: &mut dyn FnMut(&str) -> Result<()>,
    ) -> Result<()> {
        let at = self.place(load)?;
        for (number, engine) in self.contest.engines.iter().enumerate() {
            if self.troubles.contains_key(&(at, number)) {
                continue;
            }
            match self.run(engine, load, server) {
                Ok(figures) => {
                    say(&format!("{}: {}", engine.title, load.shown(&figures)))?;
                    self.note(at, number, figures);
                }
                Err(error) => {
                    let reason = one_line(&format!("{error:#}"));
                    say(&format!("{}, {}: {reason}", engine.title, load.name))?;
                    self.troubles.insert((at, number), reason);
                }
            }
        }
        Ok(())
    }

    /// The place of `load` among all of the contest.
    fn place(&self, load: &Load) -> Result<usize> {
        let place = self.contest.loads.iter().position(|known| known == load);
        place.context("no such load")
    }

    fn note(&mut self, at: usize, number: usize, figures: Vec<Option<f64>>) {
        for (figure, value) in figures.into_iter().enumerate() {
            let found = self.found.entry((at, number, figure));
            found.or_default().extend(value);
        }
    }

    /// What one engine does under one load: a value for each figure that it has.
    fn run(&self, engine: &Engine, load: &Load, server: &str) -> Result<Vec<Option<f64>>> {
        let job = engine.job(&self.programs, &self.folder, server)?;
        let operations = (load.operations * engine.more).to_string();
        let job = job.args(["--measure", load.name, "--operations", &operations]);
        let said = job.output()?;
        let line: Value = serde_json::from_str(said.trim()).context("it said no JSON")?;
        let figures = load.figures.iter();
        Ok(figures.map(|figure| line[figure.key].as_f64()).collect())
    }

    /// The engines, and what else was measured.
    fn names(&self) -> impl Iterator<Item = &str> {
        let engines = self.contest.engines.iter().map(|engine| engine.title);
        engines.chain(self.others.iter().map(String::as_str))
    }

    /// All rows, those of one load together.
    #[must_use]
    pub fn rows(&self) -> Vec<Row> {
        let mut rows = Vec::new();
        for (at, load) in self.contest.loads.iter().enumerate() {
            for (figure, of) in load.figures.iter().enumerate() {
                for (number, engine) in self.names().enumerate() {
                    let name = format!("{}: {engine}", of.title);
                    let trouble = self.troubles.get(&(at, number));
                    let samples = self.found.get(&(at, number, figure));
                    let samples = samples.cloned().unwrap_or_default();
                    match trouble {
                        Some(reason) if figure == 0 => {
                            rows.push(Row::not_run(name, reason, samples));
                        }
                        _ if samples.is_empty() => {}
                        _ => rows.push(Row::new(name, of.unit, samples)),
                    }
                }
            }
        }
        rows
    }
}

/// The beginning of `text`, fit for a table.
fn one_line(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    words.join(" ").chars().take(200).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A table without an engine would look as if nobody had thought of it.
    #[test]
    fn an_engine_that_cannot_run_is_a_row_that_says_so() {
        for contest in [&OPERATIONS, &SAGAS] {
            let mut peers = Peers {
                contest,
                programs: Programs::default(),
                folder: PathBuf::new(),
                found: BTreeMap::new(),
                troubles: BTreeMap::new(),
                others: Vec::new(),
            };
            for load in contest.loads {
                peers.measure(load, "no server", &mut |_| Ok(())).unwrap();
            }
            let rows = peers.rows();
            assert_eq!(rows.len(), contest.loads.len() * contest.engines.len());
            let told = |row: &Row| row.not_run.is_some() && row.samples.is_empty();
            assert!(rows.iter().all(told), "{rows:#?}");
        }
    }
}
