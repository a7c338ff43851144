//! What becomes of a case: it is refused with a code, or makes a package with which nothing is wrong.

mod files;
pub(crate) mod format;
mod program;
mod spec;

pub(crate) use files::Rendered;
pub(crate) use program::Program;

use crate::facts::{self, Facts};
use crate::generate::{Input, input};
use orch_gen::spec::Spec;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// What became of a case.
#[derive(Debug)]
pub(crate) enum Verdict {
    /// It was refused with this code.
    Refused(&'static str),
    /// It makes these files.
    Accepted(Accepted),
    /// A promise is broken.
    Broken(String),
}

/// An accepted case.
#[derive(Debug)]
pub(crate) struct Accepted {
    pub(crate) spec: Spec,
    pub(crate) facts: Facts,
    pub(crate) rendered: Rendered,
}

/// How many accepted command lines go by for each that the program carries out on a disk.
const CARRIED_OUT: u64 = 400;

/// Judges one case.
pub(crate) fn judge(seed: u64, case: u64, program: &mut Program) -> Verdict {
    let input = input(seed, case);
    let judged = catch_unwind(AssertUnwindSafe(|| of_input(&input, case, program)));
    match judged {
        Ok(Ok(verdict)) => verdict,
        Ok(Err(why)) => Verdict::Broken(why),
        Err(_) => Verdict::Broken(crate::panics::last()),
    }
}

fn of_input(input: &Input, case: u64, program: &mut Program) -> Result<Verdict, String> {
    let text = match input {
        Input::Lines(lines) => match spec::after(lines) {
            Ok(text) => text,
            Err(refused) => {
                let line = &lines[refused.line];
                return program
                    .refuses(&refused.before, &line.arguments())
                    .map(Verdict::Refused);
            }
        },
        Input::Document(bytes) => match String::from_utf8(bytes.clone()) {
            Ok(text) if Spec::parse(&text).is_ok() => text,
            Ok(_) | Err(_) => return program.refuses_document(bytes).map(Verdict::Refused),
        },
    };
    let spec =
        Spec::parse(&text).map_err(|error| format!("it was accepted and is refused: {error}"))?;
    let rendered = files::render(&spec, case)?;
    if let Input::Lines(lines) = input
        && case.is_multiple_of(CARRIED_OUT)
    {
        program.carries_out(lines.iter().map(super::generate::Line::arguments))?;
    }
    Ok(Verdict::Accepted(Accepted {
        facts: facts::of(&spec, matches!(input, Input::Lines(_))),
        spec,
        rendered,
    }))
}
