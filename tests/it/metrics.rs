//! What watches a domain: written when it is asked for, the user's own afterwards, and gone with it.

use crate::command::{Place, files};
use crate::interactive::talk_in;
use orch_gen::error::Exit;
use std::path::PathBuf;

const ADD: [&str; 5] = ["generate", "metrics", "Payment", "--out", "pay"];
const ALERTS: &str = "pay/monitoring/payment/alerts.yml";
const THREE: [&str; 3] = ["alerts.yml", "alerts_test.yml", "dashboard.json"];

fn watched() -> Place {
    let place = Place::with_package();
    place.run(&ADD).done();
    place
}

/// Files and their bytes, without times.
fn bytes(place: &Place) -> Vec<(PathBuf, Vec<u8>)> {
    let all = place.everything().into_iter();
    let files = all.filter(|(path, _)| path.is_file());
    files.map(|(path, (_, bytes))| (path, bytes)).collect()
}

#[test]
fn a_domain_is_watched_once_it_is_asked_for() {
    let place = Place::with_package();
    let spec = place.read("pay/orch.toml");
    place.write("pay/orch.toml", &format!("# mine\n{spec}"));
    let ran = place.run(&ADD).done();
    assert!(
        ran.out
            .contains("Added a dashboard and alerts for the domain Payment."),
        "{ran:?}"
    );
    let said = "  promtool test rules pay/monitoring/payment/alerts_test.yml";
    assert!(ran.out.contains(said), "{ran:?}");
    let spec = place.read("pay/orch.toml");
    assert!(spec.starts_with("# mine\n"), "{spec}");
    assert!(spec.contains("metrics = true\n"), "{spec}");
    assert_eq!(files(&place.path("pay/monitoring/payment")), THREE);
    place.run(&["check", "--out", "pay"]).done();
    let before = place.everything();
    let again = place.run(&ADD).done();
    assert!(again.out.contains("watched already"), "{again:?}");
    assert_eq!(place.everything(), before);
    place.run(&["apply", "--out", "pay"]).done();
    assert_eq!(place.everything(), before);
}

#[test]
fn a_dry_run_and_a_wrong_name_write_nothing() {
    let place = Place::with_package();
    let before = place.everything();
    let shown = place.run(&[&ADD[..], &["--dry-run"]].concat()).done();
    assert!(shown.out.contains("dashboard.json"), "{shown:?}");
    let mut wrong = ADD;
    wrong[2] = "Paymnt";
    let ran = place.run(&wrong).refused(2, "OG012");
    insta::assert_snapshot!(ran.err, @"
    error[OG012]: orch.toml has no domain `Paymnt`
      --> orch.toml
    help: did you mean `Payment`?
    ");
    let ran = place.run(&["generate", "metrics", "--out", "pay"]);
    ran.refused(2, "OG001");
    place
        .run(&["generate", "metrics", "Payment"])
        .refused(2, "OG020");
    assert_eq!(place.everything(), before);
}

/// What the provider reports by itself is watched as soon as it is taken.
#[test]
fn callbacks_that_come_later_are_watched_too() {
    let place = watched();
    let mine = place.read(ALERTS).replace("> 60\n", "> 30\n");
    place.write(ALERTS, &mine);
    let add = ["Payment", "PaymentRequested", "--callbacks", "--out", "pay"];
    place.run(&add).done();
    let merged = place.read(ALERTS);
    assert!(
        merged.contains("> 30\n"),
        "the user's limit stays: {merged}"
    );
    assert!(merged.contains("PaymentCallbackContradicts"), "{merged}");
    let dashboard = place.read("pay/monitoring/payment/dashboard.json");
    assert!(dashboard.contains("orchestration_callback_total"));
    place.run(&["check", "--out", "pay"]).done();
}

/// The package is as it was before the domain came, and no folder is left.
#[test]
fn removing_the_domain_takes_its_files_along() {
    let place = Place::with_package();
    let before = bytes(&place);
    let upload = ["FileUpload", "FileUploadRequested", "--out", "pay"];
    place.run(&upload).done();
    place
        .run(&["generate", "metrics", "FileUpload", "--out", "pay"])
        .done();
    assert!(place.path("pay/monitoring/file_upload/alerts.yml").exists());
    place.run(&["remove", "FileUpload", "--out", "pay"]).done();
    assert!(!place.path("pay/monitoring").exists());
    assert_eq!(bytes(&place), before);
}

#[test]
fn a_package_that_was_there_before_is_as_it_was() {
    let place = Place::new();
    place.write(
        "shop/Cargo.toml",
        "[package]\nname = \"shop\"\nedition = \"2024\"\n",
    );
    place.write("shop/src/lib.rs", "//! A shop.\n");
    let before = bytes(&place);
    place
        .run_in("shop", &["Payment", "PaymentRequested"])
        .done();
    place
        .run_in("shop", &["generate", "metrics", "Payment"])
        .done();
    let alerts = place.read("shop/monitoring/payment/alerts.yml");
    assert!(
        alerts.contains("where state = 'PARKED'` lists them."),
        "{alerts}"
    );
    place.run_in("shop", &["remove", "Payment"]).done();
    assert_eq!(bytes(&place), before);
}

/// Limits that somebody chose are not taken away with what they were chosen for.
#[test]
fn edited_files_are_kept_when_they_are_not_wanted_any_more() {
    let place = watched();
    let mine = place.read(ALERTS).replace("> 60\n", "> 30\n");
    place.write(ALERTS, &mine);
    let spec = place.read("pay/orch.toml").replace("metrics = true\n", "");
    place.write("pay/orch.toml", &spec);
    let ran = place.run(&["apply", "--out", "pay"]).done();
    assert!(ran.out.contains("edited, so it is kept"), "{ran:?}");
    assert_eq!(files(&place.path("pay/monitoring")), ["payment/alerts.yml"]);
    assert_eq!(place.read(ALERTS), mine);
    place.run(&["check", "--out", "pay"]).done();
}

#[test]
fn the_domain_is_asked_for_on_a_terminal() {
    let place = Place::with_package();
    let pay = place.path("pay");
    let before = place.everything();
    let talked = talk_in(&pay, &["generate", "metrics"], &["Paymnt"]);
    assert_eq!(talked.exit, Exit::Findings, "{talked:?}");
    assert!(
        talked.out.contains("Domain to watch (Payment): "),
        "{talked:?}"
    );
    assert!(talked.err.contains("did you mean `Payment`?"), "{talked:?}");
    assert_eq!(place.everything(), before);
    let talked = talk_in(&pay, &["generate", "metrics"], &["payment"]);
    assert_eq!(talked.exit, Exit::Done, "{talked:?}");
    assert!(place.path(ALERTS).exists());
}
