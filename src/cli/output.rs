//! Where output goes: text or JSON, with or without colours.

use super::Environment;
use super::args::{Color, Common};
use super::progress::Progress;
use crate::error::Error;
use crate::plan::{SCHEMA, Style, Warning};
use std::io::Write;
use std::time::Duration;

/// Which stream a line is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stream {
    /// What was asked for.
    Out,
    /// What is said about it.
    Err,
}

/// The two streams and how to print to them.
pub struct Output<'a> {
    out: &'a mut dyn Write,
    err: &'a mut dyn Write,
    color: bool,
    quiet: bool,
    verbose: bool,
    patience: Option<Duration>,
    /// Whether the plan was printed before it was agreed to.
    pub(super) plan_shown: bool,
    /// Whether a plan is shown whose conflicts are asked about afterwards.
    pub(super) asks_later: bool,
    pub(super) json: bool,
}

impl std::fmt::Debug for Output<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Output")
            .field("json", &self.json)
            .finish_non_exhaustive()
    }
}

impl<'a> Output<'a> {
    /// Plain output to two streams.
    #[must_use]
    pub fn new(out: &'a mut dyn Write, err: &'a mut dyn Write) -> Self {
        Self {
            out,
            err,
            color: false,
            quiet: false,
            verbose: false,
            patience: None,
            plan_shown: false,
            asks_later: false,
            json: false,
        }
    }

    pub(super) fn configure(&mut self, common: &Common, environment: &Environment) {
        self.color = match common.color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => environment.terminal && !environment.no_color,
        };
        self.json = common.json;
        self.quiet = common.quiet;
        self.verbose = common.verbose;
        self.patience = environment.patience.filter(|_| !self.is_silent());
    }

    /// Says on the terminal what is being done, if it takes long, for as long as the value lives.
    pub(super) fn working(&self, what: &'static str) -> Progress {
        Progress::start(self.patience, what, std::io::stderr())
    }

    /// A question: the line stays open, and everything said so far is seen before it.
    pub(super) fn ask(&mut self, question: &str) {
        let _ = self.flush();
        let _ = write!(self.out, "{question}");
        let _ = self.out.flush();
    }

    /// Shows everything said so far, while the work goes on.
    ///
    /// # Errors
    /// When nobody reads the result any more.
    pub(super) fn flush(&mut self) -> std::io::Result<()> {
        let _ = self.err.flush();
        self.out.flush()
    }

    /// How plans are printed.
    pub(super) const fn style(&self) -> Style {
        Style {
            color: self.color,
            all: self.verbose,
        }
    }

    /// A line of what was asked for.
    pub(super) fn line(&mut self, text: &str) {
        self.write(Stream::Out, text);
    }

    /// Lines that end themselves.
    pub(super) fn text(&mut self, text: &str) {
        let text = text.trim_end();
        if !text.is_empty() {
            self.write(Stream::Out, text);
        }
    }

    /// Bytes as another program wrote them.
    pub(super) fn bytes(&mut self, bytes: &[u8]) {
        let _ = self.out.write_all(bytes);
    }

    /// Whether nothing is said about what is done.
    pub(super) const fn is_silent(&self) -> bool {
        self.quiet || self.json
    }

    /// A line about what is done; not with `--quiet` or `--json`.
    pub(super) fn say(&mut self, text: &str) {
        if !self.is_silent() {
            self.write(Stream::Out, text);
        }
    }

    /// A note that does not belong to the result.
    pub(super) fn note(&mut self, text: &str) {
        if !self.is_silent() {
            self.write(Stream::Err, &format!("note: {text}"));
        }
    }

    /// Lines that were asked for beside the result.
    pub(super) fn aside(&mut self, text: &str) {
        let text = text.trim_end();
        if !text.is_empty() {
            self.write(Stream::Err, text);
        }
    }

    /// What follows from a plan; with `--json` the plan's document names it.
    pub(super) fn warnings(&mut self, warnings: &[Warning]) {
        if self.is_silent() {
            return;
        }
        for Warning { path, what, help } in warnings {
            let text = format!("warning: {what}\n  --> {path}\nhelp: {help}");
            let text = if self.color {
                colored(&text).replacen("warning:", "\x1b[1;33mwarning\x1b[0m:", 1)
            } else {
                text
            };
            self.write(Stream::Err, &text);
        }
    }

    /// A JSON document.
    pub(super) fn document(&mut self, value: &serde_json::Value) {
        self.write(Stream::Out, &format!("{value:#}"));
    }

    /// An error: text on the error stream, or a JSON document on the output.
    pub(super) fn error(&mut self, error: &Error) {
        if self.json {
            self.document(&serde_json::json!({
                "schema": SCHEMA,
                "kind": "error",
                "code": error.code().number(),
                "message": error.what(),
                "at": error.place(),
                "help": error.advice(),
            }));
        } else {
            let text = error.to_string();
            let text = if self.color { colored(&text) } else { text };
            self.write(Stream::Err, &text);
        }
    }

    /// A stream that nobody reads any more is no failure of ours.
    fn write(&mut self, stream: Stream, text: &str) {
        let stream = match stream {
            Stream::Out => &mut self.out,
            Stream::Err => &mut self.err,
        };
        let _ = writeln!(stream, "{text}");
    }
}

fn colored(text: &str) -> String {
    let text = text
        .replacen("error[", "\x1b[1;31merror[", 1)
        .replacen("]:", "]\x1b[0m:", 1);
    text.replacen("\nhelp:", "\n\x1b[1;36mhelp\x1b[0m:", 1)
}
