//! Black-box tests: rules on tables of snippets, a whole project and its mutations, bad input.

mod cases;
mod fixtures;
mod formats;
mod project;
mod robustness;
mod suppressions;
mod views;
