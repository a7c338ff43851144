//! Templates of a package's own: the same output at first, then whatever they say; merged on upgrade.

use crate::command::Place;
use sha2::{Digest, Sha256};

const RULES: &str = ".orch/templates/src/[domain]/rules.rs.j2";

fn ejected() -> Place {
    let place = Place::with_package();
    place.run_in("pay", &["eject", "rules.rs"]).done();
    place
}

/// What is generated of a package, without what is kept about it.
fn generated(place: &Place) -> Vec<(std::path::PathBuf, Vec<u8>)> {
    let all = place.everything().into_iter();
    let kept = |path: &std::path::Path| {
        let path = path.to_string_lossy();
        path.contains(".orch") || path.ends_with("orch.lock")
    };
    all.filter(|(path, _)| path.is_file() && !kept(path))
        .map(|(path, (_, bytes))| (path, bytes))
        .collect()
}

fn edit(place: &Place, path: &str, from: &str, to: &str) {
    let text = place.read(path);
    assert!(text.contains(from), "{path}: {text}");
    place.write(path, &text.replacen(from, to, 1));
}

#[test]
fn ejecting_changes_no_generated_file_and_deleting_goes_back() {
    let place = Place::with_package();
    let before = generated(&place);
    let lock = place.read("pay/orch.lock");
    for template in [
        "rules.rs",
        "src/[domain]/generated/command.rs",
        "gateway/shared.rs",
        "Cargo.toml",
    ] {
        place.run_in("pay", &["eject", template]).done();
    }
    assert_eq!(generated(&place), before);
    place.run_in("pay", &["check"]).done();
    let twice = place
        .run_in("pay", &["eject", "rules.rs"])
        .refused(2, "OG022");
    assert!(twice.err.contains("ejected already"), "{twice:?}");
    let listed = place.run_in("pay", &["templates"]).done();
    assert!(
        listed.out.contains("own src/[domain]/rules.rs.j2"),
        "{listed:?}"
    );
    std::fs::remove_dir_all(place.path("pay/.orch/templates")).unwrap();
    place.run_in("pay", &["apply"]).done();
    assert_eq!(generated(&place), before);
    assert_eq!(place.read("pay/orch.lock"), lock);
}

/// What a team changes in a template is in every domain that there is, and in those to come; what its
/// people changed in the files stays.
#[test]
fn a_changed_template_changes_its_files_everywhere_and_keeps_edits() {
    let place = ejected();
    place.run_in("pay", &["Parcel", "ParcelSent"]).done();
    edit(
        &place,
        "pay/src/payment/rules.rs",
        "//! ",
        "//! Ask Ada first. ",
    );
    let template = format!("pay/{RULES}");
    let text = place.read(&template);
    place.write(
        &template,
        &(text + "\n/// The team that owns {{ name }}.\npub const TEAM: &str = \"billing\";\n"),
    );
    let drift = place.run_in("pay", &["check"]);
    assert_eq!(drift.code, 1);
    assert!(drift.out.contains("src/parcel/rules.rs"), "{drift:?}");
    place.run_in("pay", &["apply"]).done();
    let rules = place.read("pay/src/payment/rules.rs");
    assert!(
        rules.contains("Ask Ada first.") && rules.contains("owns Payment."),
        "{rules}"
    );
    assert!(
        place
            .read("pay/src/parcel/rules.rs")
            .contains("owns Parcel.")
    );
    place.run_in("pay", &["Invoice", "InvoiceSent"]).done();
    assert!(
        place
            .read("pay/src/invoice/rules.rs")
            .contains("owns Invoice.")
    );
    place.run_in("pay", &["check"]).done();
}

#[test]
fn a_wrong_template_is_refused_with_its_line_and_nothing_is_written() {
    for (wrong, place_of, said) in [
        ("{% if %}\n", ":1", "syntax error"),
        ("{{ nmae }}\n", ":1", "undefined value"),
        ("fn {\n", "", "not Rust, line 1"),
    ] {
        let place = ejected();
        let template = format!("pay/{RULES}");
        let text = place.read(&template);
        place.write(&template, &format!("{wrong}{text}"));
        let before = place.everything();
        let refused = place.run_in("pay", &["apply"]).refused(2, "OG070");
        assert!(
            refused.err.contains(&format!("{RULES}{place_of}")),
            "{refused:?}"
        );
        assert!(refused.err.contains(said), "{refused:?}");
        assert_eq!(place.everything(), before);
        let tested = place.run_in("pay", &["templates", "test", "--no-build"]);
        assert_eq!(tested.code, 1, "{tested:?}");
        assert!(tested.err.contains("OG070"), "{tested:?}");
    }
}

/// A file in the place of no template would be passed over without a word.
#[test]
fn a_file_that_is_no_template_is_refused() {
    let place = ejected();
    place.write("pay/.orch/templates/src/rules.rs.j2", "//! Rules.\n");
    let refused = place.run_in("pay", &["apply"]).refused(2, "OG070");
    assert!(
        refused
            .err
            .contains("move it to .orch/templates/src/[domain]/rules.rs.j2"),
        "{refused:?}"
    );
    let unknown = place
        .run_in("pay", &["eject", "rulez.rs"])
        .refused(2, "OG070");
    assert!(unknown.err.contains("`rules.rs`"), "{unknown:?}");
}

/// A package whose own template began as an older built-in one than there is today.
fn of_an_older_version(yours: impl Fn(&str) -> String) -> Place {
    let place = ejected();
    let template = format!("pay/{RULES}");
    let today = place.read(&template);
    let older = today.replacen("//! ", "//! In an older form: ", 1);
    let hash = |text: &str| -> String {
        Sha256::digest(text.as_bytes())
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect()
    };
    place.write(&format!("pay/.orch/base/{}", hash(&older)), &older);
    place.write(&template, &yours(&older));
    let lock = place.read("pay/orch.lock");
    let lock = lock.replace(&hash(&today), &hash(&older));
    place.write(
        "pay/orch.lock",
        &lock.replace(env!("CARGO_PKG_VERSION"), "0.2.0"),
    );
    place
}

/// A template that was ejected once would else stay as it was for ever.
#[test]
fn an_upgrade_brings_own_templates_along() {
    let place =
        of_an_older_version(|older| format!("{older}\n/// Ours.\npub const OURS: u8 = 1;\n"));
    place.run_in("pay", &["apply"]).refused(1, "OG034");
    let drift = place.run_in("pay", &["check"]);
    assert_eq!(
        (drift.code, drift.out.trim()),
        (1, "outdated orch.lock"),
        "{drift:?}"
    );
    place.run_in("pay", &["upgrade"]).done();
    let template = place.read(&format!("pay/{RULES}"));
    assert!(
        !template.contains("In an older form") && template.contains("OURS"),
        "{template}"
    );
    assert!(place.read("pay/src/payment/rules.rs").contains("OURS"));
    place.run_in("pay", &["check"]).done();
    place.run_in("pay", &["upgrade", "--abort"]).done();
    assert!(
        place
            .read(&format!("pay/{RULES}"))
            .contains("In an older form")
    );
}

#[test]
fn an_upgrade_that_meets_an_edit_leaves_the_template_and_says_so() {
    let place =
        of_an_older_version(|older| older.replacen("In an older form: ", "In our form: ", 1));
    let upgraded = place.run_in("pay", &["upgrade"]);
    assert_eq!(upgraded.code, 1, "{upgraded:?}");
    assert!(upgraded.err.contains("rules.rs.j2.rej"), "{upgraded:?}");
    assert!(place.read(&format!("pay/{RULES}")).contains("In our form"));
    assert!(
        !place
            .read(&format!("pay/{RULES}.rej"))
            .contains("older form")
    );
    assert!(
        place
            .read("pay/src/payment/rules.rs")
            .contains("In our form")
    );
}
