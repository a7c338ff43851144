//! Sagas as text, for a terminal of 80 columns.
//!
//! ```text
//! saga OrderCreation
//! │  input        order_id:string, amount:money
//! ▼ 1
//! ├─ reserve
//! │    calls      Inventory.ReservationRequested
//! │    undone by  Inventory.ReleaseRequested
//! │    limits     5 attempts, for 2m
//! ▼ 2, in parallel
//! …
//! ▼ completed
//! ```
//!
//! Edges are named and not drawn: lines between 64 steps do not fit. Each step is below all that it comes
//! after.

use super::{plain, undone_by};
use crate::spec::{Saga, Step};

/// The widest line.
const WIDTH: usize = 80;

/// What the drawings have in common.
const RULES: &str = "\
A step begins when all that it comes after are done. When one fails that is not
optional, what was done is undone, the last first.";

/// The drawing.
pub(super) fn draw(sagas: &[Saga]) -> String {
    if sagas.is_empty() {
        return String::new();
    }
    let drawn = sagas.iter().map(saga).collect::<Vec<_>>().join("\n\n");
    format!("{drawn}\n\n{RULES}\n")
}

fn saga(saga: &Saga) -> String {
    let mut lines = vec![format!("saga {}", saga.name.type_name())];
    let fields: Vec<String> = saga.fields.iter().map(ToString::to_string).collect();
    entry(&mut lines, "│  input        ", &plain(&fields.join(", ")));
    if let Some(budget) = saga.time_budget {
        entry(&mut lines, "│  time budget  ", &budget.to_string());
    }
    for (at, level) in saga.levels().iter().enumerate() {
        let parallel = if level.len() > 1 { ", in parallel" } else { "" };
        lines.push(format!("▼ {}{parallel}", at + 1));
        level
            .iter()
            .for_each(|index| step(&mut lines, &saga.steps[*index]));
    }
    lines.push("▼ completed".to_owned());
    lines.join("\n")
}

fn step(lines: &mut Vec<String>, step: &Step) {
    let optional = if step.optional { " (optional)" } else { "" };
    lines.push(format!("├─ {}{optional}", step.name));
    if !step.after.is_empty() {
        entry(lines, "│    after      ", &step.after.join(", "));
    }
    match &step.call {
        Some(callee) => entry(lines, "│    calls      ", &callee.to_string()),
        None => entry(lines, "│    works in   ", "our own database"),
    }
    entry(lines, "│    undone by  ", &undone_by(step));
    for (heading, limits) in [
        ("│    limits     ", &step.limits.does),
        ("│    of undoing ", &step.limits.undoes),
    ] {
        if !limits.is_none() {
            entry(lines, heading, &limits.to_string());
        }
    }
}

/// A text behind its heading, on as many lines as it needs.
fn entry(lines: &mut Vec<String>, heading: &str, text: &str) {
    let indent = heading.chars().count();
    let mut line = heading.to_owned();
    let (mut used, mut is_first) = (indent, true);
    for (word, is_glued) in pieces(text, WIDTH - indent) {
        let space = usize::from(!is_first && !is_glued);
        if !is_first && used + space + width(&word) > WIDTH {
            lines.push(std::mem::replace(
                &mut line,
                format!("│{:1$}", "", indent - 1),
            ));
            used = indent;
        } else if space == 1 {
            line.push(' ');
            used += 1;
        }
        used += width(&word);
        line.push_str(&word);
        is_first = false;
    }
    lines.push(line);
}

/// Words that are short enough, and whether each belongs to the one before it: `Domain.` and `Event` may
/// stand on two lines.
fn pieces(text: &str, limit: usize) -> Vec<(String, bool)> {
    let mut pieces = Vec::new();
    for word in text.split(' ') {
        let mut is_glued = false;
        let parts = match width(word) > limit {
            true => word.split_inclusive('.').collect(),
            false => vec![word],
        };
        for part in parts {
            let mut piece = String::new();
            for c in part.chars() {
                if width(&piece) + char_width(c) > limit {
                    pieces.push((std::mem::take(&mut piece), is_glued));
                    is_glued = true;
                }
                piece.push(c);
            }
            pieces.push((piece, is_glued));
            is_glued = true;
        }
    }
    pieces
}

fn width(text: &str) -> usize {
    text.chars().map(char_width).sum()
}

/// Never less than what a terminal takes: letters of East Asia are twice as wide as others.
const fn char_width(c: char) -> usize {
    if (c as u32) < 0x1100 { 1 } else { 2 }
}
