//! Which rules run where, and how much their findings matter.
//!
//! ```text
//!   command line (only, except, preview) ─▶ [[lint.paths]] ─▶ [lint.rules] ─▶ the rule itself
//! ```
//!
//! **Invariant:** for each file one section decides, the nearest one above it, and alone: so a package says
//! the same of its files whether it is linted by itself or with its workspace.

use std::cell::RefCell;
use std::collections::HashMap;

use super::section::{Level, Section};
use super::{Governed, Settings};
use crate::finding::{Severity, Unknown};
use crate::options::Chosen;
use crate::rules::{self, At, Rule, Status, Violation};
use crate::sources::join;
use crate::syntax::span::LineIndex;

/// The levels of a run.
#[derive(Debug)]
pub(crate) struct Levels<'s> {
    settings: &'s Settings,
    chosen: &'s Chosen,
    /// Which section and which of its entries are for a file, as far as somebody asked.
    places: RefCell<HashMap<String, Place>>,
}

/// The number of a section, and those of its entries.
type Place = (usize, Vec<usize>);

impl<'s> Levels<'s> {
    /// The levels that files and caller set together.
    pub(crate) fn new(settings: &'s Settings, chosen: &'s Chosen) -> Self {
        Levels {
            settings,
            chosen,
            places: RefCell::default(),
        }
    }

    /// How much findings of a rule in a file matter; `None` when it says nothing of it.
    pub(crate) fn severity(&self, rule: &Rule, path: &str) -> Option<Severity> {
        let (section, entries) = self.place(path);
        let level = self.level(rule, &self.settings.sections[section].section, &entries);
        level.filter(|_| self.chosen.allows(rule))
    }

    /// Gives a violation its severity; false when there is none.
    pub(crate) fn apply(&self, violation: &mut Violation) -> bool {
        let severity = self.severity(violation.rule, &violation.at.path);
        // A rule may say of one of its findings that it matters less than the others.
        if let Some(severity) = severity.filter(|of| *of != violation.rule.severity()) {
            violation.severity = severity;
        }
        severity.is_some()
    }

    /// The rules whose findings are shown somewhere.
    pub(crate) fn shown(&self) -> Vec<&'static Rule> {
        let rules = rules::ALL.iter().copied();
        rules
            .filter(|rule| self.chosen.allows(rule) && self.is_on_somewhere(rule))
            .collect()
    }

    /// The rules that have to run: those that are shown, and those whose open questions are counted.
    pub(crate) fn running(&self) -> Vec<&'static Rule> {
        if !self.counts() {
            return self.shown();
        }
        let rules = rules::ALL.iter().copied();
        rules
            .filter(|rule| !self.chosen.excludes(rule) && self.is_on_somewhere(rule))
            .collect()
    }

    /// What is wrong with the number of undecided questions: one finding per budget that is exceeded.
    pub(crate) fn over_budget(&self, unknowns: &[Unknown]) -> Vec<Violation> {
        if !self.counts() {
            return Vec::new();
        }
        let mut counts = vec![0_usize; self.settings.sections.len()];
        for unknown in unknowns {
            let Some(rule) = rules::find(unknown.code) else {
                continue;
            };
            let (section, entries) = self.place(&unknown.path);
            let is_on = self.level(rule, &self.settings.sections[section].section, &entries);
            counts[section] += usize::from(is_on.is_some());
        }
        let sections = self.settings.sections.iter().zip(counts);
        sections
            .filter_map(|(governed, count)| over(governed, count))
            .collect()
    }

    fn counts(&self) -> bool {
        let has_budget = |of: &Governed| of.section.budget.is_some();
        self.chosen.allows(&rules::UNKNOWN_BUDGET) && self.settings.sections.iter().any(has_budget)
    }

    fn is_on_somewhere(&self, rule: &Rule) -> bool {
        let is_on = |of: &Governed| {
            let mut entries = 0..of.section.paths.len();
            self.level(rule, &of.section, &[]).is_some()
                || entries.any(|at| self.level(rule, &of.section, &[at]).is_some())
        };
        self.settings.sections.iter().any(is_on)
    }

    /// The level of a rule, were it not for `only` and `except`.
    fn level(&self, rule: &Rule, section: &Section, entries: &[usize]) -> Option<Severity> {
        if let Some(level) = section.level_at(rule, entries) {
            return level.severity();
        }
        let is_named = self.chosen.names(rule);
        match section.level(rule) {
            Some(Level::On(severity)) => Some(severity),
            Some(Level::Off) => is_named.then_some(rule.severity()),
            None => {
                let has_preview = self.chosen.preview || section.preview();
                let is_on = is_named || has_preview || rule.status() == Status::Stable;
                is_on.then_some(rule.severity())
            }
        }
    }

    fn place(&self, path: &str) -> Place {
        if let Some(known) = self.places.borrow().get(path) {
            return known.clone();
        }
        let (section, inside) = self.settings.governing(path);
        let place = (
            section,
            self.settings.sections[section].section.entries_for(inside),
        );
        let mut places = self.places.borrow_mut();
        places.insert(path.to_owned(), place.clone());
        place
    }
}

fn over(governed: &Governed, count: usize) -> Option<Violation> {
    let (limit, at) = governed.section.budget.clone()?;
    (count > limit).then(|| Violation {
        rule: &rules::UNKNOWN_BUDGET,
        severity: rules::UNKNOWN_BUDGET.severity(),
        at: At {
            path: join(&governed.dir, super::FILE),
            span: LineIndex::new(&governed.text).span(at),
            item: String::new(),
        },
        message: format!("{count} questions could not be decided, and the budget is {limit}"),
        help: Some(
            "`orch-gen lint --statistics` counts them by rule; write the code more plainly, or raise the \
             budget with a comment that says why"
                .into(),
        ),
        chain: Vec::new(),
        fix: None,
    })
}
