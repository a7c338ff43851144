//! What the spec asks for beyond the migrations that are written.

use super::history::{History, Written};
use super::sql::Named;
use super::table::{Table, Typed};
use crate::spec::StoreKind;

/// Whose tables they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Operations and their write-ahead log.
    Domain,
    /// Sagas and their steps.
    Saga,
}

impl Kind {
    /// What it may hear of.
    const fn heard(self) -> &'static str {
        match self {
            Self::Domain => "callbacks",
            Self::Saga => "events",
        }
    }

    /// The table that has a row for each command: `payment_operations`, `order_saga_states`.
    #[must_use]
    pub fn main_table(self, module: &str) -> String {
        match self {
            Self::Domain => format!("{module}_operations"),
            Self::Saga => format!("{module}_states"),
        }
    }
}

/// What the tables of a domain or a saga have to hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// Whose they are.
    pub kind: Kind,
    /// `payment`.
    pub module: String,
    /// The events of its operations: `PAYMENT_REQUESTED`.
    pub events: Vec<String>,
    /// Its typed columns.
    pub columns: Vec<Column>,
    /// Whether it hears of things: of callbacks, or of events.
    pub inbox: bool,
}

/// A typed column, in the SQL of the package's store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Its name, quoted where SQL needs it.
    pub name: String,
    /// Its type.
    pub sql: String,
    /// The events whose commands always fill it.
    pub filled_by: Vec<String>,
}

impl Column {
    /// Whether it says whose a saga is, so that sagas are looked for by it.
    pub(super) fn is_user(&self) -> bool {
        self.name == "user_id"
    }
}

/// One migration of a package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Migration {
    /// `0001_payment`.
    pub name: String,
    /// Whose tables it is about.
    pub kind: Kind,
    /// The domain or saga whose tables it is about, where it is not written yet.
    pub module: String,
    /// What it does.
    pub step: Step,
}

/// What a migration does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// What it was written to do.
    Written(Written),
    /// Makes the tables of a domain, with these columns.
    Tables(Vec<Column>),
    /// Makes the inbox of a domain's callbacks, or the outbox and the inbox of a saga's events.
    Inbox,
    /// Changes columns.
    Change(Change),
    /// Makes indexes that are missing or were others, by name and statement.
    Indexes(Vec<(String, String)>),
}

/// Columns that come and go. What a column held stays in the table under another name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Change {
    /// Columns that become ones that may be empty: old name, type.
    pub relaxed: Vec<(String, String)>,
    /// Columns whose type changes: old name, and the name under which it stays.
    pub set_aside: Vec<(String, String)>,
    /// Columns that are new.
    pub added: Vec<Column>,
    /// Columns of the runtime's own that are new: table, name and definition.
    pub own: Vec<(String, String)>,
}

impl Change {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// What names it: `add_note`, `retype_amount`, `relax_order_id`.
    fn slug(&self) -> String {
        let aside = self.set_aside.first().map(|(name, _)| ("retype", name));
        let added = self.added.first().map(|column| ("add", &column.name));
        let relaxed = self.relaxed.first().map(|(name, _)| ("relax", name));
        let own = self.own.first().map(|(_, definition)| ("own", definition));
        let named = aside.or(added).or(relaxed).or(own);
        named.map_or_else(String::new, |(verb, name)| {
            let name = name.split(' ').next().unwrap_or_default();
            format!("{verb}_{}", name.trim_matches('"'))
        })
    }
}

/// The migrations of a package in the order of application: those that are written, and what the
/// domains need beyond.
#[must_use]
pub fn migrations(history: &History, wanted: &[Wanted], store: StoreKind) -> Vec<Migration> {
    let mut numbers = Numbers::after(history);
    let written = history.written.iter().cloned();
    let mut all: Vec<_> = written
        .map(|known| Migration {
            name: known.name.clone(),
            kind: Kind::Domain,
            module: String::new(),
            step: Step::Written(known),
        })
        .collect();
    for domain in wanted {
        let (kind, module) = (domain.kind, domain.module.as_str());
        let main = kind.main_table(module);
        let table = Table::after(
            module,
            &main,
            history.of(&main).map(|step| step.up.as_str()),
        );
        let step = |name, step| Migration {
            name,
            kind,
            module: module.to_owned(),
            step,
        };
        if !table.is_there {
            let name = numbers.name(module);
            all.push(step(name, Step::Tables(domain.columns.clone())));
        }
        let made = (table.is_there, table.has_inbox);
        let today = made_today(kind, (module, &[]), store, made);
        let change = changes(&table, &today, domain, numbers.last + 1);
        if table.is_there && !change.is_empty() {
            let name = numbers.name(&format!("{module}_{}", change.slug()));
            all.push(step(name, Step::Change(change)));
        }
        let columns = domain.columns.iter();
        let of_user: Vec<Column> = columns.filter(|column| column.is_user()).cloned().collect();
        let indexed = made_today(kind, (module, &of_user), store, made);
        let indexes = other_indexes(&table, &indexed);
        if table.is_there && !indexes.is_empty() {
            let name = numbers.name(&format!("{module}_indexes"));
            all.push(step(name, Step::Indexes(indexes)));
        }
        if domain.inbox && !table.has_inbox {
            let name = numbers.name(&format!("{module}_{}", kind.heard()));
            all.push(step(name, Step::Inbox));
        }
    }
    all.sort_by(|a, b| a.name.cmp(&b.name));
    all
}

/// The tables of a domain, the inbox of its callbacks, or both, as today's templates make them; of the typed
/// columns with these only. A template that fails is reported where its file is rendered.
pub(super) fn made_today(
    kind: Kind,
    (module, columns): (&str, &[Column]),
    store: StoreKind,
    (tables, inbox): (bool, bool),
) -> Table {
    let named = Named {
        store,
        kind,
        module,
        prose: "",
    };
    let tables = tables.then(|| named.tables(columns));
    let inbox = inbox.then(|| named.inbox());
    let texts: Vec<_> = tables.into_iter().chain(inbox).flatten().collect();
    let main = kind.main_table(module);
    Table::after(module, &main, texts.iter().map(|both| both.up.as_str()))
}

/// Columns that the runtime needs and an older version did not make.
fn own_columns(table: &Table, today: &Table) -> Vec<(String, String)> {
    let is_there = |wanted: &&Typed| {
        let mut columns = table.columns.iter();
        columns.any(|column| column.table == wanted.table && column.name == wanted.name)
    };
    let missing = today.columns.iter().filter(|wanted| !is_there(wanted));
    missing
        .map(|column| {
            let definition = format!("{} {}", column.name, column.definition);
            (column.table.clone(), definition)
        })
        .collect()
}

/// Indexes that an older version did not make, or made otherwise.
fn other_indexes(table: &Table, today: &Table) -> Vec<(String, String)> {
    let is_same =
        |(name, statement): &(&String, &String)| table.indexes.get(*name) == Some(*statement);
    let others = today.indexes.iter().filter(|index| !is_same(index));
    others
        .map(|(name, statement)| (name.clone(), statement.clone()))
        .collect()
}

/// Numbers of migrations: what has one for another store keeps it.
struct Numbers<'a> {
    history: &'a History,
    last: u32,
}

impl<'a> Numbers<'a> {
    fn after(history: &'a History) -> Self {
        let last = history.numbers.values().max().copied().unwrap_or(0);
        Self { history, last }
    }

    fn name(&mut self, slug: &str) -> String {
        let taken = |number: u32| {
            let name = format!("{number:04}_{slug}");
            self.history.written.iter().any(|known| known.name == name)
        };
        let known = self.history.numbers.get(slug).copied();
        let known = known.filter(|number| !taken(*number));
        let number = known.unwrap_or_else(|| {
            self.last += 1;
            self.last
        });
        format!("{number:04}_{slug}")
    }
}

/// What has to change in a table, under the number that the change gets.
fn changes(table: &Table, today: &Table, domain: &Wanted, number: u32) -> Change {
    let mut change = Change {
        own: own_columns(table, today),
        ..Change::default()
    };
    for column in &domain.columns {
        match table.column(&column.name) {
            None => change.added.push(column.clone()),
            Some(there) if there.sql != column.sql => {
                let aside = aside(&there.name, number);
                change.set_aside.push((there.name.clone(), aside));
                change.added.push(column.clone());
            }
            Some(_) => {}
        }
    }
    let is_typed =
        |there: &&Typed| there.table == table.main && today.column(&there.name).is_none();
    let typed = table.columns.iter().filter(is_typed);
    let relaxed = typed.filter(|there| is_in_the_way(there, domain));
    change.relaxed = relaxed
        .map(|there| (there.name.clone(), there.sql.clone()))
        .collect();
    change
}

/// Whether the database would refuse operations because they leave a column empty.
fn is_in_the_way(there: &Typed, domain: &Wanted) -> bool {
    let wanted = domain
        .columns
        .iter()
        .find(|column| column.name == there.name);
    let wanted = wanted.filter(|column| column.sql == there.sql);
    let is_filled = |event: &String| wanted.is_some_and(|column| column.filled_by.contains(event));
    domain
        .events
        .iter()
        .filter(|event| there.is_strict || there.events.contains(event))
        .any(|event| !is_filled(event))
}

/// The name under which a column stays whose type changed.
fn aside(name: &str, number: u32) -> String {
    format!("{}_before_{number:04}", name.trim_matches('"'))
}
