//! `src/lib.rs`: the modules of the domains.

use super::{Class, Component, Context, GeneratedFile, Render, Rendered};
use crate::model::DomainModel;
use askama::Template;

/// The component.
pub(super) const COMPONENT: Component = Component {
    id: "library",
    needs: &[],
    templates: &["src/lib.rs.j2"],
    render: Render::Package(render),
};

#[derive(Template)]
#[template(path = "src/lib.rs.j2", escape = "none")]
struct LibraryView<'a> {
    title: String,
    domains: &'a [DomainModel],
}

fn render(context: &Context<'_>) -> Rendered {
    let view = LibraryView {
        title: context.package.title(),
        domains: &context.package.domains,
    };
    Ok(vec![GeneratedFile::rust(
        "src/lib.rs",
        Class::Generated,
        &view,
    )?])
}
