//! The engines, and how each is run.

use std::path::Path;

use anyhow::Result;

use crate::job::Job;

use super::prepare::Programs;

/// One engine.
#[derive(Debug)]
pub(super) struct Engine {
    /// As the programs know it.
    name: &'static str,
    /// For people.
    pub(super) title: &'static str,
    language: Language,
    store: Store,
    /// How many times more than the slowest engine it gets, so that its run takes some seconds, too.
    pub(super) more: usize,
}

#[derive(Debug, Clone, Copy)]
enum Language {
    Rust,
    Node,
}

/// Where an engine keeps its records.
#[derive(Debug, Clone, Copy)]
enum Store {
    Postgres,
    File,
    /// In a server of its own.
    Restate,
}

impl Engine {
    const fn new(name: &'static str, language: Language, store: Store) -> Self {
        Self {
            name,
            title: name,
            language,
            store,
            more: 1,
        }
    }

    const fn more(self, more: usize) -> Self {
        Self { more, ..self }
    }

    const fn shown(self, title: &'static str) -> Self {
        Self { title, ..self }
    }

    /// The engine's program, told where to keep records.
    pub(super) fn job(&self, programs: &Programs, folder: &Path, server: &str) -> Result<Job> {
        let job = match self.language {
            Language::Rust => programs.rust()?,
            Language::Node => programs.node()?,
        };
        let job = job.args(["--peer", self.name]);
        let own = folder.join(self.name);
        std::fs::create_dir_all(&own)?;
        Ok(match self.store {
            Store::Postgres => job.args(["--database", server]),
            Store::File => job.args(["--folder".as_ref(), own.as_path()]),
            Store::Restate => job
                .args(["--folder".as_ref(), own.as_path()])
                .args(["--restate-server".as_ref(), programs.restate()?.as_path()]),
        })
    }
}

/// Those that do operations.
pub(super) const OF_OPERATIONS: &[Engine] = &[
    Engine::new("apalis-sqlite", Language::Rust, Store::File),
    Engine::new("apalis-postgres", Language::Rust, Store::Postgres),
    Engine::new("underway", Language::Rust, Store::Postgres),
    Engine::new("graphile-worker", Language::Node, Store::Postgres),
    Engine::new("pg-boss", Language::Node, Store::Postgres),
    Engine::new("dbos", Language::Node, Store::Postgres),
    RESTATE,
];

/// Those that do sagas.
pub(super) const OF_SAGAS: &[Engine] = &[
    Engine::new("steno", Language::Rust, Store::File).more(2),
    Engine::new("steno-not-durable", Language::Rust, Store::File)
        .shown("steno, not durable")
        .more(20),
    Engine::new("duroxide", Language::Rust, Store::File),
    RESTATE.more(4),
];

const RESTATE: Engine = Engine::new("restate", Language::Rust, Store::Restate);
