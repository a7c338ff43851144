//! A plan as text: a tree with a sign for each file, and a unified diff.

use super::{Action, Change, Plan};
use std::fmt::Write as _;

/// How to print.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Style {
    /// With ANSI colours.
    pub color: bool,
    /// With files that stay as they are.
    pub all: bool,
}

const GREEN: &str = "\x1b[32m";
const YELLOW: &str = "\x1b[33m";
const RED: &str = "\x1b[31m";
const DIM: &str = "\x1b[2m";
const RESET: &str = "\x1b[0m";

impl Action {
    /// The sign in front of a file.
    #[must_use]
    pub const fn sign(self) -> char {
        match self {
            Self::Create => '+',
            Self::Update | Self::Merge => '~',
            Self::Delete => '-',
            Self::Unchanged | Self::Absent | Self::Release | Self::Skip(_) => '=',
            Self::Conflict(_) => '!',
        }
    }

    /// The word in JSON.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Update => "update",
            Self::Merge => "merge",
            Self::Delete => "delete",
            Self::Release => "release",
            Self::Absent => "absent",
            Self::Unchanged => "unchanged",
            Self::Conflict(_) | Self::Skip(_) => "conflict",
        }
    }

    const fn color(self) -> &'static str {
        match self {
            Self::Create => GREEN,
            Self::Update | Self::Merge => YELLOW,
            Self::Delete | Self::Conflict(_) => RED,
            Self::Unchanged | Self::Absent | Self::Release | Self::Skip(_) => DIM,
        }
    }

    const fn note(self) -> Option<&'static str> {
        match self {
            Self::Merge => Some("merged with your edits"),
            Self::Release => Some("edited, so it is kept, and yours from now on"),
            Self::Absent => Some("deleted by you: stays away (`--force` brings it back)"),
            Self::Conflict(kind) => Some(kind.sentence()),
            Self::Skip(_) => Some("skipped: it stays as it is"),
            _ => None,
        }
    }
}

/// The files as a tree. Vendored crates are one line each: nobody reads their files.
#[must_use]
pub fn tree(plan: &Plan, style: Style) -> String {
    let mut text = String::new();
    let mut open: Vec<&str> = Vec::new();
    for line in lines(plan, style) {
        let folders: Vec<&str> = line.path.split('/').collect();
        let (name, folders) = folders.split_last().unwrap_or((&"", &[]));
        let shared = open.iter().zip(folders).take_while(|(a, b)| a == b).count();
        for (depth, folder) in folders.iter().enumerate().skip(shared) {
            let _ = writeln!(text, "  {:indent$}{folder}/", "", indent = depth * 2);
        }
        open = folders.to_vec();
        let indent = folders.len() * 2;
        let name = format!("{name}{}", line.note);
        let (on, off) = if style.color {
            (line.action.color(), RESET)
        } else {
            ("", "")
        };
        let _ = writeln!(text, "{on}{} {:indent$}{name}{off}", line.action.sign(), "");
    }
    text
}

struct Line<'a> {
    path: &'a str,
    action: Action,
    note: String,
}

fn lines(plan: &Plan, style: Style) -> Vec<Line<'_>> {
    let quiet = |action: Action| matches!(action, Action::Unchanged) && !style.all;
    let mut lines: Vec<Line<'_>> = Vec::new();
    let mut counts: Vec<usize> = Vec::new();
    for change in plan.changes.iter().filter(|change| !quiet(change.action)) {
        let folded = vendored_crate(&change.path).filter(|_| !style.all && foldable(change));
        let path = folded.unwrap_or(&change.path);
        if let (Some(last), Some(count)) = (lines.last_mut(), counts.last_mut())
            && last.path == path
        {
            *count += 1;
            last.note = format!("/ ({count} files)");
            if last.action != change.action {
                last.action = Action::Update;
            }
            continue;
        }
        let note = if folded.is_some() {
            "/ (1 file)".to_owned()
        } else {
            note(change).map_or_else(String::new, |note| format!("  ({note})"))
        };
        lines.push(Line {
            path,
            action: change.action,
            note,
        });
        counts.push(1);
    }
    lines
}

/// What is said behind a file's name.
fn note(change: &Change) -> Option<String> {
    if let Some(kept) = &change.kept_as {
        let name = kept.rsplit('/').next().unwrap_or(kept);
        return Some(format!("what is there is kept as {name}"));
    }
    if let Some(from) = change
        .moved_from
        .as_ref()
        .filter(|_| change.action == Action::Create)
    {
        return Some(format!("moved from {from}"));
    }
    change.action.note().map(str::to_owned)
}

const fn foldable(change: &Change) -> bool {
    let plain = matches!(
        change.action,
        Action::Create | Action::Update | Action::Delete
    );
    plain && change.kept_as.is_none()
}

/// `vendor/orch-runtime` of a file in it, wherever that is.
fn vendored_crate(path: &str) -> Option<&str> {
    let rest = path.trim_start_matches("../").strip_prefix("vendor/")?;
    let begin = path.len() - rest.len();
    Some(&path[..begin + rest.find('/')?])
}

/// One line that counts what would be done.
#[must_use]
pub fn summary(plan: &Plan) -> String {
    let count =
        |wanted: fn(Action) -> bool| plan.changes.iter().filter(|c| wanted(c.action)).count();
    let parts = [
        (count(|a| a == Action::Create), "to create"),
        (
            count(|a| matches!(a, Action::Update | Action::Merge)),
            "to change",
        ),
        (count(|a| a == Action::Delete), "to delete"),
        (count(|a| matches!(a, Action::Conflict(_))), "in conflict"),
    ];
    let parts: Vec<String> = parts
        .iter()
        .filter(|(n, _)| *n > 0)
        .map(|(n, what)| format!("{n} {what}"))
        .collect();
    if parts.is_empty() {
        "nothing to do".to_owned()
    } else {
        parts.join(", ")
    }
}

/// The changes as a unified diff.
#[must_use]
pub fn diff(plan: &Plan, style: Style) -> String {
    plan.changes
        .iter()
        .filter(|change| {
            !matches!(
                change.action,
                Action::Unchanged | Action::Absent | Action::Release | Action::Skip(_)
            )
        })
        .map(|change| diff_of(change, style))
        .collect()
}

/// One change as a unified diff.
#[must_use]
pub fn diff_of(change: &Change, style: Style) -> String {
    let before = change.before.as_deref().map(String::from_utf8_lossy);
    unified(
        &change.path,
        before.as_deref(),
        change.after.as_deref(),
        style,
    )
}

/// Two texts of a file as a unified diff; nothing stands for a file that is not there.
#[must_use]
pub fn unified(path: &str, before: Option<&str>, after: Option<&str>, style: Style) -> String {
    let named = |there: bool, side: &str| {
        if there {
            format!("{side}/{path}")
        } else {
            "/dev/null".to_owned()
        }
    };
    let mut options = diffy::DiffOptions::new();
    options
        .set_original_filename(named(before.is_some(), "a"))
        .set_modified_filename(named(after.is_some(), "b"));
    let (before, after) = (before.unwrap_or_default(), after.unwrap_or_default());
    let patch = options.create_patch(before, after).to_string();
    if style.color { colored(&patch) } else { patch }
}

fn colored(patch: &str) -> String {
    let mut text = String::new();
    for line in patch.lines() {
        let color = match line.as_bytes().first() {
            Some(b'+') => GREEN,
            Some(b'-') => RED,
            Some(b'@') => DIM,
            _ => "",
        };
        let reset = if color.is_empty() { "" } else { RESET };
        let _ = writeln!(text, "{color}{line}{reset}");
    }
    text
}
