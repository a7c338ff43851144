//! What to run.

use anyhow::{Context, Result, bail};
use std::path::PathBuf;

/// What to run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Options {
    /// What the cases are made from.
    pub(crate) seed: u64,
    /// How many cases.
    pub(crate) cases: u64,
    /// The only case to run, with everything about it printed.
    pub(crate) case: Option<u64>,
    /// Where a sample of what was accepted is written, to be compiled.
    pub(crate) sample: Option<PathBuf>,
}

impl Options {
    /// Reads `--seed N --cases N --case N --sample DIR`.
    ///
    /// # Errors
    /// When a word is none of these, or a number is none.
    pub(crate) fn parse(arguments: &[String]) -> Result<Self> {
        let mut options = Self {
            seed: 1,
            cases: 100_000,
            case: None,
            sample: None,
        };
        let mut words = arguments.iter();
        while let Some(word) = words.next() {
            let value = words
                .next()
                .with_context(|| format!("`{word}` has no value"))?;
            let number = || {
                value
                    .parse::<u64>()
                    .with_context(|| format!("`{value}` is no number"))
            };
            match word.as_str() {
                "--seed" => options.seed = number()?,
                "--cases" => options.cases = number()?,
                "--case" => options.case = Some(number()?),
                "--sample" => options.sample = Some(value.into()),
                _ => bail!("`{word}` is none of --seed, --cases, --case and --sample"),
            }
        }
        Ok(options)
    }
}
