//! Idempotency keys that are missing, shared, made anew or not guarded: ORC101 to ORC107.

use crate::operator::Operator;
use crate::package::Package;

const CALL: &str = "$matched";
const WITH_KEY: &str = "match self.gateway.$call(&key, command).await {";
const UNIQUE: &str = ",\n    CONSTRAINT uk_$table_idem_key UNIQUE (owner_id, idem_key)";

/// Takes the column of the key out of what it says that it is never NULL.
fn nullable(p: &mut Package) -> Option<()> {
    let postgres = "idem_key TEXT COLLATE \"C\" NOT NULL";
    p.migration(postgres, "idem_key TEXT COLLATE \"C\"")
        .or_else(|| p.migration("idem_key TEXT NOT NULL", "idem_key TEXT"))
}

/// Has the controller make a key by itself.
fn key_in_controller(p: &mut Package, key: &str) -> Option<()> {
    p.append(
        "controller.rs",
        &format!(
            "/// The key of a client that sends none.
fn own_key(command: &$NameCommand, attempt: u32) -> Result<orch_runtime::IdemKey, orch_runtime::InvalidId> {{
    let about = orch_runtime::Command::biz_key(command);
    orch_runtime::IdemKey::new({key})
}}"
        ),
    )
}

/// Whether the command has no field that is called a key, and the gateway is not shared.
fn is_clear_of_keys(p: &Package) -> Option<bool> {
    let path = format!("{}/generated/command.rs", p.folder());
    let is_shared = p.folder().matches('/').count() > 1;
    Some(!p.text(&path)?.contains("_key: ") && !is_shared)
}

/// Has the gateway, and what hands it on, call without the key of the operation.
fn tell_no_key(p: &mut Package) -> Option<()> {
    let file = "gateway.rs";
    let head = "fn $call(\n        &self,\n";
    p.edit(file, &format!("{head}        key: &OpId,\n"), head)?;
    let mut told = 0;
    while let Some(()) = p
        .edit(
            file,
            "async fn $call(&self, key: &OpId, ",
            "async fn $call(&self, ",
        )
        .or_else(|| {
            p.edit(
                file,
                &format!("async {head}        key: &OpId,\n"),
                &format!("async {head}"),
            )
        })
    {
        told += 1;
    }
    p.adapter_field("client: reqwest::Client")?;
    let sent = "judged(self.client.post(\"https://provider.example\").json(command).send().await)";
    p.edit(file, "receipt(self.http.post(key, command).await)", sent)?;
    if told > 1 {
        p.edit(
            file,
            "(**self).$call(key, command)",
            "(**self).$call(command)",
        )?;
    }
    p.edit(
        "orchestrator.rs",
        CALL,
        "match self.gateway.$call(command).await {",
    )
}

pub(super) const OPERATORS: &[Operator] = &[
    Operator::new("ORC101", "the key taken out of the entity", |p| {
        p.edit("generated/operation.rs", "    idem_key: IdemKey,\n", "")?;
        p.edit(
            "generated/operation.rs",
            "            idem_key: row.get(\"idem_key\")?,\n",
            "",
        )
    }),
    Operator::new("ORC101", "the key read as any text", |p| {
        p.edit(
            "generated/operation.rs",
            "    idem_key: IdemKey,",
            "    idem_key: String,",
        )
    }),
    Operator::new("ORC102", "no unique key", |p| p.migration(UNIQUE, "")),
    Operator::new("ORC102", "a unique key of something else", |p| {
        p.migration("UNIQUE (owner_id, idem_key)", "UNIQUE (owner_id, biz_key)")
    }),
    Operator::new("ORC102", "a unique key that is too wide", |p| {
        p.migration(
            "UNIQUE (owner_id, idem_key)",
            "UNIQUE (owner_id, idem_key, fingerprint)",
        )
    }),
    Operator::new("ORC102", "a plain index in its place", |p| {
        p.migration(UNIQUE, "")?;
        p.migrate("CREATE INDEX idx_$table_idem_key ON $table (owner_id, idem_key);")
    }),
    Operator::new("ORC103", "a unique key for open operations only", |p| {
        p.migration(UNIQUE, "")?;
        p.migrate("CREATE UNIQUE INDEX uk_$table_idem_key ON $table (owner_id, idem_key)\n    WHERE state <> 'COMPLETED';")
    }),
    Operator::new("ORC103", "a unique key that a later migration drops", |p| {
        p.on_postgres()?;
        p.migrate("ALTER TABLE $table DROP CONSTRAINT uk_$table_idem_key;")
    }),
    Operator::new(
        "ORC103",
        "a unique index that a later migration drops",
        |p| {
            p.migration(UNIQUE, "")?;
            p.migrate("CREATE UNIQUE INDEX uk_keys ON $table (owner_id, idem_key);\n\n-- Too slow to write.\nDROP INDEX IF EXISTS uk_keys;")
        },
    ),
    Operator::new("ORC103", "a key that may be NULL", nullable),
    Operator::new("ORC103", "an owner who may be NULL later", |p| {
        p.on_postgres()?;
        p.migrate("ALTER TABLE $table ALTER COLUMN owner_id DROP NOT NULL;")
    }),
    Operator::new("ORC103", "a unique key in small letters", |p| {
        p.migration(UNIQUE, "")?;
        p.migrate("CREATE UNIQUE INDEX uk_$table_idem_key ON $table (owner_id, lower(idem_key));")
    }),
    Operator::new("ORC104", "one key for all", |p| {
        p.in_execute("        let key = OpId::new(\"$call\").expect(\"a key\");")?;
        p.edit("orchestrator.rs", CALL, WITH_KEY)
    }),
    Operator::new("ORC104", "a key out of a constant", |p| {
        p.append("orchestrator.rs", "const KEY: &str = \"the-call\";")?;
        p.edit("orchestrator.rs", CALL, WITH_KEY)?;
        p.in_execute("        let Ok(key) = OpId::new(KEY) else {\n            return Outcome::fail(\"KEY\", \"no key\");\n        };")
    }),
    Operator::new("ORC104", "a gateway that is told no key", |p| {
        is_clear_of_keys(p)?.then_some(())?;
        tell_no_key(p)
    }),
    Operator::new(
        "ORC104",
        "a gateway that is told no key, behind an Arc or with a key of the business",
        |p| {
            (!is_clear_of_keys(p)?).then_some(())?;
            tell_no_key(p)
        },
    ),
    Operator::new("ORC105", "a fresh key for each attempt", |p| {
        p.depend("uuid = { version = \"1\", features = [\"v4\"] }")?;
        let fresh = "match self.gateway.$call(&OpId::new(uuid::Uuid::new_v4().to_string()).unwrap(), command).await {";
        p.edit("orchestrator.rs", CALL, fresh)
    }),
    Operator::new("ORC105", "a fresh key under a name", |p| {
        p.edit(
            "orchestrator.rs",
            "use std::time::Duration;\n",
            "use std::time::Duration;\n\nuse ulid::Ulid;\n",
        )?;
        p.in_execute("        let attempt = Ulid::new();\n        let Ok(key) = OpId::new(format!(\"{op_id}-{attempt}\")) else {\n            return Outcome::fail(\"KEY\", \"no key\");\n        };")?;
        p.edit("orchestrator.rs", CALL, WITH_KEY)
    }),
    Operator::new("ORC105", "a random suffix", |p| {
        p.in_execute("        let key: OpId = format!(\"{op_id}/{}\", rand::random::<u32>()).parse().expect(\"a key\");")?;
        p.edit("orchestrator.rs", CALL, WITH_KEY)
    }),
    Operator::new("ORC106", "the time in the key", |p| {
        key_in_controller(
            p,
            "format!(\"{}-{:?}\", about.as_str(), std::time::SystemTime::now())",
        )
    }),
    Operator::new("ORC106", "the number of the attempt in the key", |p| {
        key_in_controller(p, "format!(\"{}-{attempt}\", about.as_str())")
    }),
    Operator::new(
        "ORC107",
        "a backfill that stops at the first key it knows",
        |p| {
            p.module(
                "backfill",
                "/// Takes over what the old system knew.
pub(super) async fn run(pool: &sqlx::PgPool, op_id: &str, key: &str) -> Result<(), sqlx::Error> {
    sqlx::query(\"INSERT INTO $table (op_id, owner_id, idem_key) VALUES ($1, 'old', $2)\")
        .bind(op_id)
        .bind(key)
        .execute(pool)
        .await?;
    Ok(())
}",
            )
        },
    ),
    Operator::new("ORC107", "a row written by hand", |p| {
        p.module(
            "backfill",
            "use rusqlite::Connection;

/// Takes over what the old system knew.
pub(super) fn run(db: &Connection, op_id: &str) -> rusqlite::Result<usize> {
    db.execute(\"insert into $table (op_id, owner_id, idem_key) values (?1, 'old', ?1)\", [op_id])
}",
        )
    }),
];
