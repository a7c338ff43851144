//! Packages that were there before: of every shape, and as they were when everything is taken out.

use crate::command::{Everything, Place};

const SERVER: &str = "\
use axum::Router;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let app = Router::new();
    let listener = tokio::net::TcpListener::bind(\"127.0.0.1:0\").await?;
    axum::serve(listener, app).await?;
    Ok(())
}
";

/// A package in `folder` with these files beside its manifest.
fn package(place: &Place, folder: &str, manifest: &str, files: &[(&str, &str)]) {
    place.write(&format!("{folder}/Cargo.toml"), manifest);
    for (path, text) in files {
        place.write(&format!("{folder}/{path}"), text);
    }
}

fn bytes(place: &Place) -> Vec<(std::path::PathBuf, Vec<u8>)> {
    let all: Everything = place.everything();
    let files = all.into_iter().filter(|(path, _)| path.is_file());
    files.map(|(path, (_, bytes))| (path, bytes)).collect()
}

const LIBRARY: &[(&str, &str)] = &[
    ("src/lib.rs", "//! A shop.\n\npub mod stock;\n"),
    ("src/stock.rs", ""),
];

const MANIFEST: &str = "\
# A shop.
[package]
name = \"shop-api\"
edition = \"2021\" # for now

[dependencies]
anyhow = \"1\"

# Servers.
axum = \"0.8\"
";

#[test]
fn a_library_gets_modules_and_dependencies_and_keeps_its_comments() {
    let place = Place::new();
    package(&place, "shop", MANIFEST, LIBRARY);
    let before = bytes(&place);
    let done = place
        .run_in("shop/src", &["Payment", "PaymentRequested"])
        .done();
    assert!(
        done.out
            .contains("shop_api::orchestrations::start().await?"),
        "{done:?}"
    );
    insta::assert_snapshot!(place.read("shop/src/lib.rs"), @"
    //! A shop.

    pub mod orchestrations;
    pub mod payment;
    pub mod stock;
    ");
    insta::assert_snapshot!(place.read("shop/Cargo.toml"), @r#"
    # A shop.
    [package]
    name = "shop-api"
    edition = "2021" # for now

    [dependencies]
    anyhow = "1"

    # Servers.
    axum = "0.8"
    orch-runtime = { path = "vendor/orch-runtime" }

    [dev-dependencies]
    orch-lint = { path = "vendor/orch-lint" }
    orch-runtime = { path = "vendor/orch-runtime", features = ["testing"] }
    tokio = { version = "1", features = ["macros", "rt-multi-thread"] }
    "#);
    let after = place.everything();
    place.run_in("shop", &["apply"]).done();
    place.run_in("shop", &["check"]).done();
    assert_eq!(place.everything(), after, "twice is once");
    place.run_in("shop", &["remove", "Payment"]).done();
    assert_eq!(bytes(&place), before);
}

/// Members of a virtual workspace with globs, from a folder inside; the vendored crates are none.
#[test]
fn a_member_of_a_workspace_is_found_and_its_workspace_is_told() {
    let place = Place::new();
    let root = "# All.\n[workspace]\nmembers = [\"services/*\"] # these\n\n[workspace.package]\nedition = \"2024\"\n";
    place.write("Cargo.toml", root);
    let manifest = MANIFEST.replace("edition = \"2021\" # for now", "edition.workspace = true");
    package(
        &place,
        "services/shop",
        &manifest,
        &[("src/main.rs", SERVER)],
    );
    package(
        &place,
        "services/audit",
        &MANIFEST.replace("shop-api", "audit"),
        LIBRARY,
    );
    let before = bytes(&place);
    let domains = [
        ("shop-api", "Payment"),
        ("audit", "Audit"),
        ("shop-api", "Refund"),
    ];
    for (name, domain) in domains {
        let event = format!("{domain}Requested");
        place.run(&[domain, &event, "-p", name]).done();
    }
    insta::assert_snapshot!(place.read("Cargo.toml"), @r#"
    # All.
    [workspace]
    members = ["services/*"] # these
    exclude = ["vendor"]

    [workspace.package]
    edition = "2024"
    "#);
    let main = place.read("services/shop/src/main.rs");
    assert!(
        main.contains("let orchestrations = shop_api::orchestrations::start().await?;"),
        "{main}"
    );
    assert_eq!(main.matches("orchestrations.routes()").count(), 1);
    let library = place.read("services/shop/src/lib.rs");
    assert!(
        library.ends_with("pub mod orchestrations;\npub mod payment;\npub mod refund;\n"),
        "{library}"
    );
    for (name, domain) in [domains[1], domains[0], domains[2]] {
        place.run(&["remove", domain, "-p", name]).done();
    }
    assert_eq!(bytes(&place), before);
}

/// As `cargo new` does it: a workspace that does not list the package does not build.
#[test]
fn a_new_package_joins_the_workspace_around_it() {
    let place = Place::new();
    place.write("Cargo.toml", "[workspace]\nmembers = [\"a\", \"z\"]\n");
    for member in ["a", "z"] {
        package(
            &place,
            member,
            &MANIFEST.replace("shop-api", member),
            LIBRARY,
        );
    }
    place
        .run(&["Payment", "PaymentRequested", "--out", "pay"])
        .done();
    let expected = "[workspace]\nmembers = [\"a\", \"pay\", \"z\"]\nexclude = [\"vendor\"]\n";
    assert_eq!(place.read("Cargo.toml"), expected);
    assert!(!place.read("pay/Cargo.toml").contains("[workspace]"));
    place.run(&["check", "--out", "pay"]).done();
    let metadata = crate::command::ran({
        let mut cargo = std::process::Command::new(env!("CARGO"));
        let arguments = [
            "metadata",
            "--no-deps",
            "--offline",
            "--format-version",
            "1",
        ];
        cargo.args(arguments).current_dir(place.path(""));
        cargo
    });
    assert_eq!(metadata.code, 0, "{metadata:?}");
    assert!(
        !metadata.out.contains("vendor/orch-lint/Cargo.toml"),
        "{}",
        metadata.out
    );
}

#[test]
fn line_ends_of_windows_are_kept() {
    let place = Place::new();
    let windows = |text: &str| text.replace('\n', "\r\n");
    let main = windows(SERVER);
    package(
        &place,
        "shop",
        &windows(MANIFEST),
        &[("src/main.rs", &main)],
    );
    let before = bytes(&place);
    place
        .run_in("shop", &["Payment", "PaymentRequested"])
        .done();
    for path in ["shop/Cargo.toml", "shop/src/main.rs"] {
        let text = place.read(path);
        assert_eq!(
            text.matches('\n').count(),
            text.matches("\r\n").count(),
            "{path}"
        );
    }
    place.run_in("shop", &["remove", "Payment"]).done();
    assert_eq!(bytes(&place), before);
}

/// What does not compile yet is generated into all the same; what cannot be read as Rust is not.
#[test]
fn a_package_that_does_not_compile_is_no_obstacle_and_one_that_does_not_parse_is() {
    let place = Place::new();
    let broken = [("src/lib.rs", "mod nowhere;\nfn f() -> Missing { 1 + }\n")];
    package(&place, "shop", MANIFEST, &broken);
    let before = bytes(&place);
    let refused = place
        .run_in("shop", &["Payment", "PaymentRequested"])
        .refused(1, "OG055");
    assert!(
        refused.err.contains("pub mod orchestrations;"),
        "{refused:?}"
    );
    assert!(refused.err.contains("src/lib.rs:2"), "{refused:?}");
    assert_eq!(bytes(&place), before, "nothing was written");
    place.write(
        "shop/src/lib.rs",
        "mod nowhere;\nfn f() -> Missing { 1 + \"a\" }\n",
    );
    place
        .run_in("shop", &["Payment", "PaymentRequested"])
        .done();
}

#[test]
fn a_router_that_is_not_found_stops_everything_until_it_is_left_alone() {
    let place = Place::new();
    let main = SERVER.replace("serve(listener, app)", "serve(listener, Router::new())");
    package(&place, "shop", MANIFEST, &[("src/main.rs", &main)]);
    let before = bytes(&place);
    let refused = place
        .run_in("shop", &["Payment", "PaymentRequested"])
        .refused(1, "OG055");
    assert!(
        refused
            .err
            .contains("let app = app.merge(orchestrations.routes());"),
        "{refused:?}"
    );
    assert_eq!(bytes(&place), before);
    place
        .run_in("shop", &["Payment", "PaymentRequested", "--no-router"])
        .done();
    assert!(place.read("shop/orch.toml").contains("router = false"));
    assert_eq!(place.read("shop/src/main.rs"), main);
}

#[test]
fn a_module_of_the_same_name_is_in_the_way() {
    let place = Place::new();
    for (path, text) in [
        ("src/payment.rs", "pub struct Own;\n"),
        ("src/payment/mod.rs", "pub struct Own;\n"),
    ] {
        let folder = path.replace(['/', '.'], "_");
        let files = [("src/lib.rs", "mod payment;\n"), (path, text)];
        package(&place, &folder, MANIFEST, &files);
        let before = bytes(&place);
        let refused = place.run_in(&folder, &["Payment", "PaymentRequested"]);
        assert!(
            refused.code != 0 && refused.err.contains("OG022"),
            "{refused:?}"
        );
        assert_eq!(bytes(&place), before);
    }
}

#[test]
fn what_cannot_be_generated_into_is_refused_with_a_way_out() {
    let place = Place::new();
    let old = MANIFEST.replace("\"2021\" # for now", "\"2018\"");
    package(&place, "old", &old, LIBRARY);
    let moved = format!("{MANIFEST}\n[lib]\npath = \"core/lib.rs\"\n");
    package(&place, "moved", &moved, LIBRARY);
    for folder in ["old", "moved"] {
        let before = bytes(&place);
        place
            .run_in(folder, &["Payment", "PaymentRequested"])
            .refused(2, "OG013");
        assert_eq!(bytes(&place), before);
    }
}

/// An edit of a file of yours stays, also when everything else goes.
#[test]
fn edited_files_are_kept_and_listed() {
    let place = Place::new();
    package(&place, "shop", MANIFEST, LIBRARY);
    place
        .run_in("shop", &["Payment", "PaymentRequested"])
        .done();
    let rules = place.read("shop/src/payment/rules.rs") + "// Mine.\n";
    place.write("shop/src/payment/rules.rs", &rules);
    let removed = place.run_in("shop", &["remove", "Payment"]).done();
    assert!(
        removed.out.contains("rules.rs  (edited, so it is kept"),
        "{removed:?}"
    );
    assert_eq!(place.read("shop/src/payment/rules.rs"), rules);
    assert!(!place.path("shop/orch.lock").exists());
}
