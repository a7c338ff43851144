//! The tests that know the kind of the provider: its adapter against a server, and its callbacks.

use super::Names;
use crate::components::domain::gateway_use;
use crate::components::fit::sort_imports;
use crate::components::gateway::no_template;
use crate::components::{Class, Context, Made};
use crate::model::{DomainModel, FieldModel, OperationModel};
use crate::spec::GatewayKind;
use crate::templates::views;

views! {
    HttpView<'a> in "tests/[operation]/gateway/http.rs.j2" {
        adapter: String, module: &'a str, gateway_use: String, below: String, is_renamed: bool
    }

    StripeView<'a> in "tests/[operation]/gateway/stripe.rs.j2" {
        adapter: String, module: &'a str, gateway_use: String, address: &'a str
    }

    TwilioView<'a> in "tests/[operation]/gateway/twilio.rs.j2" {
        adapter: String, module: &'a str, gateway_use: String, body: &'a str,
        is_number: bool
    }

    FcmView<'a> in "tests/[operation]/gateway/fcm.rs.j2" {
        adapter: String, module: &'a str, gateway_use: String
    }

    S3View<'a> in "tests/[operation]/gateway/s3.rs.j2" {
        adapter: String, name: &'a str, module: &'a str, imports: Vec<String>, size: &'a str,
        sha256: &'a str
    }

    SmtpView<'a> in "tests/[operation]/gateway/smtp.rs.j2" {
        adapter: String, module: &'a str, gateway_use: String
    }

    HttpCallbacksView<'a> in "tests/[operation]/callbacks/http.rs.j2" {
        crate_name: &'a str, domain_name: &'a str, domain_module: &'a str, tables: &'a str
    }

    StripeCallbacksView<'a> in "tests/[operation]/callbacks/stripe.rs.j2" {
        crate_name: &'a str, domain_name: &'a str, domain_module: &'a str, tables: &'a str, object: &'a str,
        event_type: &'a str
    }

    TwilioCallbacksView<'a> in "tests/[operation]/callbacks/twilio.rs.j2" {
        crate_name: &'a str, domain_name: &'a str, domain_module: &'a str, tables: &'a str
    }
}

/// `gateway.rs`: what the adapter sends, and what every answer means.
pub(super) fn gateway(
    context: &Context<'_>,
    names: &Names<'_>,
    domain: &DomainModel,
    operation: &OperationModel,
    path: String,
) -> Made {
    let package = format!("{}::{}", names.crate_name, names.domain_module);
    let gateway_use = gateway_use(&package, domain);
    let (adapter, module) = (domain.adapter(), names.module);
    let class = Class::Yours;
    match domain.gateway {
        GatewayKind::Http => {
            let view = HttpView {
                adapter,
                module,
                gateway_use,
                below: below(operation),
                is_renamed: operation.fields.iter().any(FieldModel::is_renamed),
            };
            context.rust(path, class, &view)
        }
        GatewayKind::Stripe => {
            let view = StripeView {
                adapter,
                module,
                gateway_use,
                address: stripe_address(operation),
            };
            context.rust(path, class, &view)
        }
        GatewayKind::Twilio => {
            let view = TwilioView {
                adapter,
                module,
                gateway_use,
                body: in_json(operation, "body"),
                is_number: is_number(operation),
            };
            context.rust(path, class, &view)
        }
        GatewayKind::Fcm => {
            let view = FcmView {
                adapter,
                module,
                gateway_use,
            };
            context.rust(path, class, &view)
        }
        GatewayKind::S3 => {
            let view = S3View {
                adapter,
                name: names.name,
                module,
                imports: with_command(names, gateway_use),
                size: in_json(operation, "size"),
                sha256: in_json(operation, "sha256"),
            };
            context.rust(path, class, &view)
        }
        GatewayKind::Smtp => {
            let view = SmtpView {
                adapter,
                module,
                gateway_use,
            };
            context.rust(path, class, &view)
        }
    }
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
    sort_imports(&mut imports);
    imports
}

/// `callbacks.rs`: signed, kept, and applied once.
pub(super) fn callbacks(
    context: &Context<'_>,
    names: &Names<'_>,
    domain: &DomainModel,
    operation: &OperationModel,
    path: String,
) -> Made {
    let crate_name = &*names.crate_name;
    let (domain_name, domain_module) = (names.domain_name, names.domain_module);
    match domain.gateway {
        GatewayKind::Http => {
            let view = HttpCallbacksView {
                crate_name,
                domain_name,
                domain_module,
                tables: domain.tables_name(),
            };
            context.rust(path, Class::Yours, &view)
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
                tables: domain.tables_name(),
                object,
                event_type,
            };
            context.rust(path, Class::Yours, &view)
        }
        GatewayKind::Twilio => {
            let view = TwilioCallbacksView {
                crate_name,
                domain_name,
                domain_module,
                tables: domain.tables_name(),
            };
            context.rust(path, Class::Yours, &view)
        }
        GatewayKind::S3 | GatewayKind::Smtp | GatewayKind::Fcm => {
            Err(no_template(domain.gateway, &path))
        }
    }
}
