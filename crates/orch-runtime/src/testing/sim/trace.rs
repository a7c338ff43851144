//! What happened, in order: a digest of all of it, and the last lines for people.

use std::collections::VecDeque;
use std::fmt::{Arguments, Write as _};

/// Lines that a failure shows.
const SHOWN: usize = 40;

/// The record of one run.
#[derive(Debug)]
pub(super) struct Trace {
    digest: u64,
    lines: VecDeque<String>,
    kept: usize,
}

impl Trace {
    /// Keeps all lines when `whole`, else the last ones.
    pub(super) fn new(whole: bool) -> Self {
        Self {
            digest: 0xcbf2_9ce4_8422_2325,
            lines: VecDeque::new(),
            kept: if whole { usize::MAX } else { SHOWN },
        }
    }

    /// Adds a line, `millis` after the beginning.
    pub(super) fn note(&mut self, millis: i64, what: Arguments<'_>) {
        let mut line = if self.lines.len() >= self.kept {
            self.lines.pop_front().unwrap_or_default()
        } else {
            String::new()
        };
        line.clear();
        let _ = write!(line, "{:>9}.{:03} {what}", millis / 1_000, millis % 1_000);
        // FNV-1a.
        self.digest = line.bytes().fold(self.digest, |digest, byte| {
            (digest ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        self.lines.push_back(line);
    }

    /// A number that differs when any line does.
    pub(super) fn digest(&self) -> u64 {
        self.digest
    }

    pub(super) fn lines(&self) -> Vec<String> {
        self.lines.iter().cloned().collect()
    }
}
