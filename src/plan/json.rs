//! A plan as JSON, for editors and agents. The schema has a version; keys are added, never changed.

use super::{Action, Plan};
use serde::Serialize;

/// The version of every JSON document this program prints.
pub const SCHEMA: u32 = 1;

#[derive(Serialize)]
struct PlanJson<'a> {
    schema: u32,
    kind: &'static str,
    phases: Vec<&'a [&'static str]>,
    files: Vec<FileJson<'a>>,
    conflicts: Vec<ConflictJson<'a>>,
    warnings: Vec<WarningJson<'a>>,
    notes: &'a [String],
}

/// What a person has to settle, also where the file is written.
#[derive(Serialize)]
struct ConflictJson<'a> {
    path: &'a str,
    conflict: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    beside: Option<&'a str>,
}

#[derive(Serialize)]
struct WarningJson<'a> {
    message: &'a str,
    at: &'a str,
    help: &'a str,
}

#[derive(Serialize)]
struct FileJson<'a> {
    path: &'a str,
    owner: &'a str,
    class: &'static str,
    action: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    conflict: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    kept_as: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    moved_from: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    contents: Option<&'a str>,
}

impl Plan {
    /// The plan as a JSON value, with the new contents when `contents` is asked for.
    #[must_use]
    pub fn to_json(&self, contents: bool) -> serde_json::Value {
        let files = self.changes.iter().map(|change| FileJson {
            path: &change.path,
            owner: &change.owner,
            class: change.class.map_or("spec", crate::components::Class::word),
            action: change.action.word(),
            conflict: match change.action {
                Action::Conflict(kind) | Action::Skip(kind) => Some(kind.word()),
                _ => None,
            },
            kept_as: change.kept_as.as_deref(),
            moved_from: change.moved_from.as_deref(),
            contents: change
                .after
                .as_deref()
                .filter(|_| contents && change.is_write()),
        });
        let warnings = self.warnings.iter().map(|warning| WarningJson {
            message: warning.what,
            at: &warning.path,
            help: warning.help,
        });
        let refused = self.conflicts().filter_map(|change| match change.action {
            Action::Conflict(kind) => Some((change, kind)),
            _ => None,
        });
        let conflicts = refused
            .chain(self.left())
            .map(|(change, kind)| ConflictJson {
                path: &change.path,
                conflict: kind.word(),
                beside: change
                    .beside
                    .as_ref()
                    .map(|(path, _)| path.as_str())
                    .or(change.kept_as.as_deref()),
            });
        let plan = PlanJson {
            schema: SCHEMA,
            kind: "plan",
            phases: self
                .phases
                .iter()
                .map(|phase| phase.components.as_slice())
                .collect(),
            files: files.collect(),
            conflicts: conflicts.collect(),
            notes: &self.notes,
            warnings: warnings.collect(),
        };
        serde_json::to_value(plan).unwrap_or_default()
    }
}
