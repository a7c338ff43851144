//! The queries of a Grafana dashboard.

use serde_json::{Value, json};

/// Grafana's variables, and what they may stand for.
const VARIABLES: &[(&str, &str)] = &[
    ("$__rate_interval", "5m"),
    ("$job", ".*"),
    ("$domain", ".*"),
];

/// Every query of every panel, with its variables filled in.
pub(super) fn of(dashboard: &Value) -> Vec<String> {
    let panels = dashboard["panels"].as_array().into_iter().flatten();
    let targets = panels
        .filter_map(|panel| panel["targets"].as_array())
        .flatten();
    let written = targets.filter_map(|target| target["expr"].as_str());
    written.map(filled_in).collect()
}

fn filled_in(query: &str) -> String {
    let mut query = query.to_owned();
    for (variable, value) in VARIABLES {
        query = query.replace(variable, value);
    }
    query
}

/// A rule file that records each query. JSON is YAML too.
pub(super) fn as_rules(queries: &[String]) -> String {
    let rule = |(at, query)| json!({"record": format!("dashboard:query:{at}"), "expr": query});
    let rules: Vec<Value> = queries.iter().enumerate().map(rule).collect();
    json!({"groups": [{"name": "dashboard", "rules": rules}]}).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A check that sees no query passes always.
    #[test]
    fn every_query_becomes_a_rule_without_variables() {
        let expr = r#"rate(a{job=~"$job"}[$__rate_interval])"#;
        let dashboard = json!({"panels": [
            {"type": "row"},
            {"targets": [{"expr": expr}, {"expr": "b"}]},
        ]});
        let queries = of(&dashboard);
        assert_eq!(queries, [r#"rate(a{job=~".*"}[5m])"#, "b"]);
        let rules: Value = serde_json::from_str(&as_rules(&queries)).unwrap();
        assert_eq!(rules["groups"][0]["rules"][1]["expr"], "b");
    }
}
