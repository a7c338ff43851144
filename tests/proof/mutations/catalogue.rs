//! What is broken, and how: one guarantee at a time, as a careless hand would break it.

/// One broken guarantee.
#[derive(Debug, Clone, Copy)]
pub(super) struct Mutation {
    /// What is missing afterwards.
    pub(super) what: &'static str,
    file: &'static str,
    from: &'static str,
    to: &'static str,
}

const SQL: &str = "vendor/orch-runtime/src/store/sqlite/";

impl Mutation {
    const fn new(
        what: &'static str,
        file: &'static str,
        from: &'static str,
        to: &'static str,
    ) -> Self {
        Self {
            what,
            file,
            from,
            to,
        }
    }

    /// The file, from the root of the project.
    pub(super) fn file(&self) -> String {
        if self.file.ends_with(".sql") && !self.file.contains('/') {
            format!("{SQL}{}", self.file)
        } else {
            self.file.to_owned()
        }
    }

    /// The text that is replaced, and by what.
    pub(super) fn change(&self) -> (&'static str, &'static str) {
        (self.from, self.to)
    }
}

/// In the project's own files.
const OF_THE_PROJECT: [Mutation; 8] = [
    Mutation::new(
        "no UNIQUE (owner_id, idem_key)",
        "migrations/sqlite/0001_payment.sql",
        "    trace_parent TEXT,\n    CONSTRAINT uk_payment_operations_idem_key UNIQUE (owner_id, idem_key)\n",
        "    trace_parent TEXT\n",
    ),
    Mutation::new(
        "a fresh key for each attempt",
        "src/payment/orchestrator.rs",
        "self.gateway.payment(op_id, command)",
        "self.gateway.payment(&OpId::new(format!(\"{op_id}-{}\", orch_runtime::Uuid::now_v7())).unwrap(), command)",
    ),
    Mutation::new(
        "adapter: a lost answer is \"not now\"",
        "src/payment/gateway.rs",
        "receipt(self.http.post(key, command).await)",
        "receipt(self.http.post(key, command).await).map_err(|error| match error {
            GatewayError::NoAnswer { reason } => GatewayError::Unavailable { reason, after: None },
            other => other,
        })",
    ),
    Mutation::new(
        "orchestrator: a lost answer is tried again",
        "src/payment/orchestrator.rs",
        "Outcome::unknown(reason)",
        "Outcome::retry(reason)",
    ),
    Mutation::new(
        "orchestrator: a lost answer is a failure",
        "src/payment/orchestrator.rs",
        "Outcome::unknown(reason)",
        "Outcome::fail(\"NO_ANSWER\", reason)",
    ),
    Mutation::new(
        "the Finalizer is not started",
        "src/payment/mod.rs",
        ".with(finalizer)",
        "",
    ),
    Mutation::new(
        "the Reaper is not started",
        "src/payment/mod.rs",
        ".with(reaper)",
        "",
    ),
    Mutation::new(
        "Debug prints a secret",
        "src/payment/generated/command.rs",
        ".field(\"card_token\", &REDACTED)",
        ".field(\"card_token\", &self.card_token)",
    ),
];

/// In the runtime that the project carries.
const OF_THE_RUNTIME: [Mutation; 13] = [
    Mutation::new(
        "a replaced worker may still write",
        "settle.sql",
        "op_id = ?1 and fence = ?2",
        "op_id = ?1 and ?2 = ?2",
    ),
    Mutation::new(
        "no intent before the call",
        "intent.sql",
        "values (?1, ?2, ?3, 'INTENT', ?4)",
        "select ?1, ?2, ?3, 'INTENT', ?4 where false",
    ),
    Mutation::new(
        "no outcome in the log",
        "log_outcome.sql",
        "values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7, case when ?4 = 'COMPLETED' then ?7 end)",
        "select ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7, ?7 where false",
    ),
    Mutation::new(
        "a key answers whatever is asked",
        "vendor/orch-runtime/src/store/sqlite/operations/accept.rs",
        "if operation.fingerprint.matches(&fingerprint)",
        "if !fingerprint.is_empty()",
    ),
    Mutation::new(
        "Reaper sends again",
        "reap.sql",
        "set state = 'UNKNOWN'",
        "set state = 'PENDING'",
    ),
    Mutation::new(
        "Reaper takes silence for \"did not happen\"",
        "vendor/orch-runtime/src/engine/attempt.rs",
        "        let outcome = outcome_of_probe(&probe);\n",
        "        let probe = match probe {
            Probe::StillUnknown { .. } => Probe::NotCommitted,
            other => other,
        };
        let outcome = outcome_of_probe(&probe);\n",
    ),
    Mutation::new(
        "the fence stays when a worker is replaced",
        "reap.sql",
        "fence = fence + 1, attempts",
        "attempts",
    ),
    Mutation::new(
        "no Idempotency-Key is sent",
        "vendor/orch-runtime/src/gateway/client.rs",
        "request.header(IDEMPOTENCY_KEY, key.as_str())",
        "request.header(\"x-request\", key.as_str()).header(\"x-name\", IDEMPOTENCY_KEY.as_str())",
    ),
    Mutation::new(
        "everybody sees everybody's operations",
        "vendor/orch-runtime/src/engine/mod.rs",
        "found.filter(|view| view.owner_id == *owner)",
        "found.filter(|_| !owner.as_str().is_empty())",
    ),
    Mutation::new(
        "what nobody knows is called a failure",
        "vendor/orch-runtime/src/operation/decision/mod.rs",
        "    Settlement::Park {
        code: UNKNOWN,
        reason,
    }\n",
        "    Settlement::Fail {
        code: UNKNOWN.to_owned(),
        message: reason,
        cause: None,
    }\n",
    ),
    Mutation::new(
        "a 504 is taken for a definite no",
        "vendor/orch-runtime/src/engine/attempt.rs",
        "let reported = running.report.is_unaccounted();",
        "let reported = false;",
    ),
    Mutation::new(
        "an early denial is believed",
        "vendor/orch-runtime/src/operation/decision/mod.rs",
        "if asked_at >= arrived_by {",
        "if now < Timestamp::MAX_UTC {",
    ),
    Mutation::new(
        "a call may take for ever",
        "vendor/orch-runtime/src/engine/call.rs",
        "() = clock.sleep(limit) =>",
        "() = async { clock.sleep(limit).await; std::future::pending().await } =>",
    ),
];

/// All of them.
pub(super) fn all() -> impl Iterator<Item = Mutation> {
    OF_THE_PROJECT.into_iter().chain(OF_THE_RUNTIME)
}
