//! Imports in the order of the older style edition, which rustfmt keeps for packages of edition 2021:
//! names in small letters stand before those in capitals.
//!
//! Templates are written in the order of 2024. The other difference is an answer that stands on a line of
//! its own.

use std::cmp::Ordering;

use super::lists::laid_out;
use super::{STEP, spaces};

/// `text` with its imports in the older order.
pub(in crate::components) fn older(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut group: Vec<String> = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if !is_import(line) {
            flush(&mut group, &mut out);
            // An answer on a line of its own stands one step further in.
            if line.trim_start().starts_with("-> ") {
                out.push_str(&spaces(STEP));
            }
            out.push_str(line);
            out.push('\n');
            continue;
        }
        let mut statement = line.to_owned();
        while !statement.ends_with(';') {
            let Some(next) = lines.next() else { break };
            statement.push(' ');
            statement.push_str(next.trim());
        }
        group.push(statement);
    }
    flush(&mut group, &mut out);
    out
}

fn is_import(line: &str) -> bool {
    line.starts_with("use ") || line.starts_with("pub use ")
}

fn flush(group: &mut Vec<String>, out: &mut String) {
    let mut imports: Vec<Import> = group.drain(..).map(Import::new).collect();
    imports.sort_by(Import::compare);
    for import in imports {
        out.push_str(&import.text());
        out.push('\n');
    }
}

/// One statement taken apart.
struct Import {
    /// `use orch_runtime::axum`.
    head: String,
    /// The names in its braces, in order.
    names: Vec<String>,
}

impl Import {
    fn new(statement: String) -> Self {
        let plain = statement.trim_end_matches(';');
        let Some((head, names)) = plain.split_once("::{") else {
            return Self {
                head: plain.to_owned(),
                names: Vec::new(),
            };
        };
        let names = names.trim_end_matches('}').split(',').map(str::trim);
        let mut names: Vec<String> = names
            .filter(|name| !name.is_empty())
            .map(str::to_owned)
            .collect();
        names.sort_by(|a, b| compare(a, b));
        Self {
            head: head.to_owned(),
            names,
        }
    }

    fn path(&self) -> &str {
        let head = self.head.strip_prefix("pub ").unwrap_or(&self.head);
        head.trim_start_matches("use ")
    }

    /// By the path; a list stands behind every name, and lists are in the order of their names.
    fn compare(&self, other: &Self) -> Ordering {
        let mark = |import: &Self| match import.names.is_empty() {
            true => import.path().to_owned(),
            false => format!("{}::{{", import.path()),
        };
        compare(&mark(self), &mark(other)).then_with(|| {
            let pairs = self.names.iter().zip(&other.names);
            let different = pairs
                .map(|(a, b)| compare(a, b))
                .find(|order| order.is_ne());
            different.unwrap_or_else(|| self.names.len().cmp(&other.names.len()))
        })
    }

    fn text(&self) -> String {
        if self.names.is_empty() {
            return format!("{};", self.head);
        }
        laid_out(&self.head, &self.names)
    }
}

fn compare(a: &str, b: &str) -> Ordering {
    let (mut a, mut b) = (a.split("::"), b.split("::"));
    loop {
        match (a.next(), b.next()) {
            (None, None) => return Ordering::Equal,
            (None, Some(_)) => return Ordering::Less,
            (Some(_), None) => return Ordering::Greater,
            (Some(a), Some(b)) => match rank(a).cmp(&rank(b)).then_with(|| a.cmp(b)) {
                Ordering::Equal => {}
                decided => return decided,
            },
        }
    }
}

/// `self`, `super`, `crate`, small letters, a capital, all capitals, a list.
fn rank(name: &str) -> u8 {
    let keywords = ["self", "super", "crate"];
    if let Some(at) = keywords.iter().position(|keyword| *keyword == name) {
        return u8::try_from(at).unwrap_or_default();
    }
    if name.starts_with('{') {
        return 6;
    }
    let letters = || name.chars().filter(|c| c.is_alphabetic());
    match name.chars().next() {
        Some(first) if !first.is_uppercase() => 3,
        Some(_) if letters().count() > 1 && letters().all(char::is_uppercase) => 5,
        _ => 4,
    }
}

#[cfg(test)]
mod tests {
    use super::older;

    #[test]
    fn small_letters_stand_before_capitals() {
        let text = "\
//! Docs.

use orch_runtime::OperationView;
use orch_runtime::axum::extract::State;
use orch_runtime::{
    BizKey, Column, Columns, Command, CommandError, JsonFields, Money, Violations, check, taken,
};

use super::rules;
use self::a::B;
use a::{z, B};
use a::{b, C, D};
use crate::world::{SETUP, Scripted, keyed, self};

fn f() {}
";
        insta::assert_snapshot!(older(text), @"
        //! Docs.

        use orch_runtime::axum::extract::State;
        use orch_runtime::OperationView;
        use orch_runtime::{
            check, taken, BizKey, Column, Columns, Command, CommandError, JsonFields, Money, Violations,
        };

        use self::a::B;
        use super::rules;
        use crate::world::{self, keyed, Scripted, SETUP};
        use a::{b, C, D};
        use a::{z, B};

        fn f() {}
        ");
    }
}
