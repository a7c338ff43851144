//! The linter on the command line.

use crate::command::Place;
use orch_lint::rules::Status;

/// Every form that findings can have.
const FORMATS: [&str; 8] = [
    "full",
    "concise",
    "json",
    "sarif",
    "github",
    "gitlab",
    "junit",
    "rustc-json",
];

/// A service with a database call inside of `execute`.
fn with_findings() -> Place {
    let place = Place::new();
    place.write(
        "Cargo.toml",
        "[package]\nname = \"shop\"\nedition = \"2024\"\n",
    );
    place.write(
        "src/lib.rs",
        "//! Shop.\npub struct Pay;\nimpl orch_runtime::Orchestrator for Pay {\n    \
         fn execute(&self) -> bool { true }\n}\n",
    );
    place
}

#[test]
fn findings_are_exit_code_1_in_every_format() {
    let place = with_findings();
    for format in FORMATS {
        let ran = place.run_in("src", &["lint", "--format", format]);
        assert_eq!(ran.code, 1, "{ran:?}");
        assert!(ran.out.contains("ORC"), "{format}: {}", ran.out);
    }
    let ran = place.run(&["lint", "--json"]);
    assert!(!ran.json()["findings"].as_array().unwrap().is_empty());
}

#[test]
fn a_rule_can_be_asked_for_alone() {
    let place = with_findings();
    let codes = |arguments: &[&str]| {
        let document = place.run(&[&["lint", "--json"], arguments].concat()).json();
        let findings = document["findings"].as_array().unwrap().clone();
        findings
            .iter()
            .map(|f| f["code"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    let all = codes(&[]);
    let first = all[0].as_str();
    assert!(codes(&["--only", first]).iter().all(|code| code == first));
    assert!(!codes(&["--except", first]).iter().any(|code| code == first));
    place
        .run(&["lint", "--only", "nonsense"])
        .refused(2, "OG060");
    place.run(&["lint", "nowhere"]).refused(2, "OG001");
}

#[test]
fn every_rule_is_listed_and_explained() {
    let place = Place::new();
    let listed = place.run(&["rules"]).done().out;
    for rule in orch_lint::rules::ALL {
        assert!(listed.contains(rule.code()) && listed.contains(rule.name()));
        let explained = place.run(&["explain", rule.code()]).done().out;
        assert_eq!(explained, place.run(&["explain", rule.name()]).done().out);
        assert!(explained.contains("## What it does"), "{explained}");
    }
    assert!(place.run(&["rules", "--json"]).done().json()["rules"].is_array());
}

/// What is generated keeps the conventions; what somebody wrote since may not.
#[test]
fn an_addition_to_a_package_is_linted_at_once() {
    let place = Place::with_package();
    let refund = ["Payment", "RefundRequested"];
    let clean = place.run_in("pay", &refund);
    assert_eq!(clean.code, 0, "{clean:?}");
    let rules = orch_lint::rules::ALL.iter();
    let stable = rules.filter(|rule| rule.status() == Status::Stable).count();
    let line = format!("Linted by {stable} rules: no findings.");
    assert!(clean.out.contains(&line), "{clean:?}");
    let orchestrator = "pay/src/payment/orchestrator.rs";
    let edited = place.read(orchestrator).replace(
        "Err(GatewayError::NoAnswer { reason }) => Outcome::unknown(reason),",
        "Err(_) => Outcome::retry(\"?\"),",
    );
    place.write(orchestrator, &edited);
    let found = place.run_in("pay", &["Payment", "PayoutRequested"]);
    assert_eq!(found.code, 0, "{found:?}");
    assert!(found.out.contains("Linted: 1 error"), "{found:?}");
    let quiet = place.run_in("pay", &["Payment", "HoldRequested", "-q"]);
    assert!(!quiet.out.contains("Linted"), "{quiet:?}");
}

/// A saga that does all its work itself needs no domain, and so no orchestrator.
#[test]
fn a_package_of_one_saga_is_linted_as_it_is_generated() {
    let place = Place::new();
    place.run(&["new", "shop"]).done();
    let saga = ["generate", "saga", "Order", "--step=reserve", "--step=pack"];
    place.run_in("shop", &saga).done();
    let ran = place.run_in("shop", &["lint", "--format", "concise"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    let choreography = [
        "generate",
        "choreography",
        "Trip",
        "--step=book",
        "--step=ride",
    ];
    place.run_in("shop", &choreography).done();
    let summary = place.run_in("shop", &["lint", "--json"]).done().json()["summary"].clone();
    assert_eq!(
        (summary["orchestrators"].as_u64(), summary["sagas"].as_u64()),
        (Some(0), Some(2))
    );
}

/// What was found is kept in the build folder, by the text it was found in, and never changes what is
/// found.
#[test]
fn what_was_found_is_kept_where_there_is_a_build_folder() {
    let place = with_findings();
    let lint = || place.run(&["lint", "--format", "concise"]).out;
    let found = lint();
    assert!(!place.path("target").exists());
    place.write(
        "target/CACHEDIR.TAG",
        "Signature: 8a477f597d28d172789f06886806bc55\n",
    );
    assert_eq!(lint(), found);
    let kept = std::fs::read_dir(place.path("target/orch-lint")).unwrap();
    let kept: Vec<_> = kept.map(|entry| entry.unwrap().path()).collect();
    assert_eq!(kept.len(), 2, "facts and runs: {kept:?}");
    assert_eq!(lint(), found);
    for file in &kept {
        std::fs::write(file, "orch-lint facts of long ago\n").unwrap();
        assert_eq!(lint(), found);
    }
    let clean = place
        .read("src/lib.rs")
        .replace("-> bool { true }", "-> u8 { 1 }");
    place.write("src/lib.rs", &clean);
    assert_ne!(lint(), found);
}

/// A file has what would be printed, and what is printed stays what was asked for.
#[test]
fn one_run_writes_a_file_for_every_format() {
    let place = with_findings();
    let files = FORMATS.map(|format| format!("{format}=out of {format}.txt"));
    let mut arguments = vec!["lint", "--format", "concise"];
    for file in &files {
        arguments.extend(["--output-file", file]);
    }
    let ran = place.run(&arguments);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.out.starts_with("src/lib.rs:"), "{ran:?}");
    let before = place.everything();
    for format in FORMATS {
        let printed = place.run(&["lint", "--format", format]).out;
        assert_eq!(place.read(&format!("out of {format}.txt")), printed);
    }
    let hidden = |path: &&std::path::PathBuf| {
        let name = path.file_name().unwrap_or_default();
        name.as_encoded_bytes().starts_with(b".")
    };
    assert_eq!(before.keys().find(hidden), None);
}

/// A report that is missing must not look like one without findings, nor replace a device.
#[test]
fn a_report_that_cannot_be_written_is_an_error_and_writes_none() {
    let place = with_findings();
    place.write("old.json", "old");
    let before = place.everything();
    let good = ["lint", "--output-file", "json=old.json", "--output-file"];
    for (bad, code, says) in [
        ("sarif=nowhere/lint.sarif", "OG050", "make the folder first"),
        ("sarif=src", "OG050", "name a file in it"),
        (
            "sarif=Cargo.toml/lint.sarif",
            "OG050",
            "a part of the path is a file",
        ),
        ("junit=/dev/null", "OG050", "it is not a file"),
        ("junit=src/../old.json", "OG001", "a path of its own"),
        ("lint.sarif", "OG001", "it is not FORMAT=PATH"),
        ("sarif=", "OG001", "it is not FORMAT=PATH"),
        (
            "xml=lint.xml",
            "OG001",
            "sarif, github, gitlab, junit, rustc-json",
        ),
    ] {
        let ran = place.run(&[&good[..], &[bad]].concat());
        assert!(ran.err.contains(says), "{bad}: {ran:?}");
        ran.refused(2, code);
        assert_eq!(place.everything(), before, "{bad}");
    }
}

#[cfg(unix)]
#[test]
fn a_report_goes_where_a_link_leads() {
    let place = with_findings();
    place.write("reports/lint.json", "old");
    std::os::unix::fs::symlink("reports/lint.json", place.path("link.json")).unwrap();
    let ran = place.run(&["lint", "--output-file", "json=link.json"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(
        place
            .read("reports/lint.json")
            .contains("\"kind\": \"lint\"")
    );
    assert!(place.path("link.json").is_symlink());
}

/// A code host looks for files from the root of the repository; an editor from that of the package.
#[test]
fn code_hosts_get_paths_from_where_the_command_was_started() {
    let place = Place::new();
    let inner = with_findings();
    for file in ["Cargo.toml", "src/lib.rs"] {
        place.write(&format!("a b/pay/{file}"), &inner.read(file));
    }
    let printed = |format| place.run(&["lint", "a b/pay", "--format", format]).out;
    assert!(printed("github").contains("file=a b/pay/src/lib.rs,"));
    assert!(printed("sarif").contains("\"a%20b/pay/src/lib.rs\""));
    assert!(printed("gitlab").contains("\"a b/pay/src/lib.rs\""));
    assert!(printed("rustc-json").contains("\"file_name\":\"src/lib.rs\""));
}

/// A summary belongs to all commands of a step: it is added to, and only by what is for GitHub.
#[test]
fn a_step_of_github_gets_its_summary() {
    let place = with_findings();
    place.write("summary.md", "# Build\n");
    let lint = |format: &str, summary: &str| {
        let mut command = place.command("", &["lint", "--format", format]);
        let output = command
            .env("GITHUB_STEP_SUMMARY", place.path(summary))
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        String::from_utf8(output.stderr).unwrap()
    };
    lint("concise", "summary.md");
    assert_eq!(place.read("summary.md"), "# Build\n");
    assert_eq!(lint("github", "summary.md"), "");
    let summary = place.read("summary.md");
    assert!(summary.starts_with("# Build\n### orch-lint\n"), "{summary}");
    assert!(summary.contains("| ORC"), "{summary}");
    let said = lint("github", "nowhere/summary.md");
    assert!(said.contains("no summary of the job was written"), "{said}");
}

/// What is counted as undecided can be looked at.
#[test]
fn what_no_rule_could_decide_is_shown() {
    let place = with_findings();
    place.write(
        "src/lib.rs",
        "//! Shop.\nuse orch_runtime::{Entity, IdemKey, OpId, OperationState, OwnerId};\n\
         pub struct PaymentOperation { op_id: OpId, owner_id: OwnerId, idem_key: IdemKey, state: OperationState }\n\
         impl Entity for PaymentOperation { const TABLE: &'static str = \"payment_operations\"; }\n",
    );
    place.write(
        "migrations/0001_payment.sql",
        "create table payment_operations (op_id text, state text check (state = upper(state)));\n",
    );
    let counted = place.run(&["lint", "--only=ORC701"]);
    assert!(counted.out.contains("1 undecided"), "{counted:?}");
    let shown = place.run(&["lint", "--only=ORC701", "--show-unknown"]);
    assert_eq!(shown.out, counted.out);
    let unknown = "migrations/0001_payment.sql:1:46: undecided ORC701: what `payment_operations.state` \
                   may hold is said in a way that is not understood\n";
    assert_eq!(shown.err, unknown);
}

/// Numbers are for people; the program that reads the report must not stumble over them.
#[test]
fn numbers_are_on_the_error_stream() {
    let place = with_findings();
    let plain = place.run(&["lint", "--json"]);
    let ran = place.run(&["lint", "--json", "--statistics", "--timings"]);
    assert_eq!(ran.out, plain.out);
    assert_eq!(plain.err, "");
    assert!(
        ran.err
            .starts_with("findings  held back  undecided  rule\n"),
        "{ran:?}"
    );
    assert!(ran.err.contains(" ms  read and parse\n"), "{ran:?}");
    let run = orch_lint::rules::ALL.iter();
    let run = run.filter(|rule| rule.status() == orch_lint::rules::Status::Stable);
    for rule in run {
        assert!(
            ran.err.contains(&format!(" ms  {} ", rule.code())),
            "{ran:?}"
        );
    }
}
