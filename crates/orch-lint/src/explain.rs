//! The documentation of one rule, for the terminal.

use crate::rules;

/// Explains a rule by code or name, in any case. `None` when there is no such rule.
#[must_use]
pub fn explain(code_or_name: &str) -> Option<String> {
    let rule = rules::find(code_or_name)?;
    let (code, name) = (rule.code(), rule.name());
    let exceptions = if rule.allows_exceptions() {
        format!(
            "\n## Exceptions\nOn the line, or above an item or statement, with a reason:\n\
             `// orch: allow({code}) why this place is different`\n"
        )
    } else {
        String::new()
    };
    let level = rule.severity().as_str();
    Some(format!(
        "# {code} {name} ({level})\n\n{}{exceptions}",
        rule.docs()
    ))
}
