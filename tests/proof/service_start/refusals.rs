//! What a bad configuration gets: one message that names the variable and the fix, and no service.

use std::net::TcpListener;

use rusqlite::Connection;

use crate::http;
use crate::provider::{Answer, Provider};
use crate::service::Site;
use crate::{database, project, turn};

/// What is wrong, and what the message must name.
type Bad = (&'static str, &'static str, &'static [&'static str]);

/// Variables with values that cannot be used, and parts of what must be said about them.
const VALUES: [Bad; 15] = [
    (
        "ORCH_RATE_LIMIT_PER_KYE",
        "5/60s",
        &["did you mean ORCH_RATE_LIMIT_PER_KEY"],
    ),
    ("ORCH_NONSENSE", "1", &["ORCH_NONSENSE", "--help"]),
    (
        "PAYMENT_GATEWAY_TOKN",
        "x",
        &["did you mean PAYMENT_GATEWAY_TOKEN"],
    ),
    (
        "ORCH_RATE_LIMIT_PER_KEY",
        "fast",
        &["\"fast\"", "expected", "5/60s"],
    ),
    (
        "ORCH_RATE_LIMIT_PER_CLIENT",
        "0/0s",
        &["\"0/0s\"", "expected"],
    ),
    (
        "BIND_ADDR",
        "localhost",
        &["\"localhost\"", "expected", "0.0.0.0:3000"],
    ),
    (
        "BIND_ADDR",
        "",
        &["is empty", "give it a value or unset it"],
    ),
    (
        "DATABASE_URL",
        "postgres://u:hunter2@h/d",
        &["expected sqlite://", "[redacted]"],
    ),
    ("DATABASE_URL", "sqlite::memory:", &["expected sqlite://"]),
    (
        "PAYMENT_GATEWAY_URL",
        "ftp://provider",
        &["\"ftp://provider\"", "http"],
    ),
    ("PAYMENT_GATEWAY_URL", "", &["is empty"]),
    ("PAYMENT_GATEWAY_TIMEOUT", "soon", &["\"soon\"", "expected"]),
    ("PAYMENT_GATEWAY_TIMEOUT", "10m", &["expected at most"]),
    ("PAYMENT_GATEWAY_TOKEN", "two words", &["printable ASCII"]),
    ("RUST_LOG", "info,[", &["expected log directives"]),
];

/// The service ends by itself, unsuccessfully, with one message that has all `parts`.
fn refuse(site: &Site, parts: &[&str]) -> String {
    let mut service = site.spawn(&[]);
    let status = service.ended();
    let said = service.err.all();
    let messages = said.lines().filter(|line| line.starts_with("error: "));
    assert_eq!(messages.count(), 1, "{said}");
    assert_eq!(status.code(), Some(1), "{said}");
    for part in parts {
        assert!(said.contains(part), "no {part:?} in: {said}");
    }
    assert!(!said.contains("panicked"), "{said}");
    assert!(!said.contains("hunter2"), "{said}");
    println!("  {}", said.lines().next().unwrap_or_default());
    said
}

fn good() -> Site {
    Site::new(project::plain(), &Provider::start(|_, _| Answer::Done))
}

#[test]
fn an_unusable_variable_is_named_with_what_was_expected() {
    let _turn = turn();
    for (name, value, parts) in VALUES {
        let site = good().set(name, value);
        let said = refuse(&site, parts);
        assert!(said.contains(name), "no {name} in: {said}");
        assert!(
            !site.database().exists(),
            "{name}: it touched the disk first"
        );
    }
}

#[test]
fn without_a_provider_it_says_how_to_name_or_simulate_one() {
    let _turn = turn();
    let site = good().unset("PAYMENT_GATEWAY_URL");
    refuse(&site, &["PAYMENT_GATEWAY_URL", "is not set", "--simulate"]);
}

#[test]
fn all_unusable_variables_are_named_at_once() {
    let _turn = turn();
    let site = good().set("BIND_ADDR", "x").set("RUST_LOG", "[");
    let mut service = site.spawn(&[]);
    assert_eq!(service.ended().code(), Some(1));
    let said = service.err.all();
    assert!(
        said.contains("BIND_ADDR") && said.contains("RUST_LOG"),
        "{said}"
    );
}

#[test]
fn an_unknown_argument_is_wrong_usage() {
    let _turn = turn();
    let mut service = good().argument("--simulat").spawn(&[]);
    assert_eq!(service.ended().code(), Some(2));
    let said = service.err.all();
    assert!(
        said.contains("--simulate") && said.contains("--help"),
        "{said}"
    );
}

#[test]
fn a_port_in_use_is_named_with_its_variable() {
    let _turn = turn();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let site = good().set("BIND_ADDR", &address);
    refuse(&site, &["BIND_ADDR", &address, "in use"]);
}

#[test]
fn a_folder_that_is_missing_is_named_and_not_made() {
    let _turn = turn();
    let site = good();
    let folder = site.folder().join("nowhere");
    let url = format!("sqlite://{}/service.db", folder.display());
    let site = site.set("DATABASE_URL", &url);
    refuse(&site, &[&url, "does not exist", "create it first"]);
    assert!(!folder.exists());
}

#[test]
fn a_file_that_is_no_database_is_left_as_it_is() {
    let _turn = turn();
    let site = good();
    let text = "minutes of the meeting\n".repeat(100);
    std::fs::write(site.database(), &text).unwrap();
    refuse(&site, &["service.db", "not a database"]);
    assert_eq!(std::fs::read_to_string(site.database()).unwrap(), text);
}

#[test]
fn a_newer_schema_is_left_to_the_newer_program() {
    let _turn = turn();
    let site = good();
    drop(site.start());
    let newer = "insert into orch_migrations values ('9999_later', 'x')";
    database::open(&site.database()).execute(newer, []).unwrap();
    refuse(&site, &["9999_later", "newer version of the program"]);
}

#[test]
fn a_migration_that_was_changed_afterwards_is_named() {
    let _turn = turn();
    let site = good();
    drop(site.start());
    let changed = "update orch_migrations set checksum = 'other'";
    database::open(&site.database())
        .execute(changed, [])
        .unwrap();
    refuse(
        &site,
        &["0001_payment", "was changed", "add a new migration"],
    );
}

/// Another program holds the file before there is a schema in it.
#[test]
fn a_locked_new_database_is_given_up_after_a_while() {
    let _turn = turn();
    let site = good();
    let holder = Connection::open(site.database()).unwrap();
    holder.execute_batch("begin exclusive").unwrap();
    refuse(&site, &["service.db", "locked"]);
    drop(holder);
    drop(site.start());
}

/// Another program holds the file for longer than a request can wait: nothing is half done.
#[test]
fn while_the_database_is_locked_clients_are_asked_to_come_again() {
    let _turn = turn();
    let site = good();
    let service = site.start();
    let post = || http::post(service.address, "key-1", &http::payment("order-1")).unwrap();
    let holder = Connection::open(site.database()).unwrap();
    holder.execute_batch("begin immediate").unwrap();
    let refused = post();
    assert_eq!(refused.status(), 503, "{refused:?}");
    assert!(refused.header("retry-after").is_some(), "{refused:?}");
    drop(holder);
    let accepted = post();
    assert_eq!(accepted.status(), 202);
    assert_eq!(service.rest(&accepted.text("opId")), "COMPLETED");
}
