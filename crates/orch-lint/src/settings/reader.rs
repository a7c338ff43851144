//! Strict reading of one section: what is not understood is a problem, and all of them are told.

use std::borrow::Cow;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::Problem;
use super::glob::Glob;
use super::section::{Bytes, Level, PathRules, Section, Setting};
use crate::nearest::nearest;
use crate::rules::{self, Rule};
use crate::sources::{MAX_FILE_BYTES, too_large};
use crate::syntax::span::LineIndex;

/// Keys of the section.
const KEYS: [&str; 4] = ["preview", "rules", "paths", "unknown-budget"];
/// Keys of an entry of `paths`.
const PATH_KEYS: [&str; 2] = ["paths", "rules"];
/// More patterns than this are refused: each is tried on each file.
const MAX_GLOBS: usize = 256;
/// The largest budget.
const MAX_BUDGET: i64 = 1_000_000;
/// After this many problems nobody reads on.
const MAX_PROBLEMS: usize = 100;

type Value<'t> = Spanned<DeValue<'t>>;

/// Reads the text of an `orch.toml`; `None` when it says nothing to the linter.
pub(super) fn read(path: &str, text: &str) -> Result<Option<Section>, Vec<Problem>> {
    if text.len() as u64 > MAX_FILE_BYTES {
        return Err(vec![unreadable(path, &too_large(text.len() as u64))]);
    }
    let lines = LineIndex::new(text);
    let document = DeTable::parse(text).map_err(|error| {
        let line = error.span().map_or(1, |span| lines.pos(span.start).line);
        let why = error.message().lines().next().unwrap_or_default();
        let message = format!("it is not TOML: {why}");
        vec![Problem::new(path, line, message, "correct the line")]
    })?;
    let Some(lint) = document.get_ref().get("lint") else {
        return Ok(None);
    };
    let mut reader = Reader {
        path,
        lines,
        problems: Vec::new(),
    };
    let section = reader.section(lint);
    match reader.problems.is_empty() {
        true => Ok(Some(section)),
        false => {
            reader.problems.sort_by_key(|of| of.line);
            Err(reader.problems)
        }
    }
}

/// A file whose text is not known.
pub(super) fn unreadable(path: &str, why: &str) -> Problem {
    let message = format!("it cannot be read: {why}");
    Problem::new(path, 1, message, "put the file right")
}

struct Reader<'t> {
    path: &'t str,
    lines: LineIndex<'t>,
    problems: Vec<Problem>,
}

impl Reader<'_> {
    /// Whether nobody reads on: then nothing more is looked at.
    fn is_full(&self) -> bool {
        self.problems.len() >= MAX_PROBLEMS
    }

    fn wrong(&mut self, at: Bytes, message: impl Into<String>, help: impl Into<String>) {
        if !self.is_full() {
            let line = self.lines.pos(at.start).line;
            self.problems
                .push(Problem::new(self.path, line, message, help));
        }
    }

    /// A value of the wrong type.
    fn wrong_type(&mut self, key: &str, value: &Value<'_>, wanted: &str, help: &str) {
        let found = value.get_ref().type_str();
        let article = if found.starts_with(['a', 'i']) {
            "an"
        } else {
            "a"
        };
        let message = format!("`{key}` is {article} {found}, and has to be {wanted}");
        self.wrong(value.span(), message, help);
    }

    fn unknown_key(&mut self, key: &Spanned<Cow<'_, str>>, of: &str, known: &[&str]) {
        let help = match nearest(key.get_ref(), known.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("{of} has the keys {}", known.join(", ")),
        };
        let message = format!("unknown key `{}` in {of}", shown(key.get_ref()));
        self.wrong(key.span(), message, help);
    }

    fn section(&mut self, value: &Value<'_>) -> Section {
        let mut section = Section::default();
        let Some(table) = value.get_ref().as_table() else {
            self.wrong_type("lint", value, "a table", "write a section `[lint]`");
            return section;
        };
        for (key, value) in table {
            if self.is_full() {
                break;
            }
            match key.get_ref().as_ref() {
                "preview" => match value.get_ref().as_bool() {
                    Some(is_on) => section.preview = Some((is_on, key.span())),
                    None => {
                        self.wrong_type(
                            "preview",
                            value,
                            "true or false",
                            "write `preview = true`",
                        );
                    }
                },
                "rules" => section.rules = self.rules(value),
                "paths" => section.paths = self.paths(value),
                "unknown-budget" => {
                    section.budget = self.budget(value).map(|limit| (limit, key.span()));
                }
                _ => self.unknown_key(key, "[lint]", &KEYS),
            }
        }
        section
    }

    fn budget(&mut self, value: &Value<'_>) -> Option<usize> {
        let help = format!("write a number from 0 to {MAX_BUDGET}");
        let Some(number) = value.get_ref().as_integer() else {
            self.wrong_type("unknown-budget", value, "a number", &help);
            return None;
        };
        let number = i64::from_str_radix(number.as_str(), number.radix());
        let limit = number.ok().filter(|number| *number <= MAX_BUDGET);
        let limit = limit.and_then(|number| usize::try_from(number).ok());
        if limit.is_none() {
            self.wrong(value.span(), "`unknown-budget` is out of range", help);
        }
        limit
    }

    /// `ORC302 = "warn"` and the like, each rule once.
    fn rules(&mut self, value: &Value<'_>) -> Vec<Setting> {
        let mut settings: Vec<Setting> = Vec::new();
        let Some(table) = value.get_ref().as_table() else {
            let help = "write rules and levels, such as `ORC302 = \"warn\"`";
            self.wrong_type("rules", value, "a table", help);
            return settings;
        };
        // In the order of the file, so that of two settings of one rule the second is refused.
        let mut entries: Vec<_> = table.iter().collect();
        entries.sort_by_key(|(key, _)| key.span().start);
        for (key, value) in entries {
            if self.is_full() {
                break;
            }
            let Some(setting) = self.setting(key, value) else {
                continue;
            };
            let code = setting.rule.code();
            if settings.iter().any(|of| of.rule.code() == code) {
                let name = setting.rule.name();
                let message = format!("{code} is set twice here, once as `{name}`");
                self.wrong(key.span(), message, "keep one of the two lines");
            } else {
                settings.push(setting);
            }
        }
        settings
    }

    fn setting(&mut self, key: &Spanned<Cow<'_, str>>, value: &Value<'_>) -> Option<Setting> {
        let (typed, at) = (key.get_ref().as_ref(), key.span());
        let is_it = |rule: &&&Rule| rule.code() == typed || rule.name() == typed;
        let Some(rule) = rules::ALL.iter().copied().find(|rule| is_it(&rule)) else {
            let known = rules::ALL
                .iter()
                .flat_map(|rule| [rule.code(), rule.name()]);
            let help = match nearest(typed, known) {
                Some(near) => format!("did you mean `{near}`?"),
                None => "`orch-gen rules` lists the rules".to_owned(),
            };
            self.wrong(at, format!("there is no rule `{}`", shown(typed)), help);
            return None;
        };
        let level = self.level(typed, value)?;
        let is_lowered = level != Level::ALL[0].1;
        if is_lowered && !rule.allows_exceptions() {
            let message = format!(
                "{} cannot be turned off or lowered: it says what else would pass unseen",
                rule.code()
            );
            self.wrong(at, message, "leave it out");
            return None;
        }
        Some(Setting { rule, level, at })
    }

    fn level(&mut self, key: &str, value: &Value<'_>) -> Option<Level> {
        let words = Level::ALL.map(|(word, _)| word);
        let help = format!(
            "write one of {}",
            words.map(|word| format!("\"{word}\"")).join(", ")
        );
        let Some(word) = value.get_ref().as_str() else {
            self.wrong_type(key, value, "a text", &help);
            return None;
        };
        let found = Level::ALL.iter().find(|(known, _)| *known == word);
        if found.is_none() {
            let help = match nearest(word, words) {
                Some(near) => format!("did you mean \"{near}\"?"),
                None => help,
            };
            let message = format!("`{key}` cannot be \"{}\"", shown(word));
            self.wrong(value.span(), message, help);
        }
        found.map(|(_, level)| *level)
    }

    /// The entries of `[[lint.paths]]`.
    fn paths(&mut self, value: &Value<'_>) -> Vec<PathRules> {
        let help = "write sections `[[lint.paths]]`";
        let Some(entries) = value.get_ref().as_array() else {
            self.wrong_type("paths", value, "a list of tables", help);
            return Vec::new();
        };
        let mut paths = Vec::new();
        let mut globs = 0;
        for entry in entries {
            let Some(table) = entry.get_ref().as_table() else {
                self.wrong_type("paths", entry, "a list of tables", help);
                continue;
            };
            let found = self.path_rules(entry.span(), table);
            globs += found.globs.len();
            if globs > MAX_GLOBS {
                let message = format!("there are more than {MAX_GLOBS} patterns");
                self.wrong(entry.span(), message, "write fewer and wider ones");
                break;
            }
            paths.push(found);
        }
        paths
    }

    fn path_rules(&mut self, at: Bytes, table: &DeTable<'_>) -> PathRules {
        for (key, _) in table {
            if !PATH_KEYS.contains(&key.get_ref().as_ref()) && !self.is_full() {
                self.unknown_key(key, "[[lint.paths]]", &PATH_KEYS);
            }
        }
        let paths_help = "add `paths = [\"src/legacy/**\"]`";
        let rules_help = "add `rules = { ORC803 = \"off\" }`";
        let before = self.problems.len();
        let globs = table.get("paths").map(|value| self.globs(value));
        let rules = table.get("rules").map(|value| self.rules(value));
        let is_said = self.problems.len() > before;
        if globs.as_ref().is_none_or(Vec::is_empty) && !is_said {
            self.wrong(at.clone(), "`paths` names no file", paths_help);
        }
        if rules.as_ref().is_none_or(Vec::is_empty) && !is_said {
            self.wrong(at, "`rules` sets nothing", rules_help);
        }
        PathRules {
            globs: globs.unwrap_or_default(),
            rules: rules.unwrap_or_default(),
        }
    }

    fn globs(&mut self, value: &Value<'_>) -> Vec<(Glob, Bytes)> {
        let help = "write a list of texts, such as `paths = [\"src/legacy/**\"]`";
        let mut globs: Vec<(Glob, Bytes)> = Vec::new();
        let Some(list) = value.get_ref().as_array() else {
            self.wrong_type("paths", value, "a list of texts", help);
            return globs;
        };
        for value in list.iter().take(MAX_GLOBS + 1) {
            let Some(text) = value.get_ref().as_str() else {
                self.wrong_type("paths", value, "a list of texts", help);
                continue;
            };
            match Glob::parse(text) {
                Err(why) => {
                    let message = format!("the pattern `{}` is not usable: {why}", shown(text));
                    let help = "write a path from the folder of orch.toml, with `*`, `?` and `**`";
                    self.wrong(value.span(), message, help);
                }
                Ok(glob) if globs.iter().any(|(known, _)| *known == glob) => {
                    let message = format!("the pattern `{}` is there twice", shown(text));
                    self.wrong(value.span(), message, "keep one of them");
                }
                Ok(glob) => globs.push((glob, value.span())),
            }
        }
        globs
    }
}

/// What was typed, short enough and without control characters.
fn shown(text: &str) -> String {
    const LONGEST: usize = 60;
    let start: String = text.chars().take(LONGEST).collect();
    let dots = if start.len() < text.len() { "…" } else { "" };
    format!("{}{dots}", start.escape_debug())
}
