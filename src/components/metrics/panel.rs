//! The panels of a domain's dashboard, as the template writes them: each in its place.

use super::rows::{CALLBACKS, COURSES, NUMBERS};
use crate::model::DomainModel;
use serde::Serialize;

/// Grafana's grid is this wide.
const WIDTH: usize = 24;

/// One panel, as the template writes it.
#[derive(Serialize)]
pub(super) struct Panel {
    pub(super) id: usize,
    /// Grafana's word for its form.
    pub(super) kind: &'static str,
    pub(super) title: &'static str,
    pub(super) description: &'static str,
    /// Grafana's word for what is counted.
    pub(super) unit: &'static str,
    /// Whether it shows the last number in colour, and not the course of it.
    pub(super) is_number: bool,
    /// From which number on it is red.
    pub(super) red: usize,
    pub(super) left: usize,
    pub(super) top: usize,
    pub(super) width: usize,
    pub(super) height: usize,
    pub(super) targets: Vec<Target>,
    /// What stands behind it in the list.
    pub(super) comma: &'static str,
}

/// One query of a panel.
#[derive(Serialize)]
pub(super) struct Target {
    pub(super) id: char,
    /// As a JSON string, with its quotes.
    pub(super) query: String,
    pub(super) legend: &'static str,
    /// What stands behind it in the list.
    pub(super) comma: &'static str,
}

/// The panels of a domain, from left to right and from top to bottom.
pub(super) fn panels(domain: &DomainModel) -> Vec<Panel> {
    let callbacks = if domain.callbacks { CALLBACKS } else { &[] };
    let numbers = NUMBERS.iter().map(|(row, red)| (row, Some(*red)));
    let courses = COURSES.iter().chain(callbacks).map(|row| (row, None));
    let mut panels = Vec::new();
    let (mut left, mut top) = (0, 0);
    for (id, (row, red)) in (1..).zip(numbers.chain(courses)) {
        let (kind, width, height) = match red {
            Some(_) => ("stat", 4, 5),
            None => ("timeseries", 8, 8),
        };
        let (title, description, unit, queries) = *row;
        panels.push(Panel {
            id,
            kind,
            title,
            description,
            unit,
            is_number: red.is_some(),
            red: red.unwrap_or_default(),
            left,
            top,
            width,
            height,
            targets: targets(queries, domain),
            comma: ",",
        });
        left += width;
        if left == WIDTH {
            (left, top) = (0, top + height);
        }
    }
    if let Some(last) = panels.last_mut() {
        last.comma = "";
    }
    panels
}

fn targets(queries: &[(&'static str, &'static str)], domain: &DomainModel) -> Vec<Target> {
    let ids = 'A'..;
    let targets = ids.zip(queries).map(|(id, (query, legend))| Target {
        id,
        query: serde_json::Value::from(about(query, domain)).to_string(),
        legend,
        comma: ",",
    });
    let mut targets: Vec<Target> = targets.collect();
    if let Some(last) = targets.last_mut() {
        last.comma = "";
    }
    targets
}

/// The query with the selectors of a domain.
fn about(query: &str, domain: &DomainModel) -> String {
    let module = domain.tables_name();
    let routes: Vec<String> = domain.operations.iter().map(|o| o.route()).collect();
    let routes = format!("/api/({})", routes.join("|"));
    query
        .replace('#', &format!("job=~\"$job\", domain=\"{module}\""))
        .replace('@', &format!("job=~\"$job\", lane=\"{module}\""))
        .replace(
            '%',
            &format!("job=~\"$job\", method=\"POST\", route=~\"{routes}\""),
        )
}
