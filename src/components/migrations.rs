//! `migrations/`: the tables of a domain, up and down.

use askama::Template;

use super::{Class, Component, Context, GeneratedFile, Render, Rendered};
use crate::model::{DomainModel, OperationModel};

/// The component.
pub(super) const COMPONENT: Component = Component {
    id: "migrations",
    needs: &[],
    templates: &[
        "migrations/sqlite/[number]_[domain].sql.j2",
        "migrations/sqlite/[number]_[domain].down.sql.j2",
    ],
    render: Render::Domain(render),
};

#[derive(Template)]
#[template(path = "migrations/sqlite/[number]_[domain].sql.j2", escape = "none")]
struct UpView<'a> {
    prose: &'a str,
    domain: &'a str,
    columns: Vec<String>,
}

#[derive(Template)]
#[template(
    path = "migrations/sqlite/[number]_[domain].down.sql.j2",
    escape = "none"
)]
struct DownView<'a> {
    prose: &'a str,
    domain: &'a str,
}

fn render(_: &Context<'_>, domain: &DomainModel) -> Rendered {
    let (prose, module) = (&domain.prose(), domain.module());
    let columns = domain
        .columns()
        .iter()
        .map(|column| definition(domain, column))
        .collect();
    let up = UpView {
        prose,
        domain: module,
        columns,
    };
    let down = DownView {
        prose,
        domain: module,
    };
    let path = |end: &str| format!("migrations/sqlite/{}{end}", domain.migration());
    Ok(vec![
        GeneratedFile::text(path(".sql"), Class::Generated, &up)?,
        GeneratedFile::text(path(".down.sql"), Class::Generated, &down)?,
    ])
}

/// A typed column. It may be null for the other commands of the domain, never for the ones that
/// require it.
fn definition(domain: &DomainModel, column: &crate::model::Column) -> String {
    let (name, kind) = (column.sql(), column.sqlite);
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
