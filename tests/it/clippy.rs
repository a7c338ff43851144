//! `clippy.toml`: written where clippy would otherwise be told nothing, and never over or before what
//! somebody else wrote.

use crate::command::Place;
use crate::upgrade;

const OWN: &str = "msrv = \"1.89\"\n";

fn generate(place: &Place) -> crate::command::Ran {
    let arguments = ["Payment", "PaymentRequested", "--out", "code/pay"];
    place.run(&arguments).done()
}

#[test]
fn a_new_package_gets_one_that_its_owner_may_edit() {
    let place = Place::new();
    let done = generate(&place);
    assert!(!done.err.contains("clippy"), "{done:?}");
    let written = place.read("code/pay/clippy.toml");
    assert!(written.contains("rusqlite::Transaction"), "{written}");
    let edited = written.replace("disallowed-methods = [", "disallowed-methods = [ # ours");
    place.write("code/pay/clippy.toml", &edited);
    place
        .run(&["Refund", "RefundRequested", "--out", "code/pay"])
        .done();
    place.run(&["check", "--out", "code/pay"]).done();
    assert_eq!(place.read("code/pay/clippy.toml"), edited);
}

/// Clippy reads the nearest file alone: one in the package would put the rules of a team out of force.
#[test]
fn what_somebody_else_told_clippy_is_neither_replaced_nor_put_out_of_force() {
    for (path, said) in [
        ("code/pay/clippy.toml", "clippy reads clippy.toml here"),
        ("code/pay/.clippy.toml", "clippy reads .clippy.toml here"),
        ("code/clippy.toml", "clippy reads ../clippy.toml here"),
        (".clippy.toml", "clippy reads ../../.clippy.toml here"),
    ] {
        let place = Place::new();
        place.write(path, OWN);
        let done = generate(&place);
        assert!(done.err.contains(said), "{path}: {done:?}");
        assert!(
            done.err.contains("{ path = \"rusqlite::Transaction\","),
            "{path}: {done:?}"
        );
        assert_eq!(place.read(path), OWN, "{path}");
        let files = place.everything().into_keys();
        let ends = files.filter(|path| path.to_string_lossy().ends_with("clippy.toml"));
        assert_eq!(ends.count(), 1, "{path}");
        let again = place.run(&["apply", "--out", "code/pay"]).done();
        assert!(!again.err.contains("clippy"), "{path}: {again:?}");
        place.run(&["check", "--out", "code/pay"]).done();
    }
}

/// The workspace's file came later, or the lock was lost: what was written is known to be ours.
#[test]
fn one_that_was_written_stays_the_packages_own() {
    let place = Place::new();
    generate(&place);
    let lock = place.read("code/pay/orch.lock");
    place.write("code/clippy.toml", OWN);
    place.run(&["apply", "--out", "code/pay"]).done();
    assert_eq!(place.read("code/pay/orch.lock"), lock);
    std::fs::remove_file(place.path("code/pay/orch.lock")).unwrap();
    place.run(&["apply", "--out", "code/pay"]).done();
    assert_eq!(place.read("code/pay/orch.lock"), lock);
}

/// The code of a package that was there before is not ours to hold anything against.
#[test]
fn a_package_that_was_there_before_gets_none() {
    let place = Place::new();
    place.write(
        "code/pay/Cargo.toml",
        "[package]\nname = \"pay\"\nedition = \"2024\"\n",
    );
    place.write("code/pay/src/lib.rs", "//! Pays.\n");
    place
        .run(&["Payment", "PaymentRequested", "--out", "code/pay"])
        .done();
    assert!(!place.path("code/pay/clippy.toml").exists());
}

#[test]
fn an_upgrade_brings_it_and_leaves_what_is_there() {
    let place = upgrade::package("0.2.0", "payment");
    place.run_in("pkg", &["upgrade"]).done();
    assert!(place.read("pkg/clippy.toml").contains("rusqlite::"));
    let place = upgrade::package("0.2.0", "payment");
    place.write("pkg/clippy.toml", OWN);
    let done = place.run_in("pkg", &["upgrade"]).done();
    assert!(
        done.err.contains("clippy reads clippy.toml here"),
        "{done:?}"
    );
    assert_eq!(place.read("pkg/clippy.toml"), OWN);
    place.run_in("pkg", &["check"]).done();
}
