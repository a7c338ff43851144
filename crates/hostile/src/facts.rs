//! What is in a spec, by kind: what a run has to have had, and what a sample is chosen for.

use crate::generate::words::{FIELD_WORDS, VARIANTS};
use orch_gen::spec::{
    Domain, Field, GatewayKind, Operation, PackageKind, Spec, StoreKind, Track, Type,
};
use std::collections::BTreeSet;

/// Words for what is in a spec, such as `money?`.
pub(crate) type Facts = BTreeSet<String>;

/// The types of which a list may be.
const ITEMS: [&str; 15] = [
    "string", "text", "bool", "i32", "i64", "u32", "u64", "decimal", "money", "uuid", "date",
    "datetime", "json", "bytes", "enum",
];

/// What a run has to have accepted at least once.
pub(crate) fn required() -> Facts {
    let mut facts = Facts::new();
    for item in ITEMS {
        for kind in [item.to_owned(), format!("list<{item}>")] {
            facts.insert(format!("{kind}?"));
            facts.insert(kind.clone());
            if !matches!(kind.as_str(), "bool" | "enum") {
                facts.insert(format!("{kind}:secret"));
            }
        }
    }
    for kind in [
        "string",
        "text",
        "bytes",
        "i32",
        "i64",
        "u32",
        "u64",
        "decimal",
        "money",
        "list<string>",
    ] {
        facts.extend(["min", "max"].map(|limit| format!("{kind}:{limit}")));
    }
    facts.extend(["string:pattern", "text:pattern"].map(str::to_owned));
    for (word, kind) in GatewayKind::ALL {
        facts.insert(format!("gateway {word}"));
        if kind.has_callbacks() {
            facts.insert(format!("callbacks {word}"));
        }
    }
    facts.extend(
        StoreKind::ALL
            .iter()
            .map(|(word, _)| format!("store {word}")),
    );
    facts.extend(Track::ALL.iter().map(|(word, _)| format!("track {word}")));
    facts.extend(["vendored", "path", "git", "registry"].map(|word| format!("runtime {word}")));
    facts.extend(
        [
            "package service",
            "package existing",
            "package existing without router",
            "from command lines",
            "from a document",
            "two domains",
            "two operations",
            "refund",
            "long domain",
            "long event",
            "long field",
            "one field",
            "many fields",
            "most fields",
            "no business key",
            "named like its domain",
            "not named like its domain",
        ]
        .map(str::to_owned),
    );
    facts
}

/// What is in a spec.
pub(crate) fn of(spec: &Spec, is_from_lines: bool) -> Facts {
    let mut facts = Facts::new();
    let kind = match spec.package {
        PackageKind::Service => "service",
        PackageKind::Existing { router: true } => "existing",
        PackageKind::Existing { router: false } => "existing without router",
    };
    let from = if is_from_lines {
        "from command lines"
    } else {
        "from a document"
    };
    facts.extend([
        format!("package {kind}"),
        format!("store {}", spec.store.keyword()),
        format!("runtime {}", spec.runtime.kind()),
        from.to_owned(),
    ]);
    if spec.domains.len() > 1 {
        facts.insert("two domains".to_owned());
    }
    facts.extend(spec.domains.iter().flat_map(of_domain));
    facts
}

/// What is in a domain.
pub(crate) fn of_domain(domain: &Domain) -> Facts {
    let gateway = domain.gateway.keyword();
    let mut facts = Facts::from([format!("gateway {gateway}")]);
    let names = domain
        .operations
        .iter()
        .map(|operation| operation.name == domain.name);
    let is_named_like_it: Vec<bool> = names.collect();
    let so = [
        (domain.callbacks, format!("callbacks {gateway}")),
        (domain.operations.len() > 1, "two operations".to_owned()),
        (domain.name.module().len() > 34, "long domain".to_owned()),
        (
            is_named_like_it.contains(&true),
            "named like its domain".to_owned(),
        ),
        (
            is_named_like_it.contains(&false),
            "not named like its domain".to_owned(),
        ),
    ];
    facts.extend(
        so.into_iter()
            .filter(|(is_so, _)| *is_so)
            .map(|(_, fact)| fact),
    );
    facts.extend(domain.operations.iter().flat_map(of_operation));
    facts
}

fn of_operation(operation: &Operation) -> Facts {
    let mut facts = Facts::from([format!("track {}", operation.track.keyword())]);
    let count = operation.fields.len();
    let is_text = |field: &Field| {
        matches!(field.ty, Type::String | Type::Text | Type::Uuid)
            && !field.optional
            && !field.constraints.secret
    };
    let so = [
        (operation.is_refund(), "refund"),
        (operation.event.type_name().len() > 38, "long event"),
        (count == 1, "one field"),
        (count >= 7, "many fields"),
        (count >= 38, "most fields"),
        (!operation.fields.iter().any(is_text), "no business key"),
    ];
    facts.extend(
        so.into_iter()
            .filter(|(is_so, _)| *is_so)
            .map(|(_, fact)| fact.to_owned()),
    );
    facts.extend(operation.fields.iter().flat_map(of_field));
    facts
}

fn of_field(field: &Field) -> Facts {
    let kind = kind(&field.ty);
    let limits = &field.constraints;
    let mut facts = Facts::from([kind.clone()]);
    let so = [
        (field.optional, format!("{kind}?")),
        (limits.secret, format!("{kind}:secret")),
        (limits.min.is_some(), format!("{kind}:min")),
        (limits.max.is_some(), format!("{kind}:max")),
        (limits.pattern.is_some(), format!("{kind}:pattern")),
        (field.name.len() > 36, "long field".to_owned()),
        (
            FIELD_WORDS.contains(&field.name.as_str()),
            format!("name {}", field.name),
        ),
    ];
    facts.extend(
        so.into_iter()
            .filter(|(is_so, _)| *is_so)
            .map(|(_, fact)| fact),
    );
    let values = field
        .ty
        .variants()
        .iter()
        .filter(|value| VARIANTS.contains(&value.as_str()));
    facts.extend(values.map(|value| format!("value {value}")));
    facts.extend(
        limits
            .pattern
            .iter()
            .map(|pattern| format!("pattern {}", pattern.text())),
    );
    facts
}

fn kind(ty: &Type) -> String {
    match ty {
        Type::Enum(_) => "enum".to_owned(),
        Type::List(inner) => format!("list<{}>", kind(inner)),
        simple => simple.keyword(),
    }
}
