//! Packages that between them print every template in each of its forms.

use crate::error::Result;
use crate::model::{PackageModel, Place};
use crate::spec::{GatewayKind, Spec};
use std::fmt::Write as _;

/// A field of each type and constraint; the names fill the slots of every gateway.
pub(crate) const MANY: &str = r#""order_id:string:max=64", "amount:money", "note:text?", "source:string",
    "charge:string", "to:string", "body:text", "token:string", "kind_of:enum(a|b)",
    "pin:string:secret", "labels:list<string>", "extra:json", "raw_part:bytes", "size_of:u32",
    "rate_of:decimal:max=1", "when_due:datetime?", "day_of:date", "key_of:uuid", "is_new:bool",
    "code_of:string:pattern=[A-Z]{3}-[0-9]+", "object_key:string", "content_type:string", "size:u64",
    "sha256:string:pattern=[0-9a-f]{64}", "subject:string""#;

/// As few as a command can have.
const ONE: &str = "\"id:u64\"";

/// A package of its own for each kind of gateway, and one that was there before.
///
/// # Errors
/// When a fixture is no spec any more.
pub fn packages() -> Result<Vec<PackageModel>> {
    let mut packages = Vec::new();
    for (word, kind) in GatewayKind::ALL
        .iter()
        .filter(|(word, _)| GatewayKind::parse(word).is_ok())
    {
        packages.push(package(
            &spec(word, kind.has_callbacks()),
            &format!("{word}-service"),
        )?);
    }
    let few = format!(
        "version = 1\n\n[store]\nkind = \"postgres\"\n\n{}",
        domain("Parcel", "http", false, &[("ParcelSent", "none", ONE)])
    ) + "\n[[saga]]\nname = \"Cut\"\nfields = [\"id:u64\"]\n[[saga.step]]\nname = \"cut\"\n";
    packages.push(package(&few, "few-service")?);
    let guest = format!(
        "version = 1\n\n[package]\nkind = \"existing\"\n\n{}",
        domain(
            "Payment",
            "http",
            true,
            &[("PaymentRequested", "progress", MANY)]
        )
    );
    packages.push(package(&guest, "guest")?);
    Ok(packages)
}

fn spec(gateway: &str, callbacks: bool) -> String {
    let operations = [
        ("PaymentRequested", "history", MANY),
        ("RefundRequested", "none", MANY),
    ];
    format!(
        "version = 1\n\n{}{}",
        domain("Payment", gateway, callbacks, &operations),
        saga(callbacks)
    )
}

/// A saga with a step of each kind.
fn saga(choreography: bool) -> String {
    format!(
        r#"
[[saga]]
name = "Order"
fields = [{MANY}]
time_budget = "1h"
choreography = {choreography}
tells = ["order_id", "amount"]
[[saga.step]]
name = "reserve"
tells = ["pieces"]
[[saga.step]]
name = "pay"
call = "Payment.PaymentRequested"
undo = "Payment.RefundRequested"
max_attempts = 5
backoff_base = "2s"
backoff_cap = "1m"
time_budget = "10m"
undo_max_attempts = 9
event = "Paid"
failure = "NotPaid"
[[saga.step]]
name = "tell"
after = ["reserve"]
call = "Payment.PaymentRequested"
compensation = "none"
reason = "said is said"
optional = true
[[saga.step]]
name = "note"
after = ["pay", "tell"]
compensation = "none"
reason = "a note"
"#
    )
}

fn domain(name: &str, gateway: &str, callbacks: bool, operations: &[(&str, &str, &str)]) -> String {
    let mut text = format!(
        "[[domain]]\nname = \"{name}\"\ngateway = \"{gateway}\"\ncallbacks = {callbacks}\nmetrics = true\n"
    );
    for (event, track, fields) in operations {
        let _ = write!(
            text,
            "\n[[domain.operation]]\nevent = \"{event}\"\ntrack = \"{track}\"\nfields = [{fields}]\n"
        );
    }
    text
}

fn package(spec: &str, name: &str) -> Result<PackageModel> {
    Ok(PackageModel::new(&Spec::parse(spec)?, &Place::alone(name)))
}
