//! What the linter mends by itself, and what it leaves alone.

use crate::command::Place;

const MANIFEST: &str =
    "[package]\nname = \"shop\"\nedition = \"2024\"\n[dependencies]\norch-runtime = \"0.3\"\n";
/// An exception for nothing, and a catch-all.
const LIB: &str = "//! Shop.\nuse orch_runtime::Outcome;\n// orch: allow(ORC604) long ago\n\
     fn f(o: Outcome) -> u8 {\n    match o {\n        Outcome::Ok { .. } => 1,\n        _ => 2,\n    }\n}\n";
const UNNEEDED: &str = "// orch: allow(ORC604) long ago\n";
const LINT: [&str; 2] = ["lint", "--allow-empty"];

fn with(lib: &str) -> Place {
    let place = Place::new();
    place.write("Cargo.toml", MANIFEST);
    place.write("src/lib.rs", lib);
    place
}

fn lint<'a>(more: &[&'a str]) -> Vec<&'a str> {
    [LINT.as_slice(), more].concat()
}

/// What was mended is not said any more, and what is left decides.
#[test]
fn safe_fixes_are_applied_and_the_rest_is_reported() {
    let place = with(LIB);
    let ran = place.run(&lint(&["--fix"]));
    assert_eq!(ran.code, 1, "{ran:?}");
    assert_eq!(place.read("src/lib.rs"), LIB.replace(UNNEEDED, ""));
    assert!(ran.out.contains("Fixed 1 finding in 1 file."), "{ran:?}");
    assert!(ran.out.contains("ORC302") && !ran.out.contains("ORC902"));
    assert!(ran.out.contains("1 fixable with `--fix --unsafe-fixes`"));
    let all = place.run(&lint(&["--fix", "--unsafe-fixes"])).done();
    assert!(all.out.contains("Fixed 1 finding in 1 file."), "{all:?}");
    let before = place.everything();
    let again = place.run(&lint(&["--fix", "--unsafe-fixes"])).done();
    assert!(
        again.out.contains("Fixed 0 findings in 0 files."),
        "{again:?}"
    );
    assert_eq!(place.everything(), before);
    let names = crate::command::files(&place.path(""));
    assert_eq!(names, ["Cargo.toml", "src/lib.rs"]);
}

/// Only what a document says may be on its stream.
#[test]
fn beside_a_document_nothing_is_printed() {
    for format in ["json", "sarif", "rustc-json"] {
        let place = with(LIB);
        let ran = place.run(&lint(&["--fix", "--format", format]));
        assert!(
            !ran.out.contains("Fixed") && ran.err.contains("Fixed 1"),
            "{ran:?}"
        );
    }
    let place = with(LIB);
    let ran = place.run(&lint(&["--fix", "--json"]));
    assert_eq!(ran.json()["findings"].as_array().unwrap().len(), 1);
}

#[test]
fn a_diff_shows_what_a_fix_would_change_and_writes_nothing() {
    let place = with(LIB);
    let before = place.everything();
    let safe = place.run(&lint(&["--diff"]));
    assert_eq!(safe.code, 1, "{safe:?}");
    assert!(
        safe.out
            .starts_with("--- a/src/lib.rs\n+++ b/src/lib.rs\n@@ "),
        "{safe:?}"
    );
    assert!(safe.out.contains("\n-// orch: allow(ORC604) long ago\n"));
    let all = place.run(&lint(&["--diff", "--unsafe-fixes"]));
    let arm =
        "\n+        Outcome::Retry { .. } | Outcome::Fail { .. } | Outcome::Unknown { .. } => 2,\n";
    assert!(all.code == 1 && all.out.contains(arm), "{all:?}");
    assert_eq!(place.everything(), before);
    let clean = with("//! Shop.\n")
        .run(&lint(&["--diff", "--unsafe-fixes"]))
        .done();
    assert_eq!(clean.out, "");
}

/// A fix is of the files on the disk, and each combination says one thing.
#[test]
fn options_that_contradict_each_other_are_refused() {
    let place = with(LIB);
    for more in [
        vec!["--unsafe-fixes"],
        vec!["--fix", "--staged"],
        vec!["--fix", "--since", "HEAD"],
        vec!["--fix", "--diff"],
        vec!["--diff", "--staged"],
        vec!["--diff", "--format", "json"],
        vec!["--watch", "--fix"],
    ] {
        place.run(&lint(&more)).refused(2, "OG001");
    }
    assert_eq!(place.run(&lint(&["--diff", "--json"])).code, 2);
    assert_eq!(place.read("src/lib.rs"), LIB);
}

#[test]
fn line_ends_and_the_byte_order_mark_stay() {
    let before = format!("\u{feff}{LIB}").replace('\n', "\r\n");
    let place = with(&before);
    place.run(&lint(&["--fix"]));
    let unneeded = UNNEEDED.replace('\n', "\r\n");
    assert_eq!(place.read("src/lib.rs"), before.replace(&unneeded, ""));
}

/// The generator would find its own file edited, and write it anew.
#[test]
fn generated_files_are_left_to_the_generator() {
    let place = Place::with_package();
    for (path, is_generated) in [
        ("pay/src/payment/generated/command.rs", true),
        ("pay/src/lib.rs", true),
        ("pay/src/payment/rules.rs", false),
    ] {
        let text = format!("{}\n{UNNEEDED}fn f() {{}}\n", place.read(path));
        place.write(path, &text);
        let ran = place.run(&["lint", "pay", "--fix"]);
        if is_generated {
            assert_eq!(place.read(path), text);
            assert!(ran.err.contains("generated files"), "{ran:?}");
            assert!(ran.code == 1 && ran.out.contains("ORC902"), "{ran:?}");
        } else {
            assert_eq!(place.read(path), text.replace(UNNEEDED, ""));
        }
    }
}

/// A file that only seems to lie in the project is somebody else's.
#[cfg(unix)]
#[test]
fn nothing_outside_is_changed() {
    let place = with("//! Shop.\nmod linked;\n#[path = \"../../beside.rs\"]\nmod beside;\n");
    let inner = Place::new();
    let text = format!("{UNNEEDED}fn f() {{}}\n");
    inner.write("shop/Cargo.toml", MANIFEST);
    inner.write("shop/src/lib.rs", &place.read("src/lib.rs"));
    inner.write("beside.rs", &text);
    inner.write("elsewhere.rs", &text);
    let link = inner.path("shop/src/linked.rs");
    std::os::unix::fs::symlink(inner.path("elsewhere.rs"), &link).unwrap();
    let ran = inner.run(&["lint", "shop", "--fix", "--allow-empty"]);
    assert_eq!(inner.read("beside.rs"), text);
    assert_eq!(inner.read("elsewhere.rs"), text);
    assert!(link.symlink_metadata().unwrap().is_symlink());
    assert!(ran.out.contains("Fixed 0 findings in 0 files."), "{ran:?}");
    assert!(ran.code == 1 && ran.err.contains("not fixed: "), "{ran:?}");
}

#[cfg(unix)]
#[test]
fn a_fixed_file_keeps_its_permissions() {
    use std::os::unix::fs::PermissionsExt;
    let place = with(LIB);
    let path = place.path("src/lib.rs");
    std::fs::set_permissions(&path, PermissionsExt::from_mode(0o640)).unwrap();
    place.run(&lint(&["--fix"]));
    let mode = path.metadata().unwrap().permissions().mode();
    assert_eq!(
        (mode & 0o777, place.read("src/lib.rs") == LIB),
        (0o640, false)
    );
}
