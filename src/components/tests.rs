//! Components: every template is owned once, phases are ordered, claims are exclusive.

use super::*;
use std::path::Path;

fn templates(folder: &Path, found: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            templates(&path, found);
        } else {
            let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("templates");
            found.push(
                path.strip_prefix(root)
                    .unwrap()
                    .to_string_lossy()
                    .replace('\\', "/"),
            );
        }
    }
}

/// A template that no component owns is dead, and one with two owners has two truths.
#[test]
fn every_template_has_one_owner() {
    let mut found = Vec::new();
    templates(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("templates"),
        &mut found,
    );
    found.sort();
    let mut owned: Vec<_> = ALL
        .iter()
        .flat_map(|c| c.templates)
        .map(|t| (*t).to_owned())
        .collect();
    owned.sort();
    assert_eq!(found, owned);
}

#[test]
fn ids_are_unique() {
    let mut ids: Vec<_> = ALL.iter().map(|component| component.id).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), ALL.len());
}

fn package() -> PackageModel {
    let spec = crate::spec::Spec::empty(
        crate::spec::RuntimeSource::Vendored,
        crate::spec::StoreKind::Sqlite,
    );
    let place = crate::model::Place::alone("x");
    PackageModel::new(&spec, &place)
}

fn one(path: &'static str) -> Rendered {
    Ok(vec![GeneratedFile::ready(path, Class::Generated, "x\n")])
}

const FIRST: Component = Component {
    id: "first",
    needs: &[],
    templates: &[],
    render: Render::Package(|_| one("a")),
};

#[test]
fn a_component_sees_the_files_it_needs() {
    let second = Component {
        id: "second",
        needs: &["first"],
        templates: &[],
        render: Render::Package(|context| {
            let seen: String = context
                .produced
                .iter()
                .map(|owned| owned.file.path())
                .collect();
            Ok(vec![GeneratedFile::ready("b", Class::Generated, seen)])
        }),
    };
    let (phases, files) = render(&[second, FIRST], &package(), &Templates::default()).unwrap();
    assert_eq!(phases.len(), 2);
    assert_eq!(files[1].file.contents(), "a");
}

#[test]
fn two_owners_of_one_file_are_refused() {
    let twin = Component {
        id: "twin",
        render: Render::Package(|_| one("A")),
        ..FIRST
    };
    let error = render(&[FIRST, twin], &package(), &Templates::default()).unwrap_err();
    assert_eq!(error.code(), crate::error::Code::TwoOwners);
}

#[test]
fn components_that_wait_for_each_other_are_refused() {
    let circle = Component {
        id: "circle",
        needs: &["circle"],
        ..FIRST
    };
    assert!(render(&[circle], &package(), &Templates::default()).is_err());
}

/// Vendored crates stand alone: nothing in their manifests refers to the workspace they come from.
#[test]
fn vendored_manifests_stand_alone() {
    let (_, files) = render(ALL, &package(), &Templates::default()).unwrap();
    let manifests: Vec<_> = files
        .iter()
        .filter(|o| o.file.path().ends_with("/Cargo.toml"))
        .collect();
    assert_eq!(manifests.len(), 2);
    for manifest in manifests {
        assert!(
            !manifest.file.contents().contains("workspace"),
            "{}",
            manifest.file.contents()
        );
    }
}
