//! The tables as today's templates make them.

use askama::Template;

use super::next::{Change, Column, Kind};
use crate::spec::StoreKind;

/// A domain, as the templates name it.
#[derive(Debug, Clone, Copy)]
pub struct Named<'a> {
    /// The store whose SQL is written.
    pub store: StoreKind,
    /// Whose tables they are.
    pub kind: Kind,
    /// `payment`.
    pub module: &'a str,
    /// `payment`, for prose.
    pub prose: &'a str,
}

/// What makes a step, and what takes it back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Both {
    /// Up.
    pub up: String,
    /// Down.
    pub down: String,
}

/// A rendered text, or what is wrong with its template.
pub type Sql = Result<Both, askama::Error>;

macro_rules! views {
    ($($view:ident $path:literal { $($field:ident: $ty:ty),* };)*) => {$(
        #[derive(Template)]
        #[template(path = $path, escape = "none")]
        struct $view<'a> { prose: &'a str, domain: &'a str, $($field: $ty),* }
    )*};
}

views! {
    SqliteView "migrations/sqlite/[number]_[domain].sql.j2" { columns: &'a [Column] };
    PostgresView "migrations/postgres/[number]_[domain].sql.j2" { columns: &'a [Column] };
    SagaView "migrations/[store]/[number]_[saga].sql.j2" {
        columns: &'a [Column],
        has_user: bool,
        time: &'a str,
        key: &'a str,
        number: &'a str,
        without_rowid: &'a str
    };
    SagaDownView "migrations/[store]/[number]_[saga].down.sql.j2" {};
    EventsView "migrations/[store]/[number]_[saga]_events.sql.j2" {
        time: &'a str,
        key: &'a str,
        number: &'a str
    };
    EventsDownView "migrations/[store]/[number]_[saga]_events.down.sql.j2" {};
    DownView "migrations/[store]/[number]_[domain].down.sql.j2" {};
    SqliteInboxView "migrations/sqlite/[number]_[domain]_callbacks.sql.j2" {};
    PostgresInboxView "migrations/postgres/[number]_[domain]_callbacks.sql.j2" {};
    InboxDownView "migrations/[store]/[number]_[domain]_callbacks.down.sql.j2" {};
}

#[derive(Template)]
#[template(
    path = "migrations/[store]/[number]_[domain]_[change].sql.j2",
    escape = "none"
)]
struct ChangeView<'a> {
    prose: &'a str,
    main: &'a str,
    change: &'a Change,
}

#[derive(Template)]
#[template(
    path = "migrations/[store]/[number]_[domain]_[change].down.sql.j2",
    escape = "none"
)]
struct ChangeDownView<'a> {
    prose: &'a str,
    main: &'a str,
    change: &'a Change,
}

#[derive(Template)]
#[template(
    path = "migrations/[store]/[number]_[domain]_indexes.sql.j2",
    escape = "none"
)]
struct IndexesView<'a> {
    prose: &'a str,
    indexes: &'a [(String, String)],
    online: bool,
}

#[derive(Template)]
#[template(
    path = "migrations/[store]/[number]_[domain]_indexes.down.sql.j2",
    escape = "none"
)]
struct IndexesDownView<'a> {
    prose: &'a str,
}

impl Named<'_> {
    /// The tables of a domain, with these columns.
    ///
    /// # Errors
    /// When a template fails.
    pub fn tables(&self, columns: &[Column]) -> Sql {
        match self.kind {
            Kind::Domain => self.operations(columns),
            Kind::Saga => self.sagas(columns),
        }
    }

    /// The types of instants, keys and numbers, and what a table is that is read by its key only.
    const fn types(&self) -> [&'static str; 4] {
        match self.store {
            StoreKind::Sqlite => ["INTEGER", "TEXT", "INTEGER", " WITHOUT ROWID"],
            StoreKind::Postgres => ["TIMESTAMPTZ", "TEXT COLLATE \"C\"", "BIGINT", ""],
        }
    }

    /// The outbox and the inbox of a saga's events.
    fn events(&self) -> Sql {
        let Self {
            prose,
            module: domain,
            ..
        } = *self;
        let [time, key, number, _] = self.types();
        let up = EventsView {
            prose,
            domain,
            time,
            key,
            number,
        };
        Ok(both(
            up.render()?,
            EventsDownView { prose, domain }.render()?,
        ))
    }

    fn sagas(&self, columns: &[Column]) -> Sql {
        let Self {
            prose,
            module: domain,
            ..
        } = *self;
        let [time, key, number, without_rowid] = self.types();
        let up = SagaView {
            prose,
            domain,
            columns,
            has_user: columns.iter().any(Column::is_user),
            time,
            key,
            number,
            without_rowid,
        };
        Ok(both(up.render()?, SagaDownView { prose, domain }.render()?))
    }

    fn operations(&self, columns: &[Column]) -> Sql {
        let Self {
            prose,
            module: domain,
            ..
        } = *self;
        let up = match self.store {
            StoreKind::Sqlite => SqliteView {
                prose,
                domain,
                columns,
            }
            .render()?,
            StoreKind::Postgres => PostgresView {
                prose,
                domain,
                columns,
            }
            .render()?,
        };
        Ok(both(up, DownView { prose, domain }.render()?))
    }

    /// The inbox of a domain's callbacks, or the outbox and the inbox of a saga's events.
    ///
    /// # Errors
    /// When a template fails.
    pub fn inbox(&self) -> Sql {
        match self.kind {
            Kind::Domain => self.callbacks(),
            Kind::Saga => self.events(),
        }
    }

    fn callbacks(&self) -> Sql {
        let Self {
            prose,
            module: domain,
            ..
        } = *self;
        let up = match self.store {
            StoreKind::Sqlite => SqliteInboxView { prose, domain }.render()?,
            StoreKind::Postgres => PostgresInboxView { prose, domain }.render()?,
        };
        Ok(both(up, InboxDownView { prose, domain }.render()?))
    }

    /// Other columns of the operations.
    ///
    /// # Errors
    /// When a template fails.
    pub fn change(&self, change: &Change) -> Sql {
        let prose = self.prose;
        let main = &self.kind.main_table(self.module);
        let up = ChangeView {
            prose,
            main,
            change,
        };
        let down = ChangeDownView {
            prose,
            main,
            change,
        };
        Ok(both(up.render()?, down.render()?))
    }

    /// Other indexes, by name and statement. On a server they are made while operations go on.
    ///
    /// # Errors
    /// When a template fails.
    pub fn indexes(&self, indexes: &[(String, String)]) -> Sql {
        let prose = self.prose;
        let online = self.store == StoreKind::Postgres;
        let up = IndexesView {
            prose,
            indexes,
            online,
        };
        Ok(both(up.render()?, IndexesDownView { prose }.render()?))
    }
}

fn both(up: String, down: String) -> Both {
    let ended = |text: String| text.trim_end().to_owned() + "\n";
    Both {
        up: ended(up),
        down: ended(down),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Everything behind the first line, which names who wrote it.
    fn statements(text: &str) -> &str {
        text.split_once('\n').unwrap().1.trim()
    }

    /// What is generated is what the runtime is tested with, on both databases.
    #[test]
    fn the_inbox_is_the_one_of_the_runtimes_own_tests() {
        for (store, tested) in [
            (
                StoreKind::Sqlite,
                include_str!("../../crates/orch-runtime/tests/it/callbacks/callbacks.sql"),
            ),
            (
                StoreKind::Postgres,
                include_str!("../../crates/orch-runtime/tests/it/callbacks/callbacks.postgres.sql"),
            ),
        ] {
            let named = Named {
                store,
                kind: Kind::Domain,
                module: "charge",
                prose: "charge",
            };
            assert_eq!(statements(&named.inbox().unwrap().up), statements(tested));
        }
    }
}
