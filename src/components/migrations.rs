//! `migrations/`: the tables of a domain, up and down.

use askama::Template;

use super::{Class, Component, Context, GeneratedFile, Render, Rendered};
use crate::model::{DomainModel, OperationModel};
use crate::spec::StoreKind;

/// The component.
pub(super) const COMPONENT: Component = Component {
    id: "migrations",
    needs: &[],
    templates: &[
        "migrations/sqlite/[number]_[domain].sql.j2",
        "migrations/postgres/[number]_[domain].sql.j2",
        "migrations/[store]/[number]_[domain].down.sql.j2",
    ],
    render: Render::Domain(render),
};

#[derive(Template)]
#[template(path = "migrations/sqlite/[number]_[domain].sql.j2", escape = "none")]
struct SqliteView<'a> {
    prose: &'a str,
    domain: &'a str,
    columns: Vec<String>,
}

#[derive(Template)]
#[template(path = "migrations/postgres/[number]_[domain].sql.j2", escape = "none")]
struct PostgresView<'a> {
    prose: &'a str,
    domain: &'a str,
    columns: Vec<String>,
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

fn render(context: &Context<'_>, domain: &DomainModel) -> Rendered {
    let (prose, module) = (&domain.prose(), domain.module());
    let store = context.package.store;
    let path = |end: &str| {
        let folder = store.keyword();
        format!("migrations/{folder}/{}{end}", domain.migration())
    };
    let columns = domain.columns();
    let columns = columns
        .iter()
        .map(|column| definition(domain, column, store))
        .collect();
    let class = Class::Generated;
    let down = DownView {
        prose,
        domain: module,
    };
    let down = GeneratedFile::text(path(".down.sql"), class, &down)?;
    let up = match store {
        StoreKind::Sqlite => {
            let view = SqliteView {
                prose,
                domain: module,
                columns,
            };
            GeneratedFile::text(path(".sql"), class, &view)?
        }
        StoreKind::Postgres => {
            let view = PostgresView {
                prose,
                domain: module,
                columns,
            };
            GeneratedFile::text(path(".sql"), class, &view)?
        }
    };
    Ok(vec![up, down])
}

/// A typed column. It may be null for the other commands of the domain, never for the ones that
/// require it.
fn definition(domain: &DomainModel, column: &crate::model::Column, store: StoreKind) -> String {
    let kind = match store {
        StoreKind::Sqlite => column.sqlite,
        StoreKind::Postgres => column.postgres,
    };
    let name = column.sql();
    if !column.nullable {
        return format!("{name} {kind} NOT NULL");
    }
    let requires = |operation: &&OperationModel| {
        let fields = operation.fields.iter().filter(|field| !field.optional);
        fields
            .flat_map(|field| &field.columns)
            .any(|required| required.name == column.name)
    };
    let events: Vec<String> = domain
        .operations
        .iter()
        .filter(requires)
        .map(|operation| format!("'{}'", operation.event_type()))
        .collect();
    if events.is_empty() {
        return format!("{name} {kind}");
    }
    let events = events.join(", ");
    format!("{name} {kind} CHECK (event_type NOT IN ({events}) OR {name} IS NOT NULL)")
}
