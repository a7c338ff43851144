//! The text of a hook: our lines in it, put in and taken out.
//!
//! **Invariant:** taking out what was put in gives the same bytes again.

use super::Kind;

/// Our lines of one hook, for one package.
#[derive(Debug)]
pub(super) struct Block {
    begin: String,
    end: String,
    command: String,
}

/// What to do with the file of a hook.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Edit {
    /// It is as it has to be.
    Nothing,
    /// It becomes this text.
    Write(String),
    /// It was made for our lines alone.
    Remove,
}

const FIRST_LINE: &str = "#!/bin/sh\n";
/// Says that the whole file is ours; and that only the lines are.
const MADE: &str = "# Made by `orch-gen hook install`; `orch-gen hook uninstall` takes it out.";
const ADDED: &str = "# Added by `orch-gen hook install`; `orch-gen hook uninstall` takes it out.";

impl Block {
    /// The lines that lint the package at `path` below the top, which is empty for the top.
    pub(super) fn of(kind: Kind, path: &str) -> Self {
        let lint = match kind {
            Kind::PreCommit => "orch-gen lint --staged",
            Kind::PrePush => "orch-gen lint",
        };
        let quoted = format!("'{}'", path.replace('\'', r"'\''"));
        let (name, command) = if path.is_empty() {
            ("orch-gen".to_owned(), format!("{lint} || exit $?"))
        } else {
            // On a branch without the package there is nothing to lint.
            let command = format!("[ ! -d {quoted} ] || {lint} {quoted} || exit $?");
            (format!("orch-gen {quoted}"), command)
        };
        Self {
            begin: format!("# >>> {name} >>>"),
            end: format!("# <<< {name} <<<"),
            command,
        }
    }

    /// The lines, for somebody who puts them in by hand.
    pub(super) fn lines(&self) -> String {
        self.text(ADDED)
    }

    /// A file with nothing but these lines.
    pub(super) fn alone(&self) -> String {
        format!("{FIRST_LINE}{}\n", self.text(MADE))
    }

    /// Puts the lines behind the first one, where nothing that a script does keeps them from being
    /// reached. `None` when the text is somebody else's, and that is not `agreed`.
    pub(super) fn put_into(&self, text: &str, agreed: bool) -> Option<Edit> {
        if let Some((before, ours, after)) = self.find(text) {
            let said = if ours.contains(MADE) { MADE } else { ADDED };
            let lines = self.text(said);
            let whole = ours.trim_end_matches('\n');
            return Some(if whole == lines {
                Edit::Nothing
            } else {
                Edit::Write(format!("{before}{lines}{}{after}", &ours[whole.len()..]))
            });
        }
        let said = if text.contains(MADE) { MADE } else { ADDED };
        if said == ADDED && !(agreed && is_shell(text)) {
            return None;
        }
        let lines = self.text(said);
        Some(Edit::Write(match text.split_once('\n') {
            Some((first, rest)) => format!("{first}\n{lines}\n{rest}"),
            // Without an end of the first line, the lines have none either.
            None => format!("{text}\n{lines}"),
        }))
    }

    /// Takes the lines out.
    pub(super) fn take_out(&self, text: &str) -> Edit {
        let Some((before, ours, after)) = self.find(text) else {
            return Edit::Nothing;
        };
        let before = if ours.ends_with('\n') {
            before
        } else {
            before.strip_suffix('\n').unwrap_or(before)
        };
        let left = format!("{before}{after}");
        if ours.contains(MADE) && left == FIRST_LINE {
            Edit::Remove
        } else {
            Edit::Write(left)
        }
    }

    fn text(&self, said: &str) -> String {
        format!("{}\n{said}\n{}\n{}", self.begin, self.command, self.end)
    }

    /// What is before our lines, they with the end of the last one, and what is after them.
    fn find<'t>(&self, text: &'t str) -> Option<(&'t str, &'t str, &'t str)> {
        let mut at = 0;
        let mut begin = None;
        for line in text.split_inclusive('\n') {
            let start = at;
            at += line.len();
            let line = line.trim_end_matches('\n');
            if line == self.begin {
                begin = Some(start);
            } else if line == self.end
                && let Some(begin) = begin
            {
                return Some((&text[..begin], &text[begin..at], &text[at..]));
            }
        }
        None
    }
}

/// Whether a script is run by a shell that understands our lines.
fn is_shell(text: &str) -> bool {
    let first = text.lines().next().unwrap_or_default();
    let Some(program) = first.strip_prefix("#!") else {
        return false;
    };
    let mut words = program.split_whitespace();
    let name = |word: &str| word.rsplit('/').next().unwrap_or_default().to_owned();
    let mut program = words.next().map(name).unwrap_or_default();
    if program == "env" {
        program = words.next().map(name).unwrap_or_default();
    }
    ["sh", "bash", "dash", "ash", "ksh", "zsh"].contains(&program.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(edit: Option<Edit>) -> String {
        match edit {
            Some(Edit::Write(text)) => text,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn taking_out_what_was_put_in_gives_the_same_bytes() {
        for path in ["", "services/shop", "it's here"] {
            let block = Block::of(Kind::PreCommit, path);
            for text in [
                "#!/bin/sh\n",
                "#!/bin/sh",
                "#!/usr/bin/env bash\n\nset -e\nexit 0",
                "#!/bin/dash -e\nmake\n\n\n",
            ] {
                let both = written(block.put_into(text, true));
                assert_eq!(block.put_into(&both, false), Some(Edit::Nothing));
                assert_eq!(block.take_out(&both), Edit::Write(text.to_owned()));
                assert_eq!(block.take_out(text), Edit::Nothing);
                assert_eq!(block.put_into(text, false), None);
            }
        }
    }

    #[test]
    fn lines_are_put_into_shell_scripts_only() {
        let block = Block::of(Kind::PrePush, "");
        for text in ["#!/usr/bin/env python3\n", "#!/bin/fish\n", "make\n", ""] {
            assert_eq!(block.put_into(text, true), None, "{text}");
        }
    }

    #[test]
    fn two_packages_share_a_file_of_ours() {
        let (one, two) = (
            Block::of(Kind::PreCommit, "a"),
            Block::of(Kind::PreCommit, "b"),
        );
        let both = written(two.put_into(&one.alone(), false));
        let Edit::Write(left) = one.take_out(&both) else {
            panic!("{both}");
        };
        assert_eq!(left, two.alone());
        assert_eq!(two.take_out(&left), Edit::Remove);
    }

    #[test]
    fn lines_of_another_version_are_replaced() {
        let block = Block::of(Kind::PreCommit, "");
        let old = block.alone().replace("lint --staged", "lint");
        assert_eq!(written(block.put_into(&old, false)), block.alone());
    }
}
