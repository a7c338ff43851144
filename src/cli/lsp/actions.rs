//! What the editor offers to do about findings.

use super::root::Shown;
use super::session::Session;
use super::wire;
use gen_lsp_types::{
    CodeAction, CodeActionKind, CodeActionParams, CodeActionResponse, TextEdit, Uri, WorkspaceEdit,
};
use orch_lint::{Applicability, Edit};
use std::collections::HashMap;

impl Session<'_> {
    /// What can be done about the findings in a stretch of a file.
    pub(super) fn actions(&self, params: &CodeActionParams) -> Vec<CodeActionResponse> {
        let only = params.context.only.as_ref();
        if only.is_some_and(|only| !only.iter().any(is_wanted)) {
            return Vec::new();
        }
        let uri = &params.text_document.uri;
        let Some(text) = self.sound_text(uri) else {
            return Vec::new();
        };
        if !self.may_change(uri) {
            return Vec::new();
        }
        let touches = |shown: &&Shown| {
            shown.range.start <= params.range.end && params.range.start <= shown.range.end
        };
        let shown = self.shown(uri).iter().filter(touches);
        let offers = |shown| [fix(shown, uri, text), exception(shown, uri, text)];
        let offered = shown.flat_map(offers).flatten();
        offered.map(CodeActionResponse::from).collect()
    }
}

/// Everything, or fixes.
fn is_wanted(kind: &CodeActionKind) -> bool {
    matches!(kind, CodeActionKind::Empty | CodeActionKind::QuickFix)
}

/// The rule's own fix.
fn fix(shown: &Shown, uri: &Uri, text: &str) -> Option<CodeAction> {
    let fix = shown.finding.fix.as_ref()?;
    let title = match fix.applicability {
        Applicability::Safe => fix.title.clone(),
        Applicability::Unsafe => format!("{} (look at what it changes)", fix.title),
    };
    Some(action(title, shown, uri, &fix.edits, text))
}

/// A comment that holds the finding back. What stands as its reason asks for one.
fn exception(shown: &Shown, uri: &Uri, text: &str) -> Option<CodeAction> {
    let code = shown.finding.code;
    let edit = shown
        .finding
        .suppression(text, "why is this place different?")?;
    let title = format!("allow {code} here, with a reason");
    Some(action(title, shown, uri, &[edit], text))
}

fn action(title: String, shown: &Shown, uri: &Uri, edits: &[Edit], text: &str) -> CodeAction {
    let edits = edits.iter().map(|edit| TextEdit {
        range: wire::range(edit.start, edit.end, text),
        new_text: edit.replacement.clone(),
    });
    let changes = HashMap::from([(uri.clone(), edits.collect())]);
    CodeAction {
        title,
        kind: Some(CodeActionKind::QuickFix),
        diagnostics: Some(vec![shown.diagnostic.clone()]),
        edit: Some(WorkspaceEdit {
            changes: Some(changes),
            ..WorkspaceEdit::default()
        }),
        ..CodeAction::default()
    }
}
