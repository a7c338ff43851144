//! Findings in every form they are asked for.

use super::super::Environment;
use super::args::LintFormat;
use crate::plan::SCHEMA;
use orch_lint::Report;
use serde_json::json;
use std::path::Path;

/// A report, and where it is read from.
pub(super) struct Forms<'a> {
    report: &'a Report,
    /// From where the command was started to the root that was linted.
    folder: String,
}

impl<'a> Forms<'a> {
    pub(super) fn new(report: &'a Report, root: &Path, environment: &Environment) -> Self {
        let below = root.strip_prefix(&environment.folder).ok();
        let names = below.into_iter().flat_map(Path::components);
        let names: Vec<_> = names
            .map(|name| name.as_os_str().to_string_lossy())
            .collect();
        Self {
            report,
            folder: names.join("/"),
        }
    }

    /// The report in one form, with the end of its last line.
    pub(super) fn text(&self, format: LintFormat, color: bool) -> String {
        match format {
            LintFormat::Full => self.report.render_full(color),
            LintFormat::Concise => self.report.render_concise(),
            LintFormat::Json => format!("{:#}\n", self.document()),
            LintFormat::Sarif => self.hosted().to_sarif(),
            LintFormat::Github => self.hosted().to_github(),
            LintFormat::Gitlab => self.hosted().to_gitlab(),
            LintFormat::Junit => self.hosted().to_junit(),
            LintFormat::RustcJson => self.report.to_rustc_json(),
        }
    }

    /// The table for the summary of a job.
    pub(super) fn summary(&self) -> String {
        self.hosted().to_github_summary()
    }

    /// Code hosts look for files from where the job stands, editors from the root.
    fn hosted(&self) -> Report {
        self.report.clone().below(&self.folder)
    }

    /// The report as every other document begins.
    fn document(&self) -> serde_json::Value {
        let mut document: serde_json::Value =
            serde_json::from_str(&self.report.to_json()).unwrap_or_default();
        document["schema"] = json!(SCHEMA);
        document["kind"] = json!("lint");
        document
    }
}
