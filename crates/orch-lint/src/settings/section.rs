//! One section `[lint]`, as `orch.toml` has it.

use std::ops::Range;

use super::glob::Glob;
use crate::finding::Severity;
use crate::rules::Rule;

/// What a section says.
#[derive(Debug, Default)]
pub(super) struct Section {
    /// Whether rules that still prove themselves run, and where that is said.
    pub(super) preview: Option<(bool, Bytes)>,
    /// What is set for rules, each once.
    pub(super) rules: Vec<Setting>,
    /// What is set for some files, in order.
    pub(super) paths: Vec<PathRules>,
    /// How many questions may stay undecided, and where that is said.
    pub(super) budget: Option<(usize, Bytes)>,
}

/// Where in the file something stands.
pub(super) type Bytes = Range<usize>;

/// What is set for one rule.
#[derive(Debug)]
pub(super) struct Setting {
    /// The rule.
    pub(super) rule: &'static Rule,
    /// What it is from now on.
    pub(super) level: Level,
    /// Where its key stands.
    pub(super) at: Bytes,
}

/// What is set for some files.
#[derive(Debug)]
pub(super) struct PathRules {
    /// Which files, and where each pattern stands.
    pub(super) globs: Vec<(Glob, Bytes)>,
    /// What is set, each rule once.
    pub(super) rules: Vec<Setting>,
}

/// How much findings of a rule matter, or that there are none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Level {
    /// It runs, and its findings are of this severity.
    On(Severity),
    /// It says nothing.
    Off,
}

impl Level {
    /// Every level, as it is spelled.
    pub(super) const ALL: [(&'static str, Self); 3] = [
        ("error", Level::On(Severity::Error)),
        ("warn", Level::On(Severity::Warning)),
        ("off", Level::Off),
    ];

    /// As it is spelled.
    pub(super) fn as_str(self) -> &'static str {
        let known = Self::ALL.iter().find(|(_, level)| *level == self);
        known.map_or("", |(word, _)| word)
    }

    /// The severity of findings; `None` when there are none.
    pub(super) fn severity(self) -> Option<Severity> {
        match self {
            Level::On(severity) => Some(severity),
            Level::Off => None,
        }
    }
}

impl Section {
    /// What is set for a rule in all files.
    pub(super) fn level(&self, rule: &Rule) -> Option<Level> {
        of(&self.rules, rule)
    }

    /// What is set for a rule in files that the entries with these numbers are for: the last one wins.
    pub(super) fn level_at(&self, rule: &Rule, entries: &[usize]) -> Option<Level> {
        let entries = entries.iter().rev();
        entries
            .filter_map(|at| of(&self.paths[*at].rules, rule))
            .next()
    }

    /// The numbers of the entries that are for a file; its path is seen from the section's folder.
    pub(super) fn entries_for(&self, path: &str) -> Vec<usize> {
        let is_for = |entry: &PathRules| entry.globs.iter().any(|(glob, _)| glob.matches(path));
        let entries = self.paths.iter().enumerate();
        entries
            .filter(|(_, entry)| is_for(entry))
            .map(|(at, _)| at)
            .collect()
    }

    /// Whether rules that still prove themselves run.
    pub(super) fn preview(&self) -> bool {
        self.preview.as_ref().is_some_and(|(is_on, _)| *is_on)
    }
}

fn of(settings: &[Setting], rule: &Rule) -> Option<Level> {
    let found = settings
        .iter()
        .find(|setting| setting.rule.code() == rule.code());
    found.map(|setting| setting.level)
}
