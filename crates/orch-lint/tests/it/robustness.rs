//! What nobody meant to lint: broken, binary, huge, deep, looping.

use orch_lint::sources::Memory;
use orch_lint::{LintErrorKind, Options, Selection, lint, lint_sources};

use crate::cases::MANIFEST;
use crate::project::{billing, report};

const ORCH: &str = "src/payment/orchestrator.rs";

/// Each gives ORC906 and exit code 3; nothing panics, and no absence is claimed.
#[test]
fn files_that_cannot_be_parsed_are_findings() {
    let deep = |open: &str, close: &str| {
        format!(
            "const A: u8 = {}1{};",
            open.repeat(100_000),
            close.repeat(100_000)
        )
    };
    let bad: [(&str, Vec<u8>); 9] = [
        (
            "half written",
            b"impl Orchestrator for P { async fn execute(".to_vec(),
        ),
        ("binary", vec![0, 159, 146, 150]),
        ("not utf-8", b"// caf\xe9\nfn f() {}".to_vec()),
        ("nul bytes", b"fn f() {}\0".to_vec()),
        ("huge", vec![b' '; (4 << 20) + 1]),
        ("deep brackets", deep("(", ")").into_bytes()),
        ("deep negation", deep("!", "").into_bytes()),
        (
            "deep types",
            format!(
                "type A = {}u8{};",
                "Vec<".repeat(100_000),
                ">".repeat(100_000)
            )
            .into(),
        ),
        (
            "a merge conflict",
            b"<<<<<<< HEAD\nfn f() {}\n=======\n>>>>>>> x\n".to_vec(),
        ),
    ];
    for (what, bytes) in bad {
        let mut tree = billing();
        tree.insert_bytes(ORCH, bytes);
        let report = report(&tree);
        let codes: Vec<&str> = report.findings.iter().map(|finding| finding.code).collect();
        assert_eq!(
            (codes.as_slice(), report.exit_code()),
            (&["ORC906"][..], 3),
            "{what}"
        );
        assert_eq!(report.findings[0].path, ORCH, "{what}");
    }
}

/// As deep as is still parsed, in a form that costs the most stack.
#[test]
fn the_deepest_file_that_is_parsed_fits_the_stack() {
    for (open, close) in [
        ("(", ")"),
        ("{", "}"),
        ("[", "]"),
        ("!", ""),
        ("&", ""),
        ("|a| ", ""),
        ("1+", ""),
        ("f(", ")"),
    ] {
        let count = 3_900 / open.len().min(3);
        let text = format!(
            "const A: u8 = {}1{};",
            open.repeat(count),
            close.repeat(count)
        );
        let tree = Memory::from([("Cargo.toml", MANIFEST), ("src/lib.rs", text.as_str())]);
        assert!(lint_sources(&tree, &Options::default()).is_ok(), "{open}");
    }
    for (open, close) in [
        ("Vec<", ">"),
        ("&", ""),
        ("(", ",)"),
        ("fn() -> ", ""),
        ("[", "]"),
    ] {
        let count = 3_900 / open.len().min(4);
        let text = format!("type A = {}u8{};", open.repeat(count), close.repeat(count));
        let tree = Memory::from([("Cargo.toml", MANIFEST), ("src/lib.rs", text.as_str())]);
        assert!(lint_sources(&tree, &Options::default()).is_ok(), "{open}");
    }
}

#[test]
fn odd_but_valid_files_are_fine() {
    for text in [
        "",
        "\u{feff}//! With a byte order mark.\n",
        "#!/usr/bin/env run\n//! With a shebang.\n",
        "//! Windows.\r\nfn f() {}\r\n",
        "//! Unicode.\nfn größe() { let 名 = 'é'; }\n",
    ] {
        let mut tree = billing();
        tree.insert("src/payment/rules.rs", text);
        let report = report(&tree);
        let codes: Vec<&str> = report.findings.iter().map(|finding| finding.code).collect();
        let wanted: &[&str] = if text.is_empty() { &["ORC803"] } else { &[] };
        assert_eq!(codes, wanted, "{text:?}\n{}", report.render_full(false));
    }
}

#[test]
fn loops_of_names_end() {
    for text in [
        "pub use a::*; mod a { pub use super::*; pub use b::*; pub mod b { pub use super::super::*; } } use Nothing as N; struct S { f: N }",
        "use x::y; mod x { pub use super::y; }",
        "type A = B; type B = A; struct S { a: A } trait T: U {} trait U: T {} impl<X: T> T for X {}",
        "struct S<T> { next: Option<Box<S<Vec<T>>>> } struct P { s: S<u8> } impl orch_runtime::Orchestrator for P { async fn execute(&self) -> orch_runtime::Outcome { todo!() } }",
        "#[path = \"lib.rs\"] mod again;",
        "struct S<T>(T); impl<T: Add<u8, Output = T> + Sub<u8, Output = T> + Mul<u8, Output = T>> S<T> { fn f(self) {} }",
    ] {
        let tree = Memory::from([("Cargo.toml", MANIFEST), ("src/lib.rs", text)]);
        assert!(lint_sources(&tree, &Options::default()).is_ok(), "{text}");
    }
}

/// Every file that a condition may choose is reached; only the others are not.
#[test]
fn conditional_paths_reach_all_their_files() {
    let tree = Memory::from([
        ("Cargo.toml", MANIFEST),
        (
            "src/lib.rs",
            "//! A.\n#[cfg_attr(unix, path = \"u.rs\")]\n#[cfg_attr(windows, path = \"w.rs\")]\nmod os;\n",
        ),
        ("src/u.rs", ""),
        ("src/w.rs", ""),
        ("src/os.rs", ""),
    ]);
    let options = Options {
        allow_empty: true,
        ..Options::default()
    };
    let report = lint_sources(&tree, &options).unwrap();
    let paths: Vec<&str> = report.findings.iter().map(|of| of.path.as_str()).collect();
    assert_eq!(paths, ["src/os.rs"]);
}

#[test]
fn wrong_usage_is_no_finding() {
    let kind = |tree: &Memory, options: &Options| lint_sources(tree, options).unwrap_err().kind();
    let plain = Options::default();
    assert_eq!(kind(&Memory::new(), &plain), LintErrorKind::Usage);
    assert_eq!(
        kind(&Memory::from([("Cargo.toml", "[package")]), &plain),
        LintErrorKind::Usage
    );
    assert_eq!(
        kind(&Memory::from([("Cargo.toml", "")]), &plain),
        LintErrorKind::Usage
    );
    let unknown_rule = Options {
        rules: Selection::only(["ORC999"]),
        ..Options::default()
    };
    assert_eq!(kind(&billing(), &unknown_rule), LintErrorKind::Usage);
    let error = lint(std::path::Path::new("/does/not/exist"), &plain).unwrap_err();
    assert_eq!(
        (error.exit_code(), error.to_string().as_str()),
        (2, "there is no Cargo.toml here")
    );
}

/// A loop of symbolic links on a real disk ends.
#[cfg(unix)]
#[test]
fn a_loop_of_links_ends() {
    let root = std::env::temp_dir().join(format!("orch-lint-{}", std::process::id()));
    std::fs::create_dir_all(root.join("src/a")).unwrap();
    std::fs::write(root.join("Cargo.toml"), MANIFEST).unwrap();
    std::fs::write(root.join("src/lib.rs"), "//! Links.\n").unwrap();
    std::fs::write(root.join("src/a/b.rs"), "").unwrap();
    let _ = std::os::unix::fs::symlink(root.join("src"), root.join("src/a/again"));
    let _ = std::os::unix::fs::symlink(root.join("src/self"), root.join("src/self"));
    let options = Options {
        allow_empty: true,
        ..Options::default()
    };
    let report = lint(&root, &options).unwrap();
    let paths: Vec<&str> = report
        .findings
        .iter()
        .map(|finding| finding.path.as_str())
        .collect();
    std::fs::remove_dir_all(&root).unwrap();
    assert_eq!(paths, ["src/a/b.rs"], "the unreached file, once");
}
