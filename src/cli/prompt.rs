//! Asking one question at a time.

use super::output::Output;
use crate::error::{Code, Error, Result};
use std::cell::RefCell;
use std::io::{BufRead, Read};

/// The longest answer that is read, in bytes; a terminal ends a line before that.
const MAX_ANSWER: u64 = 65_536;

/// Where answers come from.
pub struct Input(RefCell<Box<dyn BufRead>>);

impl std::fmt::Debug for Input {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Input").finish_non_exhaustive()
    }
}

impl Input {
    /// Answers that are lines of a reader.
    #[must_use]
    pub fn new(reader: impl BufRead + 'static) -> Self {
        Self(RefCell::new(Box::new(reader)))
    }

    /// The next line without its end; nothing when there is none, or when it cannot be read.
    fn line(&self) -> Option<Vec<u8>> {
        let mut line = Vec::new();
        let mut reader = self.0.borrow_mut();
        let read = reader
            .by_ref()
            .take(MAX_ANSWER)
            .read_until(b'\n', &mut line);
        read.ok().filter(|read| *read > 0).map(|_| line)
    }
}

/// Questions and answers.
pub(super) struct Dialogue<'d, 'o> {
    pub(super) input: &'d Input,
    pub(super) output: &'d mut Output<'o>,
}

impl Dialogue<'_, '_> {
    /// Asks until the answer is understood; an empty one is the default. Nothing when the answers end.
    pub(super) fn ask<T>(
        &mut self,
        question: &str,
        default: Option<&str>,
        mut understand: impl FnMut(&str, &mut Output<'_>) -> Result<T>,
    ) -> Option<T> {
        let shown = default.map_or_else(String::new, |default| format!(" [{default}]"));
        let question = format!("{question}{shown}");
        loop {
            let answer = self.ask_or_nothing(&question, &mut understand)?;
            match (answer, default) {
                (Some(answer), _) => return Some(answer),
                (None, None) => {}
                (None, Some(default)) => match understand(default, self.output) {
                    Ok(answer) => return Some(answer),
                    Err(error) => self.output.error(&error),
                },
            }
        }
    }

    /// Asks until the answer is understood or empty.
    pub(super) fn ask_or_nothing<T>(
        &mut self,
        question: &str,
        mut understand: impl FnMut(&str, &mut Output<'_>) -> Result<T>,
    ) -> Option<Option<T>> {
        loop {
            self.output.ask(&format!("{question}: "));
            let line = self.input.line()?;
            let understood = match std::str::from_utf8(&line).map(str::trim) {
                Ok("") => return Some(None),
                Ok(answer) => understand(answer, self.output),
                Err(_) => {
                    Err(Error::new(Code::Usage, "the answer is not UTF-8").help("type it again"))
                }
            };
            match understood {
                Ok(answer) => return Some(Some(answer)),
                Err(error) => self.output.error(&error),
            }
        }
    }
}
