//! The receiver of the callbacks of a domain's provider.

use askama::Template;

use super::gateway::no_template;
use super::{Class, Component, Context, GeneratedFile, Render, RenderError, Rendered};
use crate::model::DomainModel;
use crate::spec::GatewayKind;

/// The component.
pub(super) const COMPONENT: Component = Component {
    id: "callbacks",
    needs: &[],
    templates: &[
        "src/[domain]/callbacks/http.rs.j2",
        "src/[domain]/callbacks/stripe.rs.j2",
        "src/[domain]/callbacks/twilio.rs.j2",
    ],
    render: Render::Domain(render),
};

macro_rules! receiver_views {
    ($($view:ident $path:literal;)*) => {$(
        #[derive(Template)]
        #[template(path = $path, escape = "none")]
        struct $view<'a> {
            name: &'a str,
            prose: &'a str,
            screaming: &'a str,
        }
    )*};
}

receiver_views! {
    HttpView "src/[domain]/callbacks/http.rs.j2";
    StripeView "src/[domain]/callbacks/stripe.rs.j2";
    TwilioView "src/[domain]/callbacks/twilio.rs.j2";
}

fn render(_: &Context<'_>, domain: &DomainModel) -> Rendered {
    if !domain.callbacks {
        return Ok(Vec::new());
    }
    Ok(vec![receiver(domain, &domain.prose())?])
}

/// What understands the provider's callbacks.
fn receiver(domain: &DomainModel, prose: &str) -> Result<GeneratedFile, RenderError> {
    let file = format!("{}/callbacks.rs", domain.folder());
    let (name, screaming) = (domain.type_name(), &domain.screaming());
    let class = Class::Yours;
    match domain.gateway {
        GatewayKind::Http => {
            let view = HttpView {
                name,
                prose,
                screaming,
            };
            GeneratedFile::rust(file, class, &view)
        }
        GatewayKind::Stripe => {
            let view = StripeView {
                name,
                prose,
                screaming,
            };
            GeneratedFile::rust(file, class, &view)
        }
        GatewayKind::Twilio => {
            let view = TwilioView {
                name,
                prose,
                screaming,
            };
            GeneratedFile::rust(file, class, &view)
        }
        GatewayKind::S3 | GatewayKind::Smtp | GatewayKind::Fcm => {
            Err(no_template(domain.gateway, &file))
        }
    }
}
