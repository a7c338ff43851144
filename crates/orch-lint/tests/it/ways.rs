//! The way from an orchestrator to a cause: what is said of it, and where its steps stand.

use orch_lint::sources::{Content, Memory, SourceTree};

use crate::cases::MANIFEST;
use crate::project::{billing, edit, report};

const ORCH: &str = "src/payment/orchestrator.rs";
const GATEWAY: &str = "src/payment/gateway.rs";

/// The message shows the whole way, across files.
#[test]
fn a_chain_is_shown_from_the_orchestrator_to_the_database() {
    let mut tree = billing();
    edit(
        &mut tree,
        GATEWAY,
        "    client: JsonClient,\n}",
        "    client: JsonClient,\n    audit: super::generated::repository::PaymentOperationRepository,\n}",
    );
    let report = report(&tree);
    assert_eq!(
        report.findings[0].message,
        "`execute` can reach a database: PaymentOrchestrator.gateway → HttpPaymentGateway.audit → \
         PaymentOperationRepository.operations: Repository<PaymentOperation>"
    );
    assert_eq!(report.findings[0].path, ORCH);
    let texts = report.findings[0].chain.iter().map(|link| {
        let site = link.site.as_ref().expect("fields are declared somewhere");
        let Some(Content::Text(text)) = tree.read(&site.path) else {
            panic!("{}", site.path);
        };
        (site.path.clone(), text[site.bytes.clone()].to_owned())
    });
    let of = |path: &str, text: &str| (path.to_owned(), text.to_owned());
    assert_eq!(
        texts.collect::<Vec<_>>(),
        [
            of(ORCH, "G"),
            of(GATEWAY, "audit"),
            of("src/payment/generated/repository.rs", "operations"),
            of(
                "src/payment/generated/repository.rs",
                "Repository<PaymentOperation>"
            ),
        ]
    );
}

/// A function on the way is where it is called, and the cause where it stands.
#[test]
fn a_way_through_functions_leads_from_call_to_call() {
    let mut tree = billing();
    edit(
        &mut tree,
        ORCH,
        "match self.gateway",
        "super::rules::prepare(); match self.gateway",
    );
    let rules = "src/payment/rules.rs";
    let Some(Content::Text(text)) = tree.read(rules) else {
        panic!("no rules");
    };
    let functions = "pub fn prepare() { look() }\nfn look() { std::fs::read(\"a\"); }\n";
    tree.insert(rules, format!("{text}\n/// P.\n{functions}"));
    let report = report(&tree);
    let found = report.findings.iter().find(|of| of.chain.len() > 1);
    let chain = &found.expect("a finding with a way").chain;
    let steps = chain.iter().map(|link| {
        let site = link.site.as_ref().map(|site| site.path.as_str());
        (link.name.as_str(), site)
    });
    assert_eq!(
        steps.collect::<Vec<_>>(),
        [
            ("PaymentOrchestrator::execute", None),
            ("prepare", Some(ORCH)),
            ("look", Some(rules)),
            ("std::fs::read", Some(rules)),
        ]
    );
    let lines = chain
        .iter()
        .filter_map(|link| Some(link.site.as_ref()?.start.line));
    let lines: Vec<u32> = lines.collect();
    assert_eq!(lines[1] + 1, lines[2], "the cause stands below the call");
}

/// The names of the steps of the first finding of a rule, each with its file and the text that stands there.
fn steps(tree: &Memory, code: &str) -> Vec<(String, Option<(String, String)>)> {
    let report = report(tree);
    let found = report.findings.iter().find(|of| of.code == code);
    let found = found.unwrap_or_else(|| panic!("{}", report.render_full(false)));
    let steps = found.chain.iter().map(|link| {
        let site = link.site.as_ref().map(|site| {
            let Some(Content::Text(text)) = tree.read(&site.path) else {
                panic!("no {}", site.path);
            };
            (site.path.clone(), text[site.bytes.clone()].to_owned())
        });
        (link.name.clone(), site)
    });
    steps.collect()
}

fn step(name: &str, path: &str, text: &str) -> (String, Option<(String, String)>) {
    (name.into(), Some((path.into(), text.into())))
}

#[test]
fn a_way_through_layers_shows_where_each_item_is_named() {
    let files = [
        ("Cargo.toml", MANIFEST),
        ("src/lib.rs", "//! Pays.\nmod a;\nmod b;\n"),
        (
            "src/a.rs",
            "pub struct Pay;\nimpl orch_runtime::Orchestrator for Pay {}\n\
             impl Pay { fn read(&self) { crate::b::look(); } }\n",
        ),
        (
            "src/b.rs",
            "pub struct Repo { of: orch_runtime::Repository<u8> }\n\
             pub fn look() { Repo::new(); }\n",
        ),
    ];
    assert_eq!(
        steps(&Memory::from(files), "ORC801"),
        [
            step("Pay", "src/a.rs", "Pay"),
            step("crate::b::look", "src/a.rs", "crate::b::look"),
            step("Repo", "src/b.rs", "Repo::new"),
        ]
    );
}

#[test]
fn each_module_of_a_circle_is_where_the_one_before_names_it() {
    let files = [
        ("Cargo.toml", MANIFEST),
        ("src/lib.rs", "//! Pays.\nmod a;\nmod b;\nmod c;\n"),
        (
            "src/a.rs",
            "pub struct A { b: super::b::B }\nimpl orch_runtime::Orchestrator for A {}\n",
        ),
        (
            "src/b.rs",
            "pub struct B { c: super::c::C }\nimpl orch_runtime::Command for B {}\n",
        ),
        (
            "src/c.rs",
            "pub struct C { a: super::a::A }\nimpl orch_runtime::Command for C {}\n",
        ),
    ];
    assert_eq!(
        steps(&Memory::from(files), "ORC802"),
        [
            ("crate::a".to_owned(), None),
            step("crate::b", "src/a.rs", "super::b::B"),
            step("crate::c", "src/b.rs", "super::c::C"),
            step("crate::a", "src/c.rs", "super::a::A"),
        ]
    );
}
