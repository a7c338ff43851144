//! What one editor has open, and what was found in it.

use super::documents::{Document, Documents};
use super::root::{Root, Shown};
use super::wire;
use crate::cli::Environment;
use crate::cli::facts::Facts;
use crate::cli::lint::{self, owners::Owners};
use crate::disk::Real;
use crate::package::{self, Found};
use gen_lsp_types::{
    Contents, Diagnostic, DidChangeTextDocumentParams, DidChangeWatchedFilesNotification, Hover,
    HoverParams, InitializeParams, LogMessageNotification, LogMessageParams, MarkupContent,
    MarkupKind, MessageType, Notification, PublishDiagnosticsNotification,
    PublishDiagnosticsParams, RegistrationRequest, Request, TextDocumentItem, Uri,
    WorkspaceFolders,
};
use lsp_server::Message;
use orch_lint::Date;
use serde_json::json;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// The state of a server.
#[derive(Debug)]
pub(super) struct Session<'e> {
    environment: &'e Environment,
    started: Instant,
    watches: bool,
    relates: bool,
    roots: Vec<Root>,
    documents: Documents,
    shown: BTreeMap<PathBuf, Vec<Shown>>,
}

impl<'e> Session<'e> {
    /// A session in the folders that the editor has open.
    pub(super) fn new(params: &InitializeParams, environment: &'e Environment) -> Self {
        let mut session = Self {
            environment,
            started: Instant::now(),
            watches: can_watch(params),
            relates: can_relate(params),
            roots: Vec::new(),
            documents: Documents::new(),
            shown: BTreeMap::new(),
        };
        for folder in folders(params) {
            session.enter(&folder);
        }
        session
    }

    /// Whether the editor tells of files that change outside of it.
    pub(super) const fn watches(&self) -> bool {
        self.watches
    }

    /// Lints the package or workspace around a folder from now on.
    fn enter(&mut self, folder: &Path) {
        if self
            .roots
            .iter()
            .any(|root| folder.starts_with(root.path()))
        {
            return;
        }
        if let Ok(Found::Ours(path) | Found::Foreign(path)) = package::find(&Real, folder) {
            let facts = Facts::of(&path, self.environment);
            self.roots.push(Root::new(path, facts, self.relates));
        }
    }

    pub(super) fn open(&mut self, item: TextDocumentItem) {
        let Some(path) = wire::path(&item.uri) else {
            return;
        };
        if let Some(folder) = path.parent() {
            self.enter(folder);
        }
        let document = Document {
            uri: item.uri,
            version: item.version,
            text: item.text,
            parsed: None,
        };
        self.documents.insert(path, document);
    }

    pub(super) fn change(&mut self, params: DidChangeTextDocumentParams) {
        let of = params.text_document;
        let path = wire::path(&of.text_document_identifier.uri);
        let Some(document) = path.and_then(|path| self.documents.get_mut(&path)) else {
            return;
        };
        document.version = of.version;
        for change in params.content_changes {
            document.change(change);
        }
    }

    pub(super) fn close(&mut self, uri: &Uri) {
        wire::path(uri).map(|path| self.documents.remove(&path));
    }

    /// The text of an open file that parses: edits are made for it.
    pub(super) fn sound_text(&self, uri: &Uri) -> Option<&str> {
        let document = self.documents.get(&wire::path(uri)?)?;
        let is_sound = document.parsed.as_ref() == Some(&document.text);
        is_sound.then_some(document.text.as_str())
    }

    /// Whether a file is left to people. The generator would write the others again.
    pub(super) fn may_change(&self, uri: &Uri) -> bool {
        let Some(path) = wire::path(uri) else {
            return false;
        };
        let below = |root: &Root| {
            let below = path.strip_prefix(root.path()).ok()?;
            let below = below.to_string_lossy().replace('\\', "/");
            Some(Owners::of(root.path()).leave(&below))
        };
        self.roots.iter().filter_map(below).all(|leaves| leaves)
    }

    /// What is shown of a file.
    pub(super) fn shown(&self, uri: &Uri) -> &[Shown] {
        let found = wire::path(uri).and_then(|path| self.shown.get(&path));
        found.map_or(&[], Vec::as_slice)
    }

    /// The rules that were broken at a place, with their reasons.
    pub(super) fn hover(&self, params: &HoverParams) -> Option<Hover> {
        let of = &params.text_document_position_params;
        let here =
            |shown: &&Shown| shown.range.start <= of.position && of.position <= shown.range.end;
        let shown: Vec<&Shown> = self
            .shown(&of.text_document.uri)
            .iter()
            .filter(here)
            .collect();
        let first = shown.first()?;
        let mut texts: Vec<String> = Vec::new();
        for shown in &shown {
            texts.extend(
                orch_lint::explain(shown.finding.code).filter(|text| !texts.contains(text)),
            );
        }
        Some(Hover {
            contents: Contents::MarkupContent(MarkupContent {
                kind: MarkupKind::Markdown,
                value: texts.join("\n---\n"),
            }),
            range: Some(first.range),
        })
    }

    /// Lints, and says what is others now.
    pub(super) fn lint(&mut self) -> Vec<Message> {
        let mut said = Vec::new();
        let mut shown: BTreeMap<PathBuf, Vec<Shown>> = BTreeMap::new();
        let today = self.today();
        for root in &mut self.roots {
            let error = match root.lint(&mut self.documents, today) {
                Ok(found) => {
                    for (path, found) in found {
                        shown.entry(path).or_default().push(found);
                    }
                    None
                }
                Err(error) => {
                    // Nothing is known anew: what was shown stays.
                    let of_root = self.shown.iter();
                    let of_root = of_root.filter(|(path, _)| path.starts_with(root.path()));
                    shown.extend(of_root.map(|(path, found)| (path.clone(), found.clone())));
                    Some(error)
                }
            };
            if let Some(error) = root.fails_anew(error) {
                said.push(log(&error));
            }
        }
        let before = std::mem::replace(&mut self.shown, shown);
        said.extend(self.differences(&before));
        said
    }

    /// Messages for the files in which something else is shown than before.
    fn differences(&self, before: &BTreeMap<PathBuf, Vec<Shown>>) -> Vec<Message> {
        let diagnostics = |of: Option<&Vec<Shown>>| -> Vec<Diagnostic> {
            let shown = of.into_iter().flatten();
            shown.map(|shown| shown.diagnostic.clone()).collect()
        };
        let mut paths: Vec<&PathBuf> = self.shown.keys().chain(before.keys()).collect();
        paths.sort();
        paths.dedup();
        let others = paths.into_iter().filter_map(|path| {
            let now = diagnostics(self.shown.get(path));
            if now == diagnostics(before.get(path)) {
                return None;
            }
            let document = self.documents.get(path);
            let params = PublishDiagnosticsParams {
                uri: document.map_or_else(|| wire::uri(path), |of| of.uri.clone()),
                version: document.map(|of| of.version),
                diagnostics: now,
            };
            Some(notification::<PublishDiagnosticsNotification>(&params))
        });
        others.collect()
    }

    /// The day it is, also in an editor that stays open over midnight.
    fn today(&self) -> Option<Date> {
        let seconds = self.environment.seconds + self.started.elapsed().as_secs();
        lint::day(seconds)
    }
}

/// The folders that the editor has open. One that opens files alone names none: what is around an open file
/// is linted in any case.
fn folders(params: &InitializeParams) -> Vec<PathBuf> {
    let folders = &params.workspace_folders_initialize_params.workspace_folders;
    match folders {
        Some(WorkspaceFolders::WorkspaceFolderList(folders)) => folders
            .iter()
            .filter_map(|folder| wire::path(&folder.uri))
            .collect(),
        _ => Vec::new(),
    }
}

fn can_watch(params: &InitializeParams) -> bool {
    let workspace = params.capabilities.workspace.as_ref();
    let files = workspace.and_then(|of| of.did_change_watched_files.as_ref());
    files.and_then(|of| of.dynamic_registration) == Some(true)
}

/// Whether the editor shows other places beside a finding.
fn can_relate(params: &InitializeParams) -> bool {
    let shown = params.capabilities.text_document.as_ref();
    let shown = shown.and_then(|of| of.publish_diagnostics.as_ref());
    shown.and_then(|of| of.diagnostics_capabilities.related_information) == Some(true)
}

/// Asks the editor to tell of files that change outside of it: a checkout, a generator, a formatter.
pub(super) fn watch() -> lsp_server::Request {
    let watchers = ["**/*.{rs,sql,toml}", "**/{orch-lint.baseline,orch.lock}"];
    let watchers = watchers.map(|glob| json!({ "globPattern": glob }));
    let registration = json!({
        "id": "files",
        "method": DidChangeWatchedFilesNotification::METHOD.as_str(),
        "registerOptions": { "watchers": watchers },
    });
    lsp_server::Request {
        id: 0.into(),
        method: RegistrationRequest::METHOD.as_str().into(),
        params: json!({ "registrations": [registration] }),
    }
}

fn notification<N: Notification>(params: &N::Params) -> Message {
    Message::Notification(lsp_server::Notification {
        method: N::METHOD.as_str().into(),
        params: json!(params),
    })
}

fn log(error: &str) -> Message {
    notification::<LogMessageNotification>(&LogMessageParams {
        kind: MessageType::Error,
        message: format!("orch-gen: {error}"),
    })
}
