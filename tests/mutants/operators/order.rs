//! Steps out of order, and schedulers that do not run: ORC201 to ORC209.

use crate::operator::Operator;
use crate::package::Package;

/// How long an attempt may take.
const ATTEMPT: &str = "attempt_timeout: self.gateway.attempt_timeout(),";

/// Writes a claim of one's own.
fn claim(p: &mut Package, sql: &str) -> Option<()> {
    p.on_postgres()?;
    p.module(
        "claims",
        &format!(
            "/// Takes due work.
pub(super) async fn take(pool: &sqlx::PgPool) -> Result<u64, sqlx::Error> {{
    let taken = sqlx::query(\"{sql}\").execute(pool).await?;
    Ok(taken.rows_affected())
}}"
        ),
    )
}

/// Takes a line out of the operation's domain, which may be a folder further up.
fn unregister(p: &mut Package, line: &str) -> Option<()> {
    let folder = p.folder();
    let domain = folder.split('/').nth(1)?;
    p.edit_at(&format!("src/{domain}/mod.rs"), line, "")
}

/// Applies outcomes by itself.
fn apply(p: &mut Package, steps: &str) -> Option<()> {
    p.module(
        "settle",
        &format!(
            "use orch_runtime::store::{{Hook, Lease, OperationStore, Settlement, StoreError}};
use orch_runtime::{{Outcome, Timestamp}};

/// Ends one operation.
pub(super) async fn end(
    store: &dyn OperationStore,
    now: Timestamp,
    lease: &Lease,
    outcome: &Outcome,
    settlement: Settlement,
    hook: Hook,
) -> Result<(), StoreError> {{
{steps}
    Ok(())
}}"
        ),
    )
}

pub(super) const OPERATORS: &[Operator] = &[
    Operator::new("ORC201", "a handler that executes by itself", |p| {
        p.append(
            "controller.rs",
            "/// Does it at once, without an operation.
async fn at_once<G: super::gateway::$Port>(
    orchestrator: &super::orchestrator::$NameOrchestrator<G>,
    op_id: &orch_runtime::OpId,
    command: &$NameCommand,
) -> orch_runtime::Outcome {
    use orch_runtime::Orchestrator as _;
    orchestrator.execute(op_id, command).await
}",
        )
    }),
    Operator::new("ORC201", "a job that executes again", |p| {
        p.module(
            "again",
            "use orch_runtime::{OpId, Orchestrator, Outcome};

use super::generated::command::$NameCommand;

/// Tries the failed ones once more.
pub(super) async fn again<O>(runs: &O, failed: &[(OpId, $NameCommand)]) -> Vec<Outcome>
where
    O: Orchestrator<Command = $NameCommand>,
{
    let mut outcomes = Vec::new();
    for (op_id, command) in failed {
        outcomes.push(runs.execute(op_id, command).await);
    }
    outcomes
}",
        )
    }),
    Operator::new("ORC201", "execute by its path", |p| {
        p.append(
            "rules.rs",
            "/// Tries whether the provider would take it.
async fn try_out<O: orch_runtime::Orchestrator>(runs: &O, op_id: &orch_runtime::OpId, command: &O::Command) -> bool {
    let outcome = orch_runtime::Orchestrator::execute(runs, op_id, command).await;
    matches!(outcome, orch_runtime::Outcome::Ok { .. })
}",
        )
    }),
    Operator::new("ORC202", "finalized and then recorded", |p| {
        apply(
            p,
            "    store.finalize(now, lease, settlement, hook).await?;\n    store.record(now, lease, outcome).await?;",
        )
    }),
    Operator::new("ORC202", "recorded on one way only", |p| {
        apply(
            p,
            "    if matches!(outcome, Outcome::Ok { .. }) {
        store.record(now, lease, outcome).await?;
    }
    store.finalize(now, lease, settlement, hook).await?;",
        )
    }),
    Operator::new("ORC203", "no Finalizer among the workers", |p| {
        unregister(p, "        .with(finalizer)\n")
    })
    .shows_in("orchestrator.rs"),
    Operator::new("ORC203", "a Finalizer that is made and dropped", |p| {
        let folder = p.folder();
        let domain = folder.split('/').nth(1)?;
        let path = format!("src/{domain}/mod.rs");
        p.edit_at(&path, "        .with(finalizer)\n", "")?;
        p.edit_at(&path, "    let finalizer =", "    let _finalizer =")
    })
    .shows_in("orchestrator.rs"),
    Operator::new("ORC203", "no workers at all", |p| {
        unregister(
            p,
            "workers: workers(&engine, &setup.intervals()),\n        ",
        )?;
        let folder = p.folder();
        let domain = folder.split('/').nth(1)?;
        p.edit_at(
            &format!("src/{domain}/mod.rs"),
            "    Ok(Parts {\n",
            "    Ok(Parts {\n        workers: Workers::new(),\n",
        )
    })
    .shows_in("orchestrator.rs"),
    Operator::new("ORC204", "no Reaper among the workers", |p| {
        unregister(p, "        .with(reaper)\n")
    })
    .shows_in("orchestrator.rs"),
    Operator::new(
        "ORC204",
        "a second Cleaner in the place of the Reaper",
        |p| {
            let folder = p.folder();
            let domain = folder.split('/').nth(1)?;
            let path = format!("src/{domain}/mod.rs");
            p.edit_at(
                &path,
                "        .with(reaper)\n",
                "        .with(cleaner.clone())\n",
            )
        },
    )
    .shows_in("orchestrator.rs"),
    Operator::new("ORC205", "a service that is built and dropped", |p| {
        p.edit_at(
            "src/main.rs",
            "    service().run()",
            "    let _service = service();\n    ExitCode::SUCCESS",
        )
    }),
    Operator::new("ORC205", "a domain that the service does not get", |p| {
        p.edit_at("src/lib.rs", "        .module($domain::MODULE)", "")
    })
    .shows_in("src/$domain/mod.rs"),
    Operator::new("ORC206", "a claim that two workers win", |p| {
        claim(
            p,
            "UPDATE $table SET state = 'IN_PROGRESS', lease_owner = 'me' WHERE op_id IN (SELECT op_id FROM $table WHERE state = 'PENDING' ORDER BY next_attempt_at LIMIT 10)",
        )
    }),
    Operator::new("ORC206", "a claim that waits for the other", |p| {
        claim(
            p,
            "WITH due AS (SELECT op_id FROM $table WHERE state = 'PENDING' LIMIT 5 FOR UPDATE) UPDATE $table o SET state = 'IN_PROGRESS' FROM due WHERE o.op_id = due.op_id",
        )
    }),
    Operator::new("ORC207", "no index for due work", |p| {
        p.migration("CREATE INDEX IF NOT EXISTS idx_$table_state_next_attempt_at\n    ON $table (state, next_attempt_at)", "CREATE INDEX IF NOT EXISTS idx_$log_state\n    ON $log (state, created_at)")
    }),
    Operator::new("ORC207", "an index that a later migration drops", |p| {
        p.migrate("DROP INDEX idx_$table_state_next_attempt_at;")
    })
    .shows_in(".sql"),
    Operator::new("ORC208", "a client that waits longer than the lease", |p| {
        p.begin(
            "gateway.rs",
            "async fn $call(",
            "        let client = reqwest::Client::builder().timeout(std::time::Duration::from_secs(60)).build();
        drop(client);",
        )
    }),
    Operator::new("ORC208", "an attempt as long as the lease", |p| {
        p.edit(
            "orchestrator.rs",
            ATTEMPT,
            "attempt_timeout: Duration::from_secs(15),",
        )
    }),
    Operator::new("ORC208", "a lease that is shorter than an attempt", |p| {
        p.edit(
            "orchestrator.rs",
            ATTEMPT,
            "attempt_timeout: Duration::from_millis(8_000),",
        )?;
        p.append(
            "orchestrator.rs",
            "/// The limits of the engine.
fn limits() -> orch_runtime::engine::EngineConfig {
    orch_runtime::engine::EngineConfig {
        lease: Duration::from_secs(5),
        ..orch_runtime::engine::EngineConfig::default()
    }
}",
        )
    }),
    Operator::new("ORC208", "three calls in one attempt", |p| {
        p.begin(
            "gateway.rs",
            "async fn $call(",
            "        let client = orch_runtime::gateway::JsonClient::new(std::time::Duration::from_secs(7));
        for _ in 0..3 {
            if client.post(\"https://provider.example\", key, &()).await.is_ok() {
                break;
            }
        }",
        )
    }),
    Operator::new("ORC209", "a hook that nobody calls", |p| {
        p.edit(
            "orchestrator.rs",
            "    fn idempotency(&self)",
            "    async fn finalize(
        &self,
        tx: &mut orch_runtime::HookTx<'_>,
        end: &orch_runtime::Finished<$NameCommand>,
    ) -> Result<(), orch_runtime::HookError> {
        let done = orch_runtime::Value::from(&end.op_id);
        tx.execute(\"UPDATE orders SET paid = 1 WHERE op_id = ?1\", &[done]).await.map(|_| ())
    }

    fn idempotency(&self)",
        )
    }),
    Operator::new("ORC209", "a hook that is switched off", |p| {
        p.edit(
            "orchestrator.rs",
            "    fn idempotency(&self)",
            "    const HAS_FINALIZE_HOOK: bool = false;

    async fn finalize(
        &self,
        _: &mut orch_runtime::HookTx<'_>,
        _: &orch_runtime::Finished<$NameCommand>,
    ) -> Result<(), orch_runtime::HookError> {
        Ok(())
    }

    fn idempotency(&self)",
        )
    }),
];
