//! A package or workspace with open files: what is found in it, and where that is shown.

use super::documents::{self, Document, Documents, moved};
use super::wire;
use crate::cli::facts::Facts;
use gen_lsp_types::{
    Diagnostic, DiagnosticRelatedInformation, DiagnosticSeverity, Location, Range,
};
use orch_lint::sources::{Disk, Overlay};
use orch_lint::{Date, Finding, Options, Place, Report, Severity};
use std::fs;
use std::path::{Path, PathBuf};

/// One finding, where it is in the text that the editor shows.
#[derive(Debug, Clone)]
pub(super) struct Shown {
    pub(super) finding: Finding,
    pub(super) range: Range,
    pub(super) diagnostic: Diagnostic,
}

/// A package or workspace.
#[derive(Debug)]
pub(super) struct Root {
    path: PathBuf,
    facts: Facts,
    /// Whether the editor shows other places beside a finding.
    relates: bool,
    /// Why the last run gave nothing.
    error: Option<String>,
}

impl Root {
    pub(super) const fn new(path: PathBuf, facts: Facts, relates: bool) -> Self {
        Self {
            path,
            facts,
            relates,
            error: None,
        }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Keeps why a run gave nothing; gives it back when it was not so before.
    pub(super) fn fails_anew(&mut self, error: Option<String>) -> Option<String> {
        let before = std::mem::replace(&mut self.error, error.clone());
        error.filter(|error| before.as_ref() != Some(error))
    }

    /// Lints the files as they are in the editor; those that do not parse as they were when they did.
    /// What was found is not saved, and soon forgotten: nobody asks again for a text that stood there between
    /// two keys.
    pub(super) fn lint(
        &self,
        documents: &mut Documents,
        today: Option<Date>,
    ) -> Result<Vec<(PathBuf, Shown)>, String> {
        let mut report = self.run(documents, &[], today)?;
        let broken = std::mem::take(&mut report.unparsed);
        self.keep_parsed(documents, &broken);
        if !broken.is_empty() {
            report = self.run(documents, &broken, today)?;
        }
        self.facts.cache.forget();
        let view = View {
            root: self,
            documents,
            broken: &broken,
        };
        let shown = report.findings.into_iter().filter_map(|finding| {
            let path = self.path.join(&finding.path);
            Some((path, view.show(finding)?))
        });
        Ok(shown.collect())
    }

    fn run(
        &self,
        documents: &Documents,
        broken: &[String],
        today: Option<Date>,
    ) -> Result<Report, String> {
        let options = Options {
            today,
            allow_empty: true,
            ..Options::default()
        };
        let files = documents::below(documents, &self.path, broken);
        let tree = Overlay::new(Disk::new(&self.path), files);
        let linted = orch_lint::lint_with(&tree, &options, &self.facts.cache);
        linted.map_err(|error| format!("{}: {error}", self.path.display()))
    }

    fn keep_parsed(&self, documents: &mut Documents, broken: &[String]) {
        for (path, document) in documents {
            let name = documents::name(path, &self.path);
            let is_sound = name.is_some_and(|name| !broken.contains(&name));
            if is_sound && document.parsed.as_ref() != Some(&document.text) {
                document.parsed = Some(document.text.clone());
            }
        }
    }
}

/// Files as the editor shows them.
struct View<'v> {
    root: &'v Root,
    documents: &'v Documents,
    /// The files that do not parse: what was found is of an earlier text.
    broken: &'v [String],
}

impl View<'_> {
    fn show(&self, finding: Finding) -> Option<Shown> {
        let range = self.range(&finding.path, finding.start, finding.end)?;
        let diagnostic = self.diagnostic(&finding, range);
        Some(Shown {
            finding,
            range,
            diagnostic,
        })
    }

    /// Where a stretch of a file is now; `None` when it is not there any more.
    fn range(&self, name: &str, start: Place, end: Place) -> Option<Range> {
        let path = self.root.path.join(name);
        let range_in = |text: &str| wire::range(start, end, text);
        Some(match self.documents.get(&path) {
            Some(Document {
                parsed: Some(parsed),
                text,
                ..
            }) if self.broken.iter().any(|of| of == name) => moved(range_in(parsed), parsed, text)?,
            Some(document) => range_in(&document.text),
            None => range_in(&fs::read_to_string(path).unwrap_or_default()),
        })
    }

    fn diagnostic(&self, finding: &Finding, range: Range) -> Diagnostic {
        let mut message = finding.message.clone();
        if let Some(help) = &finding.help {
            message.push_str("\nhelp: ");
            message.push_str(help);
        }
        Diagnostic {
            range,
            severity: Some(match finding.severity {
                Severity::Error => DiagnosticSeverity::Error,
                Severity::Warning => DiagnosticSeverity::Warning,
            }),
            code: Some(finding.code.into()),
            code_description: None,
            source: Some("orch-gen".into()),
            message: message.into(),
            tags: None,
            related_information: self.way(finding),
            data: None,
        }
    }

    /// The steps of the way to the cause, as far as they stand somewhere else.
    fn way(&self, finding: &Finding) -> Option<Vec<DiagnosticRelatedInformation>> {
        let steps = finding.elsewhere().filter_map(|(link, site)| {
            let path = self.root.path.join(&site.path);
            let range = self.range(&site.path, site.start, site.end)?;
            let document = self.documents.get(&path);
            let uri = document.map_or_else(|| wire::uri(&path), |of| of.uri.clone());
            Some(DiagnosticRelatedInformation {
                location: Location { uri, range },
                message: link.name.clone(),
            })
        });
        let steps: Vec<_> = steps.collect();
        (self.root.relates && !steps.is_empty()).then_some(steps)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MANIFEST: &str = "[package]\nname = 'case'\n";

    /// An editor stays open for days, and every text that stood between two keys is a whole file.
    #[test]
    fn what_was_typed_and_is_gone_is_forgotten() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("src/lib.rs");
        fs::create_dir(folder.path().join("src")).unwrap();
        fs::write(folder.path().join("Cargo.toml"), MANIFEST).unwrap();
        fs::write(&path, "").unwrap();
        let root = Root::new(folder.path().to_owned(), Facts::default(), true);
        let mut documents = Documents::new();
        let mut memory = |key: usize| {
            let document = Document {
                uri: wire::uri(&path),
                version: 1,
                text: format!("//! Case.\nfn typed_{key:04}() {{}}\n"),
                parsed: None,
            };
            documents.insert(path.clone(), document);
            root.lint(&mut documents, None).unwrap();
            format!("{:?}", root.facts.cache).len()
        };
        memory(0);
        let two_texts = memory(1);
        assert!((2..50).all(|key| memory(key) < 2 * two_texts));
    }
}
