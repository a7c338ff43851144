//! Commands, money and secrets: ORC601 to ORC605.

use crate::operator::Operator;

const COMMAND: &str = "generated/command.rs";
const WAL: &str = "generated/wal.rs";

pub(super) const OPERATORS: &[Operator] = &[
    Operator::new("ORC601", "the amount of a command as a float", |p| {
        p.edit(COMMAND, "    amount: Money,\n", "    amount: f64,\n")
    }),
    Operator::new("ORC601", "a fee as a float", |p| {
        p.append(
            "rules.rs",
            "/// What it costs.\nstruct Cost {\n    fee: f64,\n    count: u32,\n}",
        )
    }),
    Operator::new("ORC601", "a price as a float that may be missing", |p| {
        p.module("quote", "/// An offer.\npub(super) struct Quote {\n    /// For one.\n    unit_price: Option<f32>,\n}")
    }),
    Operator::new("ORC602", "a card number in the log", |p| {
        p.append(
            "gateway.rs",
            "fn note(card_number: &str) {\n    orch_runtime::tracing::info!(card_number, \"charging\");\n}",
        )
    }),
    Operator::new("ORC602", "a card that prints itself", |p| {
        p.append("rules.rs", "/// A card.\n#[derive(Debug, Clone)]\nstruct Card {\n    card_number: String,\n    cvv: String,\n}")
    }),
    Operator::new("ORC602", "a token in an error", |p| {
        p.append(
            "gateway.rs",
            "fn refused(access_token: &str) -> GatewayError {
    GatewayError::NoAnswer { reason: format!(\"{access_token} was not taken\") }
}",
        )
    }),
    Operator::new("ORC603", "an answer that is kept whole", |p| {
        p.append(
            "gateway.rs",
            "/// What the provider says.
#[derive(orch_runtime::serde::Serialize)]
struct Charged {
    id: String,
    card_number: String,
}

/// What is kept of it.
fn kept(charged: &Charged) -> orch_runtime::Receipt {
    let result = orch_runtime::serde_json::to_value(charged).ok();
    orch_runtime::Receipt { provider_ref: Some(charged.id.clone()), result }
}",
        )
    }),
    Operator::new("ORC603", "a request among the fields of the log", |p| {
        p.edit(
            WAL,
            "    attempt: u32,\n",
            "    attempt: u32,\n    request: Option<Request>,\n",
        )?;
        p.append(WAL, "/// What was sent.\n#[derive(Clone)]\nstruct Request {\n    auth: Auth,\n}\n\n/// Who sent it.\n#[derive(Clone)]\nstruct Auth {\n    api_key: String,\n}")
    }),
    Operator::new("ORC603", "a request that is written into the log", |p| {
        p.module(
            "trace",
            "use sqlx::types::Json;

/// What was sent.
#[derive(orch_runtime::serde::Serialize)]
pub(super) struct Request {
    id: String,
    password: String,
}

/// Writes it down.
pub(super) async fn keep(pool: &sqlx::PgPool, op_id: &str, request: &Request) -> Result<(), sqlx::Error> {
    const SQL: &str = \"INSERT INTO $log (op_id, fence, outcome) VALUES ($1, 0, $2)\";
    sqlx::query(SQL).bind(op_id).bind(Json(request)).execute(pool).await?;
    Ok(())
}",
        )
    }),
    Operator::new("ORC604", "a field that anybody changes", |p| {
        let text = p.say("pub struct $NameCommand {\n");
        p.edit(COMMAND, &format!("{text}    "), &format!("{text}    pub "))
    }),
    Operator::new("ORC604", "a setter", |p| {
        p.edit(
            COMMAND,
            "impl $NameCommand {\n",
            "impl $NameCommand {
    /// Takes over what another one says.
    pub fn replace(&mut self, other: Self) {
        *self = other;
    }

",
        )
    }),
    Operator::new("ORC604", "fields behind DerefMut", |p| {
        p.append(
            COMMAND,
            "impl std::ops::DerefMut for $NameCommand {
    fn deref_mut(&mut self) -> &mut Self::Target {
        self
    }
}",
        )
    }),
    Operator::new("ORC605", "a command out of nothing", |p| {
        p.edit(
            COMMAND,
            "#[derive(Clone, PartialEq, Serialize, Deserialize)]",
            "#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]",
        )
    }),
    Operator::new("ORC605", "a command read without its checks", |p| {
        p.edit(COMMAND, "#[serde(try_from = \"Raw$NameCommand\")]\n", "")
    }),
    Operator::new("ORC605", "a builder", |p| {
        p.edit(
            COMMAND,
            "#[derive(Clone, PartialEq, Serialize, Deserialize)]",
            "#[derive(Clone, PartialEq, Serialize, Deserialize, bon::Builder)]",
        )
    }),
];
