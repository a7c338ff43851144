//! `orch-gen plan --graph`: the sagas of `orch.toml` as a drawing.
//!
//! It reads `orch.toml` and nothing else, and writes nothing. Each form is a pure function of the sagas.

mod dot;
mod json;
mod mermaid;
#[cfg(test)]
mod tests;
mod text;

use super::apply::required_spec;
use super::args::GraphForm;
use super::output::Output;
use super::target::Place;
use crate::error::{Code, Error, Exit, Result};
use crate::spec::{Compensation, Saga, Spec, Step};

/// What to do where there is nothing to draw.
const NO_SAGA: &str = "orch.toml has no saga: write a section `[[saga]]` with a `name`, `fields` and \
                       `[[saga.step]]`; `orch-gen schema orch.toml` has every key";

/// Prints the sagas of a package.
pub(super) fn run(place: &Place, form: GraphForm, output: &mut Output<'_>) -> Result<Exit> {
    if output.json && form != GraphForm::Text {
        let what = "`--json` and a form of `--graph` ask for two documents";
        return Err(Error::new(Code::Usage, what).help("leave one of them out"));
    }
    let sagas = Spec::parse(&required_spec(place)?)?.sagas;
    if output.json {
        output.document(&json::document(&sagas));
        return Ok(Exit::Done);
    }
    output.text(&match form {
        GraphForm::Text => text::draw(&sagas),
        GraphForm::Mermaid => mermaid::document(&sagas),
        GraphForm::Dot => dot::document(&sagas),
    });
    if sagas.is_empty() {
        output.note(NO_SAGA);
    }
    Ok(Exit::Done)
}

/// What undoes a step, in words.
fn undone_by(step: &Step) -> String {
    match &step.compensation {
        Compensation::Code => "code of this package".to_owned(),
        Compensation::Operation(callee) => callee.to_string(),
        Compensation::None(reason) => format!("nothing: {}", plain(reason)),
    }
}

/// What a step does, in words.
fn does(step: &Step) -> String {
    match &step.call {
        Some(callee) => format!("calls {callee}"),
        None => "works in our own database".to_owned(),
    }
}

/// The numbers of the steps that a step comes after.
fn after<'s>(saga: &'s Saga, step: &'s Step) -> impl Iterator<Item = usize> + 's {
    let steps = saga.steps.iter().enumerate();
    steps
        .filter(|(_, other)| step.after.contains(&other.name))
        .map(|(at, _)| at)
}

/// Text of a person on one line; what a terminal would act on is shown instead.
fn plain(text: &str) -> String {
    let words: Vec<String> = text
        .split_whitespace()
        .map(|word| word.chars().map(shown).collect())
        .collect();
    words.join(" ")
}

fn shown(c: char) -> String {
    match c {
        '"' | '\'' | '\\' => c.to_string(),
        other => other.escape_debug().to_string(),
    }
}
