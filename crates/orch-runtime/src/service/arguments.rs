//! The few arguments of a generated service.

use std::ffi::OsString;

use super::dead_letters::{self, Task};
use super::inspection;
use super::nearest::nearest;

/// What to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Order {
    Run(Mode),
    Help,
    Version,
}

/// How to run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mode {
    /// With built-in providers.
    pub(super) simulate: bool,
    pub(super) purpose: Purpose,
}

/// What the parts are put together for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Purpose {
    Serve,
    /// To see whether they can be.
    Check,
    DeadLetters(Task),
    /// To compare the tables of sagas with each other.
    CheckSagas,
}

const DEAD_LETTERS: &str = "dead-letters";
const SAGAS: &str = "sagas";

const KNOWN: [&str; 8] = [
    "--simulate",
    "--check",
    "--help",
    "-h",
    "--version",
    "-V",
    DEAD_LETTERS,
    SAGAS,
];

/// Reads the arguments behind the program's name.
///
/// # Errors
/// What is wrong with them.
pub(super) fn parse(arguments: &[OsString]) -> Result<Order, String> {
    let mut mode = Mode {
        simulate: false,
        purpose: Purpose::Serve,
    };
    let mut asked = None;
    let words: Vec<_> = arguments
        .iter()
        .map(|word| word.to_string_lossy())
        .collect();
    for (at, word) in words.iter().enumerate() {
        match word.as_ref() {
            "--simulate" => mode.simulate = true,
            "--check" => mode.purpose = Purpose::Check,
            DEAD_LETTERS => {
                let rest: Vec<&str> = words[at + 1..].iter().map(AsRef::as_ref).collect();
                mode.purpose = Purpose::DeadLetters(dead_letters::parse(&rest)?);
                break;
            }
            SAGAS => {
                let rest: Vec<&str> = words[at + 1..].iter().map(AsRef::as_ref).collect();
                inspection::parse(&rest)?;
                mode.purpose = Purpose::CheckSagas;
                break;
            }
            "--help" | "-h" => asked = Some(Order::Help),
            "--version" | "-V" => asked = asked.or(Some(Order::Version)),
            unknown => return Err(refusal(unknown)),
        }
    }
    Ok(asked.unwrap_or(Order::Run(mode)))
}

fn refusal(unknown: &str) -> String {
    let hint = nearest(unknown, KNOWN)
        .map(|known| format!("; did you mean {known}?"))
        .unwrap_or_default();
    format!("unknown argument {unknown:?}{hint}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(arguments: &[&str]) -> Result<Order, String> {
        let arguments: Vec<OsString> = arguments.iter().map(OsString::from).collect();
        parse(&arguments)
    }

    #[test]
    fn reads_all_it_knows() {
        let run = |simulate, purpose| Ok(Order::Run(Mode { simulate, purpose }));
        assert_eq!(parsed(&[]), run(false, Purpose::Serve));
        assert_eq!(parsed(&["--simulate"]), run(true, Purpose::Serve));
        assert_eq!(
            parsed(&["--check", "--simulate"]),
            run(true, Purpose::Check)
        );
        let list = Purpose::DeadLetters(Task::List { json: true });
        assert_eq!(parsed(&["dead-letters", "--json"]), run(false, list));
        assert_eq!(parsed(&["sagas", "check"]), run(false, Purpose::CheckSagas));
        assert_eq!(parsed(&["--version", "--help"]), Ok(Order::Help));
        assert_eq!(parsed(&["-V"]), Ok(Order::Version));
    }

    #[test]
    fn refuses_the_rest_and_says_what_was_perhaps_meant() {
        let refused = parsed(&["--simulated"]).unwrap_err();
        assert!(refused.contains("--simulate?"), "{refused}");
        assert!(parsed(&["serve"]).is_err());
        assert!(parsed(&["--check=yes"]).is_err());
        assert!(parsed(&["sagas"]).is_err());
        assert!(parsed(&["sagas", "mend"]).is_err());
    }
}
