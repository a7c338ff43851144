//! The 3-way merge that keeps the user's lines.

/// The first line of a conflict that is marked.
const MARK: &str = "<<<<<<< yours";

/// Joins what the user changed and what the template changed since `base`. Where both changed the same
/// lines, the error is the text with both, between marks.
pub(super) fn merge(base: &str, yours: &str, template: &str) -> Result<String, String> {
    diffy::merge(base, yours, template).map_err(|text| named(&text))
}

/// Joins what cannot be compared with what both were made from: every line of both stays.
pub(super) fn merge_without_base(yours: &str, template: &str) -> Result<String, String> {
    merge(&shared(yours, template), yours, template)
}

/// The lines that both texts have, in their order.
fn shared(yours: &str, template: &str) -> String {
    let patch = diffy::create_patch(yours, template);
    let mut lines = yours.split_inclusive('\n');
    let (mut text, mut at) = (String::new(), 0);
    for hunk in patch.hunks() {
        let start = hunk.old_range().start().saturating_sub(1);
        text.extend(lines.by_ref().take(start.saturating_sub(at)));
        at = start.max(at);
        for line in hunk.lines() {
            match line {
                diffy::Line::Context(line) => {
                    text.push_str(line);
                    lines.next();
                    at += 1;
                }
                diffy::Line::Delete(_) => {
                    lines.next();
                    at += 1;
                }
                diffy::Line::Insert(_) => {}
            }
        }
    }
    text.extend(lines);
    text
}

/// Whether marks of a conflict are left in a text.
pub(super) fn is_marked(text: &str) -> bool {
    text.lines().any(|line| line == MARK)
}

/// The sides under names that a reader knows.
fn named(text: &str) -> String {
    let name = |line: &str| match line {
        "<<<<<<< ours" => MARK.to_owned(),
        "||||||| original" => "||||||| before".to_owned(),
        ">>>>>>> theirs" => ">>>>>>> orch-gen".to_owned(),
        line => line.to_owned(),
    };
    text.split_inclusive('\n')
        .map(|line| match line.strip_suffix('\n') {
            Some(line) => name(line) + "\n",
            None => name(line),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{is_marked, merge, merge_without_base};
    use proptest::prelude::*;

    /// Some lines of a text taken out, and some new ones of one author put in.
    fn edited(base: &[String], author: &str, edits: &[(bool, bool)]) -> String {
        let mut text = String::new();
        for (number, line) in base.iter().enumerate() {
            let (keep, add) = edits[number % edits.len()];
            if add {
                text += &format!("{author} {number}\n");
            }
            if keep {
                text += &format!("{line}\n");
            }
        }
        text
    }

    fn edits() -> impl Strategy<Value = Vec<(bool, bool)>> {
        let rarely = || prop::bool::weighted(0.05);
        prop::collection::vec((prop::bool::weighted(0.95), rarely()), 60)
    }

    proptest! {
        /// A clean merge has every line that somebody added and none that somebody took out.
        #[test]
        fn a_clean_merge_loses_nothing(yours in edits(), template in edits()) {
            let base: Vec<String> = (0..60).map(|number| format!("line {number}")).collect();
            let text = base.join("\n") + "\n";
            let (yours, template) =
                (edited(&base, "yours", &yours), edited(&base, "template", &template));
            let merged = match merge(&text, &yours, &template) {
                Ok(merged) => merged,
                Err(marked) => {
                    prop_assert!(is_marked(&marked));
                    for line in yours.lines().chain(template.lines()) {
                        let in_base = line.starts_with("line");
                        prop_assert!(in_base || marked.lines().any(|l| l == line), "{} is lost", line);
                    }
                    return Ok(());
                }
            };
            let in_both = |line: &str| yours.lines().chain(template.lines()).filter(|l| *l == line).count() == 2;
            let expected = |line: &str| in_both(line) || !line.starts_with("line");
            for line in yours.lines().chain(template.lines()) {
                prop_assert_eq!(merged.lines().any(|l| l == line), expected(line), "{}", line);
            }
        }

        /// Nobody knows what both were made from, so no line of either may go.
        #[test]
        fn without_a_base_every_line_stays(yours in edits(), template in edits()) {
            let base: Vec<String> = (0..60).map(|number| format!("line {number}")).collect();
            let (yours, template) =
                (edited(&base, "yours", &yours), edited(&base, "template", &template));
            let (Ok(joined) | Err(joined)) = merge_without_base(&yours, &template);
            for line in yours.lines().chain(template.lines()) {
                prop_assert!(joined.lines().any(|l| l == line), "{} is lost", line);
            }
        }

        #[test]
        fn one_sided_changes_are_taken_as_they_are(edits in edits()) {
            let base: Vec<String> = (0..60).map(|number| format!("line {number}")).collect();
            let text = base.join("\n") + "\n";
            let changed = edited(&base, "somebody", &edits);
            prop_assert_eq!(merge(&text, &changed, &text), Ok(changed.clone()));
            prop_assert_eq!(merge(&text, &text, &changed), Ok(changed.clone()));
            prop_assert_eq!(merge(&text, &changed, &changed), Ok(changed));
        }
    }
}
