//! `cargo xtask bench`: figures side by side with a reference, in one run, as medians.
//!
//! Nothing here passes or fails: a figure that is not as wanted is marked, and the run goes on.

mod commands;
mod fresh;
mod generate;
mod lint;
pub mod machine;
pub mod peers;
mod purchases;
pub mod row;
mod runtime;
mod target;
mod tools;
mod turns;

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::{Value, json};

use crate::End;
use crate::table::Table;
use crate::workspace::Workspace;

use self::machine::Machine;
use self::row::{Row, Wanted};

/// What a bench is handed.
struct Bench<'a> {
    workspace: &'a Workspace,
    /// Scratch space on a real disk.
    folder: PathBuf,
    /// Turns that the things compared take.
    rounds: usize,
}

type Measure = fn(&Bench<'_>) -> Result<Vec<Row>>;

const BENCHES: [(&str, Measure); 9] = [
    ("generate", generate::measure),
    ("lint", lint::measure),
    ("clippy", lint::clippy),
    ("runtime", runtime::measure),
    ("sagas", runtime::sagas),
    ("purchases", purchases::measure),
    ("peers", peers::measure),
    ("soak", runtime::soak),
    ("fresh", fresh::measure),
];

struct Options {
    names: Vec<String>,
    json: Option<PathBuf>,
    rounds: usize,
}

/// Runs the benches that `arguments` name, or all.
///
/// # Errors
/// When something cannot be built, run or measured.
pub fn run(workspace: &Workspace, arguments: &[String], out: &mut dyn Write) -> Result<End> {
    let Some(options) = options(arguments) else {
        writeln!(
            out,
            "usage: cargo xtask bench [generate|lint|clippy|runtime|sagas|purchases|peers|soak|fresh]... [--json FILE] [--rounds N]"
        )?;
        return Ok(End::Usage);
    };
    let folder = workspace.target().join("bench");
    fs::create_dir_all(&folder)?;
    let machine = Machine::look(&folder)?;
    writeln!(out, "{machine}")?;
    let bench = Bench {
        workspace,
        folder,
        rounds: options.rounds,
    };
    let mut report = json!({"machine": machine.to_json()});
    for (name, measure) in BENCHES {
        if options.names.is_empty() || options.names.iter().any(|wanted| wanted == name) {
            let rows = measure(&bench).with_context(|| format!("bench {name}"))?;
            writeln!(out, "\n{name}\n{}", table(&rows))?;
            report[name] = rows.iter().map(Row::to_json).collect::<Value>();
        }
    }
    if let Some(path) = options.json {
        fs::write(path, serde_json::to_string_pretty(&report)?)?;
    }
    Ok(End::Passed)
}

fn options(arguments: &[String]) -> Option<Options> {
    let mut options = Options {
        names: Vec::new(),
        json: None,
        rounds: 3,
    };
    let mut words = arguments.iter();
    while let Some(word) = words.next() {
        match word.as_str() {
            "--json" => options.json = Some(PathBuf::from(words.next()?)),
            "--rounds" => {
                options.rounds = words.next()?.parse().ok().filter(|rounds| *rounds > 0)?
            }
            name if BENCHES.iter().any(|(known, _)| *known == name) => {
                options.names.push(name.to_owned());
            }
            _ => return None,
        }
    }
    Some(options)
}

fn table(rows: &[Row]) -> Table {
    let mut table = Table::new(&["", "median", "least", "most", "wanted", ""]);
    for row in rows {
        let wanted = match row.wanted {
            Wanted::Nothing => String::new(),
            Wanted::AtMost(limit) => format!("<= {}", number(limit)),
            Wanted::AtLeast(limit) => format!(">= {}", number(limit)),
        };
        table.row([
            row.name.clone(),
            format!("{} {}", number(row.median()), row.unit),
            number(row.quantile(0.0)),
            number(row.quantile(1.0)),
            wanted,
            remark(row),
        ]);
    }
    table
}

fn remark(row: &Row) -> String {
    match &row.not_run {
        Some(reason) => format!("not run: {reason}"),
        None if row.is_met() => String::new(),
        None => "MISSED".to_owned(),
    }
}

/// Three significant digits are all that a shared machine can promise.
fn number(value: f64) -> String {
    match value.abs() {
        size if size >= 100.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

/// Removes `folder` if it is there.
fn clear(folder: &Path) -> Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder).with_context(|| folder.display().to_string())?;
    }
    Ok(())
}
