//! What was not checked, as findings: files that do not parse, statements that are not understood, rules that gave up.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::finding::{Severity, Unknown};
use crate::load::Loaded;
use crate::rules::{self, At, Rule, Violation};
use crate::sql::Migrations;
use crate::syntax::Span;

/// What one rule found, and what it could not decide.
pub(crate) type Judged = (Vec<Violation>, Vec<Unknown>);

/// What a rule found; that it gave up, when it panicked. The others are not to be lost with it.
pub(crate) fn contained(rule: &Rule, run: impl FnOnce() -> Judged) -> Judged {
    catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|_| {
        let at = At {
            path: "Cargo.toml".into(),
            span: Span::file_start(),
            item: rule.code().into(),
        };
        let message = format!("rule {} gave up, so nothing was checked by it", rule.code());
        let violation = Violation {
            help: Some("this is a defect of the linter: please report it with the code".into()),
            ..could_not_read(at, message)
        };
        (vec![violation], Vec::new())
    })
}

/// The files that could not be parsed.
pub(crate) fn unparsed(loaded: &Loaded, migrations: &Migrations) -> Vec<String> {
    let rust = loaded.files.iter();
    let rust = rust.filter(|file| file.reached && file.facts.is_err());
    let sql = migrations.files.iter();
    let sql = sql.filter(|file| file.failure.is_some());
    let rust = rust.map(|file| file.path.clone());
    rust.chain(sql.map(|file| file.path.clone())).collect()
}

/// Files that could not be parsed.
pub(crate) fn failures(loaded: &Loaded, migrations: &Migrations) -> Vec<Violation> {
    let rust = loaded.files.iter().filter(|file| file.reached);
    let rust = rust.filter_map(|file| {
        let failure = file.facts.as_ref().err()?;
        Some((&file.path, failure))
    });
    let sql = migrations.files.iter();
    let sql = sql.filter_map(|file| Some((&file.path, file.failure.as_ref()?)));
    let failed = rust.chain(sql).map(|(path, failure)| Violation {
        help: Some("make it compile, or take it out of the module tree".into()),
        ..could_not_read(
            At {
                path: path.clone(),
                span: failure.span,
                item: String::new(),
            },
            format!("nothing in this file was checked: {}", failure.message),
        )
    });
    failed.chain(unread(migrations)).collect()
}

/// Statements that are not understood, and name a table.
fn unread(migrations: &Migrations) -> impl Iterator<Item = Violation> {
    let statements = migrations
        .histories
        .iter()
        .flat_map(|of| of.schema.unread());
    statements.map(|(statement, table)| Violation {
        severity: Severity::Warning,
        help: Some(
            "write it as plain statements, or set the level of ORC906 for this file in `orch.toml`"
                .into(),
        ),
        ..could_not_read(
            At {
                path: statement.place.path.clone(),
                span: statement.place.span,
                item: table.to_owned(),
            },
            format!("what this does to `{table}` is not understood, so the table is not checked"),
        )
    })
}

fn could_not_read(at: At, message: String) -> Violation {
    Violation {
        rule: &rules::COULD_NOT_PARSE,
        severity: rules::COULD_NOT_PARSE.severity(),
        at,
        message,
        help: None,
        chain: Vec::new(),
        fix: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One defect must not hide what the other rules find.
    #[test]
    fn a_rule_that_panics_is_a_finding() {
        let rule = rules::find("ORC302").unwrap();
        let (found, undecided) = contained(rule, || panic!("a defect"));
        assert!(undecided.is_empty());
        assert_eq!(found[0].rule.code(), "ORC906");
        assert!(found[0].message.contains("ORC302"), "{}", found[0].message);
        let (found, _) = contained(rule, Judged::default);
        assert!(found.is_empty());
    }
}
