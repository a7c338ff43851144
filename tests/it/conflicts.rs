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
        ("kind = \"sqlite\"", "kind = \"postgres\"", "OG013"),
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

#[test]
fn stale_generated_files_go() {
    let place = Place::with_package();
    let before = place.everything();
    place
        .run(&["FileUpload", "FileUploadRequested", "--out", "pay"])
        .done();
    let spec = place.read("pay/orch.toml");
    let end = spec.find("\n[[domain]]\nname = \"FileUpload\"").unwrap();
    place.write("pay/orch.toml", &spec[..end]);
    place.run(&["apply", "--out", "pay"]).done();
    let bytes = |all: crate::command::Everything| -> Vec<_> {
        all.into_iter().map(|(p, (_, b))| (p, b)).collect()
    };
    assert_eq!(bytes(place.everything()), bytes(before));
}
