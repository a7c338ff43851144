//! A small domain, as generated code would write it.

use orch_runtime::axum::Router;
use orch_runtime::axum::extract::State;
use orch_runtime::axum::response::Response;
use orch_runtime::axum::routing::{get, post};
use orch_runtime::http::{ApiError, Endpoint, Lookup, Submission};
use orch_runtime::store::Migration;
use orch_runtime::store::Tables;
use orch_runtime::testing::Provider;
use orch_runtime::{
    BizKey, Column, Command, CommandError, GatewayError, Idempotency, JsonFields, OpId,
    OperationView, Orchestrator, Outcome, Probe,
};
use serde::{Deserialize, Serialize};
use std::time::Duration;

pub(crate) const TABLES: Tables = Tables {
    domain: "ping",
    columns: &["name", "count"],
};

pub(crate) const MIGRATIONS: &[Migration] = &[Migration {
    name: "0001_ping",
    up: include_str!("ping.sql"),
}];

/// Asks to ping somebody.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Ping {
    name: String,
    count: u32,
}

impl Ping {
    pub(crate) fn named(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            count: 1,
        }
    }

    fn from_json(mut fields: JsonFields) -> Result<Self, CommandError> {
        let name: Option<String> = fields.required("name");
        let count: Option<u32> = fields.optional("count");
        let mut wrong = fields.into_violations();
        let ping = Self {
            name: name.unwrap_or_default(),
            count: count.unwrap_or(1),
        };
        if ping.name.len() > 64 {
            wrong.add("name", "must be at most 64 bytes");
        }
        if ping.count > 10 {
            wrong.add("count", "must be at most 10");
        }
        wrong.into_result()?;
        Ok(ping)
    }
}

impl Command for Ping {
    const EVENT_TYPE: &'static str = "PING_REQUESTED";

    fn biz_key(&self) -> BizKey {
        BizKey::of(&self.name)
    }

    fn columns(&self) -> Vec<Column> {
        vec![
            Column::new("name", &*self.name),
            Column::new("count", self.count),
        ]
    }
}

/// Another command of the same domain, to see that the two do not mix.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Pong;

impl Command for Pong {
    const EVENT_TYPE: &'static str = "PONG_REQUESTED";

    fn biz_key(&self) -> BizKey {
        BizKey::of("pong")
    }

    fn columns(&self) -> Vec<Column> {
        Vec::new()
    }
}

/// Pings through a scripted provider.
pub(crate) struct Pinging(pub(crate) Provider);

impl Orchestrator for Pinging {
    type Command = Ping;
    const DOMAIN: &'static str = "PING";

    fn idempotency(&self) -> Idempotency {
        Idempotency::Keyed {
            window: Duration::from_secs(24 * 3_600),
        }
    }

    async fn execute(&self, op_id: &OpId, _command: &Ping) -> Outcome {
        match self.0.call(op_id).await {
            Ok(receipt) => Outcome::Ok {
                message: "pinged".to_owned(),
                provider_ref: receipt.provider_ref,
                result: receipt.result,
            },
            Err(GatewayError::Unavailable { reason, after }) => Outcome::Retry { reason, after },
            Err(GatewayError::Refused { code, message }) => Outcome::fail(code, message),
            Err(GatewayError::NoAnswer { reason }) => Outcome::unknown(reason),
        }
    }

    async fn probe(&self, op_id: &OpId, _command: &Ping) -> Probe {
        self.0.probe(op_id).await
    }
}

pub(crate) fn routes(endpoint: Endpoint) -> Router {
    Router::new()
        .route("/api/pings", post(submit))
        .route("/api/pings/{op_id}", get(status))
        .route("/api/pongs/{op_id}", get(pong_status))
        .route("/api/panic", get(panic))
        .with_state(endpoint)
}

async fn submit(
    State(endpoint): State<Endpoint>,
    submission: Submission,
) -> Result<Response, ApiError> {
    let Submission { request, fields } = submission;
    let command = Ping::from_json(fields)?;
    let acceptance = endpoint.submit(request, &command).await?;
    Ok(acceptance.respond(|view| view))
}

async fn status(
    State(endpoint): State<Endpoint>,
    lookup: Lookup,
) -> Result<orch_runtime::axum::Json<OperationView>, ApiError> {
    Ok(orch_runtime::axum::Json(
        endpoint.find::<Ping>(&lookup).await?,
    ))
}

async fn pong_status(
    State(endpoint): State<Endpoint>,
    lookup: Lookup,
) -> Result<orch_runtime::axum::Json<OperationView>, ApiError> {
    Ok(orch_runtime::axum::Json(
        endpoint.find::<Pong>(&lookup).await?,
    ))
}

async fn panic() -> Response {
    panic!("card 4111111111111111")
}
