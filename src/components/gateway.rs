//! The gateway of a domain: the port that all its operations share, and the adapter to its provider.
//!
//! The adapter to a provider that the runtime has a client for is the same for all kinds: it makes a
//! request of the fields that fill the gateway's slots, and hands it to the client.

use super::domain::path;
use super::file::defect;
use super::fit::{import, sort_imports};
use super::{Class, Component, Context, Made, Render, Rendered};
use crate::error::Error;
use crate::model::{DomainModel, FieldModel, OperationModel};
use crate::spec::GatewayKind;
use crate::templates::views;
use serde::Serialize;

/// The component.
pub(super) const COMPONENT: Component = Component {
    id: "gateway",
    needs: &[],
    templates: &[
        "src/[domain]/gateway/http.rs.j2",
        "src/[domain]/gateway/stripe.rs.j2",
        "src/[domain]/gateway/twilio.rs.j2",
        "src/[domain]/gateway/fcm.rs.j2",
        "src/[domain]/gateway/s3.rs.j2",
        "src/[domain]/gateway/smtp.rs.j2",
        "src/[domain]/gateway/port.rs.j2",
        "src/[domain]/gateway/adapter.rs.j2",
        "src/[domain]/gateway/shared.rs.j2",
    ],
    render: Render::Domain(render),
};

views! {
    HttpView<'a> in "src/[domain]/gateway/http.rs.j2" {
        name: &'a str,
        prose: &'a str,
        a_prose: String,
        imports: Vec<String>,
        operations: Vec<HttpOperation<'a>>,
    }
}

/// An operation as its provider takes it over plain HTTP.
#[derive(Serialize)]
struct HttpOperation<'a> {
    name: &'a str,
    module: &'a str,
    /// Where below the domain's address the provider takes it; nothing at the address itself.
    below: String,
}

macro_rules! client_views {
    ($($view:ident $template:literal;)*) => {$(
        views! {
            /// The adapter to a provider that the runtime has a client for.
            $view<'a> in $template {
                name: &'a str,
                prose: &'a str,
                a_prose: String,
                adapter: String,
                client: String,
                runtime_import: String,
                imports: Vec<String>,
                operations: Vec<ClientOperation<'a>>,
            }
        }

        impl<'a> $view<'a> {
            fn file(
                context: &Context<'_>,
                domain: &'a DomainModel,
                prose: &'a str,
                path: String,
                call: fn(&OperationModel) -> Call,
            ) -> Made {
                let operation = |operation| client_operation(operation, call);
                let view = Self {
                    name: domain.type_name(),
                    prose,
                    a_prose: domain.name.with_article(),
                    adapter: domain.adapter(),
                    client: client(domain.gateway),
                    runtime_import: runtime_import(domain, call),
                    imports: commands(domain),
                    operations: domain.operations.iter().map(operation).collect(),
                };
                context.rust(path, Class::Yours, &view)
            }
        }
    )*};
}

client_views! {
    StripeView "src/[domain]/gateway/stripe.rs.j2";
    TwilioView "src/[domain]/gateway/twilio.rs.j2";
    FcmView "src/[domain]/gateway/fcm.rs.j2";
    S3View "src/[domain]/gateway/s3.rs.j2";
    SmtpView "src/[domain]/gateway/smtp.rs.j2";
}

/// An operation as a client of the runtime takes it.
#[derive(Serialize)]
struct ClientOperation<'a> {
    name: &'a str,
    module: &'a str,
    call: Call,
    /// The fields of the request.
    slots: Vec<String>,
}

/// What of a client makes a call.
#[derive(Clone, Copy, Serialize)]
struct Call {
    /// The type of the request.
    request: &'static str,
    /// The variable that holds one.
    value: &'static str,
    /// The function that acts.
    act: &'static str,
    /// The function that asks what became of it.
    ask: &'static str,
    /// The fields of the request, with whether they may be left out.
    slots: &'static [(&'static str, bool)],
}

const CHARGE: Call = Call {
    request: "StripeCharge",
    value: "charge",
    act: "charge",
    ask: "probe_charge",
    slots: &[("amount", false), ("source", false)],
};

const REFUND: Call = Call {
    request: "StripeRefund",
    value: "refund",
    act: "refund",
    ask: "probe_refund",
    slots: &[("charge", false), ("amount", true)],
};

const TEXT: Call = Call {
    request: "TwilioMessage",
    value: "message",
    act: "send",
    ask: "probe",
    slots: &[("to", false), ("body", false)],
};

const NOTIFICATION: Call = Call {
    request: "FcmMessage",
    value: "message",
    act: "send",
    ask: "probe",
    slots: &[("token", false), ("title", true), ("body", false)],
};

const OBJECT: Call = Call {
    request: "S3Object",
    value: "object",
    act: "put",
    ask: "probe",
    slots: &[
        ("object_key", false),
        ("content_type", false),
        ("size", false),
        ("sha256", false),
    ],
};

const MAIL: Call = Call {
    request: "SmtpMail",
    value: "mail",
    act: "send",
    ask: "probe",
    slots: &[("to", false), ("subject", false), ("body", false)],
};

fn render(context: &Context<'_>, domain: &DomainModel) -> Rendered {
    let prose = domain.prose();
    let path = format!("{}/gateway.rs", domain.folder());
    let file = match domain.gateway {
        GatewayKind::Http => http(context, domain, &prose, path),
        GatewayKind::Stripe => StripeView::file(context, domain, &prose, path, charge_or_refund),
        GatewayKind::Twilio => TwilioView::file(context, domain, &prose, path, |_| TEXT),
        GatewayKind::Fcm => FcmView::file(context, domain, &prose, path, |_| NOTIFICATION),
        GatewayKind::S3 => S3View::file(context, domain, &prose, path, |_| OBJECT),
        GatewayKind::Smtp => SmtpView::file(context, domain, &prose, path, |_| MAIL),
    }?;
    Ok(vec![file])
}

/// Callbacks of such a gateway are refused, so this is a defect.
pub(super) fn no_template(kind: GatewayKind, path: &str) -> Error {
    defect(
        path,
        format!("no template for the gateway {}", kind.keyword()),
    )
}

fn http(context: &Context<'_>, domain: &DomainModel, prose: &str, path: String) -> Made {
    let operation = |operation| HttpOperation::of(operation);
    let view = HttpView {
        name: domain.type_name(),
        prose,
        a_prose: domain.name.with_article(),
        imports: commands(domain),
        operations: domain.operations.iter().map(operation).collect(),
    };
    context.rust(path, Class::Yours, &view)
}

impl<'a> HttpOperation<'a> {
    fn of(operation: &'a OperationModel) -> Self {
        Self {
            name: operation.type_name(),
            module: operation.module(),
            below: if operation.is_root {
                String::new()
            } else {
                operation.route()
            },
        }
    }
}

/// `StripeClient`.
fn client(kind: GatewayKind) -> String {
    format!("{}Client", kind.type_name())
}

fn client_operation(
    operation: &OperationModel,
    call: fn(&OperationModel) -> Call,
) -> ClientOperation<'_> {
    let call = call(operation);
    let slot = |(name, optional): &(&'static str, bool)| {
        format!("{name}: {}", value(operation.slot(name), *optional))
    };
    ClientOperation {
        name: operation.type_name(),
        module: operation.module(),
        call,
        slots: call.slots.iter().map(slot).collect(),
    }
}

fn charge_or_refund(operation: &OperationModel) -> Call {
    if operation.is_refund { REFUND } else { CHARGE }
}

/// What a slot is given.
fn value(field: Option<&FieldModel>, optional: bool) -> String {
    match field {
        None => "None".to_owned(),
        Some(field) if optional && !field.optional => format!("Some(command.{}())", field.name),
        Some(field) => format!("command.{}()", field.name),
    }
}

fn runtime_import(domain: &DomainModel, call: fn(&OperationModel) -> Call) -> String {
    let request = |operation| call(operation).request.to_owned();
    let requests = domain.operations.iter().map(request);
    let names: Vec<String> = requests.chain([client(domain.gateway)]).collect();
    import("orch_runtime::gateway", &names)
}

/// The commands that the gateway's methods take, sorted as rustfmt sorts.
fn commands(domain: &DomainModel) -> Vec<String> {
    let command = |operation: &OperationModel| {
        let (path, name) = (path(operation), operation.type_name());
        format!("use super::{path}generated::command::{name}Command;")
    };
    let mut imports: Vec<String> = domain.operations.iter().map(command).collect();
    sort_imports(&mut imports);
    imports
}
