//! Clients, attempts and pauses of one's own: ORC501 to ORC506.

use crate::operator::Operator;

const CALL: &str = "$matched";

pub(super) const OPERATORS: &[Operator] = &[
    Operator::new("ORC501", "a client with the defaults", |p| {
        p.adapter_field("client_of_rates: reqwest::Client")?;
        p.append(
            "gateway.rs",
            "fn rates() -> reqwest::Client {\n    reqwest::Client::new()\n}",
        )
    }),
    Operator::new(
        "ORC501",
        "a builder that says only when to stop connecting",
        |p| {
            p.module(
                "client",
                "use std::time::Duration;

use reqwest::{Client, Error};

/// The client of the provider.
pub(super) fn client() -> Result<Client, Error> {
    Client::builder().connect_timeout(Duration::from_secs(2)).user_agent(\"shop\").build()
}",
            )
        },
    ),
    Operator::new("ORC501", "a builder that says only how long to read", |p| {
        p.module(
            "client",
            "use std::time::Duration;

/// The client of the provider.
pub(super) fn client() -> Result<reqwest::Client, reqwest::Error> {
    reqwest::Client::builder().read_timeout(Duration::from_secs(2)).build()
}",
        )
    }),
    Operator::new("ORC501", "a client by default", |p| {
        p.module(
            "client",
            "use reqwest::Client as Http;

/// The client of the provider.
pub(super) fn client() -> Http {
    Http::default()
}",
        )
    }),
    Operator::new("ORC502", "a payment posted until it works", |p| {
        p.append(
            "gateway.rs",
            "/// Sends it, three times if need be.
async fn insist(client: &reqwest::Client, body: String) -> Option<reqwest::Response> {
    for _ in 0..3 {
        if let Ok(answer) = client.post(\"https://provider.example\").body(body.clone()).send().await {
            return Some(answer);
        }
    }
    None
}",
        )
    }),
    Operator::new("ORC502", "a payment posted by a helper that retries", |p| {
        p.append(
            "gateway.rs",
            "/// Sends it, and again.
async fn insist(client: &reqwest::Client) -> Result<reqwest::Response, reqwest::Error> {
    use backon::Retryable as _;
    let policy = backon::ExponentialBuilder::default().with_jitter().with_max_times(3);
    (|| async { client.post(\"https://provider.example\").send().await }).retry(policy).await
}",
        )
    }),
    Operator::new("ORC503", "the same pauses for everybody", |p| {
        p.append(
            "gateway.rs",
            "/// Reads the rates, and again.
async fn rates(client: &reqwest::Client) -> Result<reqwest::Response, reqwest::Error> {
    use backon::{ExponentialBuilder, Retryable as _};
    let get = || async { client.get(\"https://rates.example\").send().await };
    get.retry(ExponentialBuilder::default().with_max_times(4)).await
}",
        )
    }),
    Operator::new("ORC503", "attempts without an end", |p| {
        p.append(
            "gateway.rs",
            "/// Reads the rates, and again.
async fn rates(client: &reqwest::Client) -> Result<reqwest::Response, reqwest::Error> {
    use tokio_retry::Retry;
    use tokio_retry::strategy::{ExponentialBackoff, jitter};
    let pauses = ExponentialBackoff::from_millis(10).map(jitter);
    Retry::spawn(pauses, || client.get(\"https://rates.example\").send()).await
}",
        )
    }),
    Operator::new("ORC504", "attempts and pauses in execute", |p| {
        p.in_execute(
            "        for _ in 0..3 {
            match self.gateway.$call(op_id, command).await {
                Ok(_) => break,
                Err(GatewayError::Unavailable { .. } | GatewayError::Refused { .. } | GatewayError::NoAnswer { .. }) => {
                    orch_runtime::tokio::time::sleep(Duration::from_millis(200)).await;
                }
            }
        }",
        )
    }),
    Operator::new("ORC504", "attempts until it is available", |p| {
        p.edit(
            "orchestrator.rs",
            CALL,
            "let mut pause = Duration::from_millis(50);
        let answer = loop {
            let answer = self.gateway.$call(op_id, command).await;
            if !matches!(answer, Err(GatewayError::Unavailable { .. })) {
                break answer;
            }
            orch_runtime::tokio::time::sleep(pause).await;
            pause *= 2;
        };
        match answer {",
        )
    }),
    Operator::new("ORC505", "a client for each call", |p| {
        p.in_execute(
            "        let client = reqwest::Client::builder().timeout(Duration::from_secs(3)).build();
        drop(client);",
        )
    }),
    Operator::new("ORC505", "a client for each call, by another name", |p| {
        p.edit(
            "orchestrator.rs",
            "use std::time::Duration;",
            "use std::time::Duration;\n\nuse reqwest::ClientBuilder;",
        )?;
        p.in_execute("        let client = ClientBuilder::new().timeout(Duration::from_secs(3)).build().ok();\n        drop(client);")
    }),
    Operator::new("ORC506", "any certificate will do", |p| {
        p.append(
            "gateway.rs",
            "fn client() -> Result<reqwest::Client, reqwest::Error> {
    let builder = reqwest::Client::builder().timeout(Duration::from_secs(5));
    builder.danger_accept_invalid_certs(true).build()
}",
        )
    }),
    Operator::new("ORC506", "any host name will do", |p| {
        p.module(
            "client",
            "use std::time::Duration;

/// The client of the provider.
pub(super) fn client() -> reqwest::Result<reqwest::Client> {
    let mut builder = reqwest::ClientBuilder::new().timeout(Duration::from_secs(5));
    if cfg!(feature = \"staging\") {
        builder = builder.danger_accept_invalid_hostnames(true);
    }
    builder.build()
}",
        )
    }),
];
