//! ORC603.

use std::collections::{BTreeSet, HashMap};

use super::mentions::once_bound;
use super::serialized::{Serialized, expressions};
use super::stored_secrets::{Form, Stored, in_field, in_type};
use super::{At, Check, Rule, Status, tables};
use crate::finding::Severity;
use crate::known;
use crate::model::infer::Walker;
use crate::model::{Function, Res};
use crate::syntax::{Expr, ExprKind, ItemKind, Span};

pub(super) static RULE: Rule = Rule {
    code: "ORC603",
    name: "raw-provider-payload-in-wal",
    severity: Severity::Warning,
    status: Status::Preview,
    docs: "\
## What it does
Finds requests and responses that go into the write-ahead log whole, with a card number, a password, a
token or a key in them: as the `result` of an `Outcome`, a `Receipt` or a `Probe`, as a value of an
`INSERT` or `UPDATE` of the log, and as a field of its entity.

## Why is this bad?
The log is kept for weeks, is copied into backups, and is read when something went wrong. A provider
often sends back what it was sent, so that the answer holds the card number as well.

## Example
```rust
#[derive(Serialize)]
struct ChargeResponse { id: String, card_number: String }
Outcome::Ok { message, provider_ref, result: serde_json::to_value(&response).ok() }
```
Use instead:
```rust
#[derive(Serialize)]
struct ChargeResponse { id: String, #[serde(skip_serializing)] card_number: String }
```

## What it does not see
Texts and `serde_json::Value` that come from the provider as they are: nothing says what is in them.
Serializers other than `serde_json` and `sqlx::types::Json` are not known. A type that writes itself, by
an `impl Serialize`, is counted as undecided.
",
    check,
};

const HELP: &str = "store what recovery needs of it, or keep the secret out with \
                    `#[serde(skip_serializing)]` or `orch_runtime::Secret`";

fn check(check: &mut Check<'_, '_>) {
    in_entities(check);
    let statements = statements(check);
    for (index, function) in check.functions.iter().enumerate() {
        let own = statements.get(&index).map_or(&[][..], Vec::as_slice);
        for found in in_function(check, function, own) {
            report(check, found);
        }
    }
}

/// A stored value with a secret in it.
struct Found {
    at: At,
    /// The name of the type, or of the field.
    what: String,
    stored: Stored,
}

fn report(check: &mut Check<'_, '_>, found: Found) {
    let Found { at, what, stored } = found;
    let path = &stored.path;
    if stored.is_certain {
        let message = format!("{what} goes into the write-ahead log with its `{path}`");
        check.flag(at, message).help(HELP);
    } else {
        let message = format!(
            "cannot tell whether {what} goes into the write-ahead log with its `{path}`: its own code \
             writes it"
        );
        check.unknown(&at, message);
    }
}

fn in_entities(check: &mut Check<'_, '_>) {
    let workspace = check.workspace;
    let tables = workspace.entity_tables().into_iter();
    let logs: BTreeSet<_> = tables
        .filter(|(_, name)| name.ends_with(known::LOG_TABLE))
        .map(|(id, _)| id)
        .collect();
    for id in logs {
        let ItemKind::Struct(_, fields) = &workspace.def(id).item.kind else {
            continue;
        };
        let scope = workspace.def_scope(id, &[]);
        for field in &fields.list {
            if let Some(stored) = in_field(workspace, field, &scope, Form::Row) {
                let found = Found {
                    at: check.at(
                        workspace.file_of(id),
                        field.name.span,
                        workspace.path_of(id),
                    ),
                    what: format!("`{}`", field.name.text),
                    stored,
                };
                report(check, found);
            }
        }
    }
}

/// Where statements that write to a log stand, by function.
fn statements(check: &Check<'_, '_>) -> HashMap<usize, Vec<Span>> {
    let logs = tables::names_of_logs(check);
    let mut found: HashMap<usize, Vec<Span>> = HashMap::new();
    if logs.is_empty() {
        return found;
    }
    for text in check.workspace.statements(check.functions) {
        let mut writes = text.queries.iter().flat_map(|query| &query.writes);
        if text.certain && writes.any(|write| logs.contains(&write.table)) {
            found.entry(text.function).or_default().push(text.span);
        }
    }
    found
}

fn in_function<'a>(
    check: &Check<'_, 'a>,
    function: &Function<'a>,
    statements: &[Span],
) -> Vec<Found> {
    let workspace = check.workspace;
    if statements.is_empty() && !function.body.mentions(&["result"]) {
        return Vec::new();
    }
    let mut serialized = Serialized::default();
    let mut values: Vec<&Expr> = Vec::new();
    let mut walker = function.walker(workspace);
    walker.block(function.body, &mut |walker, expr| {
        values.extend(result_of(walker, function, expr));
        values.extend(bound_to(expr, statements));
        serialized.note(walker, expr);
    });
    if values.is_empty() || serialized.is_empty() {
        return Vec::new();
    }
    let bound = once_bound(function.body);
    let mut seen = BTreeSet::new();
    let mut found = Vec::new();
    for value in values {
        for (part, ty) in serialized.origin(value, &bound) {
            let place = (part.span.start.line, part.span.start.column);
            let Some(stored) =
                in_type(workspace, ty, Form::Serialized).filter(|_| seen.insert(place))
            else {
                continue;
            };
            found.push(Found {
                at: check.at(function.file, part.span, function.path(workspace)),
                what: format!("`{}`", workspace.type_name(ty)),
                stored,
            });
        }
    }
    found
}

/// The `result` of an answer that the runtime writes into its log.
fn result_of<'a>(
    walker: &Walker<'_, 'a>,
    function: &Function<'a>,
    expr: &'a Expr,
) -> Option<&'a Expr> {
    let ExprKind::Struct { path, fields, .. } = &expr.kind else {
        return None;
    };
    let (_, value) = fields.iter().find(|(name, _)| name.text == "result")?;
    let is_answer = |res: &Res| {
        let is_receipt = res
            .external()
            .is_some_and(|path| known::is_runtime(path, "Receipt"));
        let is_ok = res.runtime_variant("Outcome") == Some("Ok");
        is_receipt || is_ok || res.runtime_variant("Probe") == Some("Committed")
    };
    let of_type = || walker.workspace().resolve_type(function.module, path);
    (is_answer(&walker.resolve(path)) || is_answer(&of_type())).then_some(value)
}

/// What a call binds to a statement: `query(SQL).bind(value)`, `query!(SQL, value)`,
/// `db.execute(SQL, params![value])`.
fn bound_to<'a>(expr: &'a Expr, statements: &[Span]) -> Vec<&'a Expr> {
    let is_sql = |of: &&Expr| statements.contains(&of.span);
    match &expr.kind {
        ExprKind::Method {
            receiver,
            name,
            args,
        } if name.text == "bind" => {
            let is_its = statements.iter().any(|sql| receiver.span.contains(*sql));
            args.iter().filter(|_| is_its).collect()
        }
        ExprKind::Method { args, .. } | ExprKind::Call { args, .. }
            if args.iter().any(|of| is_sql(&of)) =>
        {
            let others = args.iter().filter(|of| !is_sql(of));
            others.flat_map(listed).collect()
        }
        ExprKind::Macro(call) => {
            let parts = expressions(call);
            match parts.iter().any(is_sql) {
                true => parts.into_iter().filter(|of| !is_sql(of)).collect(),
                false => Vec::new(),
            }
        }
        _ => Vec::new(),
    }
}

/// The values of `params![a, b]`, `&[a, b]` and `(a, b)`.
fn listed(expr: &Expr) -> Vec<&Expr> {
    match &expr.kind {
        ExprKind::Place(inner) => listed(inner),
        ExprKind::Group(parts) => parts.iter().collect(),
        ExprKind::Macro(call) => expressions(call),
        _ => vec![expr],
    }
}
