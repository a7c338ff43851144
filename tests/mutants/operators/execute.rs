//! `execute` that blocks, panics, forgets or reaches a database: ORC001 to ORC009.

use crate::operator::Operator;

const CALL: &str = "$matched";
const NO_ANSWER: &str = "Outcome::unknown(reason),";

/// What an orchestrator must not reach, kept by a module of its own.
const LEDGER: &str = "use orch_runtime::OpId;

static POOL: std::sync::OnceLock<sqlx::PgPool> = std::sync::OnceLock::new();

/// Notes that a call begins.
pub(super) async fn note(op_id: &OpId) -> Result<(), sqlx::Error> {
    let Some(pool) = POOL.get() else { return Ok(()) };
    let mut tx = pool.begin().await?;
    sqlx::query(\"INSERT INTO notes (note) VALUES ($1)\").bind(op_id.as_str()).execute(&mut *tx).await?;
    tx.commit().await
}";

pub(super) const OPERATORS: &[Operator] = &[
    Operator::new("ORC001", "execute waits on its thread", |p| {
        p.edit("orchestrator.rs", "async fn execute", "fn execute")?;
        let blocking = "match pollster::block_on(self.gateway.$call(op_id, command)) {";
        p.edit("orchestrator.rs", CALL, blocking)
    }),
    Operator::new("ORC002", "a transaction around the call", |p| {
        p.depend("sqlx = \"0.9\"")?;
        p.field("pool: sqlx::PgPool")?;
        p.in_execute(
            "        let Ok(mut tx) = self.pool.begin().await else {
            return Outcome::unknown(\"no database\");
        };
        let _ = sqlx::query(\"SELECT 1\").execute(&mut *tx).await;",
        )
    }),
    Operator::new("ORC002", "a connection out of a static pool", |p| {
        p.append(
            "orchestrator.rs",
            "static POOL: std::sync::OnceLock<sqlx::SqlitePool> = std::sync::OnceLock::new();",
        )?;
        p.in_execute(
            "        if let Some(pool) = POOL.get() {
            let connection = pool.acquire().await;
            drop(connection);
        }",
        )
    }),
    Operator::new("ORC002", "a file opened as a database", |p| {
        p.depend("rusqlite = \"0.39\"")?;
        p.in_execute("        let notes = rusqlite::Connection::open(\"notes.db\").ok();\n        drop(notes);")
    }),
    Operator::new("ORC003", "a shared pool in the orchestrator", |p| {
        p.depend("sqlx = \"0.9\"")?;
        p.field("audit: std::sync::Arc<Option<sqlx::PgPool>>")
    }),
    Operator::new("ORC003", "a pool in the adapter", |p| {
        p.depend("sqlx = { version = \"0.9\", features = [\"postgres\"] }")?;
        p.edit(
            "gateway.rs",
            "use std::time::Duration;\n",
            "use std::time::Duration;\n\nuse sqlx::PgPool;\n",
        )?;
        p.adapter_field("audit: PgPool")
    }),
    Operator::new("ORC003", "a database behind a trait object", |p| {
        p.module(
            "audit",
            "/// Keeps what was called.
pub(super) trait Audit: Send + Sync {
    /// Keeps it.
    fn keep(&self, what: &str);
}

/// In a database.
struct SqlAudit {
    pool: sqlx::PgPool,
}

impl Audit for SqlAudit {
    fn keep(&self, what: &str) {
        drop((self.pool.clone(), what.len()));
    }
}",
        )?;
        p.field("audit: Box<dyn super::audit::Audit>")
    }),
    Operator::new("ORC003", "the repository of its own operations", |p| {
        p.field("earlier: crate::$domain::generated::repository::$OperationOperationRepository")
    }),
    Operator::new("ORC003", "a static pool of another module", |p| {
        p.module(
            "db",
            "use std::sync::LazyLock;

/// The one pool.
pub(super) static POOL: LazyLock<sqlx::PgPool> = LazyLock::new(super::connect);",
        )?;
        p.in_execute("        let open = super::db::POOL.size();\n        drop(open);")
    }),
    Operator::new("ORC003", "the engine in the orchestrator", |p| {
        p.field("engine: orch_runtime::Engine")
    }),
    Operator::new("ORC003", "a pool under another name, two types away", |p| {
        p.append(
            "gateway.rs",
            "type Db = sqlx::Pool<sqlx::Postgres>;

#[derive(Debug, Clone)]
struct Journal {
    db: Db,
}",
        )?;
        p.adapter_field("journal: Option<Journal>")
    }),
    Operator::new(
        "ORC004",
        "a handler that calls inside its transaction",
        |p| {
            p.append(
                "controller.rs",
                "use super::gateway::$Port;

/// Does it at once.
///
/// # Errors
/// When the database fails.
pub async fn at_once<G: $Port>(
    pool: &sqlx::PgPool,
    gateway: &G,
    op_id: &orch_runtime::OpId,
    command: &$NameCommand,
) -> Result<(), sqlx::Error> {
    let mut tx = pool.begin().await?;
    sqlx::query(\"INSERT INTO notes (note) VALUES ('begin')\").execute(&mut *tx).await?;
    let answer = gateway.$call(op_id, command).await;
    drop(answer);
    tx.commit().await
}
",
            )
        },
    ),
    Operator::new(
        "ORC004",
        "a job that fetches rates inside its transaction",
        |p| {
            p.module(
                "rates",
                "/// Writes today's rates.
pub(super) async fn refresh(
    client: &reqwest::Client,
    tx: &mut sqlx::Transaction<'_, sqlx::Postgres>,
) -> Result<(), Box<dyn std::error::Error>> {
    sqlx::query(\"DELETE FROM rates\").execute(&mut **tx).await?;
    let rates = client.get(\"https://rates.example\").send().await?.text().await?;
    sqlx::query(\"INSERT INTO rates (body) VALUES ($1)\").bind(rates).execute(&mut **tx).await?;
    Ok(())
}",
            )
        },
    ),
    Operator::new("ORC004", "a hook that calls the provider", |p| {
        p.edit(
            "orchestrator.rs",
            "    fn idempotency(&self)",
            "    const HAS_FINALIZE_HOOK: bool = true;

    async fn finalize(
        &self,
        tx: &mut orch_runtime::HookTx<'_>,
        end: &orch_runtime::Finished<$NameCommand>,
    ) -> Result<(), orch_runtime::HookError> {
        tx.execute(\"UPDATE orders SET paid = 1\", &[]).await?;
        let asked = reqwest::get(\"https://hooks.example/done\").await;
        drop(asked);
        Ok(())
    }

    fn idempotency(&self)",
        )
    }),
    Operator::new("ORC005", "a helper of another module that begins", |p| {
        p.module("ledger", LEDGER)?;
        p.in_execute(
            "        if super::ledger::note(op_id).await.is_err() {
            return Outcome::unknown(\"no ledger\");
        }",
        )
    }),
    Operator::new(
        "ORC005",
        "a method, and a function behind it that connects",
        |p| {
            p.depend("sqlx = \"0.9\"")?;
            p.module(
                "ledger",
                "use sqlx::Connection;

/// Counts calls.
pub(super) async fn count() -> Result<(), sqlx::Error> {
    let mut connection = connect().await?;
    sqlx::query(\"UPDATE calls SET n = n + 1\").execute(&mut connection).await?;
    Ok(())
}

async fn connect() -> Result<sqlx::PgConnection, sqlx::Error> {
    sqlx::PgConnection::connect(\"postgres://localhost/calls\").await
}",
            )?;
            p.edit(
                "orchestrator.rs",
                "        Self { gateway }\n    }\n",
                "        Self { gateway }\n    }\n
    async fn count(&self) {
        let counted = super::ledger::count().await;
        drop(counted);
    }\n",
            )?;
            p.in_execute("        self.count().await;")
        },
    ),
    Operator::new("ORC006", "a file written in execute", |p| {
        p.in_execute("        std::fs::write(\"/tmp/last\", op_id.as_str()).ok();")
    }),
    Operator::new("ORC006", "a file read by the adapter's helper", |p| {
        p.append(
            "gateway.rs",
            "fn letterhead() -> String {
    use std::fs::read_to_string;
    read_to_string(\"letterhead.txt\").unwrap_or_default()
}",
        )?;
        p.begin(
            "gateway.rs",
            "async fn $call(",
            "        let head = letterhead();\n        drop(head);",
        )
    }),
    Operator::new("ORC006", "a pause of the thread in a helper", |p| {
        p.begin(
            "orchestrator.rs",
            "fn done(",
            "    std::thread::sleep(Duration::from_millis(50));",
        )
    }),
    Operator::new("ORC006", "a program that is waited for", |p| {
        p.edit(
            "orchestrator.rs",
            "use std::time::Duration;",
            "use std::process::Command as Program;\nuse std::time::Duration;",
        )?;
        p.in_execute("        let signed = Program::new(\"sign\").arg(op_id.as_str()).output();\n        drop(signed);")
    }),
    Operator::new("ORC007", "a parsed field that is unwrapped", |p| {
        p.in_execute(
            "        let order: u64 = op_id.as_str().parse().unwrap();\n        drop(order);",
        )
    }),
    Operator::new("ORC007", "an answer that was not thought of", |p| {
        p.edit("orchestrator.rs", NO_ANSWER, "todo!(\"ask for {reason}\"),")
    }),
    Operator::new("ORC007", "a reference that is expected", |p| {
        p.begin(
            "orchestrator.rs",
            "fn done(",
            "    let reference = receipt.provider_ref.as_deref().expect(\"a reference\");\n    drop(reference);",
        )
    }),
    Operator::new("ORC008", "a task that is forgotten", |p| {
        p.in_execute("        let op_id = op_id.clone();
        orch_runtime::tokio::spawn(async move { reqwest::get(format!(\"https://log.example/{op_id}\")).await });
        let op_id = &op_id;")
    }),
    Operator::new("ORC008", "a thread whose handle is dropped", |p| {
        p.in_execute("        let shown = op_id.to_string();\n        let _ = std::thread::spawn(move || shown.len());")
    }),
    Operator::new("ORC009", "a timeout that fails", |p| {
        p.edit(
            "orchestrator.rs",
            CALL,
            "let call = self.gateway.$call(op_id, command);
        let Ok(answer) = orch_runtime::tokio::time::timeout(Duration::from_secs(3), call).await else {
            return Outcome::fail(\"TIMEOUT\", \"too slow\");
        };
        match answer {",
        )
    }),
    Operator::new("ORC009", "a timeout around the call, matched", |p| {
        p.in_execute(
            "        match orch_runtime::tokio::time::timeout(Duration::from_secs(3), self.gateway.$call(op_id, command)).await {
            Ok(_) => {}
            Err(_) => return Outcome::fail(\"TIMEOUT\", \"too slow\"),
        }",
        )
    }),
];
