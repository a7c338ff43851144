//! Migrations of SeaORM, which are written in Rust: what they do, as statements of SQL.
//!
//! ```text
//!   Table::create().table(Payment::Table).col(string_uniq(Payment::IdemKey))
//!   ─▶ create table payment (idem_key varchar not null unique)
//! ```
//!
//! Names stand in the statements where they stand in the Rust file, as far as there is room, so that what is said
//! of them is said there. A call that is not understood becomes a statement that is not understood, with the names in
//! it: what it does to a table is unknown.
//!
//! | module | holds |
//! |---|---|
//! | [`builder`] | calls of builders, one by one; names |
//! | [`column`] | a column |
//! | [`canvas`] | a text in which words have their places |

mod builder;
mod canvas;
mod column;

use crate::syntax::{Block, Expr, ExprKind, FileFacts, ItemKind, visit};

use builder::{Chain, names_in, text};
use canvas::Canvas;

/// What the migration in a file does, as a text as long as the file; `None` when there is none in it.
pub(super) fn statements(facts: &FileFacts, file: &str) -> Option<String> {
    let blocks = facts.items.iter().filter_map(|item| match &item.kind {
        ItemKind::Impl(block) => Some(block),
        _ => None,
    });
    let ups: Vec<&Block> = blocks
        .filter(|block| {
            let of = block.trait_path.as_ref().and_then(|path| path.last());
            of.is_some_and(|of| of.name.text == "MigrationTrait")
        })
        .filter_map(|block| Some(&**block.method("up")?.1.body.as_ref()?))
        .collect();
    if ups.is_empty() {
        return None;
    }
    let mut canvas = Canvas::default();
    for up in ups {
        visit::each_in_block(up, &mut |expr| {
            statement(&mut canvas, expr, names_are_usual(file))
        });
    }
    Some(canvas.text())
}

/// Whether names of tables and columns are those of the variants. Where a file says others, they are not known.
fn names_are_usual(file: &str) -> bool {
    !["iden =", "#[iden", "impl Iden", "fn unquoted"]
        .iter()
        .any(|mark| file.contains(mark))
}

fn statement(canvas: &mut Canvas, expr: &Expr, usual: bool) {
    let (name, args) = match &expr.kind {
        ExprKind::Method { name, args, .. } => (name, args),
        ExprKind::Call { callee, args } => match &callee.kind {
            ExprKind::Path(path) => match path.last() {
                Some(last) => (&last.name, args),
                None => return,
            },
            _ => return,
        },
        _ => return,
    };
    let read: fn(&mut Canvas, &Chain<'_>) -> Option<()> = match name.text.as_str() {
        "create_table" => create_table,
        "alter_table" => alter_table,
        "drop_table" => drop_table,
        "rename_table" => rename_table,
        "create_index" => create_index,
        "drop_index" => drop_index,
        "create_type" | "exec_stmt" | "alter_type" => |_, _| None,
        "execute_unprepared" | "from_string" => return raw(canvas, args),
        _ => return,
    };
    let [arg] = args.as_slice() else { return };
    let chain = Chain::of(arg).filter(|_| usual);
    let mut own = canvas.clone();
    let is_read = chain.is_some_and(|chain| read(&mut own, &chain).is_some());
    if is_read {
        *canvas = own;
        canvas.end();
    } else {
        not_understood(canvas, arg);
    }
}

fn not_understood(canvas: &mut Canvas, arg: &Expr) {
    canvas.at(arg.span.start, "do");
    canvas.then(&format!("'{}'", names_in(arg).join(" ")));
    canvas.end();
}

/// A text of SQL.
fn raw(canvas: &mut Canvas, args: &[Expr]) {
    let Some(last) = args.last() else { return };
    match text(last) {
        Some(sql) => canvas.at(last.span.start, sql),
        None => {
            not_understood(canvas, last);
            return;
        }
    }
    canvas.end();
}

fn create_table(canvas: &mut Canvas, chain: &Chain<'_>) -> Option<()> {
    chain.is("Table", "create")?;
    canvas.then("create table");
    chain.one("table")?.put(canvas);
    canvas.then("(");
    let mut is_first = true;
    for (name, args) in &chain.calls {
        let mut next = |canvas: &mut Canvas| {
            if !std::mem::take(&mut is_first) {
                canvas.then(",");
            }
        };
        match (*name, args) {
            ("table" | "if_not_exists" | "to_owned" | "comment" | "engine", _) => {}
            ("foreign_key", [of]) => {
                next(canvas);
                foreign_key(canvas, of);
            }
            ("col", [of]) => {
                next(canvas);
                column::put(canvas, of)?;
            }
            ("index" | "primary_key", [of]) => {
                let index = Chain::of(of)?;
                let is_key = *name == "primary_key" || index.has("primary");
                if is_key || index.has("unique") {
                    next(canvas);
                    canvas.then(if is_key { "primary key" } else { "unique" });
                    columns(canvas, &index)?;
                }
            }
            _ => return None,
        }
    }
    canvas.then(")");
    Some(())
}

fn columns(canvas: &mut Canvas, index: &Chain<'_>) -> Option<()> {
    canvas.then("(");
    let cols = index.calls.iter().filter(|(name, _)| *name == "col");
    for (at, (_, args)) in cols.enumerate() {
        if at > 0 {
            canvas.then(",");
        }
        builder::Named::of(args.first()?)?.put(canvas);
    }
    canvas.then(")");
    Some(())
}

/// `ForeignKey::create().from(Payment::Table, Payment::State)`, `TableForeignKey::new().from_col(Payment::State)`.
fn foreign_key(canvas: &mut Canvas, of: &Expr) {
    let chain = Chain::of(of);
    let calls = chain.iter().flat_map(|chain| &chain.calls);
    let from = calls.filter(|(name, _)| matches!(*name, "from" | "from_col"));
    let columns = from.filter_map(|(_, args)| args.last()).flat_map(names_in);
    let columns: Vec<String> = columns.collect();
    canvas.then(&format!("foreign key ({})", columns.join(", ")));
}

fn create_index(canvas: &mut Canvas, chain: &Chain<'_>) -> Option<()> {
    chain.is("Index", "create")?;
    let known = [
        "col",
        "if_not_exists",
        "name",
        "table",
        "to_owned",
        "unique",
    ];
    if !chain.calls.iter().all(|(name, _)| known.contains(name)) {
        return None;
    }
    canvas.then(if chain.has("unique") {
        "create unique index"
    } else {
        "create index"
    });
    chain.one("name")?.put(canvas);
    canvas.then("on");
    chain.one("table")?.put(canvas);
    columns(canvas, chain)
}

fn drop_index(canvas: &mut Canvas, chain: &Chain<'_>) -> Option<()> {
    chain.is("Index", "drop")?;
    canvas.then("drop index");
    chain.one("name")?.put(canvas);
    Some(())
}

fn drop_table(canvas: &mut Canvas, chain: &Chain<'_>) -> Option<()> {
    chain.is("Table", "drop")?;
    canvas.then("drop table");
    chain.one("table")?.put(canvas);
    Some(())
}

fn rename_table(canvas: &mut Canvas, chain: &Chain<'_>) -> Option<()> {
    chain.is("Table", "rename")?;
    let [from, to] = chain.args("table")? else {
        return None;
    };
    canvas.then("alter table");
    builder::Named::of(from)?.put(canvas);
    canvas.then("rename to");
    builder::Named::of(to)?.put(canvas);
    Some(())
}

fn alter_table(canvas: &mut Canvas, chain: &Chain<'_>) -> Option<()> {
    chain.is("Table", "alter")?;
    let table = chain.one("table")?;
    let actions = chain.calls.iter();
    let actions = actions.filter(|(name, _)| !matches!(*name, "table" | "to_owned"));
    for (at, (name, args)) in actions.enumerate() {
        if at > 0 {
            canvas.end();
        }
        canvas.then("alter table");
        canvas.then(&table.text);
        match (*name, args) {
            ("add_column" | "add_column_if_not_exists", [of]) => {
                canvas.then("add column");
                column::put(canvas, of)?;
            }
            ("drop_column", [of]) => {
                canvas.then("drop column");
                builder::Named::of(of)?.put(canvas);
            }
            ("rename_column", [from, to]) => {
                canvas.then("rename column");
                builder::Named::of(from)?.put(canvas);
                canvas.then("to");
                builder::Named::of(to)?.put(canvas);
            }
            ("add_foreign_key", [of]) => {
                canvas.then("add");
                foreign_key(canvas, of);
            }
            ("drop_foreign_key", _) => canvas.then("validate constraint fk"),
            _ => return None,
        }
    }
    Some(())
}
