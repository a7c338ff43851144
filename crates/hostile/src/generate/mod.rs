//! Making cases: command lines and hand-edited specs, of which many are nearly right.

mod command_line;
mod document;
mod field;
mod mutation;
mod name;
pub(crate) mod words;

pub(crate) use command_line::Line;

use crate::random::Random;

/// What is given to the program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Input {
    /// Command lines, one after the other.
    Lines(Vec<Line>),
    /// The bytes of an `orch.toml`.
    Document(Vec<u8>),
}

/// The input of one case of a seed.
pub(crate) fn input(seed: u64, case: u64) -> Input {
    let mut random = Random::of_case(seed, case);
    if random.percent(60) {
        Input::Lines(command_line::lines(&mut random))
    } else {
        Input::Document(document::document(&mut random))
    }
}
