//! A package's name from the name of its folder.

use crate::naming;
use std::path::Path;

/// Names that cargo refuses or warns about.
const TAKEN: &[&str] = &[
    "alloc",
    "build",
    "core",
    "deps",
    "examples",
    "incremental",
    "orch-gen",
    "orch-lint",
    "orch-runtime",
    "proc-macro",
    "std",
    "test",
];

/// The package name for a folder: its own name in kebab case, made acceptable to cargo.
#[must_use]
pub fn package_name(folder: &Path) -> String {
    let folder = folder
        .file_name()
        .map(|name| name.to_string_lossy())
        .unwrap_or_default();
    let kept: String = folder
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
        .collect();
    let words = naming::snake_of(&kept).replace('_', "-");
    let name = words.trim_matches('-');
    let reserved = naming::reserved_field(name).is_some_and(|why| why.contains("keyword"));
    if name.is_empty() {
        "service".to_owned()
    } else if name.starts_with(|c: char| c.is_ascii_digit()) {
        format!("service-{name}")
    } else if reserved || TAKEN.contains(&name) {
        format!("{name}-service")
    } else {
        name.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_become_package_names() {
        for (folder, name) in [
            ("/x/payment-service", "payment-service"),
            ("/x/Payment Service", "payment-service"),
            ("/x/payment_service", "payment-service"),
            ("/x/3d", "service-3d"),
            ("/x/test", "test-service"),
            ("/x/match", "match-service"),
            ("/x/Zahlung-ü", "zahlung"),
            ("/", "service"),
        ] {
            assert_eq!(package_name(Path::new(folder)), name, "{folder}");
        }
    }
}
