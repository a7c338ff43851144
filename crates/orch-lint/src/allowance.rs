//! The comments of exceptions, written and taken out.

use std::ops::Range;

use crate::engine::deep;
use crate::finding::Finding;
use crate::fix::{Applicability, Changes, Edit, Proposal, Source};
use crate::nearest::nearest;
use crate::rules::{self, Rule};
use crate::suppress;
use crate::syntax::{Extent, Mark, Pos, Span, parse};
use crate::{Place, sql};

impl Finding {
    /// The edit that writes `// orch: allow(CODE) reason` for this finding into its file, whose text is
    /// `text`. Editors offer it; it is no fix, because somebody has to stand by the reason.
    ///
    /// `None` when the rule allows no exceptions, `reason` says nothing, or there is no place for a comment
    /// that would hold back this finding.
    #[must_use]
    pub fn suppression(&self, text: &str, reason: &str) -> Option<Edit> {
        let rule = rules::find(self.code).filter(|rule| rule.allows_exceptions())?;
        let reason = reason.split_whitespace().collect::<Vec<_>>().join(" ");
        if !reason.contains(char::is_alphanumeric) {
            return None;
        }
        let begin = if is_sql(&self.path) { "--" } else { "//" };
        let comment = format!("{begin} orch: allow({}) {reason}", rule.code());
        let source = Source::new(text);
        let line = self.start.line;
        let start = source.byte(Pos { line, column: 0 });
        let whole = source.index.line(line);
        let indent = &whole[..whole.len() - whole.trim_start().len()];
        let above = (start, format!("{indent}{comment}\n"), 1);
        let behind = (start + whole.len(), format!(" {comment}"), 0);
        [above, behind].into_iter().find_map(|(at, put, moved)| {
            let edit = source.edit(at..at, &put);
            let mut after = text.to_owned();
            after.insert_str(at, &edit.replacement);
            self.is_held(&after, line, moved).then_some(edit)
        })
    }

    /// Whether the comment in a line of this text holds the finding back, `moved` lines further down.
    fn is_held(&self, text: &str, line: u32, moved: u32) -> bool {
        let pos = |at: Place| Pos {
            line: at.line + moved,
            column: at.column - 1,
        };
        let span = Span {
            start: pos(self.start),
            end: pos(self.end),
        };
        let Some((marks, extents)) = exceptions(&self.path, text) else {
            return false;
        };
        let mut here = marks.iter().filter(|mark| mark.span.start.line == line);
        here.any(|mark| {
            let exception = suppress::read(mark, &extents, None);
            exception.is_ok_and(|exception| exception.holds(self.code, span))
        })
    }
}

fn exceptions(path: &str, text: &str) -> Option<(Vec<Mark>, Vec<Extent>)> {
    if is_sql(path) {
        return Some((sql::marks(text), sql::extents(&sql::statements(path, text))));
    }
    let facts = deep(|| parse(text)).ok()?.ok()?;
    Some((facts.marks.clone(), facts.extents.clone()))
}

fn is_sql(path: &str) -> bool {
    path.ends_with(".sql")
}

/// Takes a rule out of an exception, and the comment when it names no other.
pub(crate) fn removal(mark: &Mark, rule: &'static Rule) -> Proposal {
    let mark = mark.clone();
    Proposal {
        title: format!("take out the exception for {}", rule.code()),
        applicability: Applicability::Safe,
        write: Box::new(move |source| remove(source, &mark, rule)),
    }
}

/// Takes out an exception that ended, where nothing of what it named is found any more.
pub(crate) fn removal_of_all(mark: &Mark) -> Proposal {
    let mark = mark.clone();
    Proposal {
        title: "take out the exception that ended".into(),
        applicability: Applicability::Safe,
        write: Box::new(move |source| taken_out(source, &mark, &source.bytes(mark.span))),
    }
}

/// Writes the name of the rule that is meant by a misspelled one, and the comment as it reads then.
pub(crate) fn respelled(mark: &Mark) -> Option<(Proposal, Mark)> {
    let inside = mark.text.split_once("allow(")?.1.split_once(')')?.0;
    let mut parts = inside.split(',').map(str::trim);
    let wrong = parts
        .find(|part| part.contains('-') && !part.contains('=') && rules::find(part).is_none())?;
    let names = rules::ALL.iter().filter(|rule| rule.allows_exceptions());
    let name = nearest(wrong, names.map(|rule| rule.name()))?;
    let wrong = wrong.to_owned();
    let mut after = mark.clone();
    after.text = mark.text.replacen(&wrong, name, 1);
    let span = mark.span;
    let proposal = Proposal {
        title: format!("write `{name}`"),
        applicability: Applicability::Unsafe,
        write: Box::new(move |source| {
            let comment = source.bytes(span);
            let start = comment.start + source.text[comment].find(&wrong)?;
            Some(vec![(start..start + wrong.len(), name.to_owned())])
        }),
    };
    Some((proposal, after))
}

fn remove(source: &Source<'_>, mark: &Mark, rule: &Rule) -> Option<Changes> {
    let comment = source.bytes(mark.span);
    let text = &source.text[comment.clone()];
    let open = text.find("allow(")? + "allow(".len();
    let close = open + text[open..].find(')')?;
    let is_it = |part: &str| rules::find(part).is_some_and(|of| of.code() == rule.code());
    let parts = text[open..close].split(',').map(str::trim);
    let kept: Vec<&str> = parts
        .filter(|part| !part.is_empty() && !is_it(part))
        .collect();
    if kept.iter().any(|part| !part.contains('=')) {
        let inside = comment.start + open..comment.start + close;
        return Some(vec![(inside, kept.join(", "))]);
    }
    taken_out(source, mark, &comment)
}

/// The file without the comment.
fn taken_out(source: &Source<'_>, mark: &Mark, comment: &Range<usize>) -> Option<Changes> {
    let gone = if mark.own_line {
        whole_lines(source.text, comment)?
    } else {
        behind_code(source.text, comment)
    };
    Some(vec![(gone, String::new())])
}

/// The line of a comment. `None` when a comment below may go on with its reason.
fn whole_lines(text: &str, comment: &Range<usize>) -> Option<Range<usize>> {
    let before = &text[..comment.start];
    let start = before.rfind('\n').map_or_else(
        || before.len() - before.trim_start_matches('\u{feff}').len(),
        |at| at + 1,
    );
    let end = text[comment.end..]
        .find('\n')
        .map_or(text.len(), |at| comment.end + at + 1);
    let below = text[end..].lines().next().unwrap_or_default().trim();
    let is_plain = |rest: &str| !rest.starts_with(['/', '!']) && !rest.trim().starts_with("orch:");
    let goes_on = ["//", "--"]
        .iter()
        .any(|begin| below.strip_prefix(begin).is_some_and(is_plain));
    (!goes_on).then_some(start..end)
}

/// A comment and the blanks between it and the code before it.
fn behind_code(text: &str, comment: &Range<usize>) -> Range<usize> {
    let start = text[..comment.start].trim_end_matches([' ', '\t']).len();
    let length = text[comment.clone()].trim_end_matches('\r').len();
    start..comment.start + length
}
