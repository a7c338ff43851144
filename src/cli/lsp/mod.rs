//! `orch-gen lsp`: the linter in an editor, over the Language Server Protocol.
//!
//! ```text
//!   messages ──▶ documents ──▶ (a pause in typing) ──▶ lint ──▶ diagnostics
//!                    └──────── hover, code actions ◀───┘
//! ```
//!
//! One thread: a run takes milliseconds, because files that did not change are not parsed again. A file
//! that does not parse, because somebody is typing in it, is judged by its last text that did; what was
//! found in it moves with its lines.
//!
//! **Invariant:** nothing is written; the editor does that, when the user takes what is offered.

mod actions;
mod documents;
mod root;
mod session;
mod wire;

use super::Environment;
use crate::error::{Code, Error, Exit, Result};
use gen_lsp_types::{
    CodeActionKind, CodeActionOptions, CodeActionRequest, DidChangeTextDocumentNotification,
    DidChangeWatchedFilesNotification, DidCloseTextDocumentNotification,
    DidOpenTextDocumentNotification, DidSaveTextDocumentNotification, HoverRequest,
    InitializeParams, Notification, PositionEncodingKind, Request, ServerCapabilities,
    TextDocumentSyncKind, TextDocumentSyncOptions,
};
use lsp_server::{Connection, ErrorCode, Message, Response};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use session::Session;
use std::time::{Duration, Instant};

/// How long nobody types before files are linted: longer than between two keys, and short enough that a
/// finding is there within a tenth of a second.
const PAUSE: Duration = Duration::from_millis(40);

/// Serves one editor over standard input and output until it says goodbye.
pub(super) fn run(environment: &Environment) -> Result<Exit> {
    let (connection, threads) = Connection::stdio();
    serve(&connection, environment)?;
    drop(connection);
    threads.join().map_err(broken)?;
    Ok(Exit::Done)
}

fn broken(error: impl std::fmt::Display) -> Error {
    Error::new(Code::Usage, format!("the editor's messages ended: {error}"))
        .help("`orch-gen lsp` talks to an editor; guide 07 says how editors start it")
}

fn serve(connection: &Connection, environment: &Environment) -> Result<()> {
    let (id, params) = connection.initialize_start().map_err(broken)?;
    let params: InitializeParams = serde_json::from_value(params).map_err(broken)?;
    let about = json!({
        "capabilities": capabilities(),
        "serverInfo": { "name": "orch-gen", "version": env!("CARGO_PKG_VERSION") },
    });
    connection.initialize_finish(id, about).map_err(broken)?;
    let mut session = Session::new(&params, environment);
    if session.watches() {
        send(connection, Message::Request(session::watch()));
    }
    talk(connection, &mut session)
}

fn capabilities() -> ServerCapabilities {
    let sync = TextDocumentSyncOptions {
        open_close: Some(true),
        change: Some(TextDocumentSyncKind::Incremental),
        save: Some(true.into()),
        ..TextDocumentSyncOptions::default()
    };
    let actions = CodeActionOptions {
        code_action_kinds: Some(vec![CodeActionKind::QuickFix]),
        ..CodeActionOptions::default()
    };
    ServerCapabilities {
        position_encoding: Some(PositionEncodingKind::UTF16),
        text_document_sync: Some(sync.into()),
        hover_provider: Some(true.into()),
        code_action_provider: Some(actions.into()),
        ..ServerCapabilities::default()
    }
}

/// Answers messages, and lints when there is a pause between them.
fn talk(connection: &Connection, session: &mut Session<'_>) -> Result<()> {
    let mut due = Some(Instant::now());
    loop {
        let message = match due {
            Some(due) => connection.receiver.recv_deadline(due).ok(),
            None => match connection.receiver.recv() {
                Ok(message) => Some(message),
                Err(_) => return Ok(()),
            },
        };
        let Some(message) = message else {
            due = None;
            for said in session.lint() {
                send(connection, said);
            }
            continue;
        };
        match message {
            Message::Request(request) => {
                if connection.handle_shutdown(&request).map_err(broken)? {
                    return Ok(());
                }
                // Who asks wants to know about the text that is there now.
                if due.take().is_some() {
                    for said in session.lint() {
                        send(connection, said);
                    }
                }
                send(connection, Message::Response(answer(session, request)));
            }
            Message::Notification(said) => {
                if notice(session, &said.method, said.params) {
                    due = Some(Instant::now() + PAUSE);
                }
            }
            Message::Response(_) => {}
        }
    }
}

/// An editor that does not listen any more is gone, and the next read says so.
fn send(connection: &Connection, message: Message) {
    let _ = connection.sender.send(message);
}

/// Takes in what the editor says; whether files are others now.
fn notice(session: &mut Session<'_>, method: &str, params: Value) -> bool {
    if let Some(said) = read::<DidOpenTextDocumentNotification>(method, &params) {
        session.open(said.text_document);
    } else if let Some(said) = read::<DidChangeTextDocumentNotification>(method, &params) {
        session.change(said);
    } else if let Some(said) = read::<DidCloseTextDocumentNotification>(method, &params) {
        session.close(&said.text_document.uri);
    } else {
        return is::<DidSaveTextDocumentNotification>(method)
            || is::<DidChangeWatchedFilesNotification>(method);
    }
    true
}

fn answer(session: &Session<'_>, request: lsp_server::Request) -> Response {
    let lsp_server::Request { id, method, params } = request;
    let found = if method == HoverRequest::METHOD.as_str() {
        parse(&params).map(|params| json!(session.hover(&params)))
    } else if method == CodeActionRequest::METHOD.as_str() {
        parse(&params).map(|params| json!(session.actions(&params)))
    } else {
        let text = format!("`{method}` is not offered");
        return Response::new_err(id, ErrorCode::MethodNotFound as i32, text);
    };
    match found {
        Ok(found) => Response::new_ok(id, found),
        Err(error) => Response::new_err(id, ErrorCode::InvalidParams as i32, error.to_string()),
    }
}

fn is<N: Notification>(method: &str) -> bool {
    method == N::METHOD.as_str()
}

fn read<N: Notification>(method: &str, params: &Value) -> Option<N::Params> {
    is::<N>(method).then(|| parse(params).ok())?
}

fn parse<T: DeserializeOwned>(params: &Value) -> serde_json::Result<T> {
    T::deserialize(params)
}
