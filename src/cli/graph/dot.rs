//! Sagas as a digraph of Graphviz.

use super::{after, does, undone_by};
use crate::spec::{Compensation, Saga};

/// The document.
pub(super) fn document(sagas: &[Saga]) -> String {
    let mut lines = vec![
        "digraph sagas {".to_owned(),
        "  node [shape=box];".to_owned(),
    ];
    for (at, saga) in sagas.iter().enumerate() {
        let of = format!("s{}", at + 1);
        let name = quoted(saga.name.type_name());
        lines.push(format!("  subgraph cluster_{of} {{"));
        lines.push(format!("    label={name};"));
        nodes(&mut lines, &of, saga);
        lines.push("  }".to_owned());
    }
    lines.push("}".to_owned());
    lines.join("\n")
}

fn nodes(lines: &mut Vec<String>, of: &str, saga: &Saga) {
    for (at, step) in saga.steps.iter().enumerate() {
        let node = format!("{of}_{}", at + 1);
        let (style, optional) = match step.optional {
            true => (", style=dashed", " (optional)"),
            false => ("", ""),
        };
        let text = quoted(&format!("{}{optional}\n{}", step.name, does(step)));
        lines.push(format!("    {node} [label={text}{style}];"));
        let shape = match step.compensation {
            Compensation::None(_) => "plaintext",
            Compensation::Code | Compensation::Operation(_) => "ellipse",
        };
        let undone = quoted(&undone_by(step));
        lines.push(format!("    {node}u [label={undone}, shape={shape}];"));
        lines.push(format!(
            "    {node} -> {node}u [label=\"undone by\", style=dotted];"
        ));
    }
    for (at, step) in saga.steps.iter().enumerate() {
        for earlier in after(saga, step) {
            lines.push(format!("    {of}_{} -> {of}_{};", earlier + 1, at + 1));
        }
    }
}

/// A text in quotes, in which nothing but the end of a line is syntax, and `&lt;` is no `<`.
fn quoted(text: &str) -> String {
    let escaped = text.replace('\\', "\\\\").replace('"', "\\\"");
    let escaped = escaped.replace('&', "&amp;").replace('\n', "\\n");
    format!("\"{escaped}\"")
}
