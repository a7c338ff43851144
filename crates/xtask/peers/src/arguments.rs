//! What the command line asks for.

use std::fmt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::ledger::Work;

/// The command line.
#[derive(Debug)]
pub(crate) struct Arguments {
    pub(crate) peer: String,
    pub(crate) measure: Measure,
    pub(crate) operations: usize,
    database: Option<String>,
    folder: Option<PathBuf>,
    restate_server: Option<PathBuf>,
}

/// What is measured.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Measure {
    /// Durable accepts per second by this many clients; nobody works on them.
    Accepts(usize),
    /// Operations per second from the first accept to the last recorded end, this many at a time.
    EndToEnd(usize),
    /// Milliseconds from when an operation was due to its end, at this many per second.
    Latency(usize),
    /// Sagas per second from the first request to the last recorded end, this many at a time.
    Sagas(usize),
    /// The same with sagas that are undone.
    SagasUndone(usize),
}

impl Measure {
    /// What is to happen under each number.
    pub(crate) fn work(self) -> Work {
        match self {
            Self::Accepts(_) | Self::EndToEnd(_) | Self::Latency(_) => Work::Operations,
            Self::Sagas(_) => Work::Sagas,
            Self::SagasUndone(_) => Work::SagasUndone,
        }
    }

    fn read(text: &str) -> Result<Self> {
        let (name, number) = text.split_once(':').context("a measure is NAME:NUMBER")?;
        let number = number.parse().context("a measure is NAME:NUMBER")?;
        match name {
            "accepts" => Ok(Self::Accepts(number)),
            "end-to-end" => Ok(Self::EndToEnd(number)),
            "latency" => Ok(Self::Latency(number)),
            "sagas" => Ok(Self::Sagas(number)),
            "sagas-undone" => Ok(Self::SagasUndone(number)),
            _ => bail!("nothing is measured as {name}"),
        }
    }
}

impl fmt::Display for Measure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Accepts(clients) => write!(f, "accepts:{clients}"),
            Self::EndToEnd(in_flight) => write!(f, "end-to-end:{in_flight}"),
            Self::Latency(rate) => write!(f, "latency:{rate}"),
            Self::Sagas(in_flight) => write!(f, "sagas:{in_flight}"),
            Self::SagasUndone(in_flight) => write!(f, "sagas-undone:{in_flight}"),
        }
    }
}

impl Arguments {
    pub(crate) fn read(words: impl Iterator<Item = String>) -> Result<Self> {
        let words: Vec<String> = words.collect();
        let value = |name: &str| {
            let at = words.iter().position(|word| word == name)?;
            words.get(at + 1).cloned()
        };
        let needed = |name: &str| value(name).with_context(|| format!("{name} is missing"));
        Ok(Self {
            peer: needed("--peer")?,
            measure: Measure::read(&needed("--measure")?)?,
            operations: needed("--operations")?.parse()?,
            database: value("--database"),
            folder: value("--folder").map(PathBuf::from),
            restate_server: value("--restate-server").map(PathBuf::from),
        })
    }

    pub(crate) fn database(&self) -> Result<&str> {
        self.database.as_deref().context("--database is missing")
    }

    pub(crate) fn folder(&self) -> Result<&Path> {
        self.folder.as_deref().context("--folder is missing")
    }

    pub(crate) fn restate_server(&self) -> Result<&Path> {
        let program = self.restate_server.as_deref();
        program.context("--restate-server is missing")
    }
}
