//! The 3-way merge that keeps the user's lines.

/// Joins what the user changed and what the template changed since `base`.
/// `None` when both changed the same lines.
pub(super) fn merge(base: &str, yours: &str, template: &str) -> Option<String> {
    diffy::merge(base, yours, template).ok()
}

#[cfg(test)]
mod tests {
    use super::merge;
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
            let Some(merged) = merge(&text, &yours, &template) else {
                return Ok(());
            };
            let in_both = |line: &str| yours.lines().chain(template.lines()).filter(|l| *l == line).count() == 2;
            let expected = |line: &str| in_both(line) || !line.starts_with("line");
            for line in yours.lines().chain(template.lines()) {
                prop_assert_eq!(merged.lines().any(|l| l == line), expected(line), "{}", line);
            }
        }

        #[test]
        fn one_sided_changes_are_taken_as_they_are(edits in edits()) {
            let base: Vec<String> = (0..60).map(|number| format!("line {number}")).collect();
            let text = base.join("\n") + "\n";
            let changed = edited(&base, "somebody", &edits);
            prop_assert_eq!(merge(&text, &changed, &text), Some(changed.clone()));
            prop_assert_eq!(merge(&text, &text, &changed), Some(changed.clone()));
            prop_assert_eq!(merge(&text, &changed, &changed), Some(changed));
        }
    }
}
