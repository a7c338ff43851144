//! The few arguments of a generated service.

use std::ffi::OsString;

use super::nearest::nearest;

/// What to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    Run(Mode),
    Help,
    Version,
}

/// How to run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Mode {
    /// With built-in providers.
    pub(super) simulate: bool,
    /// Only as far as one can without serving.
    pub(super) check: bool,
}

const KNOWN: [&str; 6] = ["--simulate", "--check", "--help", "-h", "--version", "-V"];

/// Reads the arguments behind the program's name.
///
/// # Errors
/// What is wrong with them.
pub(super) fn parse(arguments: &[OsString]) -> Result<Order, String> {
    let mut mode = Mode {
        simulate: false,
        check: false,
    };
    let mut asked = None;
    for argument in arguments {
        match argument.to_string_lossy().as_ref() {
            "--simulate" => mode.simulate = true,
            "--check" => mode.check = true,
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
        let run = |simulate, check| Ok(Order::Run(Mode { simulate, check }));
        assert_eq!(parsed(&[]), run(false, false));
        assert_eq!(parsed(&["--simulate"]), run(true, false));
        assert_eq!(parsed(&["--check", "--simulate"]), run(true, true));
        assert_eq!(parsed(&["--version", "--help"]), Ok(Order::Help));
        assert_eq!(parsed(&["-V"]), Ok(Order::Version));
    }

    #[test]
    fn refuses_the_rest_and_says_what_was_perhaps_meant() {
        let refused = parsed(&["--simulated"]).unwrap_err();
        assert!(refused.contains("--simulate?"), "{refused}");
        assert!(parsed(&["serve"]).is_err());
        assert!(parsed(&["--check=yes"]).is_err());
    }
}
