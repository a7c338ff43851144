//! The tables as today's templates make them.

use askama::Template;

use super::next::{Change, Column};
use crate::spec::StoreKind;

/// A domain, as the templates name it.
#[derive(Debug, Clone, Copy)]
pub struct Named<'a> {
    /// The store whose SQL is written.
    pub store: StoreKind,
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
    DownView "migrations/[store]/[number]_[domain].down.sql.j2" {};
    ChangeView "migrations/[store]/[number]_[domain]_[change].sql.j2" { change: &'a Change };
    ChangeDownView "migrations/[store]/[number]_[domain]_[change].down.sql.j2" { change: &'a Change };
    SqliteInboxView "migrations/sqlite/[number]_[domain]_callbacks.sql.j2" {};
    PostgresInboxView "migrations/postgres/[number]_[domain]_callbacks.sql.j2" {};
    InboxDownView "migrations/[store]/[number]_[domain]_callbacks.down.sql.j2" {};
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

    /// The inbox of a domain's callbacks.
    ///
    /// # Errors
    /// When a template fails.
    pub fn inbox(&self) -> Sql {
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
        let Self {
            prose,
            module: domain,
            ..
        } = *self;
        let up = ChangeView {
            prose,
            domain,
            change,
        }
        .render()?;
        Ok(both(
            up,
            ChangeDownView {
                prose,
                domain,
                change,
            }
            .render()?,
        ))
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
                module: "charge",
                prose: "charge",
            };
            assert_eq!(statements(&named.inbox().unwrap().up), statements(tested));
        }
    }
}
