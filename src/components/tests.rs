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

/// The text of a file of a package with one operation.
fn text_of(path: &str, operation: &str) -> String {
    let text = format!(
        "version = 1\n[store]\nkind = \"postgres\"\n[[domain]]\nname = \"Shop\"\n\
         [[domain.operation]]\nevent = \"ShopOpened\"\n{operation}\n"
    );
    let spec = crate::spec::Spec::parse(&text).unwrap();
    let place = crate::model::Place::alone("x");
    let (_, files) = render(
        ALL,
        &PackageModel::new(&spec, &place),
        &Templates::default(),
    )
    .unwrap();
    let found = files.iter().find(|owned| owned.file.path() == path);
    found.unwrap().file.contents().to_owned()
}

/// Progress has a total where no field is one.
#[test]
fn progress_counts_a_call_without_a_size_as_one_step() {
    let path = "src/shop/orchestrator.rs";
    let of = |field: &str| {
        text_of(
            path,
            &format!("track = \"progress\"\nfields = [\"{field}\"]"),
        )
    };
    assert!(of("a:string").contains("report_progress(0, 1)"));
    assert!(of("size:u64?").contains("report_progress(0, 1)"));
    assert!(of("size:u64").contains("report_progress(0, command.size())"));
}

/// A raw string ends where its fence stands in it.
#[test]
fn a_text_with_quotes_and_hashes_is_one_literal() {
    let text = text_of("tests/shop/command.rs", "fields = ['a:string:pattern=\"#']");
    assert!(syn::parse_file(&text).is_ok(), "{text}");
    assert!(text.contains("r##\""), "{text}");
}

#[test]
fn null_is_no_wrong_value_of_json_that_may_be_left_out() {
    let of = |field: &str| text_of("tests/shop/command.rs", &format!("fields = [\"{field}\"]"));
    assert!(of("a:json").contains("a_that_is_missing_is_refused"));
    assert!(!of("a:json?").contains("a_that_is_missing_is_refused"));
}

/// Each store has functions of its own for JSON.
#[test]
fn the_test_of_secrets_asks_in_the_sql_of_every_store() {
    let text = text_of("tests/shop/outcomes.rs", "fields = [\"pin:string:secret\"]");
    assert!(text.contains("payload like"), "{text}");
    assert!(!text.contains("json_extract"), "{text}");
}

/// What clippy has to say about the fields of a spec is not the generator's to change.
#[test]
fn lints_about_the_fields_are_allowed_where_they_would_speak() {
    let of = |fields: &str| {
        text_of(
            "src/shop/generated/command.rs",
            &format!("fields = [{fields}]"),
        )
    };
    assert!(!of("\"order_id:string\", \"amount:money\"").contains("#![allow"));
    assert!(of("\"item:string\", \"idem:string\"").contains("clippy::similar_names"));
    assert!(of("\"a_x:i64\", \"a_y:i64\", \"a_z:i64\"").contains("clippy::struct_field_names"));
    let bools = of("\"one:bool\", \"two:bool\", \"three:bool\", \"four:bool\"");
    assert!(bools.contains("clippy::struct_excessive_bools"));
    assert!(of("\"size:i64:max=1048576\"").contains("1_048_576"));
    assert!(of("\"a:uuid\"").contains("(found: Violations"));
}

/// A hash that is taken when the program is built, and is another one, would make every file stale.
#[test]
fn known_hashes_are_those_of_the_texts() {
    let (_, files) = render(ALL, &package(), &Templates::default()).unwrap();
    assert!(files.len() > 400);
    for owned in &files {
        let hash = crate::lock::Hash::of(owned.file.contents().as_bytes());
        assert_eq!(owned.file.hash(), hash, "{}", owned.file.path());
    }
}
