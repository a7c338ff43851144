//! The linter in an editor: a real process that speaks the Language Server Protocol.

use crate::command::{PROGRAM, Place};
use lsp_server::{Message, Notification, Request, Response};
use serde_json::{Value, json};
use std::io::BufReader;
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

const ORCHESTRATOR: &str = "pay/src/payment/orchestrator.rs";
const ARM: &str = "Err(GatewayError::NoAnswer { reason }) => Outcome::unknown(reason),";

/// An editor with one server.
struct Editor {
    server: Child,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
    asked: i32,
}

impl Editor {
    /// Starts a server in a folder, and says hello as an editor does.
    fn start(folder: &Path) -> Self {
        let mut server = Command::new(PROGRAM)
            .arg("lsp")
            .current_dir(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let to = server.stdin.take().unwrap();
        let from = BufReader::new(server.stdout.take().unwrap());
        let mut editor = Self {
            server,
            to,
            from,
            asked: 0,
        };
        let watching = json!({ "didChangeWatchedFiles": { "dynamicRegistration": true } });
        let showing = json!({ "publishDiagnostics": { "relatedInformation": true } });
        let about = editor.ask(
            "initialize",
            json!({
                "processId": null,
                "rootUri": uri(folder),
                "workspaceFolders": [{ "uri": uri(folder), "name": "pay" }],
                "capabilities": { "workspace": watching, "textDocument": showing },
            }),
        );
        assert_eq!(about["serverInfo"]["name"], "orch-gen");
        let incremental = 2;
        let sync = &about["capabilities"]["textDocumentSync"];
        assert_eq!(sync["change"], incremental);
        editor.say("initialized", json!({}));
        let Message::Request(registration) = editor.next() else {
            panic!("the server asks to be told of files that change");
        };
        let what = registration.params["registrations"][0]["method"].clone();
        assert_eq!(what, "workspace/didChangeWatchedFiles");
        let answer = Response::new_ok(registration.id, Value::Null);
        Message::Response(answer).write(&mut editor.to).unwrap();
        editor
    }

    fn next(&mut self) -> Message {
        Message::read(&mut self.from).unwrap().expect("a message")
    }

    fn say(&mut self, method: &str, params: Value) {
        let method = method.to_owned();
        let message = Message::Notification(Notification { method, params });
        message.write(&mut self.to).unwrap();
    }

    /// Asks, and waits for the answer; what the server says in between is left unheard.
    fn ask(&mut self, method: &str, params: Value) -> Value {
        self.asked += 1;
        let id = self.asked.into();
        let method = method.to_owned();
        let request = Message::Request(Request { id, method, params });
        request.write(&mut self.to).unwrap();
        loop {
            if let Message::Response(response) = self.next() {
                return response.response_result.unwrap_or(Value::Null);
            }
        }
    }

    fn open(&mut self, path: &Path, text: &str) {
        let document =
            json!({ "uri": uri(path), "languageId": "rust", "version": 1, "text": text });
        self.say("textDocument/didOpen", json!({ "textDocument": document }));
    }

    fn change(&mut self, path: &Path, version: i32, text: &str) {
        let document = json!({ "uri": uri(path), "version": version });
        let changes = json!([{ "text": text }]);
        let params = json!({ "textDocument": document, "contentChanges": changes });
        self.say("textDocument/didChange", params);
    }

    /// Types one text in the place of another, and tells of that alone.
    fn retype(&mut self, path: &Path, version: i32, text: &str, old: &str, new: &str) -> String {
        let (before, after) = text.split_once(old).expect("the old text");
        let place = |text: &str| {
            let line = text.matches('\n').count();
            let last = text.rsplit('\n').next().unwrap();
            json!({ "line": line, "character": last.encode_utf16().count() })
        };
        let range = json!({ "start": place(before), "end": place(&format!("{before}{old}")) });
        let document = json!({ "uri": uri(path), "version": version });
        let changes = json!([{ "range": range, "text": new }]);
        let params = json!({ "textDocument": document, "contentChanges": changes });
        self.say("textDocument/didChange", params);
        format!("{before}{new}{after}")
    }

    /// Says that a file changed outside, and gives the methods of what the server says about that.
    fn heard_of(&mut self, changed: &Path) -> Vec<String> {
        let changes = json!([{ "uri": uri(changed), "type": 2 }]);
        self.say(
            "workspace/didChangeWatchedFiles",
            json!({ "changes": changes }),
        );
        // Who asks hears first what is others by then.
        let (id, method) = (1_000.into(), "textDocument/hover".to_owned());
        let request = Message::Request(Request {
            id,
            method,
            params: Value::Null,
        });
        request.write(&mut self.to).unwrap();
        let mut heard = Vec::new();
        loop {
            match self.next() {
                Message::Response(_) => return heard,
                Message::Notification(said) => heard.push(said.method),
                Message::Request(_) => {}
            }
        }
    }

    /// The next findings that the server tells of.
    fn told(&mut self) -> Vec<Value> {
        loop {
            if let Message::Notification(said) = self.next()
                && said.method == "textDocument/publishDiagnostics"
            {
                return said.params["diagnostics"].as_array().unwrap().clone();
            }
        }
    }

    fn end(mut self) {
        self.ask("shutdown", Value::Null);
        self.say("exit", Value::Null);
        assert!(self.server.wait().unwrap().success());
    }
}

fn uri(path: &Path) -> String {
    format!("file://{}", path.display())
}

/// The codes of findings and their lines from one.
fn codes(told: &[Value]) -> Vec<(String, u64)> {
    let code = |one: &Value| one["code"].as_str().unwrap().to_owned();
    let line = |one: &Value| one["range"]["start"]["line"].as_u64().unwrap() + 1;
    told.iter().map(|one| (code(one), line(one))).collect()
}

/// The line of a text in a file, from one.
fn line_of(text: &str, what: &str) -> u64 {
    let before = text.split(what).next().unwrap();
    before.matches('\n').count() as u64 + 1
}

/// What is typed is judged while it is typed, and not only when it is saved.
#[test]
fn findings_come_and_go_with_what_is_typed() {
    let place = Place::with_package();
    let path = place.path(ORCHESTRATOR);
    let good = place.read(ORCHESTRATOR);
    let bad = good.replace(ARM, "Err(_) => Outcome::retry(\"?\"),");
    let mut editor = Editor::start(&place.path("pay"));
    editor.open(&path, &good);
    editor.change(&path, 2, &bad);
    let line = line_of(&bad, "Err(_) =>");
    assert_eq!(codes(&editor.told()), [("ORC302".to_owned(), line)]);
    editor.change(&path, 3, &good);
    assert_eq!(editor.told(), Vec::<Value>::new());
    assert_eq!(place.read(ORCHESTRATOR), good, "the server writes nothing");
    editor.end();
}

/// A way through four files is read by clicking, and not by looking for names.
#[test]
fn the_way_to_a_cause_can_be_followed() {
    const GATEWAY: &str = "pay/src/payment/gateway.rs";
    let place = Place::with_package();
    let orchestrator = place.path(ORCHESTRATOR);
    let good = place.read(ORCHESTRATOR);
    let deep = "struct Journal {\n    /* \u{1f600} */ db: sqlx::PgPool,\n}\n";
    let gateway = place.read(GATEWAY);
    place.write(GATEWAY, &format!("{gateway}\n/// J.\npub {deep}"));
    let bad = good.replace(
        "    gateway: G,\n",
        "    gateway: G,\n    journal: super::gateway::Journal,\n",
    );
    let mut editor = Editor::start(&place.path("pay"));
    editor.open(&orchestrator, &bad);
    let told = loop {
        let told = editor.told();
        let reach = told.iter().find(|one| one["code"] == "ORC003");
        if let Some(reach) = reach {
            break reach.clone();
        }
    };
    let related = told["relatedInformation"].as_array().unwrap();
    let steps = related.iter().map(|of| {
        let at = &of["location"];
        let start = &at["range"]["start"];
        let place = (start["line"].as_u64(), start["character"].as_u64());
        (of["message"].as_str(), at["uri"].as_str(), place)
    });
    let in_gateway = place.read(GATEWAY);
    let line = line_of(&in_gateway, "db: sqlx");
    let steps: Vec<_> = steps.collect();
    let below = uri(&place.path(GATEWAY));
    let column = "    /* \u{1f600} */ ".encode_utf16().count() as u64;
    let step = |name, column| {
        (
            Some(name),
            Some(below.as_str()),
            (Some(line - 1), Some(column)),
        )
    };
    let way = [step("Journal.db", column), step("PgPool", column + 4)];
    assert_eq!(steps, way, "the first step is where the finding is");
    editor.end();
}

/// A key is told as a stretch and not as the whole file; the server types it where the editor did.
#[test]
fn a_stretch_that_is_typed_arrives_in_its_place() {
    let place = Place::with_package();
    let path = place.path(ORCHESTRATOR);
    let good = place.read(ORCHESTRATOR);
    let good = good.replace(ARM, &format!("/* \u{1f600} */ {ARM}"));
    let good = good.replace('\n', "\r\n");
    let mut editor = Editor::start(&place.path("pay"));
    editor.open(&path, &good);
    let new = "Err(_) => Outcome::retry(\"?\"),";
    let bad = editor.retype(&path, 2, &good, ARM, new);
    let told = editor.told();
    assert_eq!(codes(&told), [("ORC302".to_owned(), line_of(&bad, new))]);
    let line = bad.lines().find(|line| line.contains(new)).unwrap();
    let before = line.split("_) =>").next().unwrap();
    assert_eq!(
        told[0]["range"]["start"]["character"],
        before.encode_utf16().count()
    );
    let last = editor.retype(&path, 3, &bad, new, ARM);
    assert_eq!(last, good);
    assert_eq!(editor.told(), Vec::<Value>::new());
    editor.end();
}

/// While settings are wrong nothing is found anew: an editor that is told the same again draws all of it again.
#[test]
fn a_run_that_fails_tells_the_error_and_no_finding_again() {
    const SETTINGS: &str = "pay/orch.toml";
    let place = Place::with_package();
    let good = place.read(ORCHESTRATOR);
    let mut editor = Editor::start(&place.path("pay"));
    let bad = good.replace(ARM, "Err(_) => Outcome::retry(\"?\"),");
    place.write(ORCHESTRATOR, &bad);
    let publish = ["textDocument/publishDiagnostics"];
    assert_eq!(editor.heard_of(&place.path(ORCHESTRATOR)), publish);
    let settings = place.read(SETTINGS);
    place.write(SETTINGS, &format!("{settings}\n[lint]\nnonsense = 1\n"));
    let failed = editor.heard_of(&place.path(SETTINGS));
    assert_eq!(failed, ["window/logMessage"]);
    assert_eq!(editor.heard_of(&place.path(SETTINGS)), [""; 0]);
    place.write(SETTINGS, &settings);
    assert_eq!(editor.heard_of(&place.path(SETTINGS)), [""; 0]);
    place.write(ORCHESTRATOR, &good);
    assert_eq!(editor.heard_of(&place.path(ORCHESTRATOR)), publish);
    editor.end();
}

/// Somebody who types leaves a file that does not parse; what was found in it stays where it is.
#[test]
fn findings_stay_with_their_lines_while_a_file_does_not_parse() {
    let place = Place::with_package();
    let path = place.path(ORCHESTRATOR);
    let bad = place
        .read(ORCHESTRATOR)
        .replace(ARM, "Err(_) => Outcome::retry(\"?\"),");
    let half = bad.replace(
        "/// What the client reads",
        "fn half(\n\n/// What the client reads",
    );
    let half = half.replace(
        "    gateway: G,\n",
        "    gateway: G,\n    // one more\n    other:\n",
    );
    let mut editor = Editor::start(&place.path("pay"));
    editor.open(&path, &bad);
    let first = codes(&editor.told());
    assert_eq!(first.len(), 1);
    editor.change(&path, 2, &half);
    let line = line_of(&half, "Err(_) =>");
    assert_eq!(codes(&editor.told()), [("ORC302".to_owned(), line)]);
    assert_eq!(line, first[0].1 + 2);
    editor.end();
}

/// Hovering explains, and a quick fix is one that the command line would make.
#[test]
fn an_editor_is_told_why_and_what_to_do() {
    let place = Place::with_package();
    let path = place.path(ORCHESTRATOR);
    let bad = place
        .read(ORCHESTRATOR)
        .replace(ARM, "Err(_) => Outcome::retry(\"?\"),");
    let mut editor = Editor::start(&place.path("pay"));
    editor.open(&path, &bad);
    let told = editor.told();
    let range = told[0]["range"].clone();
    let document = json!({ "uri": uri(&path) });
    let hover = editor.ask(
        "textDocument/hover",
        json!({ "textDocument": document, "position": range["start"] }),
    );
    let text = hover["contents"]["value"].as_str().unwrap();
    assert!(text.contains("outcome-catch-all"), "{text}");
    assert!(text.contains("## Why is this bad?"), "{text}");
    let nowhere = json!({ "line": 0, "character": 0 });
    let nothing = editor.ask(
        "textDocument/hover",
        json!({ "textDocument": document, "position": nowhere }),
    );
    assert_eq!(nothing, Value::Null);

    let actions = editor.ask(
        "textDocument/codeAction",
        json!({ "textDocument": document, "range": range, "context": { "diagnostics": [] } }),
    );
    let fix = &actions[0];
    assert_eq!(fix["kind"], "quickfix");
    assert_eq!(fix["diagnostics"][0]["code"], "ORC302");
    let edits = fix["edit"]["changes"][uri(&path)].as_array().unwrap();
    let mended = edited(&bad, edits);
    editor.change(&path, 2, &mended);
    assert_eq!(editor.told(), Vec::<Value>::new(), "{mended}");

    let exception = &actions[1];
    assert_eq!(exception["title"], "allow ORC302 here, with a reason");
    let edits = exception["edit"]["changes"][uri(&path)].as_array().unwrap();
    let excepted = edited(&bad, edits);
    editor.change(&path, 3, &bad);
    assert_eq!(editor.told().len(), 1);
    editor.change(&path, 4, &excepted);
    assert_eq!(editor.told(), Vec::<Value>::new(), "{excepted}");
    editor.end();
}

/// A fix that changes several places is one action: half of it would be another program.
#[test]
fn a_fix_in_several_places_is_done_at_once() {
    let place = Place::with_package();
    let path = place.path(ORCHESTRATOR);
    let paid = "\nfn is_paid(outcome: &orch_runtime::Outcome) -> bool {\n    if let orch_runtime::Outcome::Ok { .. } = outcome {\n        true\n    } else {\n        false\n    }\n}\n";
    let bad = place.read(ORCHESTRATOR) + paid;
    let mut editor = Editor::start(&place.path("pay"));
    editor.open(&path, &bad);
    let range = editor.told()[0]["range"].clone();
    let document = json!({ "uri": uri(&path) });
    let actions = editor.ask(
        "textDocument/codeAction",
        json!({ "textDocument": document, "range": range, "context": { "diagnostics": [] } }),
    );
    let title = "match on it and name the remaining variants (look at what it changes)";
    assert_eq!(actions[0]["title"], title);
    let edits = actions[0]["edit"]["changes"][uri(&path)]
        .as_array()
        .unwrap();
    assert_eq!(edits.len(), 3);
    let mended = edited(&bad, edits);
    assert!(mended.contains("match outcome {"), "{mended}");
    editor.change(&path, 2, &mended);
    assert_eq!(editor.told(), Vec::<Value>::new(), "{mended}");
    editor.end();
}

/// The generator would take it away again.
#[test]
fn nothing_is_offered_in_a_generated_file() {
    let place = Place::with_package();
    let path = place.path("pay/src/payment/generated/operation.rs");
    let text = place.read("pay/src/payment/generated/operation.rs");
    let mut editor = Editor::start(&place.path("pay"));
    editor.open(&path, &format!("// orch: allow(ORC604) long ago\n{text}"));
    let told = editor.told();
    assert!(told.iter().any(|of| of["code"] == "ORC902"), "{told:?}");
    let everywhere =
        json!({ "start": { "line": 0, "character": 0 }, "end": { "line": 9, "character": 0 } });
    let actions = editor.ask(
        "textDocument/codeAction",
        json!({ "textDocument": { "uri": uri(&path) }, "range": everywhere, "context": { "diagnostics": [] } }),
    );
    assert_eq!(actions, json!([]));
    editor.end();
}

/// A text after edits, from the last to the first.
fn edited(text: &str, edits: &[Value]) -> String {
    let byte = |place: &Value| {
        let line = usize::try_from(place["line"].as_u64().unwrap()).unwrap();
        let before: usize = text.split_inclusive('\n').take(line).map(str::len).sum();
        before + usize::try_from(place["character"].as_u64().unwrap()).unwrap()
    };
    let mut text_now = text.to_owned();
    for edit in edits.iter().rev() {
        let (from, to) = (byte(&edit["range"]["start"]), byte(&edit["range"]["end"]));
        text_now.replace_range(from..to, edit["newText"].as_str().unwrap());
    }
    text_now
}

/// Files change without the editor, and files that are not open are judged, too.
#[test]
fn files_that_change_outside_are_linted_again() {
    let place = Place::with_package();
    let good = place.read(ORCHESTRATOR);
    let mut editor = Editor::start(&place.path("pay"));
    place.write(
        ORCHESTRATOR,
        &good.replace(ARM, "Err(_) => Outcome::retry(\"?\"),"),
    );
    let changes = json!([{ "uri": uri(&place.path(ORCHESTRATOR)), "type": 2 }]);
    editor.say(
        "workspace/didChangeWatchedFiles",
        json!({ "changes": changes }),
    );
    assert_eq!(codes(&editor.told())[0].0, "ORC302");
    editor.end();
}

/// What an editor may do wrong ends nothing.
#[test]
fn odd_messages_are_answered_or_passed_over() {
    let place = Place::with_package();
    let mut editor = Editor::start(&place.path("pay"));
    editor.say("textDocument/didChange", json!({ "nonsense": true }));
    editor.say("$/made/up", json!({}));
    let foreign = json!({ "uri": "untitled:one", "languageId": "rust", "version": 1, "text": "" });
    editor.say("textDocument/didOpen", json!({ "textDocument": foreign }));
    assert_eq!(editor.ask("textDocument/rename", json!({})), Value::Null);
    assert_eq!(editor.ask("textDocument/hover", json!({})), Value::Null);
    editor.end();
}
