//! The receiver of the callbacks of a domain's provider.

use super::gateway::no_template;
use super::{Class, Component, Context, Made, Render, Rendered};
use crate::model::DomainModel;
use crate::spec::GatewayKind;
use crate::templates::views;

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
    ($($view:ident $template:literal;)*) => {
        views! {
            $($view<'a> in $template { name: &'a str, prose: &'a str, screaming: &'a str })*
        }
    };
}

receiver_views! {
    HttpView "src/[domain]/callbacks/http.rs.j2";
    StripeView "src/[domain]/callbacks/stripe.rs.j2";
    TwilioView "src/[domain]/callbacks/twilio.rs.j2";
}

fn render(context: &Context<'_>, domain: &DomainModel) -> Rendered {
    if !domain.callbacks {
        return Ok(Vec::new());
    }
    Ok(vec![receiver(context, domain, &domain.prose())?])
}

/// What understands the provider's callbacks.
fn receiver(context: &Context<'_>, domain: &DomainModel, prose: &str) -> Made {
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
            context.rust(file, class, &view)
        }
        GatewayKind::Stripe => {
            let view = StripeView {
                name,
                prose,
                screaming,
            };
            context.rust(file, class, &view)
        }
        GatewayKind::Twilio => {
            let view = TwilioView {
                name,
                prose,
                screaming,
            };
            context.rust(file, class, &view)
        }
        GatewayKind::S3 | GatewayKind::Smtp | GatewayKind::Fcm => {
            Err(no_template(domain.gateway, &file))
        }
    }
}
