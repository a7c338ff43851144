//! The section `[lint]` of `orch.toml`: which rules run where, and what is refused.

use orch_lint::settings::{FILE, check, verify};
use orch_lint::sources::Memory;
use orch_lint::{LintErrorKind, Options, Report, Selection, Severity, lint_sources, rules};

use crate::cases::MANIFEST;

/// A catch-all on an outcome, which is an error, and an item without docs, which is a warning.
const SOURCE: &str = "\
//! A library.
use orch_runtime::Outcome;
pub fn f(o: Outcome) -> u8 {
    match o {
        Outcome::Ok { .. } => 1,
        _ => 2,
    }
}
";

fn tree(settings: &str) -> Memory {
    Memory::from([
        ("Cargo.toml", MANIFEST),
        (
            "src/lib.rs",
            "//! A library.\n/// A.\npub mod legacy;\n/// B.\npub mod new;\n",
        ),
        ("src/legacy.rs", SOURCE),
        ("src/new.rs", SOURCE),
        (FILE, settings),
    ])
}

fn options(rules: Selection) -> Options {
    Options {
        rules,
        allow_empty: true,
        ..Options::default()
    }
}

fn lint(tree: &Memory, rules: Selection) -> Report {
    lint_sources(tree, &options(rules)).expect("a report")
}

/// `src/new.rs ORC302 error` for each finding.
fn found(tree: &Memory, rules: Selection) -> Vec<String> {
    let report = lint(tree, rules);
    let found = report.findings.iter();
    found
        .map(|of| format!("{} {} {}", of.path, of.code, of.severity.as_str()))
        .collect()
}

fn with(settings: &str) -> Vec<String> {
    found(&tree(settings), Selection::default())
}

const EVERYTHING: [&str; 4] = [
    "src/legacy.rs ORC803 warning",
    "src/legacy.rs ORC302 error",
    "src/new.rs ORC803 warning",
    "src/new.rs ORC302 error",
];

#[test]
fn a_file_that_says_nothing_to_the_linter_changes_nothing() {
    for settings in [
        "",
        "version = 1\n",
        "version = 1\n[lint]\n",
        "[lint.rules]\n",
        "lint = {}",
    ] {
        assert_eq!(with(settings), EVERYTHING, "{settings}");
    }
}

#[test]
fn a_rule_is_raised_lowered_and_turned_off() {
    let levels = "[lint.rules]\nORC302 = \"warn\"\nmissing-docs = \"off\"\n";
    let lowered = ["src/legacy.rs ORC302 warning", "src/new.rs ORC302 warning"];
    assert_eq!(with(levels), lowered);
    let report = lint(&tree(levels), Selection::default());
    assert!(report.rules.iter().all(|rule| rule.code() != "ORC803"));
    assert_eq!(report.exit_code(), 1, "a warning is a finding");
    let raised = with("lint.rules.ORC803 = \"error\"\n");
    assert!(
        raised.contains(&"src/new.rs ORC803 error".to_owned()),
        "{raised:?}"
    );
}

/// Of two entries that are for a file, the later one says what holds.
#[test]
fn a_rule_is_set_for_some_files_only() {
    let legacy = "[[lint.paths]]\npaths = [\"src/leg*.rs\"]\nrules = { ORC803 = \"off\", outcome-catch-all = \"warn\" }\n";
    let lowered = [
        "src/legacy.rs ORC302 warning",
        "src/new.rs ORC803 warning",
        "src/new.rs ORC302 error",
    ];
    assert_eq!(with(legacy), lowered);
    let only_there = "[lint.rules]\nORC302 = \"off\"\nORC803 = \"off\"\n\
                      [[lint.paths]]\npaths = [\"**\"]\nrules = { ORC803 = \"warn\" }\n\
                      [[lint.paths]]\npaths = [\"src/new.rs\", \"src/x/**\"]\nrules = { ORC803 = \"error\" }\n";
    let wanted = ["src/legacy.rs ORC803 warning", "src/new.rs ORC803 error"];
    assert_eq!(with(only_there), wanted);
}

/// Who types an option means it; a file that says otherwise would make it do nothing.
#[test]
fn the_command_line_wins() {
    let off = tree(
        "[lint.rules]\nORC803 = \"off\"\n[[lint.paths]]\npaths = [\"src/new.rs\"]\nrules = { ORC302 = \"off\" }\n",
    );
    let docs = ["src/legacy.rs ORC803 warning", "src/new.rs ORC803 warning"];
    assert_eq!(found(&off, Selection::only(["ORC803"])), docs);
    let elsewhere = ["src/legacy.rs ORC302 error"];
    assert_eq!(
        found(&off, Selection::only(["ORC302"])),
        elsewhere,
        "files that are left out stay so"
    );
    let except = Selection {
        except: vec!["ORC302".into()],
        ..Selection::default()
    };
    assert_eq!(found(&off, except.clone()), [] as [&str; 0]);
    let raised = tree("[lint.rules]\nORC302 = \"error\"\n");
    assert_eq!(found(&raised, except), docs);
}

/// What a rule does not look at has no exceptions that are unused.
#[test]
fn an_exception_where_its_rule_is_off_is_left_alone() {
    let mut tree = tree("[[lint.paths]]\npaths = [\"src/new.rs\"]\nrules = { ORC302 = \"off\" }\n");
    let allowed = SOURCE.replace("_ => 2,", "_ => 2, // orch: allow(ORC302) two answers");
    tree.insert("src/new.rs", allowed);
    let wanted = [EVERYTHING[0], EVERYTHING[1], EVERYTHING[2]];
    assert_eq!(found(&tree, Selection::default()), wanted);
}

fn workspace() -> Memory {
    let member = |name: &str| MANIFEST.replace("'case'", &format!("'{name}'"));
    let mut tree = Memory::from([(
        "Cargo.toml",
        "[workspace]\nmembers = [\"a\", \"a/b\", \"c\"]\n",
    )]);
    for name in ["a", "a/b", "c"] {
        tree.insert(
            format!("{name}/Cargo.toml"),
            member(&name.replace('/', "_")),
        );
        tree.insert(format!("{name}/src/lib.rs"), SOURCE);
    }
    tree
}

/// A member says the same of its files when it is linted alone, as its architecture test does.
#[test]
fn the_nearest_section_decides_alone() {
    let mut tree = workspace();
    tree.insert("orch.toml", "[lint.rules]\nORC302 = \"off\"\n");
    tree.insert("a/orch.toml", "[lint.rules]\nORC803 = \"off\"\n[[lint.paths]]\npaths = [\"src/**\"]\nrules = { ORC302 = \"warn\" }\n");
    tree.insert("a/b/orch.toml", "version = 1\n");
    tree.insert("c/orch.toml", "[lint]\n");
    let wanted = [
        "a/b/src/lib.rs ORC302 warning",
        "a/src/lib.rs ORC302 warning",
        "c/src/lib.rs ORC803 warning",
        "c/src/lib.rs ORC302 error",
    ];
    // Below `a` as well: the package there has no section, and `src/**` is not for its files.
    let got = found(&tree, Selection::default());
    assert_eq!(
        got,
        [
            wanted[0].replace("warning", "error").as_str(),
            wanted[1],
            wanted[2],
            wanted[3]
        ]
    );
}

#[test]
fn rules_about_the_run_stay_as_they_are() {
    for rule in rules::ALL.iter().filter(|rule| !rule.allows_exceptions()) {
        for level in ["off", "warn"] {
            let settings = format!("[lint.rules]\n{} = \"{level}\"\n", rule.name());
            let problems = check(&settings);
            assert_eq!(problems.len(), 1, "{problems:?}");
            let message = &problems[0].message;
            assert!(
                message.contains("cannot be turned off or lowered"),
                "{message}"
            );
            assert!(message.contains(rule.code()), "{message}");
        }
        let raised = format!("[lint.rules]\n{} = \"error\"\n", rule.code());
        assert_eq!(check(&raised), []);
    }
    let in_some_files = "[[lint.paths]]\npaths = [\"**\"]\nrules = { ORC906 = \"off\" }\n";
    assert_eq!(check(in_some_files).len(), 1);
    let mut raised = tree("[lint.rules]\nORC902 = \"error\"\n");
    raised.insert(
        "src/new.rs",
        "//! A.\n// orch: allow(ORC302) nothing is here\nfn f() {}\n",
    );
    let got = found(&raised, Selection::only(["ORC902", "ORC302"]));
    assert!(
        got.contains(&"src/new.rs ORC902 error".to_owned()),
        "{got:?}"
    );
}

/// Every problem is told, with its line and what to write.
#[test]
fn what_is_wrong_is_told_with_its_line() {
    let text = "\
version = 1
[lint]
preview = 1
prevew = true
unknown-budget = -1
[lint.rules]
ORC3O2 = \"off\"
orc302 = \"off\"
missing-docs = \"of\"
ORC803 = true
[[lint.paths]]
paths = [\"src/{a,b}.rs\", \"/src\", 3]
rule = { }
[[lint.paths]]
paths = []
rules = { ORC302 = \"off\", outcome-catch-all = \"warn\" }
[[lint.paths]]
paths = [\"a\", \"a\"]
";
    let told: Vec<String> = check(text).iter().map(ToString::to_string).collect();
    let wanted = [
        "orch.toml:3: `preview` is an integer, and has to be true or false; write `preview = true`",
        "orch.toml:4: unknown key `prevew` in [lint]; did you mean `preview`?",
        "orch.toml:5: `unknown-budget` is out of range; write a number from 0 to 1000000",
        "orch.toml:7: there is no rule `ORC3O2`; did you mean `ORC302`?",
        "orch.toml:8: there is no rule `orc302`; did you mean `ORC302`?",
        "orch.toml:9: `missing-docs` cannot be \"of\"; did you mean \"off\"?",
        "orch.toml:10: `ORC803` is a boolean, and has to be a text; write one of \"error\", \"warn\", \"off\"",
        "orch.toml:12: the pattern `src/{a,b}.rs` is not usable: `{` has no meaning in it; write a path from the folder of orch.toml, with `*`, `?` and `**`",
        "orch.toml:12: the pattern `/src` is not usable: it is empty, or has a `/` too many; write a path from the folder of orch.toml, with `*`, `?` and `**`",
        "orch.toml:12: `paths` is an integer, and has to be a list of texts; write a list of texts, such as `paths = [\"src/legacy/**\"]`",
        "orch.toml:13: unknown key `rule` in [[lint.paths]]; did you mean `rules`?",
        "orch.toml:16: ORC302 is set twice here, once as `outcome-catch-all`; keep one of the two lines",
        "orch.toml:18: the pattern `a` is there twice; keep one of them",
    ];
    assert_eq!(told, wanted, "{told:#?}");
    let error = lint_sources(&tree(text), &options(Selection::default())).unwrap_err();
    assert_eq!(
        (error.kind(), error.exit_code()),
        (LintErrorKind::Settings, 2)
    );
    assert_eq!(error.problems().len(), wanted.len());
    assert_eq!(error.to_string(), wanted.join("\n"));
}

#[test]
fn an_entry_for_nothing_is_refused() {
    for (entry, why) in [
        ("rules = { ORC803 = \"off\" }", "`paths` names no file"),
        (
            "paths = []\nrules = { ORC803 = \"off\" }",
            "`paths` names no file",
        ),
        ("paths = [\"src/**\"]", "`rules` sets nothing"),
        ("paths = [\"src/**\"]\nrules = {}", "`rules` sets nothing"),
    ] {
        let problems = check(&format!("[[lint.paths]]\n{entry}\n"));
        let told: Vec<&str> = problems.iter().map(|of| of.message.as_str()).collect();
        assert_eq!(told, [why], "{entry}");
        assert_eq!(problems[0].line, 1);
    }
}

/// Nothing of a file that cannot be read is guessed, and nothing takes the linter down.
#[test]
fn hostile_files_end_the_run_with_a_reason() {
    let deep = format!("lint = {}{}", "[".repeat(5_000), "]".repeat(5_000));
    let many = format!(
        "[lint.rules]\n{}",
        (0..20_000)
            .map(|n| format!("r{n} = 1\n"))
            .collect::<String>()
    );
    let globs: Vec<String> = (0..300).map(|n| format!("\"a{n}\"")).collect();
    let globs = format!(
        "[[lint.paths]]\nrules = {{ ORC803 = \"off\" }}\npaths = [{}]\n",
        globs.join(",")
    );
    let one_line = format!(
        "lint.rules = {{ {} }}",
        (0..50_000).map(|n| format!("r{n}=1,")).collect::<String>()
    );
    let twice = "[lint]\npreview = true\n[lint]\npreview = true\n";
    for (text, says) in [
        ("[lint", "it is not TOML"),
        (twice, "it is not TOML"),
        ("<<<<<<< HEAD\n[lint]\n", "it is not TOML"),
        ("lint = 3\n", "`lint` is an integer, and has to be a table"),
        ("[[lint]]\n", "`lint` is an array, and has to be a table"),
        (
            "lint.rules = []\n",
            "`rules` is an array, and has to be a table",
        ),
        (
            "lint.paths = {}\n",
            "`paths` is a table, and has to be a list of tables",
        ),
        (
            "lint.paths = [3]\n",
            "`paths` is an integer, and has to be a list of tables",
        ),
        (
            "lint.unknown-budget = \"3\"\n",
            "`unknown-budget` is a string, and has to be a number",
        ),
        (
            "lint.unknown-budget = 99999999999999999999999\n",
            "out of range",
        ),
        ("lint.unknown-budget = 1.5\n", "`unknown-budget` is a float"),
        (
            "lint.\"\\u001b[31m\" = 1\n",
            "unknown key `\\u{1b}[31m` in [lint]",
        ),
        (deep.as_str(), "it is not TOML"),
        (many.as_str(), "there is no rule `r0`"),
        (one_line.as_str(), "there is no rule `r0`"),
        (globs.as_str(), "there are more than 256 patterns"),
    ] {
        let error = lint_sources(&tree(text), &options(Selection::default()));
        let error = error.expect_err(says);
        assert_eq!(error.kind(), LintErrorKind::Settings, "{says}");
        assert!(error.to_string().contains(says), "{says}: {error}");
        assert!(error.problems().len() <= 100);
        assert!(!error.to_string().contains('\u{1b}'));
    }
}

#[test]
fn a_file_that_is_too_large_ends_the_run() {
    let mut large = tree("");
    large.insert(FILE, format!("# {}", "x".repeat(10 << 20)));
    let error = lint_sources(&large, &options(Selection::default())).unwrap_err();
    assert_eq!(error.kind(), LintErrorKind::Settings);
    assert!(
        error
            .to_string()
            .contains("it cannot be read: it has 10485762 bytes"),
        "{error}"
    );
}

/// A package beside that is wrong must not look as if it had no settings.
#[test]
fn every_section_of_a_workspace_is_read_and_told() {
    let mut tree = workspace();
    tree.insert("c/orch.toml", "lint.rules.ORC999 = \"off\"\n");
    tree.insert("orch.toml", "[lint]\nx = 1\n");
    let error = lint_sources(&tree, &options(Selection::only(["ORC302"]))).unwrap_err();
    let places: Vec<String> = error.problems().iter().map(|of| of.place()).collect();
    assert_eq!(places, ["c/orch.toml:1", "orch.toml:2"]);
    let verified = verify(&tree).unwrap();
    assert_eq!(verified.files, ["c/orch.toml", "orch.toml"]);
    assert_eq!(verified.problems, error.problems());
}

/// What is never refused in a run, because files come and go, is still worth a look.
#[test]
fn settings_that_change_nothing_are_found_when_asked() {
    let told = |settings: &str| -> Vec<String> {
        let mut tree = tree(settings);
        tree.insert("migrations/0001_a.sql", "select 1;\n");
        let verified = verify(&tree).unwrap();
        lint(&tree, Selection::default());
        verified
            .problems
            .iter()
            .map(|of| format!("{} {}", of.line, of.message))
            .collect()
    };
    let nothing: [&str; 0] = [];
    assert_eq!(told("version = 1\n"), nothing);
    let right = "[lint]\nunknown-budget = 0\n[lint.rules]\nORC302 = \"warn\"\n\
                 [[lint.paths]]\npaths = [\"src/legacy.rs\"]\nrules = { ORC302 = \"off\" }\n\
                 [[lint.paths]]\npaths = [\"src/**\"]\nrules = { ORC302 = \"warn\" }\n\
                 [[lint.paths]]\npaths = [\"migrations/*.sql\"]\nrules = { ORC102 = \"off\" }\n";
    assert_eq!(told(right), nothing);
    let wrong = "[lint]\npreview = false\n[lint.rules]\nORC302 = \"error\"\nORC803 = \"off\"\n\
                 [[lint.paths]]\npaths = [\"src/legacy\", \"src/new.rs\"]\nrules = { ORC302 = \"error\", ORC803 = \"off\" }\n\
                 [[lint.paths]]\npaths = [\"vendor/**\"]\nrules = { ORC302 = \"warn\" }\n";
    let wanted = [
        "2 `preview = false` is so anyway",
        "4 ORC302 is `error` here anyway",
        "7 the pattern \"src/legacy\" is for no file",
        "8 ORC302 is `error` here anyway",
        "8 ORC803 is `off` here anyway",
        "10 the pattern \"vendor/**\" is for no file",
    ];
    assert_eq!(told(wrong), wanted);
    assert!(
        verify(&Memory::from([(FILE, "[lint]\n")])).is_err(),
        "there is no package"
    );
}

/// The patterns of a section are for the files that it decides about, not for those of its neighbours.
#[test]
fn a_pattern_for_files_of_another_section_is_for_none() {
    let mut tree = workspace();
    tree.insert(
        "orch.toml",
        "[[lint.paths]]\npaths = [\"a/src/*.rs\", \"c/src/*.rs\"]\nrules = { ORC803 = \"off\" }\n",
    );
    tree.insert("c/orch.toml", "[lint]\n");
    let verified = verify(&tree).unwrap();
    let told: Vec<&str> = verified
        .problems
        .iter()
        .map(|of| of.message.as_str())
        .collect();
    assert_eq!(told, ["the pattern \"c/src/*.rs\" is for no file"]);
}

/// Orchestrators whose state cannot be followed: one question per file.
fn undecided(settings: &str) -> Memory {
    let orchestrator = "//! Pays.\nmacro_rules! fields { () => {} }\n/// A.\npub struct Pay { gateway: unheard_of::Thing }\n\
                        impl orch_runtime::Orchestrator for Pay {\n    async fn execute(&self) -> orch_runtime::Outcome { todo!() }\n}\n";
    let mut tree = tree(settings);
    tree.insert("src/legacy.rs", orchestrator);
    tree.insert("src/new.rs", orchestrator);
    tree
}

/// Questions that nobody can answer grow in silence; the budget says when it is enough.
#[test]
fn more_undecided_questions_than_the_budget_are_one_finding() {
    let none = lint(&undecided(""), Selection::default());
    let (count, of_rule) = (none.unknowns.len(), none.unknowns[0].code);
    assert!(count >= 2, "{:?}", none.unknowns);
    assert!(none.findings.iter().all(|of| of.code != "ORC905"));
    let budget = |limit: usize| format!("version = 1\n[lint]\nunknown-budget = {limit}\n");
    let over = |settings: &str, rules: Selection| -> Vec<(String, u32, u32, Severity, String)> {
        let report = lint(&undecided(settings), rules);
        let found = report.findings.into_iter().filter(|of| of.code == "ORC905");
        found
            .map(|of| {
                (
                    of.path,
                    of.start.line,
                    of.end.column,
                    of.severity,
                    of.message,
                )
            })
            .collect()
    };
    assert_eq!(over(&budget(count), Selection::default()), []);
    let exceeded = over(&budget(count - 1), Selection::default());
    let message = format!(
        "{count} questions could not be decided, and the budget is {}",
        count - 1
    );
    let place = ("orch.toml".to_owned(), 3, 15, Severity::Error, message);
    assert_eq!(exceeded, [place]);
    // A run of this rule alone asks all the others, or it would always be content.
    let alone = lint(&undecided(&budget(count - 1)), Selection::only(["ORC905"]));
    let codes: Vec<_> = alone.findings.iter().map(|of| of.code).collect();
    assert_eq!((codes, alone.unknowns.len()), (vec!["ORC905"], 0));
    assert_eq!(over(&budget(count - 1), Selection::only([of_rule])), []);
    // Where a rule is off it asks nothing.
    let half = format!(
        "{}[[lint.paths]]\npaths = [\"src/new.rs\"]\nrules = {{ {of_rule} = \"off\" }}\n",
        budget(count / 2)
    );
    assert_eq!(over(&half, Selection::default()), []);
    assert_eq!(
        lint(&undecided(&half), Selection::default()).unknowns.len(),
        count / 2
    );
}

/// A new budget must not make an old excess look new, nor a new excess old.
#[test]
fn the_finding_is_the_same_whatever_the_number() {
    let fingerprint = |limit: usize| {
        let settings = format!("[lint]\nunknown-budget = {limit}\n");
        let report = lint(&undecided(&settings), Selection::only(["ORC905"]));
        report.findings[0].fingerprint.clone()
    };
    assert_eq!(fingerprint(0), fingerprint(1));
}

/// Nothing but its level makes a rule that still proves itself run, where nobody asks for all of them.
#[test]
fn a_rule_in_preview_runs_when_it_is_given_a_level() {
    let preview = rules::ALL
        .iter()
        .filter(|rule| rule.status() == rules::Status::Preview);
    for rule in preview {
        let ran = |settings: String, selection: Selection| {
            let report = lint(&tree(&settings), selection);
            report.rules.iter().any(|of| of.code() == rule.code())
        };
        let (code, all) = (
            rule.code(),
            Selection {
                preview: true,
                ..Selection::default()
            },
        );
        assert!(!ran(String::new(), Selection::default()), "{code}");
        assert!(
            ran("[lint]\npreview = true\n".into(), Selection::default()),
            "{code}"
        );
        assert!(
            ran(
                format!("lint.rules.{code} = \"warn\"\n"),
                Selection::default()
            ),
            "{code}"
        );
        let somewhere =
            format!("[[lint.paths]]\npaths = [\"src/new.rs\"]\nrules = {{ {code} = \"warn\" }}\n");
        assert!(ran(somewhere, Selection::default()), "{code}");
        let off = format!("lint.preview = true\nlint.rules.{code} = \"off\"\n");
        assert!(!ran(off.clone(), Selection::default()), "{code}");
        assert!(
            !ran(off.clone(), all.clone()),
            "{code}: `--preview` names none"
        );
        assert!(ran(off, Selection::only([code])), "{code}");
        assert!(ran("[lint]\n".into(), all), "{code}");
    }
}
