//! ORC206.

use std::collections::BTreeMap;

use super::tables::{self, is_state};
use super::{Check, Rule, Status};
use crate::finding::Severity;
use crate::model::statements::SqlText;
use crate::sql::{Dialect, Query, Verb, Write, has};

pub(super) static RULE: Rule = Rule {
    code: "ORC206",
    name: "claim-without-skip-locked",
    severity: Severity::Warning,
    status: Status::Preview,
    docs: "\
## What it does
Finds claims of one's own on an operation table of PostgreSQL that two workers can win: a `SELECT` by
state with a `LIMIT`, and an `UPDATE` of what it found in the same statement or the same function, with
neither `FOR UPDATE SKIP LOCKED` nor a condition in the `UPDATE` that sees the other worker's change.

## Why is this bad?
Both workers read the same rows before either writes. Both then set them to be theirs, and both call the
provider. `FOR UPDATE` alone makes them wait for each other instead, one claim at a time.

## Example
```sql
UPDATE payment_operations SET state = 'IN_PROGRESS' WHERE op_id IN
    (SELECT op_id FROM payment_operations WHERE state = 'PENDING' LIMIT 10)
```
Use instead:
```sql
UPDATE payment_operations SET state = 'IN_PROGRESS' WHERE op_id IN
    (SELECT op_id FROM payment_operations WHERE state = 'PENDING' LIMIT 10 FOR UPDATE SKIP LOCKED)
```
",
    check,
};

fn check(check: &mut Check<'_, '_>) {
    let tables = postgres_tables(check);
    let mut by_function: BTreeMap<usize, Vec<&SqlText>> = BTreeMap::new();
    let workspace = check.workspace;
    for text in workspace.statements(check.functions) {
        if text.certain {
            by_function.entry(text.function).or_default().push(text);
        }
    }
    for (function, texts) in by_function {
        let queries = || texts.iter().flat_map(|text| &text.queries);
        for text in &texts {
            let claimed = text.queries.iter();
            let mut claimed = claimed.flat_map(|of| {
                claims(of, &tables)
                    .into_iter()
                    .map(move |table| (of, table))
            });
            let Some((query, table)) =
                claimed.find(|(_, table)| queries().any(|of| takes(of, table)))
            else {
                continue;
            };
            let path = check.functions[function].path(workspace);
            let at = check.at(text.file, text.span, path);
            if query.may_say_more() {
                let message = format!("what is put in may skip locked rows of `{table}`");
                check.unknown(&at, message);
                continue;
            }
            let message = format!("two workers can claim the same rows of `{table}`");
            let flagged = check
                .flag(at, message)
                .help("end the `SELECT` with `FOR UPDATE SKIP LOCKED`");
            // A lock that is taken by a statement of its own may be gone before the next one.
            if takes(query, table) && may_lock(query) {
                let span = text.span;
                flagged.unsafe_fix("skip rows that another worker has", move |source| {
                    let bytes = source.bytes(span);
                    let (at, put) = locked(&source.text[bytes.clone()])?;
                    Some(vec![(bytes.start + at..bytes.start + at, put)])
                });
            }
        }
    }
}

/// Operation tables that are in PostgreSQL and nowhere else.
fn postgres_tables(check: &Check<'_, '_>) -> Vec<String> {
    let operations = tables::of_operations(check).into_iter();
    let only_postgres = operations.filter(|of| {
        let mut dialects = of.created.iter().map(|(of, _)| of.schema.dialect);
        !of.created.is_empty() && dialects.all(|of| of == Some(Dialect::Postgres))
    });
    only_postgres.map(|of| of.name.to_lowercase()).collect()
}

/// The tables of which a statement reads some rows by their state, without taking them.
fn claims<'t>(query: &Query, tables: &'t [String]) -> Vec<&'t str> {
    let words = &query.words;
    if has(words, &["skip", "locked"]) || !words.iter().any(|word| word == "limit") {
        return Vec::new();
    }
    let reads = |table: &&String| reads_by_state(words, table);
    tables.iter().filter(reads).map(String::as_str).collect()
}

/// `FROM t … WHERE … state …`.
fn reads_by_state(words: &[String], table: &str) -> bool {
    let mut froms = words.iter().enumerate().filter(|(_, word)| *word == "from");
    froms.any(|(from, _)| {
        let mut rest = &words[from + 1..];
        while rest.get(1).is_some_and(|word| word == ".") {
            rest = &rest[2..];
        }
        if rest.first().is_none_or(|word| word != table) {
            return false;
        }
        let condition = rest.iter().skip_while(|word| *word != "where");
        let mut condition = condition.take_while(|word| *word != "limit");
        condition.any(|word| is_state(word))
    })
}

/// Whether a statement makes rows of a table somebody's, whoever has them by then.
fn takes(query: &Query, table: &str) -> bool {
    let mut updates = query
        .writes
        .iter()
        .filter(|of| of.verb == Verb::Update && of.table == table);
    updates.any(|write| {
        let claims = |name: &String| is_state(name) || name.starts_with("lease");
        write.sets.iter().any(claims) && !is_guarded(query, write)
    })
}

/// Whether the condition of an update itself looks at what another worker would have changed.
fn is_guarded(query: &Query, write: &Write) -> bool {
    let (mut depth, mut is_condition) = (0_usize, false);
    for word in &query.words[write.end..] {
        match word.as_str() {
            "(" => depth += 1,
            ")" if depth == 0 => break,
            ")" => depth -= 1,
            "where" if depth == 0 => is_condition = true,
            "returning" if depth == 0 => break,
            name if depth == 0 && is_condition && changes_at_claim(name) => return true,
            _ => {}
        }
    }
    false
}

fn changes_at_claim(name: &str) -> bool {
    let begins = ["lease", "attempt", "version", "fence", "locked", "xmin"];
    is_state(name) || begins.iter().any(|begin| name.starts_with(begin))
}

/// Whether PostgreSQL locks the rows that a statement reads: it has one `LIMIT`, and does not make new rows.
fn may_lock(query: &Query) -> bool {
    const REFUSED: &[&str] = &[
        "distinct",
        "except",
        "group",
        "having",
        "intersect",
        "over",
        "union",
    ];
    let limits = query.words.iter().filter(|word| *word == "limit");
    limits.count() == 1
        && !query
            .words
            .iter()
            .any(|word| REFUSED.contains(&word.as_str()))
}

/// What to put where into a string literal, when the `SELECT` ends soon after its `LIMIT`.
fn locked(literal: &str) -> Option<(usize, String)> {
    let lower = literal.to_ascii_lowercase();
    let mut limits = lower.match_indices("limit");
    let (limit, word) = limits.next()?;
    if !literal.starts_with(['"', 'r']) || limits.next().is_some() {
        return None;
    }
    let mut rest = after_number(&lower[limit + word.len()..])?;
    if let Some(offset) = after_words(rest, &["offset"]) {
        rest = after_number(offset)?;
    }
    let forms: [&[&str]; 2] = [&["for", "update"], &["for", "no", "key", "update"]];
    let is_locked = forms.iter().find_map(|words| after_words(rest, words));
    let put = match is_locked {
        Some(_) => " SKIP LOCKED",
        None => " FOR UPDATE SKIP LOCKED",
    };
    let rest = is_locked.unwrap_or(rest);
    let is_end = rest.trim_start().starts_with([')', ';', '"', '\\']);
    let is_lower = literal[limit..].starts_with("limit");
    let put = match is_lower {
        true => put.to_lowercase(),
        false => put.to_owned(),
    };
    is_end.then_some((lower.len() - rest.len(), put))
}

/// What is behind a number or a parameter.
fn after_number(text: &str) -> Option<&str> {
    let number = text.trim_start();
    if number.len() == text.len() {
        return None;
    }
    let digits = number.strip_prefix(['$', ':']).unwrap_or(number);
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let rest = digits.trim_start_matches(is_part);
    match rest.len() < digits.len() {
        true => Some(rest),
        false => number.strip_prefix('?'),
    }
}

/// What is behind these words, one after the other.
fn after_words<'t>(text: &'t str, words: &[&str]) -> Option<&'t str> {
    words.iter().try_fold(text, |text, word| {
        let rest = text.trim_start().strip_prefix(word)?;
        (!rest.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_')).then_some(rest)
    })
}
