//! `generated/`: what a domain's tables hold, how they are read, and the loops that repair.

use super::fit::import;
use super::{Class, Component, Context, Render, Rendered};
use crate::model::{DomainModel, FieldModel};
use crate::templates::views;
use serde::Serialize;

/// The component.
pub(super) const COMPONENT: Component = Component {
    id: "entities",
    needs: &[],
    templates: &[
        "src/[domain]/generated/operation.rs.j2",
        "src/[domain]/generated/wal.rs.j2",
        "src/[domain]/generated/repository.rs.j2",
        "src/[domain]/generated/finalizer.rs.j2",
        "src/[domain]/generated/reaper.rs.j2",
    ],
    render: Render::Domain(render),
};

views! {
    OperationView<'a> in "src/[domain]/generated/operation.rs.j2" {
        name: &'a str,
        prose: &'a str,
        table: String,
        imports: String,
        columns: Vec<FieldView<'a>>,
        sql_columns: Vec<String>,
    }

    WalView<'a> in "src/[domain]/generated/wal.rs.j2" {
        name: &'a str,
        prose: &'a str,
        table: String,
    }

    RepositoryView<'a> in "src/[domain]/generated/repository.rs.j2" {
        name: &'a str,
        prose: &'a str,
        operations_table: String,
        wal_table: String,
    }

    FinalizerView<'a> in "src/[domain]/generated/finalizer.rs.j2" {
        name: &'a str,
        module: &'a str,
        prose: &'a str,
    }

    ReaperView<'a> in "src/[domain]/generated/reaper.rs.j2" {
        name: &'a str,
        module: &'a str,
        prose: &'a str,
    }
}

/// A field of a command as its operation's row has it.
#[derive(Serialize)]
struct FieldView<'a> {
    name: &'a str,
    /// Its name in the table.
    stored: &'a str,
    prose: String,
    rust_type: String,
    getter_type: &'a str,
    getter: &'static str,
    read: &'static str,
}

fn render(context: &Context<'_>, domain: &DomainModel) -> Rendered {
    let (name, module) = (domain.type_name(), domain.module());
    let prose = &domain.prose();
    let file = |stem: &str| format!("{}/generated/{stem}.rs", domain.folder());
    let operation = OperationView {
        name,
        prose,
        table: domain.operations_table(),
        imports: import("orch_runtime", &imports(domain)),
        columns: fields(domain).map(field_view).collect(),
        sql_columns: fields(domain)
            .flat_map(|field| field.columns.iter().map(|column| column.name.clone()))
            .collect(),
    };
    let wal = WalView {
        name,
        prose,
        table: domain.wal_table(),
    };
    let repository = RepositoryView {
        name,
        prose,
        operations_table: domain.operations_table(),
        wal_table: domain.wal_table(),
    };
    let class = Class::Generated;
    Ok(vec![
        context.rust(file("operation"), class, &operation)?,
        context.rust(file("wal"), class, &wal)?,
        context.rust(file("repository"), class, &repository)?,
        context.rust(
            file("finalizer"),
            class,
            &FinalizerView {
                name,
                module,
                prose,
            },
        )?,
        context.rust(
            file("reaper"),
            class,
            &ReaperView {
                name,
                module,
                prose,
            },
        )?,
    ])
}

/// The fields with typed columns, of all commands of the domain, each name once.
fn fields(domain: &DomainModel) -> impl Iterator<Item = &FieldModel> {
    let mut seen = std::collections::HashSet::new();
    domain
        .operations
        .iter()
        .flat_map(|operation| &operation.fields)
        .filter(move |field| !field.columns.is_empty() && seen.insert(&field.name))
}

fn imports(domain: &DomainModel) -> Vec<String> {
    let fixed = [
        "BizKey",
        "DecodeError",
        "Entity",
        "IdemKey",
        "OpId",
        "OperationState",
        "OwnerId",
        "Row",
        "Timestamp",
    ];
    let typed = fields(domain)
        .filter(|field| !field.is_enum())
        .filter_map(FieldModel::runtime_import);
    fixed.into_iter().chain(typed).map(str::to_owned).collect()
}

/// Enums are kept as their text: a row of a newer program may hold one that this program lacks.
fn field_view(field: &FieldModel) -> FieldView<'_> {
    let text = field.is_text() || field.is_enum();
    let inner = if text { "String" } else { &field.inner_type };
    FieldView {
        name: &field.name,
        stored: &field.stored,
        prose: field.prose(),
        rust_type: inner.to_owned(),
        getter_type: if text { "&str" } else { &field.inner_type },
        getter: if text { ".as_deref()" } else { "" },
        read: if field.is_money() { "money" } else { "get" },
    }
}
