//! Everything that is wrong with the sections of a tree, also what a run would pass over.

use std::collections::BTreeMap;

use super::section::{Level, Section, Setting};
use super::{Governed, Problem, Settings};
use crate::manifest;
use crate::options::LintError;
use crate::rules::{Rule, Status};
use crate::sources::{SourceTree, walk};
use crate::syntax::span::LineIndex;

/// What was looked at, and what is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Verified {
    /// The files that have a section, relative to the root.
    pub files: Vec<String>,
    /// What is wrong, by file and line.
    pub problems: Vec<Problem>,
}

/// Reads every section below a root: what a run refuses, and beyond that patterns that are for no
/// file and settings that change nothing.
///
/// # Errors
///
/// When there is no readable `Cargo.toml`.
pub fn verify(tree: &dyn SourceTree) -> Result<Verified, LintError> {
    let packages = manifest::packages(tree).map_err(LintError::usage)?;
    let (settings, mut problems) = Settings::look(tree, &packages);
    let mut sources = walk(tree, "", "rs");
    sources.extend(walk(tree, "", "sql"));
    let mut governed: BTreeMap<usize, Vec<&str>> = BTreeMap::new();
    for path in &sources {
        let (section, inside) = settings.governing(path);
        governed.entry(section).or_default().push(inside);
    }
    let is_refused = |file: &str| problems.iter().any(|of| of.path == file);
    let mut more = Vec::new();
    for (number, of) in settings.sections.iter().enumerate() {
        if of.is_there && !is_refused(&of.file()) {
            let paths = governed.get(&number).map_or(&[][..], Vec::as_slice);
            more.extend(without_effect(of, paths));
        }
    }
    problems.extend(more);
    problems.sort_by(|a, b| (&a.path, a.line).cmp(&(&b.path, b.line)));
    let there = settings.sections.iter().filter(|of| of.is_there);
    let mut files: Vec<String> = there.map(Governed::file).collect();
    files.sort();
    Ok(Verified { files, problems })
}

fn without_effect(of: &Governed, paths: &[&str]) -> Vec<Problem> {
    let (section, lines) = (&of.section, LineIndex::new(&of.text));
    let mut problems = Vec::new();
    let mut tell = |at: usize, message: String, help: &str| {
        let line = lines.pos(at).line;
        problems.push(Problem::new(of.file(), line, message, help));
    };
    if let Some((false, at)) = &section.preview {
        let message = "`preview = false` is so anyway".to_owned();
        tell(at.start, message, "leave it out");
    }
    for setting in section.rules.iter().filter(|of| is_so_anyway(section, of)) {
        tell(setting.at.start, so_anyway(setting), "leave it out");
    }
    for (number, entry) in section.paths.iter().enumerate() {
        for (glob, at) in &entry.globs {
            if !paths.iter().any(|path| glob.matches(path)) {
                let pattern = &of.text[at.clone()];
                let message = format!("the pattern {pattern} is for no file");
                let help = "a pattern is for whole paths of Rust and SQL files, from the folder of orch.toml, such \
                            as `src/legacy/**`; members with a `[lint]` of their own have their own patterns";
                tell(at.start, message, help);
            }
        }
        for setting in &entry.rules {
            let earlier: Vec<usize> = (0..number).collect();
            let is_new = section.level_at(setting.rule, &earlier).is_none();
            if is_new && setting.level == in_general(section, setting.rule) {
                tell(setting.at.start, so_anyway(setting), "leave it out");
            }
        }
    }
    problems
}

fn so_anyway(setting: &Setting) -> String {
    let code = setting.rule.code();
    format!("{code} is `{}` here anyway", setting.level.as_str())
}

/// Whether a setting for all files says what holds without it.
fn is_so_anyway(section: &Section, setting: &Setting) -> bool {
    setting.level == by_itself(section, setting.rule)
}

/// What a rule is in files that no entry is for.
fn in_general(section: &Section, rule: &Rule) -> Level {
    section
        .level(rule)
        .unwrap_or_else(|| by_itself(section, rule))
}

/// What a rule is when nothing is set for it.
fn by_itself(section: &Section, rule: &Rule) -> Level {
    match rule.status() == Status::Stable || section.preview() {
        true => Level::On(rule.severity()),
        false => Level::Off,
    }
}
