//! Sagas as a flowchart of Mermaid.

use super::{after, does, undone_by};
use crate::spec::{Compensation, Saga};

/// The document.
pub(super) fn document(sagas: &[Saga]) -> String {
    let mut lines = vec!["flowchart TD".to_owned()];
    for (at, saga) in sagas.iter().enumerate() {
        let of = format!("s{}", at + 1);
        lines.push(format!(
            "  subgraph {of}[\"{}\"]",
            label(saga.name.type_name())
        ));
        nodes(&mut lines, &of, saga);
        lines.push("  end".to_owned());
    }
    lines.push("  classDef optional stroke-dasharray: 5 5".to_owned());
    lines.join("\n")
}

fn nodes(lines: &mut Vec<String>, of: &str, saga: &Saga) {
    for (at, step) in saga.steps.iter().enumerate() {
        let node = format!("{of}_{}", at + 1);
        let (class, optional) = match step.optional {
            true => (":::optional", " (optional)"),
            false => ("", ""),
        };
        let name = label(&format!("{}{optional}", step.name));
        let does = label(&does(step));
        lines.push(format!("    {node}[\"{name}<br/>{does}\"]{class}"));
        let undone = label(&undone_by(step));
        let (open, close) = match step.compensation {
            Compensation::None(_) => ("[/", "/]"),
            Compensation::Code | Compensation::Operation(_) => ("([", "])"),
        };
        lines.push(format!("    {node}u{open}\"{undone}\"{close}"));
        lines.push(format!("    {node} -. undone by .-> {node}u"));
    }
    for (at, step) in saga.steps.iter().enumerate() {
        for earlier in after(saga, step) {
            lines.push(format!("    {of}_{} --> {of}_{}", earlier + 1, at + 1));
        }
    }
}

/// A text in which nothing is syntax: what is no letter, digit or blank is given by its number.
fn label(text: &str) -> String {
    let harmless = |c: char| c.is_alphanumeric() || matches!(c, ' ' | '_' | '.' | ',' | '(' | ')');
    text.chars()
        .map(|c| match harmless(c) {
            true => c.to_string(),
            false => format!("#{};", u32::from(c)),
        })
        .collect()
}
