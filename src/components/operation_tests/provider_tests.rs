//! The tests that know the kind of the provider: its adapter against a server, and its callbacks.

use askama::Template;

use super::Names;
use crate::components::domain::gateway_use;
use crate::components::gateway::no_template;
use crate::components::{Class, GeneratedFile, RenderError};
use crate::model::{DomainModel, OperationModel};
use crate::spec::GatewayKind;

macro_rules! views {
    ($($view:ident $path:literal { $($field:ident: $ty:ty),* };)*) => {$(
        #[derive(Template)]
        #[template(path = $path, escape = "none")]
        struct $view<'a> { $($field: $ty),* }
    )*};
}

views! {
    HttpView "tests/[operation]/gateway/http.rs.j2" {
        adapter: String, module: &'a str, gateway_use: String, below: String
    };
    StripeView "tests/[operation]/gateway/stripe.rs.j2" {
        adapter: String, module: &'a str, gateway_use: String, address: &'a str
    };
    TwilioView "tests/[operation]/gateway/twilio.rs.j2" {
        adapter: String, module: &'a str, gateway_use: String, body: &'a str,
        is_number: bool
    };
    FcmView "tests/[operation]/gateway/fcm.rs.j2" {
        adapter: String, module: &'a str, gateway_use: String
    };
    S3View "tests/[operation]/gateway/s3.rs.j2" {
        adapter: String, name: &'a str, module: &'a str, imports: Vec<String>, size: &'a str,
        sha256: &'a str
    };
    SmtpView "tests/[operation]/gateway/smtp.rs.j2" {
        adapter: String, module: &'a str, gateway_use: String
    };
    HttpCallbacksView "tests/[operation]/callbacks/http.rs.j2" {
        crate_name: &'a str, domain_name: &'a str, domain_module: &'a str
    };
    StripeCallbacksView "tests/[operation]/callbacks/stripe.rs.j2" {
        crate_name: &'a str, domain_name: &'a str, domain_module: &'a str, object: &'a str,
        event_type: &'a str
    };
    TwilioCallbacksView "tests/[operation]/callbacks/twilio.rs.j2" {
        crate_name: &'a str, domain_name: &'a str, domain_module: &'a str
    };
}

/// `gateway.rs`: what the adapter sends, and what every answer means.
pub(super) fn gateway(
    names: &Names<'_>,
    domain: &DomainModel,
    operation: &OperationModel,
    path: String,
) -> Result<GeneratedFile, RenderError> {
    let package = format!("{}::{}", names.crate_name, names.domain_module);
    let gateway_use = gateway_use(&package, domain);
    let (adapter, module) = (domain.adapter(), names.module);
    let rust = |view: Result<String, askama::Error>| match view {
        Ok(text) => Ok(GeneratedFile::rust_text(path.clone(), Class::Yours, text)),
        Err(error) => Err(RenderError::new(path.clone(), error.to_string())),
    };
    rust(match domain.gateway {
        GatewayKind::Http => HttpView {
            adapter,
            module,
            gateway_use,
            below: below(operation),
        }
        .render(),
        GatewayKind::Stripe => StripeView {
            adapter,
            module,
            gateway_use,
            address: stripe_address(operation),
        }
        .render(),
        GatewayKind::Twilio => TwilioView {
            adapter,
            module,
            gateway_use,
            body: in_json(operation, "body"),
            is_number: is_number(operation),
        }
        .render(),
        GatewayKind::Fcm => FcmView {
            adapter,
            module,
            gateway_use,
        }
        .render(),
        GatewayKind::S3 => S3View {
            adapter,
            name: names.name,
            module,
            imports: with_command(names, gateway_use),
            size: in_json(operation, "size"),
            sha256: in_json(operation, "sha256"),
        }
        .render(),
        GatewayKind::Smtp => SmtpView {
            adapter,
            module,
            gateway_use,
        }
        .render(),
    })
}

/// Where below the provider's address an operation is taken.
fn below(operation: &OperationModel) -> String {
    if operation.is_root {
        String::new()
    } else {
        format!("/{}", operation.route())
    }
}

const fn stripe_address(operation: &OperationModel) -> &'static str {
    if operation.is_refund {
        "/v1/refunds"
    } else {
        "/v1/charges"
    }
}

/// Whether the sample is sent to a number that can be asked about.
fn is_number(operation: &OperationModel) -> bool {
    let to = operation.slot("to").map_or("", |field| &field.sample_json);
    let digits = to.trim_matches('"').strip_prefix('+').unwrap_or_default();
    (2..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit())
}

/// The name in requests of the field that fills a slot.
fn in_json<'a>(operation: &'a OperationModel, slot: &'a str) -> &'a str {
    operation.slot(slot).map_or(slot, |field| &field.json)
}

/// The `use` of the gateway and that of the command, sorted as rustfmt sorts.
fn with_command(names: &Names<'_>, gateway: String) -> Vec<String> {
    let Names {
        crate_name,
        path,
        name,
        ..
    } = names;
    let command = format!("use {crate_name}::{path}::generated::command::{name}Command;");
    let mut imports = vec![gateway, command];
    imports.sort_unstable();
    imports
}

/// `callbacks.rs`: signed, kept, and applied once.
pub(super) fn callbacks(
    names: &Names<'_>,
    domain: &DomainModel,
    operation: &OperationModel,
    path: String,
) -> Result<GeneratedFile, RenderError> {
    let crate_name = &*names.crate_name;
    let (domain_name, domain_module) = (names.domain_name, names.domain_module);
    match domain.gateway {
        GatewayKind::Http => {
            let view = HttpCallbacksView {
                crate_name,
                domain_name,
                domain_module,
            };
            GeneratedFile::rust(path, Class::Yours, &view)
        }
        GatewayKind::Stripe => {
            let (object, event_type) = if operation.is_refund {
                ("refund", r#""refund.updated""#)
            } else {
                ("charge", r#"format!("charge.{status}")"#)
            };
            let view = StripeCallbacksView {
                crate_name,
                domain_name,
                domain_module,
                object,
                event_type,
            };
            GeneratedFile::rust(path, Class::Yours, &view)
        }
        GatewayKind::Twilio => {
            let view = TwilioCallbacksView {
                crate_name,
                domain_name,
                domain_module,
            };
            GeneratedFile::rust(path, Class::Yours, &view)
        }
        GatewayKind::S3 | GatewayKind::Smtp | GatewayKind::Fcm => {
            Err(no_template(domain.gateway, &path))
        }
    }
}
