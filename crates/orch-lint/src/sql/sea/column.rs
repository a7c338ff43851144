//! A column: `ColumnDef::new(Payment::Id).uuid().not_null()`, or `uuid(Payment::Id)`.

use crate::syntax::Expr;

use super::builder::{Chain, Named};
use super::canvas::Canvas;

/// Types of columns, as methods and as functions, and what they are in SQL.
const TYPES: &[(&str, &str)] = &[
    ("big_integer", "bigint"),
    ("big_unsigned", "bigint"),
    ("binary", "bytea"),
    ("binary_len", "bytea"),
    ("blob", "bytea"),
    ("boolean", "boolean"),
    ("char", "char"),
    ("char_len", "char"),
    ("date", "date"),
    ("date_time", "timestamp"),
    ("decimal", "decimal"),
    ("decimal_len", "decimal"),
    ("double", "double precision"),
    ("float", "real"),
    ("integer", "integer"),
    ("json", "json"),
    ("json_binary", "jsonb"),
    ("money", "money"),
    ("money_len", "money"),
    ("small_integer", "smallint"),
    ("small_unsigned", "smallint"),
    ("string", "varchar"),
    ("string_len", "varchar"),
    ("text", "text"),
    ("time", "time"),
    ("timestamp", "timestamp"),
    ("timestamp_with_time_zone", "timestamptz"),
    ("tiny_integer", "smallint"),
    ("unsigned", "integer"),
    ("uuid", "uuid"),
    ("var_binary", "bytea"),
];

/// Puts a column down; `None` when it is not understood.
pub(super) fn put(canvas: &mut Canvas, expr: &Expr) -> Option<()> {
    let chain = Chain::of(expr)?;
    Named::of(chain.given.first()?)?.put(canvas);
    if chain.is("ColumnDef", "new").is_none() && chain.is("ColumnDef", "new_with_type").is_none() {
        let (ty, form) = short(chain.function())?;
        canvas.then(ty);
        canvas.then(form);
    }
    for (name, args) in &chain.calls {
        match (*name, args) {
            ("to_owned" | "take" | "comment" | "auto_increment", _) => {}
            ("not_null", []) => canvas.then("not null"),
            ("null", []) => canvas.then("null"),
            ("unique_key", []) => canvas.then("unique"),
            ("primary_key", []) => canvas.then("primary key"),
            ("default", _) => canvas.then("default 0"),
            (ty, _) => canvas.then(sql_type(ty)?),
        }
    }
    Some(())
}

fn sql_type(name: &str) -> Option<&'static str> {
    let found = TYPES.iter().find(|(known, _)| *known == name);
    found.map(|(_, sql)| *sql)
}

/// What `string_uniq`, `integer_null`, `pk_auto` and their like stand for: a type, and what is said of it.
fn short(name: &str) -> Option<(&'static str, &'static str)> {
    const FORMS: [(&str, &str); 3] = [
        ("_null", "null"),
        ("_uniq", "not null unique"),
        ("", "not null"),
    ];
    match name {
        "pk_auto" => return Some(("integer", "not null primary key")),
        "pk_uuid" => return Some(("uuid", "not null primary key")),
        _ => {}
    }
    let mut forms = FORMS.iter();
    forms.find_map(|(suffix, form)| Some((sql_type(name.strip_suffix(suffix)?)?, *form)))
}
