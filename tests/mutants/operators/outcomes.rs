//! Answers of the provider that are lost or misread: ORC301 to ORC305.

use crate::operator::Operator;

const O: &str = "orchestrator.rs";
const UNAVAILABLE: &str = "            Err(GatewayError::Unavailable { reason, after }) => Outcome::Retry { reason, after },\n";
const REFUSED: &str =
    "            Err(GatewayError::Refused { code, message }) => Outcome::fail(code, message),\n";
const NO_ANSWER: &str =
    "            Err(GatewayError::NoAnswer { reason }) => Outcome::unknown(reason),\n";
const MATCH: &str = "$matched";

pub(super) const OPERATORS: &[Operator] = &[
    Operator::new("ORC301", "execute says whether it worked", |p| {
        p.edit(O, "-> Outcome {", "-> bool {")?;
        p.edit(O, MATCH, "self.gateway.$call(op_id, command).await.is_ok()\n    }\n\n    async fn spare(&self, op_id: &OpId, command: &$NameCommand) -> Outcome {\n        match self.gateway.$call(op_id, command).await {")
    }),
    Operator::new("ORC301", "execute gives the gateway's result", |p| {
        p.edit(O, "-> Outcome {", "-> Result<Receipt, GatewayError> {")
    }),
    Operator::new("ORC301", "execute gives a type of its own", |p| {
        p.append(
            O,
            "/// What came of it.\nstruct Done {\n    outcome: Outcome,\n}",
        )?;
        p.edit(O, "-> Outcome {", "-> Done {")
    }),
    Operator::new("ORC302", "any other error", |p| {
        p.edit(
            O,
            NO_ANSWER,
            "            Err(_) => Outcome::retry(\"no answer\"),\n",
        )
    }),
    Operator::new("ORC302", "an error under a name", |p| {
        p.edit(O, REFUSED, "")?;
        p.edit(
            O,
            NO_ANSWER,
            "            Err(other) => Outcome::fail(\"FAILED\", other.to_string()),\n",
        )
    }),
    Operator::new("ORC302", "a label for everything else", |p| {
        p.append(
            O,
            "/// For the log.
fn label(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Ok { .. } => \"paid\",
        _ => \"failed\",
    }
}",
        )
    }),
    Operator::new("ORC302", "a probe that is sure", |p| {
        p.edit(
            O,
            "gateway.probe_$call(op_id, command).await",
            "match gateway.probe_$call(op_id, command).await {
            Probe::StillUnknown => Probe::StillUnknown,
            _ => Probe::NotCommitted,
        }",
        )
    }),
    Operator::new("ORC302", "a guard, and the rest", |p| {
        p.append(
            "gateway.rs",
            "/// Whether to call again.
pub(super) fn again(error: &GatewayError) -> bool {
    match error {
        GatewayError::Unavailable { after, .. } if after.is_some() => true,
        _ => false,
    }
}",
        )
    }),
    Operator::new("ORC302", "an else for every other outcome", |p| {
        p.append(
            O,
            "/// For the log.
fn is_paid(outcome: &Outcome) -> bool {
    let Outcome::Ok { .. } = outcome else {
        return false;
    };
    true
}",
        )
    }),
    Operator::new(
        "ORC302",
        "an else for every other answer of the probe",
        |p| {
            p.edit(
            O,
            "gateway.probe_$call(op_id, command).await",
            "if let Probe::Committed { message, provider_ref, result } = gateway.probe_$call(op_id, command).await {
            Probe::Committed { message, provider_ref, result }
        } else {
            Probe::NotCommitted
        }",
        )
        },
    ),
    Operator::new("ORC303", "no answer counts as a failure", |p| {
        p.edit(O, NO_ANSWER, "            Err(GatewayError::NoAnswer { reason }) => Outcome::fail(\"NO_ANSWER\", reason),\n")
    }),
    Operator::new("ORC303", "refused or silent, both fail", |p| {
        p.edit(O, REFUSED, "            Err(GatewayError::Refused { message: reason, .. } | GatewayError::NoAnswer { reason }) => Outcome::fail(\"FAILED\", reason),\n")?;
        p.edit(O, NO_ANSWER, "")
    }),
    Operator::new(
        "ORC303",
        "a timeout of the client counts as a refusal",
        |p| {
            p.append(
                "gateway.rs",
                "/// What an error of the client means.
fn judged(error: &reqwest::Error) -> GatewayError {
    if error.is_timeout() {
        return GatewayError::Refused { code: \"TIMEOUT\".to_owned(), message: error.to_string() };
    }
    GatewayError::NoAnswer { reason: error.to_string() }
}",
            )
        },
    ),
    Operator::new("ORC304", "an outcome that nobody keeps", |p| {
        p.append(
            "rules.rs",
            "/// Warms the provider up.
async fn warm_up<O: orch_runtime::Orchestrator>(runs: &O, op_id: &orch_runtime::OpId, command: &O::Command) {
    let _ = runs.execute(op_id, command).await;
}",
        )
    }),
    Operator::new("ORC304", "an outcome with a name that nobody reads", |p| {
        p.in_execute("        let _first = self.judge(op_id, command).await;")?;
        p.edit(
            O,
            "        Self { gateway }\n    }\n",
            "        Self { gateway }\n    }\n
    async fn judge(&self, op_id: &OpId, _: &$NameCommand) -> Outcome {
        Outcome::unknown(op_id.to_string())
    }\n",
        )
    }),
    Operator::new("ORC304", "an outcome as a statement", |p| {
        p.begin(O, "fn done(", "    settled(receipt);")?;
        p.append(O, "/// What a receipt comes to.\nfn settled(receipt: &Receipt) -> Outcome {\n    Outcome::unknown(format!(\"{receipt:?}\"))\n}")
    }),
    Operator::new("ORC305", "every error fails", |p| {
        p.edit(O, UNAVAILABLE, "")?;
        p.edit(O, REFUSED, "")?;
        p.edit(
            O,
            NO_ANSWER,
            "            Err(error) => Outcome::fail(\"FAILED\", error.to_string()),\n",
        )
    }),
    Operator::new("ORC305", "no receipt, and so no payment", |p| {
        p.edit(
            O,
            MATCH,
            "let Ok(receipt) = self.gateway.$call(op_id, command).await else {
            return Outcome::fail(\"FAILED\", \"it did not work\");
        };
        match Ok(receipt) {",
        )
    }),
    Operator::new("ORC305", "every error of the adapter is a refusal", |p| {
        p.begin(
            "gateway.rs",
            "async fn $call(",
            "        let refused = |error: reqwest::Error| GatewayError::Refused {
            code: \"FAILED\".to_owned(),
            message: error.to_string(),
        };
        reqwest::Client::builder()
            .timeout(Duration::from_secs(5))
            .build()
            .map_err(refused)?
            .post(\"https://provider.example\")
            .header(\"Idempotency-Key\", key.as_str())
            .send()
            .await
            .map_err(refused)?;",
        )
    }),
    Operator::new("ORC305", "an attempt whose error is nothing", |p| {
        p.edit(
            O,
            MATCH,
            "let answer = self.gateway.$call(op_id, command).await;
        if answer.is_err() {
            return Outcome::fail(\"FAILED\", \"it did not work\");
        }
        match answer {",
        )
    }),
];
