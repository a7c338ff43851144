//! The engines, and how each is run.

use std::path::Path;

use anyhow::Result;

use crate::job::Job;

use super::prepare::Programs;

/// One engine.
#[derive(Debug)]
pub(super) struct Engine {
    /// As the programs know it.
    pub(super) name: &'static str,
    language: Language,
    store: Store,
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
            language,
            store,
        }
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

/// All engines.
pub(super) const ENGINES: [Engine; 7] = [
    Engine::new("apalis-sqlite", Language::Rust, Store::File),
    Engine::new("apalis-postgres", Language::Rust, Store::Postgres),
    Engine::new("underway", Language::Rust, Store::Postgres),
    Engine::new("graphile-worker", Language::Node, Store::Postgres),
    Engine::new("pg-boss", Language::Node, Store::Postgres),
    Engine::new("dbos", Language::Node, Store::Postgres),
    Engine::new("restate", Language::Rust, Store::Restate),
];
