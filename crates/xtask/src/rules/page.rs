//! One page per rule, and the index.

use orch_lint::rules::{self, Rule, Status};

/// What stands first in each file.
const HEADER: &str = "<!-- Written by `cargo xtask rules`; edits are lost. -->";

/// The page of a rule: what `orch-gen explain` prints, and how its level is set.
pub(super) fn page(rule: &Rule) -> String {
    let code = rule.code();
    let explained = orch_lint::explain(code).unwrap_or_default();
    let (title, body) = explained.split_once('\n').unwrap_or_default();
    let (severity, status) = (rule.severity().as_str(), status(rule));
    let level = if rule.allows_exceptions() {
        format!(
            "`{code} = \"error\"`, `\"warn\"` or `\"off\"` below `[lint.rules]` of `orch.toml`, or for some files\n\
             below `[[lint.paths]]`."
        )
    } else {
        "It cannot be turned off or lowered: it says what else would pass unseen.".to_owned()
    };
    format!(
        "{HEADER}\n{title}\n\nLevel: {severity}. Status: {status}. [All rules](README.md)\n{}\n\n## Settings\n{level}\n",
        body.trim_end()
    )
}

/// All rules in one table.
pub(super) fn index() -> String {
    let mut text = format!(
        "{HEADER}\n# Rules of the linter\n\n\
         What each rule finds, and what happens without it. `orch-gen explain ORC002` prints a page; how levels\n\
         are set is in [guide 07](../07_automation-analysis.md#settings-of-the-linter). A rule in preview runs when it\n\
         is asked for.\n\n\
         | code | name | level | status | what happens without it |\n|---|---|---|---|---|\n"
    );
    for rule in rules::ALL {
        let (code, name) = (rule.code(), rule.name());
        let (severity, status) = (rule.severity().as_str(), status(rule));
        let incident = incident(rule).replace('|', "\\|");
        text += &format!("| [{code}]({code}.md) | {name} | {severity} | {status} | {incident} |\n");
    }
    text
}

fn status(rule: &Rule) -> &'static str {
    match rule.status() {
        Status::Stable => "stable",
        Status::Preview => "preview",
    }
}

/// What happens where the rule is broken: the first two sentences of why that is bad. The first one
/// says how the code is, the second one usually what becomes of it.
fn incident(rule: &Rule) -> String {
    let lines = rule.docs().lines();
    let lines = lines.skip_while(|line| !line.starts_with("## Why is this bad?"));
    let lines = lines.skip(1).take_while(|line| !line.is_empty());
    let paragraph = lines.collect::<Vec<_>>().join(" ");
    let mut ends = paragraph.match_indices(". ").map(|(at, _)| at + 1);
    let end = ends.nth(1).unwrap_or(paragraph.len());
    paragraph[..end].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_incident_is_two_sentences_at_most() {
        for rule in rules::ALL {
            let incident = incident(rule);
            assert!(incident.ends_with('.'), "{}: {incident}", rule.code());
            let sentences = incident.matches(". ").count() + 1;
            assert!(sentences <= 2, "{}: {incident}", rule.code());
            assert!(incident.len() > 20, "{}: {incident}", rule.code());
        }
    }
}
