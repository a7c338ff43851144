//! The 3-way merge that keeps the user's lines.

/// Joins what the user changed and what the template changed since `base`.
/// `None` when both changed the same lines.
pub(super) fn merge(base: &str, yours: &str, template: &str) -> Option<String> {
    diffy::merge(base, yours, template).ok()
}
