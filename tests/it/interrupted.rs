//! The real program, killed at any moment.

use crate::command::{Place, ran};
use std::process::Stdio;
use std::time::{Duration, Instant};

/// Starts a command and kills it after a while; whether it was still at work is up to the machine.
fn killed_after(place: &Place, arguments: &[&str], wait: Duration) {
    let mut command = place.command("", arguments);
    let start = Instant::now();
    let mut child = command
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    while start.elapsed() < wait {
        std::hint::spin_loop();
    }
    let _ = child.kill();
    child.wait().unwrap();
}

fn moments() -> impl Iterator<Item = Duration> {
    (0..40).map(|n| Duration::from_micros(500 * n))
}

#[test]
fn a_new_package_is_whole_or_absent() {
    for wait in moments() {
        let place = Place::new();
        killed_after(
            &place,
            &["Payment", "PaymentRequested", "--out", "pay"],
            wait,
        );
        if place.path("pay").exists() {
            place.run(&["check", "--out", "pay"]).done();
        }
        place
            .run(&["Payment", "PaymentRequested", "--out", "pay"])
            .done();
        place.run(&["check", "--out", "pay"]).done();
        let names: Vec<_> = std::fs::read_dir(place.path("")).unwrap().collect();
        assert_eq!(names.len(), 1, "{wait:?}: {names:?}");
    }
}

#[test]
fn a_package_that_grows_is_the_old_one_or_the_new_one() {
    for wait in moments() {
        let place = Place::with_package();
        let before = place.read("pay/orch.toml");
        killed_after(
            &place,
            &["FileUpload", "FileUploadRequested", "--out", "pay"],
            wait,
        );
        place.run(&["apply", "--out", "pay"]).done();
        place.run(&["check", "--out", "pay"]).done();
        let grown = place.read("pay/src/lib.rs").contains("file_upload");
        assert_eq!(grown, place.read("pay/orch.toml") != before, "{wait:?}");
        assert!(!place.path("pay/.orch/staging").exists());
    }
}

/// Commands that only look say that a run was interrupted; those that write put it right.
#[test]
fn an_interrupted_run_is_named_and_put_right() {
    let place = Place::with_package();
    let hash = |text: &str| orch_gen::lock::Hash::of(text.as_bytes()).to_string();
    let journal = format!(
        "orch-gen journal 1\nforward\nfile - {} src/extra.rs\nend\n",
        hash("extra")
    );
    place.write("pay/.orch/staging/journal", &journal);
    place.write("pay/.orch/staging/0.new", "extra");
    for command in ["check", "plan"] {
        place.run(&[command, "--out", "pay"]).refused(2, "OG053");
    }
    let ran = ran(place.command("pay", &["apply"])).done();
    assert!(
        ran.err.contains("an interrupted run was completed first"),
        "{}",
        ran.err
    );
    assert_eq!(place.read("pay/src/extra.rs"), "extra");
    place.run(&["check", "--out", "pay"]).done();
}
