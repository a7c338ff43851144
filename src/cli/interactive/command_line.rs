//! Arguments as somebody would type them.

use crate::cli::args::Generate;
use std::borrow::Cow;

/// The command that says what `arguments` say, for a POSIX shell.
pub(super) fn of(arguments: &Generate) -> String {
    let mut words: Vec<Cow<'_, str>> = vec!["orch-gen".into()];
    let named = arguments.domain.iter().chain(&arguments.event);
    words.extend(named.chain(&arguments.fields).map(|word| quoted(word)));
    let mut option = |name: &'static str, value: Option<Cow<'_, str>>| {
        if let Some(value) = value {
            words.extend([name.into(), quoted(&value).into_owned().into()]);
        }
    };
    option("--track", arguments.track.as_deref().map(Cow::from));
    option("--gateway", arguments.gateway.as_deref().map(Cow::from));
    option("--store", arguments.runtime.store.as_deref().map(Cow::from));
    let out = arguments.out.as_deref();
    option("--out", out.map(|path| path.to_string_lossy()));
    let runtime = arguments.runtime.runtime_path.as_deref();
    option("--runtime-path", runtime.map(|path| path.to_string_lossy()));
    let package = arguments.package.package.as_deref();
    option("--package", package.map(Cow::from));
    for (name, is_set) in [
        ("--callbacks", arguments.callbacks),
        ("--no-router", arguments.no_router),
        ("--force", arguments.mode.force),
    ] {
        words.extend(is_set.then_some(Cow::from(name)));
    }
    words.join(" ")
}

/// A word in quotes, where a shell would read something into it.
fn quoted(word: &str) -> Cow<'_, str> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_-:=./,@%+".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        return word.into();
    }
    format!("'{}'", word.replace('\'', r"'\''")).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::args::Arguments;
    use clap::Parser;

    /// What is printed is read back as what it was made of.
    #[test]
    fn commands_are_written_as_they_are_typed() {
        for words in [
            &["Payment", "PaymentRequested"][..],
            &["A", "B", "amount:money:min=0.01", "--store", "postgres"],
            &["A", "B", "--out", "./x", "--runtime-path", "../crates"],
            &[
                "A",
                "B",
                "--track",
                "history",
                "--gateway",
                "http",
                "--package",
                "shop",
            ],
            &["A", "B", "--callbacks", "--no-router", "--force"],
        ] {
            let words = [&["orch-gen"], words].concat();
            let typed = Arguments::try_parse_from(&words).unwrap();
            assert_eq!(of(&typed.generate), words.join(" "));
        }
    }

    #[test]
    fn what_a_shell_would_read_is_quoted() {
        for (word, expected) in [
            ("a:string", "a:string"),
            ("channel:enum(push|sms)", "'channel:enum(push|sms)'"),
            ("a:string?", "'a:string?'"),
            ("it's", r"'it'\''s'"),
            ("", "''"),
        ] {
            assert_eq!(quoted(word), expected);
        }
    }
}
