//! Exceptions written as comments, applied to what was found.

use crate::allowance;
use crate::fix::Applicability;
use crate::load::Loaded;
use crate::options::Options;
use crate::rules::{self, At, Rule, Violation};
use crate::settings::Levels;
use crate::sql::{self, Migrations};
use crate::suppress::{self, Exception, Flaw};
use crate::syntax::{Extent, Mark};

/// Takes out what exceptions hold back; gives what is wrong with the exceptions.
pub(crate) fn apply(
    violations: &mut Vec<Violation>,
    loaded: &Loaded,
    migrations: &Migrations,
    options: &Options,
    levels: &Levels<'_>,
) -> Vec<Violation> {
    let mut judged = Vec::new();
    for file in loaded.files.iter().filter(|file| file.reached) {
        if let Ok(facts) = &file.facts {
            let (marks, extents) = (&facts.marks, &facts.extents);
            judged.extend(exceptions_of(
                violations, &file.path, marks, extents, options, levels,
            ));
        }
    }
    for file in &migrations.files {
        let extents = sql::extents(&file.statements);
        judged.extend(exceptions_of(
            violations,
            &file.path,
            &file.marks,
            &extents,
            options,
            levels,
        ));
    }
    judged
}

fn exceptions_of(
    violations: &mut Vec<Violation>,
    path: &str,
    marks: &[Mark],
    extents: &[Extent],
    options: &Options,
    levels: &Levels<'_>,
) -> Vec<Violation> {
    let mut complaints = Vec::new();
    for mark in marks {
        let exception = match suppress::read(mark, extents, options.today) {
            Ok(exception) => exception,
            Err(Flaw::Ended(day)) => {
                let message = format!("this exception ended on {day}");
                let mut ended = complaint(&rules::EXPIRED_SUPPRESSION, path, mark, message);
                let is_over = |of: &Exception| {
                    let mut rules = of.rules.iter();
                    rules.all(|rule| levels.severity(rule, path).is_some())
                        && !holds_any(violations, path, of)
                };
                if suppress::read(mark, extents, None).is_ok_and(|of| is_over(&of)) {
                    ended.fix = Some(allowance::removal_of_all(mark));
                }
                complaints.push(ended);
                continue;
            }
            Err(Flaw::Invalid(why)) => {
                let message = format!("this exception holds back nothing: {why}");
                let rule = &rules::SUPPRESSION_WITHOUT_REASON;
                let mut invalid = complaint(rule, path, mark, message);
                invalid.fix = allowance::respelled(mark).and_then(|(fix, after)| {
                    let meant = suppress::read(&after, extents, options.today).ok()?;
                    holds_any(violations, path, &meant).then_some(fix)
                });
                complaints.push(invalid);
                continue;
            }
        };
        for unused in hold_back(violations, path, &exception) {
            if levels.severity(unused, path).is_some() {
                let message = format!("{} is not found here", unused.code());
                let mut unneeded = complaint(&rules::UNUSED_SUPPRESSION, path, mark, message);
                unneeded.fix = Some(allowance::removal(mark, unused));
                complaints.push(unneeded);
            }
        }
    }
    complaints
}

/// Takes out what an exception holds back; gives the rules that it named for nothing.
fn hold_back(
    violations: &mut Vec<Violation>,
    path: &str,
    exception: &Exception,
) -> Vec<&'static Rule> {
    let mut used: Vec<&str> = Vec::new();
    violations.retain(|violation| {
        let code = violation.rule.code();
        let is_held = violation.at.path == path && exception.holds(code, violation.at.span);
        if is_held {
            used.push(code);
        }
        !is_held
    });
    exception
        .rules
        .iter()
        .copied()
        .filter(|rule| !used.contains(&rule.code()))
        .collect()
}

/// Whether something is found that an exception would hold back.
fn holds_any(violations: &[Violation], path: &str, exception: &Exception) -> bool {
    let mut here = violations.iter().filter(|of| of.at.path == path);
    here.any(|of| exception.holds(of.rule.code(), of.at.span))
}

/// What cannot be read may be why an exception is there.
pub(crate) fn leave_to_a_person(violation: &mut Violation) {
    if let Some(fix) = &mut violation.fix {
        fix.applicability = Applicability::Unsafe;
    }
}

fn complaint(rule: &'static Rule, path: &str, mark: &Mark, message: String) -> Violation {
    let help = match rule.code() {
        "ORC902" => "delete the comment",
        "ORC904" => "mend what it allows, or give it a later day if that is still right",
        _ => "write `// orch: allow(CODE) reason`, with a reason a reader can judge",
    };
    Violation {
        rule,
        severity: rule.severity(),
        at: At {
            path: path.into(),
            span: mark.span,
            item: String::new(),
        },
        message,
        help: Some(help.into()),
        chain: Vec::new(),
        fix: None,
    }
}
