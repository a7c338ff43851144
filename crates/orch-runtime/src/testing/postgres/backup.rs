//! Copies of a world's schema, made by PostgreSQL's own programs.

use std::process::Command;

use super::{ServerError, binaries, execute};

/// What the address of a world says of its schema.
const SCHEMA: &str = "options[search_path]=";

/// Dumps the schema that `url` leads into, and restores it into a new database of the same server; answers the
/// address that leads there.
pub(crate) fn backed_up(url: &str) -> Result<String, ServerError> {
    let (server, schema) = url
        .split_once(SCHEMA)
        .ok_or_else(|| ServerError::new("the address names no schema"))?;
    let (address, options) = server.split_once('?').unwrap_or((server, ""));
    let options = options.trim_end_matches('&');
    let (host, _) = address
        .rsplit_once('/')
        .ok_or_else(|| ServerError::new("the address names no database"))?;
    let name = format!("backup_{}", uuid::Uuid::now_v7().simple());
    execute(url, &format!("create database {name}"))?;
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("backup.dump");
    let (old, new) = (
        format!("{address}?{options}"),
        format!("{host}/{name}?{options}"),
    );
    run(Command::new(binaries::folder()?.join("pg_dump"))
        .args([
            "--format=custom",
            "--schema",
            schema,
            "--dbname",
            &old,
            "--file",
        ])
        .arg(&file))?;
    run(Command::new(binaries::folder()?.join("pg_restore"))
        .args(["--exit-on-error", "--dbname", &new])
        .arg(&file))?;
    Ok(format!("{new}&{SCHEMA}{schema}"))
}

fn run(command: &mut Command) -> Result<(), ServerError> {
    let output = command.output()?;
    match output.status.success() {
        true => Ok(()),
        false => Err(ServerError::new(format!(
            "{command:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        ))),
    }
}
