//! Callbacks of a domain's provider: the receiver, and the table of the inbox.

use askama::Template;

use super::{Class, Component, Context, GeneratedFile, Render, Rendered};
use crate::model::DomainModel;
use crate::spec::StoreKind;

/// The component.
pub(super) const COMPONENT: Component = Component {
    id: "callbacks",
    needs: &[],
    templates: &[
        "src/[domain]/callbacks.rs.j2",
        "migrations/sqlite/[number]_[domain]_callbacks.sql.j2",
        "migrations/postgres/[number]_[domain]_callbacks.sql.j2",
        "migrations/[store]/[number]_[domain]_callbacks.down.sql.j2",
    ],
    render: Render::Domain(render),
};

#[derive(Template)]
#[template(path = "src/[domain]/callbacks.rs.j2", escape = "none")]
struct ReceiverView<'a> {
    name: &'a str,
    prose: &'a str,
    screaming: &'a str,
}

#[derive(Template)]
#[template(
    path = "migrations/sqlite/[number]_[domain]_callbacks.sql.j2",
    escape = "none"
)]
struct SqliteUpView<'a> {
    prose: &'a str,
    domain: &'a str,
}

#[derive(Template)]
#[template(
    path = "migrations/postgres/[number]_[domain]_callbacks.sql.j2",
    escape = "none"
)]
struct PostgresUpView<'a> {
    prose: &'a str,
    domain: &'a str,
}

#[derive(Template)]
#[template(
    path = "migrations/[store]/[number]_[domain]_callbacks.down.sql.j2",
    escape = "none"
)]
struct DownView<'a> {
    prose: &'a str,
    domain: &'a str,
}

fn render(context: &Context<'_>, domain: &DomainModel) -> Rendered {
    let Some(migration) = domain.callbacks_migration() else {
        return Ok(Vec::new());
    };
    let (prose, module) = (&domain.prose(), domain.module());
    let store = context.package.store;
    let receiver = ReceiverView {
        name: domain.type_name(),
        prose,
        screaming: &domain.screaming(),
    };
    let down = DownView {
        prose,
        domain: module,
    };
    let file = format!("{}/callbacks.rs", domain.folder());
    let path = |end: &str| format!("migrations/{}/{migration}{end}", store.keyword());
    let domain = module;
    let up = match store {
        StoreKind::Sqlite => {
            let view = SqliteUpView { prose, domain };
            GeneratedFile::text(path(".sql"), Class::Generated, &view)?
        }
        StoreKind::Postgres => {
            let view = PostgresUpView { prose, domain };
            GeneratedFile::text(path(".sql"), Class::Generated, &view)?
        }
    };
    Ok(vec![
        GeneratedFile::rust(file, Class::Yours, &receiver)?,
        up,
        GeneratedFile::text(path(".down.sql"), Class::Generated, &down)?,
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Everything behind the first line, which names who wrote it.
    fn statements(text: &str) -> &str {
        text.split_once('\n').unwrap().1.trim()
    }

    /// What is generated is what the runtime is tested with, on both databases.
    #[test]
    fn the_inbox_is_the_one_of_the_runtimes_own_tests() {
        let (prose, domain) = ("charge", "charge");
        let sqlite = SqliteUpView { prose, domain }.render().unwrap();
        let postgres = PostgresUpView { prose, domain }.render().unwrap();
        let tested = include_str!("../../crates/orch-runtime/tests/it/callbacks/callbacks.sql");
        assert_eq!(statements(&sqlite), statements(tested));
        let tested =
            include_str!("../../crates/orch-runtime/tests/it/callbacks/callbacks.postgres.sql");
        assert_eq!(statements(&postgres), statements(tested));
    }
}
