//! The tables of a domain, read off its migrations.

use std::collections::BTreeMap;

/// What the migrations of a domain come to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Table {
    /// The table that has a row for each command.
    pub(super) main: String,
    /// Whether the tables are made.
    pub is_there: bool,
    /// Whether the inbox of callbacks or of events is made.
    pub has_inbox: bool,
    /// Columns by table: `operations`, `write_ahead_logs`, `callbacks`.
    pub(super) columns: Vec<Typed>,
    /// Statements of indexes by name, on one line each.
    pub(super) indexes: BTreeMap<String, String>,
}

/// A column that is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Typed {
    /// Its table, as SQL spells it.
    pub(super) table: String,
    /// As SQL spells it, with quotes where it needs them.
    pub(super) name: String,
    pub(super) sql: String,
    /// All that is said of it.
    pub(super) definition: String,
    /// Whether the database refuses to leave it empty.
    pub(super) is_strict: bool,
    /// The events whose operations it refuses without it.
    pub(super) events: Vec<String>,
}

impl Table {
    /// Reads the migrations of the domain or saga `module`, in order.
    pub(super) fn after<'a>(
        module: &str,
        main: &str,
        written: impl Iterator<Item = &'a str>,
    ) -> Self {
        let mut table = Self {
            main: main.to_owned(),
            ..Self::default()
        };
        for up in written {
            for statement in statements(up) {
                table.read(module, &statement);
            }
        }
        table
    }

    /// A column of the main table.
    pub(super) fn column(&self, name: &str) -> Option<&Typed> {
        let mut columns = self.columns.iter();
        columns.find(|column| column.table == self.main && column.name == name)
    }

    fn read(&mut self, module: &str, statement: &str) {
        if let Some(rest) = statement.strip_prefix("CREATE TABLE IF NOT EXISTS ") {
            let Some((table, body)) = rest.split_once(" (") else {
                return;
            };
            if !table.starts_with(&format!("{module}_")) {
                return;
            }
            self.is_there |= table == self.main;
            let inboxes = ["callbacks", "inbox"].map(|name| format!("{module}_{name}"));
            self.has_inbox |= inboxes.iter().any(|inbox| inbox == table);
            let columns = parts(body).into_iter();
            self.columns
                .extend(columns.filter_map(|column| Typed::read(table, &column)));
        } else if let Some(rest) = statement.strip_prefix("ALTER TABLE ") {
            if let Some((table, change)) = rest.split_once(' ') {
                self.alter(table, change);
            }
        } else if let Some(rest) = statement.strip_prefix("DROP INDEX ") {
            let name = rest.rsplit(' ').next().unwrap_or_default();
            self.indexes.remove(name);
        } else if statement.starts_with("CREATE INDEX ") {
            let plain = statement.replace("CREATE INDEX CONCURRENTLY ", "CREATE INDEX ");
            let name = plain.trim_start_matches("CREATE INDEX IF NOT EXISTS ");
            if let Some(name) = name.split(' ').next().map(str::to_owned) {
                self.indexes.entry(name).or_insert(plain);
            }
        }
    }

    fn alter(&mut self, table: &str, change: &str) {
        if let Some(definition) = change.strip_prefix("ADD COLUMN ") {
            self.columns.extend(Typed::read(table, definition));
        } else if let Some(name) = change.strip_prefix("DROP COLUMN ") {
            self.columns
                .retain(|column| column.table != table || column.name != name);
        } else if let Some((old, new)) = change
            .strip_prefix("RENAME COLUMN ")
            .and_then(|names| names.split_once(" TO "))
            && let Some(column) = self
                .columns
                .iter_mut()
                .find(|column| column.table == table && column.name == old)
        {
            new.clone_into(&mut column.name);
        }
    }
}

/// The statements of a migration, each on one line, without comments.
fn statements(sql: &str) -> Vec<String> {
    let lines = sql
        .lines()
        .map(str::trim)
        .filter(|line| !line.starts_with("--"));
    let text: Vec<&str> = lines.filter(|line| !line.is_empty()).collect();
    let text = text.join(" ");
    let statements = text.split(';').map(|statement| statement.trim().to_owned());
    statements
        .filter(|statement| !statement.is_empty())
        .collect()
}

/// What stands between commas that no parenthesis encloses.
fn parts(body: &str) -> Vec<String> {
    let (mut parts, mut depth, mut part) = (Vec::new(), 0_u32, String::new());
    for c in body.chars() {
        match c {
            ')' if depth == 0 => break,
            ',' if depth == 0 => {
                parts.push(std::mem::take(&mut part).trim().to_owned());
                continue;
            }
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        part.push(c);
    }
    parts.push(part.trim().to_owned());
    parts
}

/// What begins a rule of a table, and not a column.
const RULES: [&str; 4] = ["CONSTRAINT", "PRIMARY", "UNIQUE", "CHECK"];

impl Typed {
    /// `amount_value BIGINT NOT NULL`.
    fn read(table: &str, definition: &str) -> Option<Self> {
        let (name, rest) = definition.split_once(' ')?;
        if RULES.contains(&name) {
            return None;
        }
        let sql = rest.split(' ').next()?;
        Some(Self {
            table: table.to_owned(),
            name: name.to_owned(),
            sql: sql.to_owned(),
            definition: rest.to_owned(),
            is_strict: rest.contains("NOT NULL")
                && !rest.contains("IS NOT NULL")
                && !rest.contains("DEFAULT"),
            events: events(rest),
        })
    }
}

/// The events in `CHECK (event_type NOT IN ('A', 'B') OR x IS NOT NULL)`.
fn events(definition: &str) -> Vec<String> {
    let list = definition
        .split_once("event_type NOT IN (")
        .and_then(|(_, rest)| rest.split_once(')'))
        .map_or("", |(list, _)| list);
    let names = list
        .split(',')
        .map(|name| name.trim().trim_matches('\'').to_owned());
    names.filter(|name| !name.is_empty()).collect()
}
