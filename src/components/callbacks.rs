//! The receiver of the callbacks of a domain's provider.

use askama::Template;

use super::{Class, Component, Context, GeneratedFile, Render, Rendered};
use crate::model::DomainModel;

/// The component.
pub(super) const COMPONENT: Component = Component {
    id: "callbacks",
    needs: &[],
    templates: &["src/[domain]/callbacks.rs.j2"],
    render: Render::Domain(render),
};

#[derive(Template)]
#[template(path = "src/[domain]/callbacks.rs.j2", escape = "none")]
struct ReceiverView<'a> {
    name: &'a str,
    prose: &'a str,
    screaming: &'a str,
}

fn render(_: &Context<'_>, domain: &DomainModel) -> Rendered {
    if !domain.callbacks {
        return Ok(Vec::new());
    }
    let receiver = ReceiverView {
        name: domain.type_name(),
        prose: &domain.prose(),
        screaming: &domain.screaming(),
    };
    let file = format!("{}/callbacks.rs", domain.folder());
    Ok(vec![GeneratedFile::rust(file, Class::Yours, &receiver)?])
}
