//! Templates: both engines print the same, and nothing of a package's own is passed over.

use super::*;
use crate::components;
use std::collections::{BTreeMap, BTreeSet};

/// Every template, as if the package had it of its own, without a change.
fn all_ejected() -> BTreeMap<String, String> {
    all()
        .map(|one| (one.path.to_owned(), one.text.to_owned()))
        .collect()
}

/// A template that only one engine understands, or that they print differently, would change a file by
/// being ejected.
#[test]
fn an_ejected_template_prints_what_the_built_in_one_does() {
    let own = Templates::with(Own::new(&all_ejected()).unwrap());
    let mut seen = BTreeSet::new();
    for package in fixtures::packages().unwrap() {
        let render = |templates| {
            components::render(components::ALL, &package, templates)
                .unwrap()
                .1
        };
        for (one, other) in render(&Templates::default()).iter().zip(render(&own)) {
            assert_eq!(one.file.path(), other.file.path());
            assert_eq!(
                one.file.contents(),
                other.file.contents(),
                "{}",
                one.file.path()
            );
            seen.extend(other.file.own_template());
        }
    }
    let parts: BTreeSet<_> = all().flat_map(|one| own::includes(one.text)).collect();
    let missed: Vec<_> = all()
        .filter(|one| !seen.contains(one.path) && !parts.contains(one.path))
        .collect();
    assert!(missed.is_empty(), "printed by no fixture: {missed:?}");
}

fn one(path: &str, text: &str) -> BTreeMap<String, String> {
    [(path.to_owned(), text.to_owned())].into()
}

/// Who changes a part that several templates include means all of them.
#[test]
fn a_part_of_ones_own_is_in_every_template_that_includes_it() {
    let part = "src/[domain]/gateway/shared.rs.j2";
    let own = Own::new(&one(part, "// ours")).unwrap().unwrap();
    assert!(own.is_used("src/[domain]/gateway/http.rs.j2"));
    assert!(own.is_used("src/[domain]/gateway/stripe.rs.j2"));
    assert!(!own.is_used("src/[domain]/rules.rs.j2"));
}

#[test]
fn what_is_wrong_with_a_template_is_named_with_its_line() {
    let path = "src/[domain]/rules.rs.j2";
    let broken = Own::new(&one(path, "//! Rules.\n{% if %}")).unwrap_err();
    assert_eq!(
        broken.place(),
        Some(".orch/templates/src/[domain]/rules.rs.j2:2")
    );
    let own = Own::new(&one(path, "//! Rules.\n\n{{ nmae }}\n")).unwrap();
    let package = &fixtures::packages().unwrap()[0];
    let error = components::render(components::ALL, package, &Templates::with(own)).unwrap_err();
    assert_eq!(error.code(), Code::OwnTemplate);
    assert_eq!(
        error.place(),
        Some(".orch/templates/src/[domain]/rules.rs.j2:3")
    );
}

/// Two lists would be two truths: a template that no component owns is never printed.
#[test]
fn every_template_of_a_component_can_be_ejected() {
    let owned = components::ALL.iter().flat_map(|one| one.templates);
    for template in owned.filter(|path| !path.starts_with("migrations/")) {
        assert!(find(template).is_some(), "{template}");
    }
}
