//! The words that are commands, and what is said when one stands where a domain is read.
//!
//! Any other first word is a domain, and a domain writes files. So a word that a later version
//! will give a meaning to is refused today.

use super::args::Arguments;
use crate::error::{Code, Error, Result};
use crate::naming::{self, Name, Role};
use clap::CommandFactory;

/// Commands that this version does not have.
const PLANNED: &[&str] = &["ops", "demo", "code-review"];

/// Refuses a command word as the name of a domain. A domain of that name begins with a capital.
pub(super) fn refuse(word: &str) -> Result<()> {
    if PLANNED.contains(&word) {
        let what = format!("this version has no command `{word}` yet");
        let help = format!("`orch-gen --help` lists its commands{}", as_domain(word));
        return Err(Error::new(Code::Unavailable, what).help(help));
    }
    if word == "help" {
        let error = Error::new(Code::Usage, "there is no command `help`");
        return Err(error.help("type `orch-gen --help`, or `--help` after a command"));
    }
    if Arguments::command().find_subcommand(word).is_some() {
        let what = format!("`{word}` is a command, but options stand in front of it");
        let help = format!("put them behind it, such as `orch-gen {word} --help`");
        return Err(Error::new(Code::Usage, what).help(help));
    }
    Ok(())
}

/// The command that somebody who typed `word` alone may have meant.
pub(super) fn nearest(word: &str) -> Option<String> {
    let arguments = Arguments::command();
    let commands = arguments.get_subcommands().map(clap::Command::get_name);
    naming::nearest(word, commands).map(str::to_owned)
}

fn as_domain(word: &str) -> String {
    let Ok((name, _)) = Name::parse(Role::Domain, word) else {
        return String::new();
    };
    let name = name.type_name();
    format!("; a domain of that name is written `orch-gen {name} {name}Requested`")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A command that is made leaves the list of those that are not.
    #[test]
    fn no_command_is_planned_and_there() {
        for word in PLANNED {
            assert!(
                Arguments::command().find_subcommand(word).is_none(),
                "{word}"
            );
        }
    }
}
