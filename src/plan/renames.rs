//! Files of the user's own that move because a domain or an event was renamed.
//!
//! Who they were says the spec that was applied last; that two are the same says the name they are
//! stored by, which `was` keeps.

use crate::components::{Class, Owned};
use crate::model::{DomainModel, OperationModel, PackageModel};
use std::collections::BTreeMap;

/// The files of an operation that lie beside those of its domain where it is named like that.
const OPERATION: [&str; 3] = ["orchestrator.rs", "rules.rs", "controller.rs"];
/// The files of a domain.
const DOMAIN: [&str; 2] = ["gateway.rs", "callbacks.rs"];

/// Where the wanted files were, by where they are to be.
pub(super) fn moves(
    before: &PackageModel,
    package: &PackageModel,
    files: &[Owned],
) -> BTreeMap<String, String> {
    let mut places = Vec::new();
    for domain in &package.domains {
        if let Some(old) = before.domain_of(domain.tables_name()) {
            of_domain(old, domain, &mut places);
        }
    }
    places.retain(|(now, old)| now != old);
    let yours = files
        .iter()
        .filter(|owned| owned.file.class() == Class::Yours);
    yours
        .filter_map(|owned| {
            let path = owned.file.path();
            let place =
                |(now, old): &(String, String)| Some(format!("{old}{}", path.strip_prefix(now)?));
            Some((path.to_owned(), places.iter().find_map(place)?))
        })
        .collect()
}

fn of_domain(old: &DomainModel, now: &DomainModel, places: &mut Vec<(String, String)>) {
    for operation in &now.operations {
        let mut known = old.operations.iter();
        if let Some(old) = known.find(|known| known.event_type() == operation.event_type()) {
            of_operation(old, operation, places);
        }
    }
    places.extend(DOMAIN.map(|file| pair(&now.folder(), &old.folder(), file)));
    let watched = |domain: &DomainModel| format!("monitoring/{}/", domain.module());
    places.push((watched(now), watched(old)));
}

fn of_operation(old: &OperationModel, now: &OperationModel, places: &mut Vec<(String, String)>) {
    places.extend(OPERATION.map(|file| pair(&now.folder(), &old.folder(), file)));
    places.push((
        format!("tests/{}/", now.module()),
        format!("tests/{}/", old.module()),
    ));
}

/// A file in a folder, and in the one that it was in.
fn pair(now: &str, old: &str, file: &str) -> (String, String) {
    (format!("{now}/{file}"), format!("{old}/{file}"))
}
