//! `migrations/`: the tables of the domains, up and down. What was written once stays as it is.

use askama::Template;

use super::{Class, Component, Context, GeneratedFile, Render, RenderError, Rendered};
use crate::schema::{Change, Column, Migration, Step};
use crate::spec::StoreKind;

/// The component.
pub(super) const COMPONENT: Component = Component {
    id: "migrations",
    needs: &[],
    templates: &[
        "migrations/sqlite/[number]_[domain].sql.j2",
        "migrations/postgres/[number]_[domain].sql.j2",
        "migrations/[store]/[number]_[domain].down.sql.j2",
        "migrations/[store]/[number]_[domain]_[change].sql.j2",
        "migrations/[store]/[number]_[domain]_[change].down.sql.j2",
        "migrations/sqlite/[number]_[domain]_callbacks.sql.j2",
        "migrations/postgres/[number]_[domain]_callbacks.sql.j2",
        "migrations/[store]/[number]_[domain]_callbacks.down.sql.j2",
    ],
    render: Render::Package(render),
};

#[derive(Template)]
#[template(path = "migrations/sqlite/[number]_[domain].sql.j2", escape = "none")]
struct SqliteView<'a> {
    prose: &'a str,
    domain: &'a str,
    columns: &'a [Column],
}

#[derive(Template)]
#[template(path = "migrations/postgres/[number]_[domain].sql.j2", escape = "none")]
struct PostgresView<'a> {
    prose: &'a str,
    domain: &'a str,
    columns: &'a [Column],
}

#[derive(Template)]
#[template(
    path = "migrations/[store]/[number]_[domain].down.sql.j2",
    escape = "none"
)]
struct DownView<'a> {
    prose: &'a str,
    domain: &'a str,
}

#[derive(Template)]
#[template(
    path = "migrations/[store]/[number]_[domain]_[change].sql.j2",
    escape = "none"
)]
struct ChangeView<'a> {
    prose: &'a str,
    domain: &'a str,
    change: &'a Change,
}

#[derive(Template)]
#[template(
    path = "migrations/[store]/[number]_[domain]_[change].down.sql.j2",
    escape = "none"
)]
struct ChangeDownView<'a> {
    prose: &'a str,
    domain: &'a str,
    change: &'a Change,
}

#[derive(Template)]
#[template(
    path = "migrations/sqlite/[number]_[domain]_callbacks.sql.j2",
    escape = "none"
)]
struct SqliteInboxView<'a> {
    prose: &'a str,
    domain: &'a str,
}

#[derive(Template)]
#[template(
    path = "migrations/postgres/[number]_[domain]_callbacks.sql.j2",
    escape = "none"
)]
struct PostgresInboxView<'a> {
    prose: &'a str,
    domain: &'a str,
}

#[derive(Template)]
#[template(
    path = "migrations/[store]/[number]_[domain]_callbacks.down.sql.j2",
    escape = "none"
)]
struct InboxDownView<'a> {
    prose: &'a str,
    domain: &'a str,
}

fn render(context: &Context<'_>) -> Rendered {
    let package = context.package;
    let mut files = Vec::new();
    for migration in &package.migrations {
        let domain = package.domain(&migration.module);
        let prose = domain.map(crate::model::DomainModel::prose);
        let paths = Paths {
            store: package.store,
            name: &migration.name,
        };
        files.extend(one(&paths, &prose.unwrap_or_default(), migration)?);
    }
    Ok(files)
}

/// Where a migration is kept.
struct Paths<'a> {
    store: StoreKind,
    name: &'a str,
}

impl Paths<'_> {
    fn up(&self) -> String {
        self.path(".sql")
    }

    fn down(&self) -> String {
        self.path(".down.sql")
    }

    fn path(&self, end: &str) -> String {
        format!("migrations/{}/{}{end}", self.store.keyword(), self.name)
    }

    fn both(&self, up: &impl Template, down: &impl Template) -> Rendered {
        let class = Class::Generated;
        let file = |path, text: Result<String, askama::Error>| match text {
            Ok(text) => Ok(GeneratedFile::ready(
                path,
                class,
                text.trim_end().to_owned() + "\n",
            )),
            Err(error) => Err(RenderError::new(path, error.to_string())),
        };
        Ok(vec![
            file(self.up(), up.render())?,
            file(self.down(), down.render())?,
        ])
    }
}

fn one(paths: &Paths<'_>, prose: &str, migration: &Migration) -> Rendered {
    let domain = migration.module.as_str();
    match (&migration.step, paths.store) {
        (Step::Written(written), _) => {
            let up = GeneratedFile::ready(paths.up(), Class::Generated, written.up.clone());
            let down = written.down.clone();
            let down = down.map(|text| GeneratedFile::ready(paths.down(), Class::Generated, text));
            Ok(std::iter::once(up).chain(down).collect())
        }
        (Step::Tables(columns), StoreKind::Sqlite) => paths.both(
            &SqliteView {
                prose,
                domain,
                columns,
            },
            &DownView { prose, domain },
        ),
        (Step::Tables(columns), StoreKind::Postgres) => paths.both(
            &PostgresView {
                prose,
                domain,
                columns,
            },
            &DownView { prose, domain },
        ),
        (Step::Change(change), _) => paths.both(
            &ChangeView {
                prose,
                domain,
                change,
            },
            &ChangeDownView {
                prose,
                domain,
                change,
            },
        ),
        (Step::Callbacks, StoreKind::Sqlite) => paths.both(
            &SqliteInboxView { prose, domain },
            &InboxDownView { prose, domain },
        ),
        (Step::Callbacks, StoreKind::Postgres) => paths.both(
            &PostgresInboxView { prose, domain },
            &InboxDownView { prose, domain },
        ),
    }
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
        let sqlite = SqliteInboxView { prose, domain }.render().unwrap();
        let postgres = PostgresInboxView { prose, domain }.render().unwrap();
        let tested = include_str!("../../crates/orch-runtime/tests/it/callbacks/callbacks.sql");
        assert_eq!(statements(&sqlite), statements(tested));
        let tested =
            include_str!("../../crates/orch-runtime/tests/it/callbacks/callbacks.postgres.sql");
        assert_eq!(statements(&postgres), statements(tested));
    }
}
