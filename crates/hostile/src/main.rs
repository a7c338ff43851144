//! Hostile specs: command lines and `orch.toml` texts that are made from a seed, nearly right or not at all.
//!
//! ```text
//!   generate ──▶ judge ──▶ tally
//!                  └─────▶ sample ──▶ a workspace to compile
//! ```
//!
//! Each case is either refused with a code and exit code 2 before anything is written, or the whole
//! package renders: every Rust file and every manifest parses, no two files clash, Windows has every
//! path, and rustfmt has nothing to change. Nothing panics. A failure prints the command that repeats it.
//!
//! ```text
//! cargo run --profile hostile -p hostile -- --cases 1000000 --seed 7
//! cargo run --profile hostile -p hostile -- --seed 7 --case 4711
//! ```

mod facts;
mod generate;
mod judge;
mod options;
mod panics;
mod random;
mod run;
mod sample;
mod tally;

use std::io::Write;
use std::process::ExitCode;

fn main() -> ExitCode {
    let mut out = std::io::stdout();
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let passed =
        options::Options::parse(&arguments).and_then(|options| run::run(&options, &mut out));
    match passed {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(error) => {
            drop(writeln!(out, "error: {error:#}"));
            ExitCode::from(2)
        }
    }
}
