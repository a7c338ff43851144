//! Edits, drift, and specs that are wrong.

use crate::command::Place;

#[test]
fn an_edited_generated_file_is_drift_and_a_conflict() {
    let place = Place::with_package();
    let text = place.read("pay/src/lib.rs");
    place.write("pay/src/lib.rs", &format!("{text}// edited\n"));
    let before = place.everything();
    let ran = place.run(&["check", "--out", "pay"]).refused(1, "OG033");
    assert!(ran.out.contains("edited   src/lib.rs"), "{}", ran.out);
    assert!(ran.err.contains("orch-gen apply --force"), "{}", ran.err);
    place.run(&["apply", "--out", "pay"]).refused(1, "OG031");
    place.run(&["plan", "--out", "pay"]).refused(1, "OG031");
    place
        .run(&["FileUpload", "FileUploadRequested", "--out", "pay"])
        .refused(1, "OG031");
    assert_eq!(place.everything(), before);
    place.run(&["apply", "--out", "pay", "--force"]).done();
    assert_eq!(place.read("pay/src/lib.rs"), text);
    place.run(&["check", "--out", "pay"]).done();
}

#[test]
fn the_users_manifest_keeps_the_users_lines() {
    let place = Place::with_package();
    let manifest = place.read("pay/Cargo.toml");
    let edited = manifest.replace(
        "[dependencies]\n",
        "[dependencies]\n# mine\nserde = \"1\"\n",
    );
    place.write("pay/Cargo.toml", &edited);
    place
        .run(&["FileUpload", "FileUploadRequested", "--out", "pay"])
        .done();
    assert_eq!(place.read("pay/Cargo.toml"), edited);
    place.run(&["check", "--out", "pay"]).done();
}

#[test]
fn a_spec_that_is_wrong_names_the_line() {
    let place = Place::with_package();
    let spec = place.read("pay/orch.toml");
    for (from, to, number) in [
        ("[store]", "[stroe]", "OG011"),
        ("gateway =", "gatway =", "OG011"),
        ("kind = \"sqlite\"", "kind = \"mysql\"", "OG012"),
        ("version = 1", "version = 7", "OG012"),
        ("[store]", "[store", "OG010"),
        ("name = \"Payment\"", "name = \"Type\"", "OG003"),
        (":money:", ":mony:", "OG006"),
    ] {
        place.write("pay/orch.toml", &spec.replace(from, to));
        let before = place.everything();
        for command in ["apply", "plan", "check"] {
            let ran = place.run(&[command, "--out", "pay"]).refused(2, number);
            assert!(ran.err.contains("--> orch.toml:"), "{}", ran.err);
        }
        assert_eq!(place.everything(), before);
    }
}

#[test]
fn an_unknown_key_comes_with_the_nearest_known_one() {
    let place = Place::with_package();
    let spec = place.read("pay/orch.toml");
    place.write("pay/orch.toml", &spec.replace("[store]", "[stroe]"));
    let ran = place.run(&["apply", "--out", "pay"]);
    insta::assert_snapshot!(ran.err, @"
    error[OG011]: unknown key `stroe` in orch.toml
      --> orch.toml:8
    help: did you mean `store`?
    ");
}

#[test]
fn a_lock_that_was_damaged_or_lost() {
    let place = Place::with_package();
    let lock = place.read("pay/orch.lock");
    place.write("pay/orch.lock", "<<<<<<< ours\n");
    place.run(&["check", "--out", "pay"]).refused(2, "OG040");
    std::fs::remove_file(place.path("pay/orch.lock")).unwrap();
    place.run(&["check", "--out", "pay"]).refused(1, "OG033");
    place.run(&["apply", "--out", "pay"]).done();
    assert_eq!(place.read("pay/orch.lock"), lock);
}

/// Databases have applied the migrations, and are not here to be asked; the rest goes.
#[test]
fn stale_generated_files_go_and_migrations_stay() {
    let place = Place::with_package();
    place
        .run(&["FileUpload", "FileUploadRequested", "--out", "pay"])
        .done();
    let spec = place.read("pay/orch.toml");
    let end = spec.find("\n[[domain]]\nname = \"FileUpload\"").unwrap();
    place.write("pay/orch.toml", &spec[..end]);
    let applied = place.run(&["apply", "--out", "pay"]).done();
    assert_eq!(applied.err, "");
    let left: Vec<_> = crate::command::files(&place.path("pay"))
        .into_iter()
        .filter(|path| path.contains("file_upload"))
        .collect();
    let migration = "migrations/sqlite/0002_file_upload";
    let expected = [format!("{migration}.down.sql"), format!("{migration}.sql")];
    assert_eq!(left, expected);
    assert!(place.read("pay/src/lib.rs").contains(&expected[1]));
}

/// A domain that was edited, removed and generated again: `pay/src/payment/orchestrator.rs` is in
/// the way and is the user's own.
fn with_an_edited_file_in_the_way(text: &[u8]) -> Place {
    let place = Place::with_package();
    std::fs::write(place.path(EDITED), text).unwrap();
    place.run(&["remove", "Payment", "--out", "pay"]).done();
    place
}

const EDITED: &str = "pay/src/payment/orchestrator.rs";
const AGAIN: [&str; 4] = ["Payment", "PaymentRequested", "--out", "pay"];

/// What the user wrote is the one thing that nobody can generate again.
#[test]
fn force_keeps_a_file_of_the_users_beside_the_new_one() {
    let place = with_an_edited_file_in_the_way(b"// mine \xff\n");
    let before = place.everything();
    let ran = place.run(&AGAIN).refused(1, "OG022");
    assert!(
        ran.err.contains("`--force`: then it is kept"),
        "{}",
        ran.err
    );
    assert_eq!(place.everything(), before);
    let ran = place.run(&[&AGAIN[..], &["--force"]].concat()).done();
    let said = "orchestrator.rs  (what is there is kept as orchestrator.rs.orig)";
    assert!(ran.out.contains(said), "{}", ran.out);
    let kept = std::fs::read(place.path(&format!("{EDITED}.orig"))).unwrap();
    assert_eq!(kept, b"// mine \xff\n");
    assert!(
        place.read(EDITED).contains("impl"),
        "{}",
        place.read(EDITED)
    );
    place.run(&["check", "--out", "pay"]).done();
}

#[test]
fn a_kept_file_takes_the_first_free_name_and_is_in_the_json() {
    let place = with_an_edited_file_in_the_way(b"// second\n");
    place.write(&format!("{EDITED}.orig"), "// first\n");
    let before = place.everything();
    let force = [&AGAIN[..], &["--force", "--json"]].concat();
    for more in [&["--dry-run"][..], &[]] {
        if more.is_empty() {
            assert_eq!(place.everything(), before);
        }
        let json = place.run(&[&force[..], more].concat()).done().json();
        let files = json["files"].as_array().unwrap();
        let kept: Vec<_> = files
            .iter()
            .filter_map(|file| Some((file["path"].as_str()?, file["kept_as"].as_str()?)))
            .collect();
        let path = "src/payment/orchestrator.rs";
        assert_eq!(kept, [(path, &*format!("{path}.orig.1"))]);
    }
    assert_eq!(place.read(&format!("{EDITED}.orig")), "// first\n");
    assert_eq!(place.read(&format!("{EDITED}.orig.1")), "// second\n");
}
