//! `migrations/`: the tables of the domains, up and down. What was written once stays as it is.

use super::file::defect;
use super::{Class, Component, Context, GeneratedFile, Render, Rendered};
use crate::model::DomainModel;
use crate::schema::{self, Kind, Migration, Named, Step};
use crate::spec::StoreKind;

/// The component.
pub(super) const COMPONENT: Component = Component {
    id: "migrations",
    needs: &[],
    templates: &[
        "migrations/sqlite/[number]_[domain].sql.j2",
        "migrations/postgres/[number]_[domain].sql.j2",
        "migrations/[store]/[number]_[domain].down.sql.j2",
        "migrations/[store]/[number]_[saga].sql.j2",
        "migrations/[store]/[number]_[saga].down.sql.j2",
        "migrations/[store]/[number]_[saga]_events.sql.j2",
        "migrations/[store]/[number]_[saga]_events.down.sql.j2",
        "migrations/[store]/[number]_[domain]_[change].sql.j2",
        "migrations/[store]/[number]_[domain]_[change].down.sql.j2",
        "migrations/[store]/[number]_[domain]_indexes.sql.j2",
        "migrations/[store]/[number]_[domain]_indexes.down.sql.j2",
        "migrations/sqlite/[number]_[domain]_callbacks.sql.j2",
        "migrations/postgres/[number]_[domain]_callbacks.sql.j2",
        "migrations/[store]/[number]_[domain]_callbacks.down.sql.j2",
    ],
    render: Render::Package(render),
};

fn render(context: &Context<'_>) -> Rendered {
    let package = context.package;
    let mut files = Vec::new();
    for migration in &package.migrations {
        let prose = match migration.kind {
            Kind::Domain => package.domain_of(&migration.module).map(DomainModel::prose),
            Kind::Saga => {
                let saga = package.saga_of(&migration.module);
                saga.map(|saga| saga.name.prose())
            }
        };
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

    fn both(&self, sql: schema::Sql) -> Rendered {
        let class = Class::Generated;
        let sql = sql.map_err(|error| defect(self.up(), error))?;
        Ok(vec![
            GeneratedFile::ready(self.up(), class, sql.up),
            GeneratedFile::ready(self.down(), class, sql.down),
        ])
    }
}

fn one(paths: &Paths<'_>, prose: &str, migration: &Migration) -> Rendered {
    let named = Named {
        store: paths.store,
        kind: migration.kind,
        module: &migration.module,
        prose,
    };
    match &migration.step {
        Step::Written(written) => {
            let up = GeneratedFile::ready(paths.up(), Class::Generated, written.up.clone());
            let down = written.down.clone();
            let down = down.map(|text| GeneratedFile::ready(paths.down(), Class::Generated, text));
            Ok(std::iter::once(up).chain(down).collect())
        }
        Step::Tables(columns) => paths.both(named.tables(columns)),
        Step::Inbox => paths.both(named.inbox()),
        Step::Change(change) => paths.both(named.change(change)),
        Step::Indexes(indexes) => paths.both(named.indexes(indexes)),
    }
}
