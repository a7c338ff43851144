//! `clippy.toml`: the linter's rules about transactions and threads once more, by types.
//!
//! The linter resolves names; clippy sees what macros make, what is behind `dyn`, and what a function of
//! another crate gives back. What it is told stands in one file of the package, because a workspace's
//! other members have other databases, and clippy reads the nearest file alone.
//!
//! **Deliberately absent:** the runtime's own `HookTx` and `CallersTransaction`. They are made to live
//! over awaits on the database, and clippy does not see what is awaited.

use super::{Class, Component, Context, Render, Rendered};
use crate::error::Result;
use crate::model::PackageModel;
use crate::package::CLIPPY;
use crate::spec::{PackageKind, StoreKind};
use crate::templates::{Templates, views};
use serde::Serialize;

/// The component.
pub(super) const COMPONENT: Component = Component {
    id: "clippy",
    needs: &[],
    templates: &["clippy.toml.j2"],
    render: Render::Package(render),
};

views! {
    ClippyView in "clippy.toml.j2" {
        held: &'static [Held],
    }
}

/// A type that no await may have beside it.
#[derive(Debug, Serialize)]
struct Held {
    path: &'static str,
    reason: &'static str,
}

const SQLITE: &[Held] = &[
    Held {
        path: "rusqlite::Transaction",
        reason: "ORC004: it locks the database for as long as the await takes; end it before",
    },
    Held {
        path: "rusqlite::Savepoint",
        reason: "ORC004: it locks the database for as long as the await takes; end it before",
    },
    Held {
        path: "rusqlite::Connection",
        reason: "ORC006: its statements stop a thread that runs other operations",
    },
];

const POSTGRES: &[Held] = &[
    Held {
        path: "sqlx::Transaction",
        reason: "ORC004: it keeps its locks and a connection for as long as the await takes",
    },
    Held {
        path: "sqlx::pool::PoolConnection",
        reason: "ORC004: the pool is short of it for as long as the await takes",
    },
];

fn render(context: &Context<'_>) -> Rendered {
    let package = context.package;
    if package.kind != PackageKind::Service || !package.owns_clippy {
        return Ok(Vec::new());
    }
    Ok(vec![context.toml(CLIPPY, Class::Yours, &view(package))?])
}

/// What is said where another configuration of clippy is in force, `found`: the lines to put there.
///
/// # Errors
/// When the template fails.
pub fn clippy_lines(found: &str, package: &PackageModel, templates: &Templates) -> Result<String> {
    let text = templates.render(&view(package))?.text;
    let is_said = |line: &&str| !line.is_empty() && !line.starts_with('#');
    let lines: Vec<&str> = text.lines().filter(is_said).collect();
    let lines = lines.join("\n  ");
    Ok(format!(
        "clippy reads {found} here, so no {CLIPPY} is written; what it would say is\n  {lines}"
    ))
}

fn view(package: &PackageModel) -> ClippyView {
    let held = match package.store {
        StoreKind::Sqlite => SQLITE,
        StoreKind::Postgres => POSTGRES,
    };
    ClippyView { held }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::components::{ALL, render};
    use crate::model::Place;
    use crate::spec::{RuntimeSource, Spec};

    fn package(store: StoreKind, place: &Place) -> PackageModel {
        PackageModel::new(&Spec::empty(RuntimeSource::Vendored, store), place)
    }

    fn text(package: &PackageModel) -> Option<String> {
        let (_, files) = render(ALL, package, &Templates::default()).unwrap();
        let mut files = files.iter().filter(|owned| owned.owner == "clippy");
        files.next().map(|owned| owned.file.contents().to_owned())
    }

    /// A reason that names a rule nobody has is a dead end for who looks it up.
    #[test]
    fn every_reason_names_a_rule_of_the_linter() {
        for store in [StoreKind::Sqlite, StoreKind::Postgres] {
            let text = text(&package(store, &Place::alone("x"))).unwrap();
            let document: toml_edit::DocumentMut = text.parse().unwrap();
            for list in ["await-holding-invalid-types", "disallowed-methods"] {
                let list = document[list].as_array().unwrap();
                assert!(list.len() >= 2, "{text}");
                for entry in list {
                    let reason = entry.as_inline_table().unwrap()["reason"].as_str().unwrap();
                    let (code, _) = reason.split_once(": ").unwrap();
                    let mut rules = orch_lint::rules::ALL.iter();
                    assert!(rules.any(|rule| rule.code() == code), "{reason}");
                }
            }
        }
    }

    /// Clippy warns of a type that is not there in a crate that is.
    #[test]
    fn only_the_database_of_the_package_is_named() {
        let of = |store| text(&package(store, &Place::alone("x"))).unwrap();
        assert!(!of(StoreKind::Sqlite).contains("sqlx"));
        assert!(!of(StoreKind::Postgres).contains("rusqlite"));
    }

    #[test]
    fn where_another_configuration_is_in_force_the_lines_are_said() {
        let place = Place {
            owns_clippy: false,
            ..Place::alone("x")
        };
        let package = package(StoreKind::Sqlite, &place);
        assert_eq!(text(&package), None);
        let note = clippy_lines("../clippy.toml", &package, &Templates::default()).unwrap();
        assert!(
            note.starts_with("clippy reads ../clippy.toml here"),
            "{note}"
        );
        assert!(
            note.contains("\n  await-holding-invalid-types = [\n"),
            "{note}"
        );
        assert!(!note.contains('#'), "{note}");
    }
}
