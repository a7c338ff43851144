//! The linter in an editor: from a change to what is found then, in one process that stays.
//!
//! **Deliberately absent:** a pause between changes. Each is told when what the last one changed was shown, as by
//! somebody who stops to look.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use crate::bench::row::{Row, Wanted};

use super::trees::Tree;

/// Milliseconds from a change to its findings, the server's own pause included.
const SHOWN_MS: f64 = 100.0;
/// The same to so many of a hundred.
const ALMOST_ALL: f64 = 0.95;

/// A fault that comes and goes.
const FAULT: &str = "\nfn is_paid(of: &orch_runtime::Outcome) -> bool {\n    \
    match of { orch_runtime::Outcome::Ok { .. } => true, _ => false }\n}\n";

/// How long it takes until a fault that was typed or taken out is shown so, and almost always.
pub(super) fn rows(orch_gen: &Path, tree: &Tree, often: usize) -> Result<Vec<Row>> {
    let path = tree.folder.join(&tree.edited);
    let clean = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    let faulty = clean.clone() + FAULT;
    let mut editor = Editor::start(orch_gen, &tree.folder)?;
    editor.open(&path, &clean)?;
    let mut samples = Vec::new();
    for turn in 0..often {
        let text = if turn % 2 == 0 { &faulty } else { &clean };
        let begin = Instant::now();
        editor.change(&path, turn, text)?;
        editor.shown(&path)?;
        samples.push(begin.elapsed().as_secs_f64() * 1e3);
    }
    let shown = Row::new("orch-gen lsp, change to findings", "ms", samples);
    let almost = Row::new(
        "orch-gen lsp, change to findings, p95",
        "ms",
        vec![shown.quantile(ALMOST_ALL)],
    );
    let wanted = [shown, almost].map(|row| row.wanted(Wanted::AtMost(SHOWN_MS)));
    Ok(wanted.into())
}

/// An editor with one server.
struct Editor {
    server: Child,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
}

impl Editor {
    fn start(orch_gen: &Path, folder: &Path) -> Result<Self> {
        let mut server = Command::new(orch_gen)
            .arg("lsp")
            .current_dir(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("orch-gen lsp")?;
        let to = server.stdin.take().context("no way to the server")?;
        let from = server.stdout.take().context("no way from the server")?;
        let from = BufReader::new(from);
        let mut editor = Self { server, to, from };
        let folder = uri(folder);
        let hello = json!({ "processId": null, "rootUri": folder, "capabilities": {},
            "workspaceFolders": [{ "uri": folder, "name": "bench" }] });
        editor.write(
            &json!({ "jsonrpc": "2.0", "id": 1, "method": "initialize", "params": hello }),
        )?;
        while editor.read()?["id"] != 1 {}
        editor.tell("initialized", json!({}))?;
        Ok(editor)
    }

    fn open(&mut self, path: &Path, text: &str) -> Result<()> {
        let document =
            json!({ "uri": uri(path), "languageId": "rust", "version": 0, "text": text });
        self.tell("textDocument/didOpen", json!({ "textDocument": document }))
    }

    fn change(&mut self, path: &Path, turn: usize, text: &str) -> Result<()> {
        let document = json!({ "uri": uri(path), "version": turn + 1 });
        let params = json!({ "textDocument": document, "contentChanges": [{ "text": text }] });
        self.tell("textDocument/didChange", params)
    }

    /// Waits until findings in a file are told anew.
    fn shown(&mut self, path: &Path) -> Result<()> {
        let wanted = uri(path);
        loop {
            let told = self.read()?;
            let is_it = told["method"] == "textDocument/publishDiagnostics";
            if is_it && told["params"]["uri"] == *wanted {
                return Ok(());
            }
        }
    }

    fn tell(&mut self, method: &str, params: Value) -> Result<()> {
        self.write(&json!({ "jsonrpc": "2.0", "method": method, "params": params }))
    }

    fn write(&mut self, message: &Value) -> Result<()> {
        let body = message.to_string();
        write!(self.to, "Content-Length: {}\r\n\r\n{body}", body.len())?;
        Ok(self.to.flush()?)
    }

    fn read(&mut self) -> Result<Value> {
        let mut length = None;
        loop {
            let mut line = String::new();
            if self.from.read_line(&mut line)? == 0 {
                bail!("the server ended");
            }
            match line.trim_end().split_once(": ") {
                Some(("Content-Length", bytes)) => length = Some(bytes.parse()?),
                Some(_) => {}
                None => break,
            }
        }
        let mut body = vec![0; length.context("a message without its length")?];
        self.from.read_exact(&mut body)?;
        Ok(serde_json::from_slice(&body)?)
    }
}

impl Drop for Editor {
    fn drop(&mut self) {
        // It reads only, and what it remembers is written when it is replaced.
        drop(self.server.kill());
        drop(self.server.wait());
    }
}

fn uri(path: &Path) -> String {
    format!("file://{}", path.display())
}
