//! Edits of files of somebody else: everything stays, twice is once, and out again is as before.

use super::*;
use proptest::prelude::*;

const LIBRARY: &str = "lib.rs";

fn module(name: &str) -> Item {
    Item::Module(name.to_owned())
}

fn dependency(table: &str, name: &str, value: &str) -> Item {
    Item::Dependency(Dependency {
        table: table.to_owned(),
        name: name.to_owned(),
        value: value.to_owned(),
        shared: false,
    })
}

fn put_in(path: &str, text: &str, items: &[Item]) -> Injected {
    let once = edit(path, text, &[], items).unwrap();
    let twice = edit(path, &once.text, &once.items, items).unwrap();
    assert_eq!(twice, once, "twice is once");
    once
}

/// What comes of it; taking it out again gives the text back.
fn inserted(path: &str, text: &str, items: &[Item]) -> String {
    let injected = put_in(path, text, items);
    let back = edit(path, &injected.text, &injected.items, &[]).unwrap();
    assert_eq!(back.text, text, "out again is as before");
    injected.text
}

#[test]
fn modules_stand_in_the_order_of_names_beside_the_others() {
    let text = "//! A shop.\n\nmod cart;\npub mod stock; // ours\n\nuse cart::Cart;\n";
    insta::assert_snapshot!(inserted(LIBRARY, text, &[module("payment"), module("zebra")]), @"
    //! A shop.

    mod cart;
    pub mod payment;
    pub mod stock; // ours
    pub mod zebra;

    use cart::Cart;
    ");
}

/// The trap of generators that search for text: a comment, a string, or a macro that looks alike.
#[test]
fn what_only_looks_like_a_declaration_is_none() {
    let text = "#![deny(missing_docs)]\n// mod payment;\nconst A: &str = \"mod payment;\";\n\
                macro_rules! m { () => { mod payment; } }\nmod cart;\nfn main() {}\n";
    insta::assert_snapshot!(inserted(LIBRARY, text, &[module("payment")]), @r#"
    #![deny(missing_docs)]
    // mod payment;
    const A: &str = "mod payment;";
    macro_rules! m { () => { mod payment; } }
    mod cart;
    pub mod payment;
    fn main() {}
    "#);
}

#[test]
fn the_first_module_stands_before_the_first_item() {
    let text = "// Licensed to nobody.\n\n#![deny(warnings)]\n\n/// Adds.\npub fn add() {}\n";
    let items = [module("orchestrations"), module("payment")];
    insta::assert_snapshot!(inserted(LIBRARY, text, &items), @"
    // Licensed to nobody.

    #![deny(warnings)]

    pub mod orchestrations;
    pub mod payment;

    /// Adds.
    pub fn add() {}
    ");
    assert_eq!(
        inserted(LIBRARY, "", &items[..1]),
        "pub mod orchestrations;\n"
    );
    let only = "//! Nothing yet.\n";
    assert_eq!(
        inserted(LIBRARY, only, &items[..1]),
        format!("{only}pub mod orchestrations;\n")
    );
}

#[test]
fn line_ends_marks_and_scripts_are_kept() {
    let text = "\u{feff}#!/usr/bin/env run\r\nmod a;\r\nmod c;\r\n";
    let expected = "\u{feff}#!/usr/bin/env run\r\nmod a;\r\npub mod b;\r\nmod c;\r\n";
    assert_eq!(inserted(LIBRARY, text, &[module("b")]), expected);
    let crowded = "mod a; fn f() {\n}\n";
    assert_eq!(
        inserted(LIBRARY, "mod a; mod c;\n", &[module("b")]),
        "mod a; mod c;\npub mod b;\n"
    );
    let crowded = edit(LIBRARY, crowded, &[], &[module("b")]).unwrap().text;
    assert!(
        syn::parse_file(&crowded).unwrap().items.len() == 3,
        "{crowded}"
    );
}

#[test]
fn a_module_of_ones_own_is_told_from_a_declaration_that_was_pasted() {
    let pasted = "pub mod payment;\n";
    let injected = edit(LIBRARY, pasted, &[], &[module("payment")]).unwrap();
    assert_eq!((injected.text.as_str(), injected.items.len()), (pasted, 0));
    let error = edit(LIBRARY, "mod payment { }\n", &[], &[module("payment")]).unwrap_err();
    assert_eq!(error.code(), crate::error::Code::Occupied);
    let error = edit(LIBRARY, "mod a;\nfn broken( {\n", &[], &[module("payment")]).unwrap_err();
    assert_eq!(error.code(), crate::error::Code::NoPlace);
    assert!(error.advice().unwrap().contains("pub mod payment;"));
    assert_eq!(error.place(), Some("lib.rs:2"));
}

const RUNTIME: &str = "{ path = \"vendor/orch-runtime\" }";

#[test]
fn dependencies_keep_every_comment_and_the_order() {
    let text = "\
# A shop.
[package]
name = \"shop\"   # the name
edition = \"2021\"

[dependencies]
anyhow = \"1\" # errors
# The web.
tower = { version = \"0.5\" }

[lints] # strict
rust.unsafe_code = \"forbid\"
";
    let items = [
        dependency("dependencies", "orch-runtime", RUNTIME),
        dependency("dev-dependencies", "orch-lint", "\"0.1\""),
    ];
    insta::assert_snapshot!(inserted("Cargo.toml", text, &items), @r#"
    # A shop.
    [package]
    name = "shop"   # the name
    edition = "2021"

    [dependencies]
    anyhow = "1" # errors
    orch-runtime = { path = "vendor/orch-runtime" }
    # The web.
    tower = { version = "0.5" }

    [lints] # strict
    rust.unsafe_code = "forbid"

    [dev-dependencies]
    orch-lint = "0.1"
    "#);
    let windows = text.replace('\n', "\r\n");
    let injected = inserted("Cargo.toml", &windows, &items);
    assert!(!injected.replace("\r\n", "").contains('\n'));
}

#[test]
fn dependencies_go_into_tables_of_every_shape() {
    for text in [
        "[package]\nname = \"a\"\n",
        "[package]\nname = \"a\"\n\n[dependencies.serde]\nversion = \"1\"\nfeatures = [\"derive\"]\n",
        "dependencies = { serde = \"1\" }\n\n[package]\nname = \"a\"\n",
        "[package]\nname = \"a\"\n[dependencies]\n",
        "[dependencies]\nz = \"1\"\na = \"1\"\n[package]\nname = \"a\"\n",
    ] {
        let item = [dependency("dependencies", "orch-runtime", RUNTIME)];
        let injected = put_in("Cargo.toml", text, &item).text;
        let document: toml_edit::DocumentMut = injected.parse().unwrap();
        let path = &document["dependencies"]["orch-runtime"]["path"];
        assert_eq!(path.as_str(), Some("vendor/orch-runtime"), "{injected}");
    }
}

/// A version that the package chose stays; it only gets the features that tests need.
#[test]
fn a_dependency_of_the_packages_own_gets_what_it_lacks() {
    let tokio = Item::Dependency(Dependency {
        table: "dev-dependencies".to_owned(),
        name: "tokio".to_owned(),
        value: "{ version = \"1\", features = [\"macros\", \"rt\"] }".to_owned(),
        shared: true,
    });
    let text = |own: &str| format!("[dev-dependencies]\ntokio = {own}\n");
    for (own, with) in [
        (
            "{ version = \"1.40\", features = [\"full\"] }",
            "{ version = \"1.40\", features = [\"full\"] }",
        ),
        (
            "\"1.40\"",
            "{ version = \"1.40\", features = [\"macros\", \"rt\"] }",
        ),
        (
            "{ workspace = true }",
            "{ workspace = true , features = [\"macros\", \"rt\"] }",
        ),
    ] {
        let injected = edit("Cargo.toml", &text(own), &[], std::slice::from_ref(&tokio)).unwrap();
        assert_eq!(
            injected.text.replace(" ,", ","),
            text(with).replace(" ,", ",")
        );
        assert!(injected.items.is_empty(), "it is the package's own");
    }
}

#[test]
fn folders_join_the_lists_of_a_workspace() {
    let exclude = |folder: &str| Item::Exclude(folder.to_owned());
    for (text, with) in [
        (
            "[workspace]\nexclude = [\"a\", \"z\"]\n",
            "[workspace]\nexclude = [\"a\", \"m\", \"z\"]\n",
        ),
        (
            "[workspace]\nexclude = [\"z\"]\n",
            "[workspace]\nexclude = [\"m\", \"z\"]\n",
        ),
        (
            "[workspace]\nexclude = [\"a\"]\n",
            "[workspace]\nexclude = [\"a\", \"m\"]\n",
        ),
        (
            "[workspace]\nexclude = [\n    \"a\", # old\n    \"z\",\n]\n",
            "[workspace]\nexclude = [\n    \"a\", # old\n    \"m\",\n    \"z\",\n]\n",
        ),
        (
            "[workspace]\nmembers = [\"*\"]\n",
            "[workspace]\nmembers = [\"*\"]\nexclude = [\"m\"]\n",
        ),
    ] {
        assert_eq!(inserted("Cargo.toml", text, &[exclude("m")]), with);
    }
}

const MAIN: &str = "\
use axum::Router;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    // axum::serve(listener, app)
    let app = Router::new().route(\"/\", get(root));
    let listener = TcpListener::bind(\"[::]:80\").await?;
    axum::serve(listener, app.into_make_service())
        .await?;
    Ok(())
}
";

#[test]
fn the_api_joins_the_router_that_is_served() {
    let router = [Item::Router("shop::orchestrations".to_owned())];
    insta::assert_snapshot!(inserted("src/main.rs", MAIN, &router), @r#"
    use axum::Router;

    #[tokio::main]
    async fn main() -> anyhow::Result<()> {
        // axum::serve(listener, app)
        let app = Router::new().route("/", get(root));
        let listener = TcpListener::bind("[::]:80").await?;
        let orchestrations = shop::orchestrations::start().await?;
        let app = app.merge(orchestrations.routes());
        axum::serve(listener, app.into_make_service())
            .await?;
        Ok(())
    }
    "#);
    let unit = MAIN
        .replace(" -> anyhow::Result<()>", "")
        .replace("?;\n    Ok(())", ".unwrap();");
    assert!(inserted("src/main.rs", &unit, &router).contains(".await.expect("));
}

/// A comment about what was there once must not keep the API out, nor make a program of a library.
#[test]
fn what_only_looks_like_a_server_is_none() {
    let router = [Item::Router("shop::orchestrations".to_owned())];
    let text = MAIN.replace(
        "    let app",
        "    // shop::orchestrations::start() was here\n    let app",
    );
    let injected = inserted("src/main.rs", &text, &router);
    assert!(
        injected.contains("= shop::orchestrations::start().await?;"),
        "{injected}"
    );
    for none in [
        "// axum::serve(l, a)\nfn f() {}\n",
        "const A: &str = \"axum::serve(l, a)\";\n",
    ] {
        assert!(!needs_router(none), "{none}");
    }
    for some in [
        MAIN,
        "use axum::serve;\nasync fn f() { serve(l, a).await; }\n",
        "axum::serve( {",
    ] {
        assert!(needs_router(some), "{some}");
    }
}

#[test]
fn a_router_that_is_not_found_is_said_with_the_lines_to_paste() {
    let router = [Item::Router("shop::orchestrations".to_owned())];
    for text in [
        "fn main() {}\n",
        "async fn a() { axum::serve(l, router()).await; }\n",
        "fn a() { axum::serve(l, app); }\n",
        &format!("{MAIN}async fn other() {{\n    axum::serve(a, b).await;\n}}\n"),
    ] {
        let error = edit("src/main.rs", text, &[], &router).unwrap_err();
        assert_eq!(error.code(), crate::error::Code::NoPlace, "{text}");
        assert!(error.advice().unwrap().contains("orchestrations.routes()"));
    }
}

#[test]
fn items_are_remembered_by_name() {
    for text in [
        "mod payment",
        "dev-dependencies tokio",
        "exclude a/vendor",
        "member a",
        "router a::b",
    ] {
        assert_eq!(Item::parse(text).unwrap().to_string(), text);
    }
}

fn line() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z]{1,8}".prop_map(|name| format!("mod {name}_;")),
        "[a-z]{1,8}".prop_map(|name| format!("#[cfg(test)]\npub mod {name}_;")),
        "[a-z]{1,8}".prop_map(|name| format!("/// Docs.\nmod {name}_; // note")),
        "[a-z]{1,8}".prop_map(|name| format!("use {name}_::{name}_;")),
        "[a-z]{1,8}".prop_map(|name| format!("fn {name}_() {{\n    mod inner;\n}}")),
        "[a-z]{1,8}".prop_map(|name| format!("mod {name}_ {{\n    mod inner;\n}}")),
        Just(String::new()),
        Just("// mod payment;".to_owned()),
        Just("/* mod a;\nmod b; */".to_owned()),
    ]
}

proptest! {
    /// Whatever stands there stays, in its order, and the result parses.
    #[test]
    fn modules_are_put_in_and_taken_out_without_a_trace(
        lines in prop::collection::vec(line(), 0..12),
        crlf in any::<bool>(),
        names in prop::collection::btree_set("[a-z]{1,9}_m", 1..4),
    ) {
        let mut text = lines.join("\n") + "\n";
        if crlf {
            text = text.replace('\n', "\r\n");
        }
        let items: Vec<_> = names.iter().map(|name| module(name)).collect();
        let injected = edit(LIBRARY, &text, &[], &items).unwrap();
        prop_assert!(syn::parse_file(&injected.text).is_ok(), "{}", injected.text);
        let again = edit(LIBRARY, &injected.text, &injected.items, &items).unwrap();
        prop_assert_eq!(&again.text, &injected.text);
        let mut left = injected;
        for item in &items {
            let fewer: Vec<_> = left.items.iter().filter(|other| !other.is(item)).cloned().collect();
            left = edit(LIBRARY, &left.text, &left.items, &fewer).unwrap();
        }
        prop_assert_eq!(left.text, text);
    }
}
