//! The files of an operation that its developer goes on with: orchestrator, rules, controller.

use super::domain::capitalised;
use super::{Class, Component, Context, Render, Rendered};
use crate::model::{DomainModel, OperationModel};
use crate::spec::{Track, Type};
use crate::templates::views;

/// The component.
pub(super) const COMPONENT: Component = Component {
    id: "operation",
    needs: &[],
    templates: &[
        "src/[domain]/orchestrator.rs.j2",
        "src/[domain]/rules.rs.j2",
        "src/[domain]/controller.rs.j2",
        "src/[domain]/[operation]/mod.rs.j2",
        "src/[domain]/[operation]/generated/mod.rs.j2",
    ],
    render: Render::Operation(render),
};

views! {
    OrchestratorView<'a> in "src/[domain]/orchestrator.rs.j2" {
        name: &'a str,
        module: &'a str,
        a_prose: String,
        plural_prose: String,
        sentence: String,
        screaming: String,
        domain_name: &'a str,
        domain_path: &'static str,
        /// What the whole of a call counts as, where its progress is kept.
        progress: &'static str,
    }

    RulesView<'a> in "src/[domain]/rules.rs.j2" {
        name: &'a str,
        plural_prose: String,
        first_json: &'a str,
    }

    ControllerView<'a> in "src/[domain]/controller.rs.j2" {
        name: &'a str,
        a_prose: String,
        plural_prose: String,
        route: String,
        history: bool,
    }

    ModuleView<'a> in "src/[domain]/[operation]/mod.rs.j2" {
        title: String,
        domain: &'a str,
    }

    GeneratedView<'a> in "src/[domain]/[operation]/generated/mod.rs.j2" {
        prose: &'a str,
    }
}

fn render(context: &Context<'_>, domain: &DomainModel, operation: &OperationModel) -> Rendered {
    let prose = operation.prose();
    let orchestrator = OrchestratorView {
        name: operation.type_name(),
        module: operation.module(),
        a_prose: operation.name.with_article(),
        plural_prose: plural(operation),
        sentence: capitalised(&prose),
        screaming: domain.screaming(),
        domain_name: domain.type_name(),
        domain_path: if operation.is_root {
            "super"
        } else {
            "super::super"
        },
        progress: total(operation, "command.size()"),
    };
    let rules = RulesView {
        name: operation.type_name(),
        plural_prose: plural(operation),
        first_json: operation
            .fields
            .first()
            .map_or("field", |field| &field.json),
    };
    let controller = ControllerView {
        name: operation.type_name(),
        a_prose: operation.name.with_article(),
        plural_prose: plural(operation),
        route: format!("/api/{}", operation.route()),
        history: operation.track == Track::History,
    };
    let path = |file: &str| format!("{}/{file}", operation.folder());
    let mut files = vec![
        context.rust(path("orchestrator.rs"), Class::Yours, &orchestrator)?,
        context.rust(path("rules.rs"), Class::Yours, &rules)?,
        context.rust(path("controller.rs"), Class::Yours, &controller)?,
    ];
    if !operation.is_root {
        let module = ModuleView {
            title: capitalised(&prose),
            domain: &domain.prose(),
        };
        files.push(context.rust(path("mod.rs"), Class::Generated, &module)?);
        let generated = GeneratedView { prose: &prose };
        files.push(context.rust(path("generated/mod.rs"), Class::Generated, &generated)?);
    }
    Ok(files)
}

/// What the whole of a call counts as: the size of what is sent, or one step.
pub(super) fn total(operation: &OperationModel, size: &'static str) -> &'static str {
    if operation.track != Track::Progress {
        return "";
    }
    let mut fields = operation.fields.iter();
    let has_size = fields.any(|f| f.name == "size" && f.ty == Type::U64 && !f.optional);
    if has_size { size } else { "1" }
}

/// `file uploads`.
fn plural(operation: &OperationModel) -> String {
    operation.name.plural().replace('_', " ")
}
