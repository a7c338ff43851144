//! The documentation of one rule, for the terminal.

use crate::rules;

/// Explains a rule by code or name, in any case. `None` when there is no such rule.
#[must_use]
pub fn explain(code_or_name: &str) -> Option<String> {
    let rule = rules::find(code_or_name)?;
    let title = format!(
        "# {} {} ({})",
        rule.code(),
        rule.name(),
        rule.severity().as_str()
    );
    let mut text = format!("{title}\n\n{}", rule.docs());
    if rule.allows_exceptions() {
        text.push_str(&format!(
            "\n## Exceptions\nOn the line, or above an item or statement, with a reason:\n\
             `// orch: allow({}) why this place is different`\n",
            rule.code()
        ));
    }
    Some(text)
}
