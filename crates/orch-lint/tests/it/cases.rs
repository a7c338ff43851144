//! The form of the tables in `tests/fixtures`, one per rule.
//!
//! ```text
//! //# wrap execute              text with BODY in it, for the cases that say `in execute`
//! //# good: title               nothing is found
//! //# bad in execute: title     exactly what stands between /*<*/ and /*>*/ is found
//! //# unknown: title            nothing is found, and the rule says that it cannot decide
//! //- src/other.rs              another file of the same case; the first one is src/lib.rs
//! //= src/other.rs text         the first such text of a file is found, where marks would change what is
//!                               found; the beginning of the file, where there is no text
//! ```

use std::collections::HashMap;
use std::ops::Range;

use orch_lint::sources::Memory;

const OPEN: &str = "/*<*/";
const CLOSE: &str = "/*>*/";

/// A manifest with the libraries that the cases name.
pub(crate) const MANIFEST: &str = "\
[package]
name = 'case'
[dependencies]
orch-runtime = '0.1'
runtime = { package = 'orch-runtime', version = '0.1' }
sqlx = '0.8'
sea-orm = '1'
tokio = '1'
serde = '1'
";

/// What a case expects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Expect {
    Good,
    Bad,
    Unknown,
}

/// One case.
#[derive(Debug)]
pub(crate) struct Case {
    pub(crate) title: String,
    pub(crate) expect: Expect,
    pub(crate) files: Vec<(String, String)>,
    /// Files, and texts in them that are found.
    said: Vec<(String, String)>,
}

impl Case {
    /// The case as a project.
    pub(crate) fn project(&self) -> Memory {
        let mut memory = Memory::from([("Cargo.toml", MANIFEST)]);
        for (path, text) in &self.files {
            memory.insert(path.as_str(), text.as_str());
        }
        memory
    }

    /// The marked stretches, in the order of their files.
    pub(crate) fn marked(&self) -> Vec<(String, Range<usize>)> {
        let mut found = Vec::new();
        for (path, text) in &self.files {
            let mut at = 0;
            while let Some(open) = text[at..].find(OPEN) {
                let start = at + open + OPEN.len();
                let end = start + text[start..].find(CLOSE).expect("a closing mark");
                let inside = &text[start..end];
                let start = start + inside.len() - inside.trim_start().len();
                found.push((path.clone(), start..start + inside.trim().len()));
                at = end;
            }
        }
        for (path, wanted) in &self.said {
            let written = self.files.iter().find(|(of, _)| of == path);
            let text = written.map_or(MANIFEST, |(_, text)| text.as_str());
            let start = text.find(wanted).expect("the text in its file");
            found.push((path.clone(), start..start + wanted.len()));
        }
        found.sort_by_key(|(path, bytes)| (path.clone(), bytes.start));
        found
    }
}

/// Reads a table.
pub(crate) fn read(table: &str) -> Vec<Case> {
    let mut wraps: HashMap<String, String> = HashMap::new();
    let mut cases = Vec::new();
    for section in table.split("//# ").skip(1) {
        let (head, body) = section.split_once('\n').expect("a body");
        if let Some(name) = head.strip_prefix("wrap ") {
            wraps.insert(name.trim().into(), body.into());
            continue;
        }
        let (kind, title) = head.split_once(':').expect("a title");
        let (kind, wrap) = kind.split_once(" in ").unwrap_or((kind, ""));
        let expect = match kind.trim() {
            "good" => Expect::Good,
            "bad" => Expect::Bad,
            "unknown" => Expect::Unknown,
            other => panic!("no such kind of case: {other}"),
        };
        cases.push(Case {
            title: title.trim().into(),
            expect,
            said: said(body),
            files: files(&without_said(body), wraps.get(wrap.trim())),
        });
    }
    cases
}

const SAID: &str = "//= ";

fn said(body: &str) -> Vec<(String, String)> {
    let lines = body.lines().filter_map(|line| line.strip_prefix(SAID));
    let split = |line: &str| {
        line.split_once(' ')
            .map(|(path, text)| (path.into(), text.into()))
    };
    let said = lines.map(|line| split(line).unwrap_or((line.into(), String::new())));
    said.collect()
}

fn without_said(body: &str) -> String {
    let lines = body.split_inclusive('\n');
    lines.filter(|line| !line.starts_with(SAID)).collect()
}

fn files(body: &str, wrap: Option<&String>) -> Vec<(String, String)> {
    let mut parts = body.split("//- ");
    let first = parts.next().unwrap_or_default();
    let first = wrap.map_or(first.to_owned(), |wrap| wrap.replace("BODY", first));
    let mut files = vec![("src/lib.rs".to_owned(), first)];
    for part in parts {
        let (path, text) = part.split_once('\n').expect("a text");
        files.push((path.trim().into(), text.into()));
    }
    files
}
