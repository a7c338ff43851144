//! What a person sees: help, colours, quiet and broken pipes.

use crate::command::{PROGRAM, Place, ran};
use std::process::{Command, Stdio};

#[test]
fn help_fits_into_80_columns_and_shows_examples() {
    let place = Place::new();
    for arguments in [
        &["--help"][..],
        &["-h"],
        &["generate", "--help"],
        &["generate", "orchestration", "--help"],
        &["new", "--help"],
        &["apply", "--help"],
        &["plan", "--help"],
        &["check", "--help"],
        &["remove", "--help"],
        &["lint", "--help"],
        &["baseline", "--help"],
        &["baseline", "create", "--help"],
        &["baseline", "check", "--help"],
        &["rules", "--help"],
        &["explain", "--help"],
        &["completions", "--help"],
    ] {
        let ran = place.run(arguments).done();
        let wide: Vec<_> = ran
            .out
            .lines()
            .filter(|line| line.chars().count() > 80)
            .collect();
        assert!(wide.is_empty(), "{arguments:?}: {wide:?}");
    }
    let help = place.run(&["--help"]).done().out;
    assert!(
        help.contains("orch-gen Payment PaymentRequested order_id:string amount:money"),
        "{help}"
    );
    assert!(help.contains("Exit codes"), "{help}");
}

#[test]
fn colours_only_when_asked_for() {
    let place = Place::new();
    let dry = ["Payment", "PaymentRequested", "--dry-run"];
    let colored = |more: &[&str]| {
        place
            .run(&[&dry[..], more].concat())
            .done()
            .out
            .contains('\u{1b}')
    };
    assert!(!colored(&[]), "not a terminal");
    assert!(colored(&["--color", "always"]));
    assert!(colored(&["--color", "always", "--diff"]));
    assert!(!colored(&["--color", "never"]));
    let mut command = place.command("", &dry);
    command.env("NO_COLOR", "1");
    assert!(!ran(command).out.contains('\u{1b}'));
}

#[test]
fn quiet_says_nothing_and_verbose_names_every_file() {
    let place = Place::new();
    let quiet = place.run(&["Payment", "PaymentRequested", "-q"]).done();
    assert_eq!((quiet.out.as_str(), quiet.err.as_str()), ("", ""));
    let verbose = place.run_in("payment-service", &["plan", "-v"]).done();
    assert!(verbose.out.contains("=   lib.rs"), "{}", verbose.out);
}

#[cfg(unix)]
#[test]
fn a_broken_pipe_is_no_panic() {
    let place = Place::with_package();
    let script = format!("{PROGRAM} plan -v --out pay | true; {PROGRAM} --help | head -1");
    let mut command = Command::new("bash");
    command
        .args(["-o", "pipefail", "-c", &script])
        .current_dir(place.path(""))
        .stderr(Stdio::piped());
    let ran = ran(command);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
}

#[test]
fn every_code_is_explained() {
    let place = Place::new();
    for code in orch_gen::error::Code::ALL {
        let ran = place.run(&["explain", code.number()]).done();
        assert!(
            ran.out.contains(code.number()) && ran.out.lines().count() > 1,
            "{}",
            ran.out
        );
    }
}

#[test]
fn completions_name_the_commands() {
    let place = Place::new();
    for shell in ["bash", "zsh", "fish"] {
        let ran = place.run(&["completions", shell]).done();
        assert!(
            ran.out.contains("check") && ran.out.contains("orch-gen"),
            "{shell}"
        );
    }
}

#[test]
fn the_version_is_the_packages() {
    let ran = Place::new().run(&["--version"]).done();
    assert_eq!(
        ran.out.trim(),
        concat!("orch-gen ", env!("CARGO_PKG_VERSION"))
    );
}
