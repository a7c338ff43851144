//! The lists of taken names, compared with what templates really write: a name that a template
//! begins to use, and that no list has, makes some spec clash in code that does not compile.

use super::*;
use crate::components;
use crate::model::PackageModel;
use crate::model::Place;
use crate::naming::reserved_field;
use crate::spec::Spec;
use crate::spec::{GatewayKind, generated_types, is_gateway_function, is_runtime_type};
use crate::templates::Templates;
use crate::templates::fixtures::MANY as FIELDS;
use std::collections::BTreeSet;
use syn::visit::{self, Visit};

/// The fields' own names, which are no names of the templates.
fn is_field(name: &str) -> bool {
    FIELDS.contains(&format!("\"{name}:"))
}

fn spec() -> Spec {
    spec_of(GatewayKind::Http)
}

fn spec_of(gateway: GatewayKind) -> Spec {
    let operation = |event: &str| {
        format!(
            "[[domain.operation]]\nevent = \"{event}\"\ntrack = \"history\"\nfields = [{FIELDS}]\n"
        )
    };
    let operations = operation("PaymentRequested") + &operation("RefundRequested");
    let (word, callbacks) = (gateway.keyword(), gateway.has_callbacks());
    let text = format!(
        "version = 1\n[[domain]]\nname = \"Payment\"\ngateway = \"{word}\"\n\
         callbacks = {callbacks}\n{operations}"
    );
    Spec::parse(&text).unwrap()
}

/// The kinds that adapters are written for.
fn kinds() -> impl Iterator<Item = GatewayKind> {
    let words = GatewayKind::ALL.iter().map(|(word, _)| *word);
    words.filter_map(|word| GatewayKind::parse(word).ok())
}

/// Every Rust file of a package with every kind of field, with its path.
fn rust_files() -> Vec<(String, syn::File)> {
    rust_files_of(&spec())
}

fn rust_files_of(spec: &Spec) -> Vec<(String, syn::File)> {
    let place = Place::alone("pay");
    let (_, files) = components::render(
        components::ALL,
        &PackageModel::new(spec, &place),
        &Templates::default(),
    )
    .unwrap();
    let ours = files
        .iter()
        .filter(|owned| !owned.file.path().starts_with("vendor/"));
    ours.filter(|owned| owned.file.path().ends_with(".rs"))
        .map(|owned| {
            (
                owned.file.path().to_owned(),
                syn::parse_file(owned.file.contents()).unwrap(),
            )
        })
        .collect()
}

/// Names that a file binds: functions of a type, parameters and variables.
#[derive(Default)]
struct Bound(Vec<String>);

impl<'a> Visit<'a> for Bound {
    fn visit_pat_ident(&mut self, pattern: &'a syn::PatIdent) {
        self.0.push(pattern.ident.to_string());
        visit::visit_pat_ident(self, pattern);
    }

    fn visit_item_impl(&mut self, item: &'a syn::ItemImpl) {
        if item.trait_.is_none() {
            for function in &item.items {
                if let syn::ImplItem::Fn(function) = function {
                    self.0.push(function.sig.ident.to_string());
                }
            }
        }
        visit::visit_item_impl(self, item);
    }
}

/// In the command, a field is a parameter, a variable and a function.
#[test]
fn no_field_can_be_named_like_something_in_its_command() {
    for (path, file) in rust_files()
        .iter()
        .filter(|(path, _)| path.ends_with("/command.rs"))
    {
        if !path.starts_with("src/") {
            continue;
        }
        let mut bound = Bound::default();
        bound.visit_file(file);
        let harmless = ["self", "f", "value", "as_str", "raw"];
        for name in bound
            .0
            .iter()
            .filter(|name| !harmless.contains(&name.as_str()))
        {
            assert!(
                is_field(name) || reserved_field(name).is_some(),
                "{path}: `{name}`"
            );
        }
    }
}

/// A column of the tables that a field could have too would be there twice.
#[test]
fn no_field_can_be_named_like_a_column() {
    let place = Place::alone("pay");
    let (_, files) = components::render(
        components::ALL,
        &PackageModel::new(&spec(), &place),
        &Templates::default(),
    )
    .unwrap();
    let migration = files
        .iter()
        .find(|owned| owned.file.path().ends_with("0001_payment.sql"))
        .unwrap();
    let sql = migration.file.contents();
    let table = sql
        .split("CREATE TABLE")
        .find(|part| part.contains("payment_operations ("))
        .unwrap();
    let lines = table.lines().filter_map(|line| line.strip_prefix("    "));
    let names = lines.filter_map(|line| line.split(' ').next());
    let columns: Vec<_> = names
        .filter(|name| name.chars().all(|c| c.is_ascii_lowercase() || c == '_'))
        .collect();
    assert!(columns.len() > 20, "{columns:?}");
    for column in columns.into_iter().filter(|column| !column.is_empty()) {
        let field = is_field(column) || column.starts_with("amount_");
        assert!(field || reserved_field(column).is_some(), "`{column}`");
    }
}

/// The files of the domain's modules.
fn domain_files() -> impl Iterator<Item = syn::File> {
    domain_files_of(GatewayKind::Http)
}

fn domain_files_of(gateway: GatewayKind) -> impl Iterator<Item = syn::File> {
    let ours = |path: &str| path.starts_with("src/payment/");
    rust_files_of(&spec_of(gateway))
        .into_iter()
        .filter(move |(path, _)| ours(path))
        .map(|(_, file)| file)
}

/// Types that are defined for a domain take part in the search for clashes.
#[test]
fn every_defined_type_is_searched_for_clashes() {
    let mut missing = BTreeSet::new();
    for (kind, item) in kinds().flat_map(|kind| {
        let items = domain_files_of(kind).flat_map(|file| file.items);
        items.map(move |item| (kind, item))
    }) {
        let known: Vec<String> = generated_types(&spec_of(kind).domains[0])
            .into_iter()
            .map(|(name, _)| name)
            .collect();
        let name = match item {
            syn::Item::Struct(item) => item.ident.to_string(),
            syn::Item::Enum(item) => item.ident.to_string(),
            syn::Item::Trait(item) => item.ident.to_string(),
            syn::Item::Type(item) => item.ident.to_string(),
            _ => continue,
        };
        if !known.contains(&name) {
            missing.insert(name);
        }
    }
    assert_eq!(
        missing,
        BTreeSet::new(),
        "missing in the list of generated types"
    );
}

#[derive(Default)]
struct Imported(BTreeSet<String>);

impl<'a> Visit<'a> for Imported {
    fn visit_use_name(&mut self, name: &'a syn::UseName) {
        self.0.insert(name.ident.to_string());
    }
}

/// Types that are imported take part in it too.
#[test]
fn every_imported_type_is_searched_for_clashes() {
    let mut imported = Imported::default();
    for file in kinds().flat_map(domain_files_of) {
        imported.visit_file(&file);
    }
    imported
        .0
        .retain(|name| name.starts_with(|c: char| c.is_ascii_uppercase()));
    imported
        .0
        .retain(|name| !name.contains("Payment") && !name.contains("Refund"));
    imported.0.retain(|name| !is_runtime_type(name));
    assert_eq!(
        imported.0,
        BTreeSet::new(),
        "missing in the list of imported types"
    );
}

/// A gateway's own functions take part in the search for clashes with operations.
#[test]
fn every_function_of_a_gateway_is_known() {
    let mut functions = BTreeSet::new();
    for item in domain_files().flat_map(|file| file.items) {
        if let syn::Item::Trait(item) = item {
            functions.extend(item.items.into_iter().filter_map(|item| match item {
                syn::TraitItem::Fn(function) => Some(function.sig.ident.to_string()),
                _ => None,
            }));
        }
    }
    assert!(
        functions.remove("payment") && functions.remove("probe_refund"),
        "{functions:?}"
    );
    let own = |name: &String| !["refund", "probe_payment"].contains(&name.as_str());
    for name in functions.iter().filter(|name| own(name)) {
        assert!(
            is_gateway_function(name),
            "`{name}` is missing in the list of its functions"
        );
    }
}

/// The clashes that these lists are for.
#[test]
fn types_that_clash_with_imports_are_refused() {
    for (domain, event, field) in [
        ("Http", "HttpRequested", "a:string"),
        ("Shop", "BizRequested", "key:enum(a|b)"),
        ("Shop", "AttemptTimeoutRequested", "a:string"),
        ("Shop", "JsonCopied", "fields_of:enum(a|b)"),
    ] {
        let text = format!(
            "version = 1\n[[domain]]\nname = \"{domain}\"\n[[domain.operation]]\n\
             event = \"{event}\"\nfields = [\"{field}\"]\n"
        );
        let clash = Spec::parse(&text).err().map(|error| error.code());
        let expected = (event != "JsonCopied").then_some(Code::NameClash);
        assert_eq!(clash, expected, "{domain} {event} {field}");
    }
}
