//! The typed columns of a domain's operations, read off its migrations.

use super::history::Written;

/// What the migrations of a domain come to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Table {
    /// Whether the tables are made.
    pub is_there: bool,
    /// Whether the inbox of callbacks is made.
    pub has_inbox: bool,
    pub(super) columns: Vec<Typed>,
}

/// A column that is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Typed {
    /// As SQL spells it, with quotes where it needs them.
    pub(super) name: String,
    pub(super) sql: String,
    /// Whether the database refuses to leave it empty.
    pub(super) is_strict: bool,
    /// The events whose operations it refuses without it.
    pub(super) events: Vec<String>,
}

impl Table {
    /// Reads the migrations of the domain `module`, in order.
    pub(super) fn after<'a>(module: &str, written: impl Iterator<Item = &'a Written>) -> Self {
        let mut table = Self::default();
        for step in written {
            table.read(module, &step.up);
        }
        table
    }

    pub(super) fn column(&self, name: &str) -> Option<&Typed> {
        self.columns.iter().find(|column| column.name == name)
    }

    fn read(&mut self, module: &str, up: &str) {
        let create = format!("CREATE TABLE IF NOT EXISTS {module}_operations (");
        let inbox = format!("CREATE TABLE IF NOT EXISTS {module}_callbacks (");
        let alter = format!("ALTER TABLE {module}_operations ");
        let mut lines = up.lines().map(str::trim);
        while let Some(line) = lines.next() {
            if line == create {
                self.is_there = true;
                let columns = lines
                    .by_ref()
                    .skip_while(|line| !line.starts_with("payload "))
                    .skip(1)
                    .take_while(|line| !line.starts_with("state "));
                self.columns.extend(columns.filter_map(Typed::read));
            } else if line == inbox {
                self.has_inbox = true;
            } else if let Some(change) = line.strip_prefix(&alter) {
                self.alter(change.trim_end_matches(';'));
            }
        }
    }

    fn alter(&mut self, change: &str) {
        if let Some(definition) = change.strip_prefix("ADD COLUMN ") {
            self.columns.extend(Typed::read(definition));
        } else if let Some(name) = change.strip_prefix("DROP COLUMN ") {
            self.columns.retain(|column| column.name != name);
        } else if let Some((old, new)) = change
            .strip_prefix("RENAME COLUMN ")
            .and_then(|names| names.split_once(" TO "))
            && let Some(column) = self.columns.iter_mut().find(|column| column.name == old)
        {
            new.clone_into(&mut column.name);
        }
    }
}

impl Typed {
    /// `amount_value BIGINT NOT NULL,`.
    fn read(definition: &str) -> Option<Self> {
        let (name, rest) = definition.trim_end_matches(',').split_once(' ')?;
        let sql = rest.split(' ').next()?;
        Some(Self {
            name: name.to_owned(),
            sql: sql.to_owned(),
            is_strict: rest.contains("NOT NULL") && !rest.contains("IS NOT NULL"),
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
