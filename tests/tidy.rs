//! The house's conventions as tests: what a reader may rely on in every file.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on may stop, in its helpers too"
)]

use std::fs;
use std::path::{Path, PathBuf};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
/// Folders with Rust that people write.
const SOURCES: [&str; 5] = [
    "src",
    "tests",
    "crates/orch-runtime",
    "crates/orch-lint",
    "crates/xtask",
];
/// Lines after which a file has more than one noun.
const MAX_FILE: usize = 600;
/// Lines after which a function cannot be taken in at once.
const MAX_FUNCTION: usize = 70;

fn rust_files() -> Vec<PathBuf> {
    let mut found = Vec::new();
    for folder in SOURCES {
        collect(&Path::new(ROOT).join(folder), &mut found);
    }
    assert!(
        found.len() > 100,
        "the walk found only {} files",
        found.len()
    );
    found
}

fn collect(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        if path.is_dir() && !["target", "fixtures", "corpus"].contains(&&*name) {
            collect(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push(path);
        }
    }
}

/// Every file for which `wrong` says something.
fn offenders(wrong: impl Fn(&str) -> Option<String>) -> Vec<String> {
    let mut said = Vec::new();
    for path in rust_files() {
        let text = fs::read_to_string(&path).unwrap();
        if let Some(problem) = wrong(&text) {
            let shown = path.strip_prefix(ROOT).unwrap().display().to_string();
            said.push(format!("{shown}: {problem}"));
        }
    }
    said
}

#[test]
fn every_file_opens_by_saying_what_it_is() {
    let silent = offenders(|text| {
        let opening = text
            .lines()
            .find(|line| !line.starts_with("#![") && !line.is_empty());
        let says = opening.is_some_and(|line| line.starts_with("//!"));
        (!says).then(|| "does not open with //!".to_owned())
    });
    assert!(silent.is_empty(), "{silent:#?}");
}

#[test]
fn files_hold_one_noun() {
    let long = offenders(|text| {
        let lines = text.lines().count();
        (lines > MAX_FILE).then(|| format!("{lines} lines"))
    });
    assert!(long.is_empty(), "{long:#?}");
}

/// By indentation: from a line that starts a function to the brace that closes it.
#[test]
fn functions_can_be_taken_in_at_once() {
    let long = offenders(longest_function);
    assert!(long.is_empty(), "{long:#?}");
}

fn longest_function(text: &str) -> Option<String> {
    let lines: Vec<&str> = text.lines().collect();
    for (at, line) in lines.iter().enumerate() {
        let code = line.trim_start();
        let starts = [
            "fn ",
            "pub fn ",
            "pub(crate) fn ",
            "pub(super) fn ",
            "async fn ",
            "pub async fn ",
        ];
        if !starts.iter().any(|start| code.starts_with(start)) {
            continue;
        }
        let body = lines[at..]
            .iter()
            .position(|line| line.ends_with(['{', ';', '}']));
        if body.is_none_or(|body| !lines[at + body].ends_with('{')) {
            continue;
        }
        let close = format!("{}}}", " ".repeat(line.len() - code.len()));
        let length = lines[at..]
            .iter()
            .position(|line| **line == close)
            .unwrap_or(0);
        if length > MAX_FUNCTION {
            return Some(format!(
                "line {} begins a function of {length} lines",
                at + 1
            ));
        }
    }
    None
}

#[test]
fn nothing_is_left_for_later() {
    let marks = [concat!("FIX", "ME"), concat!("TO", "DO:")];
    let left = offenders(|text| {
        let mark = marks.iter().find(|mark| text.contains(**mark))?;
        Some(format!("has {mark}"))
    });
    assert!(left.is_empty(), "{left:#?}");
}

#[test]
fn crates_are_named_like_their_folders() {
    for entry in fs::read_dir(Path::new(ROOT).join("crates")).unwrap() {
        let folder = entry.unwrap().path();
        let manifest = fs::read_to_string(folder.join("Cargo.toml")).unwrap();
        let name = folder.file_name().unwrap().to_string_lossy().into_owned();
        assert!(manifest.contains(&format!("name = \"{name}\"")), "{name}");
    }
}

/// The tables that the runtime's own tests use are the ones that the generator writes.
#[test]
fn the_runtime_is_tested_on_the_tables_that_are_generated() {
    let read = |path: &str| fs::read_to_string(Path::new(ROOT).join(path)).unwrap();
    let tested = read("crates/orch-runtime/tests/it/charge.sql");
    let generated = read("examples/payment/migrations/sqlite/0001_payment.sql");
    let shape = |text: &str, domain: &str, columns: &[&str]| -> Vec<String> {
        let lines = text.replace(domain, "domain");
        let kept = lines.lines().filter(|line| !line.starts_with("--"));
        let fixed = kept.filter(|line| {
            !columns
                .iter()
                .any(|column| line.trim_start().starts_with(column))
        });
        fixed.map(str::to_owned).collect()
    };
    assert_eq!(
        shape(&tested, "charge", &["order_id ", "cents "]),
        shape(
            &generated,
            "payment",
            &["order_id ", "amount_value ", "amount_currency "]
        )
    );
}
