//! What is written is what `cargo fmt` would write, however long the names are.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::command::Place;

/// One of each type, with constraints.
const TYPES: [&str; 22] = [
    "string",
    "text",
    "bool",
    "i32",
    "u64",
    "decimal",
    "money",
    "uuid",
    "date",
    "datetime",
    "json",
    "bytes",
    "enum(a|b|c)",
    "list<string>",
    "string?",
    "money?",
    "enum(xx|yy)?",
    "json?",
    "string:max=64:min=2",
    "string:pattern=[a-z]{3,8}",
    "string:secret",
    "i64:min=1:max=9",
];

/// `Abcabcabc` of `length` letters.
fn name(length: usize) -> String {
    let letters = ('b'..='j').cycle().take(length.saturating_sub(1));
    std::iter::once('A').chain(letters).collect()
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(rust_files(&path));
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push(path);
        }
    }
    found
}

/// Generates with each list of arguments in turn, into one package.
fn is_clean(runs: &[Vec<String>]) {
    let place = Place::new();
    for arguments in runs {
        let mut arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        arguments.extend(["--out", "pay", "-q"]);
        place.run(&arguments).done();
    }
    let mut files = rust_files(&place.path("pay/src"));
    files.extend(rust_files(&place.path("pay/tests")));
    let checked = Command::new("rustfmt")
        .args(["--check", "--edition", "2024"])
        .args(files)
        .output()
        .unwrap();
    let difference = String::from_utf8_lossy(&checked.stdout);
    assert!(checked.status.success(), "{runs:?}\n{difference}");
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

#[test]
fn with_domains_of_every_length() {
    for length in 1..=40 {
        let domain = name(length);
        is_clean(&[words(&[&domain, &format!("{domain}Requested")])]);
    }
}

#[test]
fn with_callbacks_and_domains_of_every_length() {
    for length in (1..=40).step_by(3) {
        let domain = name(length);
        is_clean(&[
            words(&[&domain, &format!("{domain}Requested"), "--callbacks"]),
            words(&[&domain, "RefundRequested"]),
        ]);
    }
}

#[test]
fn with_every_gateway_and_domains_of_many_lengths() {
    let gateways = ["stripe", "twilio", "fcm", "s3", "smtp"];
    for (at, gateway) in gateways.into_iter().enumerate() {
        for length in (1 + at..=40).step_by(6) {
            let domain = name(length);
            let event = format!("{domain}Requested");
            let mut first = words(&[&domain, &event, "--gateway", gateway]);
            if ["stripe", "twilio"].contains(&gateway) {
                first.push("--callbacks".to_owned());
            }
            is_clean(&[first, words(&[&domain, "RefundRequested"])]);
        }
    }
}

#[test]
fn with_slots_of_every_length_of_names() {
    let long = format!("{}:money", name(32).to_lowercase());
    for amount in ["a:money", &long, "amount:money?"] {
        let mut refund = words(&["Shop", "RefundRequested", "--gateway", "stripe"]);
        refund.extend(words(&["payment_ref:string", amount]));
        is_clean(&[refund]);
    }
}

#[test]
fn with_second_events_of_every_length() {
    for length in (1..=40).step_by(3) {
        let event = format!("{}Requested", name(length));
        is_clean(&[
            words(&["Payment", "PaymentRequested"]),
            words(&["Payment", &event]),
        ]);
        is_clean(&[words(&["Payment", &event])]);
    }
}

#[test]
fn with_fields_of_every_type_and_length() {
    for length in (1..=30).step_by(3) {
        let field = name(length).to_lowercase();
        let mut all = words(&["Payment", "PaymentRequested"]);
        for (at, kind) in TYPES.iter().enumerate() {
            let field = format!("{field}{at}:{kind}");
            if [1, 13, 28].contains(&length) {
                is_clean(&[words(&["Payment", "PaymentRequested", &field])]);
            }
            all.push(field);
        }
        is_clean(&[all]);
    }
}

/// What fuzzing found: names that fill a line to its last columns, and lists of many short things.
#[test]
fn with_the_longest_names_and_lists() {
    let field = name(40).to_lowercase();
    let event = format!("{}Requested", name(41));
    for kind in ["string", "money", "list<enum(a|b)>?", "string:secret"] {
        for length in [35, 36, 37, 40] {
            let field = format!("{}:{kind}", &field[..length]);
            is_clean(&[
                words(&["Payment", "PaymentRequested", &field]),
                words(&["Payment", &event, &field, "a:string"]),
            ]);
        }
    }
    let mut short = words(&["Payment", "PaymentRequested"]);
    short.extend((10..22).map(|number| format!("field{number}:string:secret")));
    short.extend((22..30).map(|number| format!("field{number}:bool")));
    let ranges = "code:string:pattern=[a-bd-eg-hj-km-np-qs-tv-w0-13-46-7]{2}-[\"]+é";
    is_clean(&[short]);
    is_clean(&[words(&["Payment", "PaymentRequested", ranges])]);
    is_clean(&[words(&["Payment", "PaymentRequested", "a:i32?", "b:i32?"])]);
}
