//! What a text asks of Prometheus, compared with what a service serves. A dashboard or an alert on a number
//! that is never shown stays empty, and silent, for ever.

/// What the names of our metrics begin with.
const PREFIXES: [&str; 2] = ["orchestration_", "http_request_"];

/// A metric, and the labels that its series have to have.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Selector<'a> {
    name: &'a str,
    /// Such as `domain="payment"`; what is matched by a pattern or a variable is left out.
    labels: Vec<&'a str>,
}

/// The selectors in `text` that no line of `metrics` answers, and how many there are in all.
pub(super) fn unanswered(text: &str, metrics: &str) -> (usize, Vec<String>) {
    let mut selectors = of(text);
    selectors.sort();
    selectors.dedup();
    let missing = selectors.iter().filter(|one| !one.is_in(metrics));
    let missing = missing.map(|one| format!("{}{:?}", one.name, one.labels));
    (selectors.len(), missing.collect())
}

fn of(text: &str) -> Vec<Selector<'_>> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find(is_part) {
        let word = &rest[start..];
        let end = word.find(|c| !is_part(c)).unwrap_or(word.len());
        let (name, after) = word.split_at(end);
        rest = after;
        if PREFIXES.iter().any(|prefix| name.starts_with(prefix)) {
            let inside = after
                .strip_prefix('{')
                .and_then(|after| after.split('}').next());
            let labels = inside.map(labels).unwrap_or_default();
            found.push(Selector { name, labels });
        }
    }
    found
}

fn labels(inside: &str) -> Vec<&str> {
    let all = inside.split(", ").map(str::trim);
    let exact = |label: &&str| label.contains("=\"") && !label.contains(['!', '$', '~']);
    all.filter(exact).collect()
}

impl Selector<'_> {
    fn is_in(&self, metrics: &str) -> bool {
        let mut lines = metrics.lines();
        lines.any(|line| {
            let labels = line.strip_prefix(self.name);
            let labels = labels.filter(|rest| rest.starts_with(['{', ' ']));
            labels.is_some_and(|rest| self.labels.iter().all(|label| rest.contains(label)))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const METRICS: &str = "orchestration_a_total{domain=\"payment\",result=\"new\"} 1\n\
                           http_request_x_bucket{route=\"/a\",le=\"1\"} 3\n";

    #[test]
    fn what_is_served_is_answered() {
        let text = r#"rate(orchestration_a_total{job=~"$job", domain="payment"}[5m])
            / sum(orchestration_a_total) + http_request_x_bucket{le="1"}"#;
        assert_eq!(unanswered(text, METRICS), (3, Vec::new()));
    }

    /// A check that finds no selector, or takes each for served, passes always.
    #[test]
    fn what_is_not_served_is_named() {
        for text in [
            "orchestration_a_totl > 0",
            "orchestration_a > 0",
            r#"orchestration_a_total{domain="payments"}"#,
            r#"orchestration_a_total{job="x", result="old"}"#,
        ] {
            let (count, missing) = unanswered(text, METRICS);
            assert_eq!((count, missing.len()), (1, 1), "{text}");
        }
    }
}
