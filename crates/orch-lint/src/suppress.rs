//! Exceptions written as comments: `// orch: allow(ORC302, until = 2026-12-31) reason`.
//!
//! **Invariant:** an exception that is not entirely right holds back nothing. There is no form that
//! allows everything.

use crate::date::Date;
use crate::rules::{self, Rule};
use crate::syntax::{Extent, Mark, Span};

/// A valid exception.
#[derive(Debug)]
pub(crate) struct Exception {
    /// The rules it allows.
    pub(crate) rules: Vec<&'static Rule>,
    /// What it covers.
    pub(crate) covers: Cover,
}

/// What an exception covers.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Cover {
    /// Findings that begin on a line.
    Line(u32),
    /// Findings inside an item or statement.
    Extent(Span),
    /// Nothing: it is the last thing in its file.
    Nothing,
}

impl Exception {
    /// Whether it holds back a finding.
    pub(crate) fn holds(&self, code: &str, span: Span) -> bool {
        let is_listed = self.rules.iter().any(|rule| rule.code() == code);
        is_listed
            && match self.covers {
                Cover::Line(line) => span.start.line == line,
                Cover::Extent(extent) => extent.contains(span),
                Cover::Nothing => false,
            }
    }
}

/// Why a comment holds back nothing.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Flaw {
    /// It is no exception; says why.
    Invalid(String),
    /// It was one until this day.
    Ended(Date),
}

/// Reads a comment; `Err` says what is wrong with it.
pub(crate) fn read(
    mark: &Mark,
    extents: &[Extent],
    today: Option<Date>,
) -> Result<Exception, Flaw> {
    let (rules, until) = parts(&mark.text).map_err(Flaw::Invalid)?;
    if let (Some(until), Some(today)) = (until, today)
        && today > until
    {
        return Err(Flaw::Ended(until));
    }
    Ok(Exception {
        rules,
        covers: cover(mark, extents),
    })
}

/// The rules that a comment names, and its last day if it has one.
fn parts(text: &str) -> Result<(Vec<&'static Rule>, Option<Date>), String> {
    let rest = text.trim_start_matches("orch:").trim_start();
    let inside = rest
        .strip_prefix("allow(")
        .and_then(|rest| rest.split_once(')'));
    let (inside, reason) = inside.ok_or("it is not `orch: allow(CODE) reason`")?;
    let (mut allowed, mut until) = (Vec::new(), None);
    for part in inside
        .split(',')
        .map(str::trim)
        .filter(|part| !part.is_empty())
    {
        match part.split_once('=') {
            Some((key, date)) if key.trim() == "until" => until = Some(date_of(date.trim())?),
            _ => allowed.push(rule(part)?),
        }
    }
    if allowed.is_empty() {
        return Err("it names no rule".into());
    }
    if reason
        .trim_matches(|c: char| !c.is_alphanumeric())
        .is_empty()
    {
        return Err("it gives no reason".into());
    }
    Ok((allowed, until))
}

fn date_of(text: &str) -> Result<Date, String> {
    text.parse().map_err(|error| format!("`{text}` is {error}"))
}

fn rule(code: &str) -> Result<&'static Rule, String> {
    let found = rules::find(code).ok_or_else(|| format!("there is no rule `{code}`"))?;
    if found.allows_exceptions() {
        Ok(found)
    } else {
        Err(format!("{} allows no exceptions", found.code()))
    }
}

/// The line it ends, or the item or statement below it.
fn cover(mark: &Mark, extents: &[Extent]) -> Cover {
    if !mark.own_line {
        return Cover::Line(mark.span.start.line);
    }
    let Some(next) = mark.next else {
        return Cover::Nothing;
    };
    let speaks_of = |extent: &&Extent| {
        let is_among_attributes =
            extent.whole.start < mark.span.start && mark.span.start < extent.head;
        extent.whole.start == next || extent.head == next || is_among_attributes
    };
    let longest = extents
        .iter()
        .filter(speaks_of)
        .max_by_key(|extent| extent.whole.end);
    longest.map_or(Cover::Line(next.line), |extent| Cover::Extent(extent.whole))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::syntax::parse;

    fn first(text: &str, today: Option<&str>) -> Result<Exception, Flaw> {
        let facts = parse(text).unwrap();
        let today = today.map(|day| day.parse().unwrap());
        read(&facts.marks[0], &facts.extents, today)
    }

    fn lines(text: &str) -> (u32, u32) {
        match first(text, None).unwrap().covers {
            Cover::Line(line) => (line, line),
            Cover::Extent(extent) => (extent.start.line, extent.end.line),
            Cover::Nothing => (0, 0),
        }
    }

    #[test]
    fn a_comment_covers_what_it_stands_at() {
        let allow = "// orch: allow(ORC302) why";
        assert_eq!(lines(&format!("fn f() {{}} {allow}\nfn g() {{}}")), (1, 1));
        assert_eq!(lines(&format!("{allow}\nfn g() {{\n}}")), (2, 3));
        assert_eq!(
            lines(&format!("{allow}\n/// Doc.\n#[inline]\nfn g() {{\n}}")),
            (2, 5)
        );
        assert_eq!(
            lines(&format!("/// Doc.\n#[inline]\n{allow}\nfn g() {{\n}}")),
            (1, 5)
        );
        assert_eq!(
            lines(&format!("fn f() {{\n{allow}\nlet a =\n1;\nb();\n}}")),
            (3, 4)
        );
        assert_eq!(
            lines(&format!(
                "fn f() {{\nmatch x {{\n{allow}\n_ => {{\n}}\nA => 1\n}}\n}}"
            )),
            (4, 5)
        );
        assert_eq!(
            lines(&format!("struct A {{\n{allow}\npub b:\nu8,\nc: u8\n}}")),
            (3, 4)
        );
        assert_eq!(lines(&format!("fn f() {{}}\n{allow}\n")), (0, 0));
    }

    #[test]
    fn what_is_not_right_holds_back_nothing() {
        for (comment, why) in [
            ("// orch: allow(ORC302)", "it gives no reason"),
            ("// orch: allow(ORC302) -", "it gives no reason"),
            ("// orch: allow() why", "it names no rule"),
            ("// orch: allow(all) why", "there is no rule `all`"),
            ("// orch: allow(ORC999) why", "there is no rule `ORC999`"),
            (
                "// orch: ignore(ORC302) why",
                "it is not `orch: allow(CODE) reason`",
            ),
            ("// orch: allow(ORC906) why", "ORC906 allows no exceptions"),
            (
                "// orch: allow(ORC302, until = soon) why",
                "`soon` is not a date like 2026-12-31",
            ),
            (
                "// orch: allow(ORC302, until = 2026-01-01)",
                "it gives no reason",
            ),
        ] {
            let text = format!("{comment}\nfn f() {{}}");
            assert_eq!(
                first(&text, Some("2026-01-02")).unwrap_err(),
                Flaw::Invalid(why.into()),
                "{comment}"
            );
        }
    }

    #[test]
    fn an_exception_holds_through_its_last_day() {
        let text = "// orch: allow(ORC302, until = 2026-01-02) why\nfn f() {}";
        assert!(first(text, Some("2026-01-02")).is_ok());
        assert!(first(text, None).is_ok());
        let ended = Flaw::Ended(Date::new(2026, 1, 2).unwrap());
        assert_eq!(first(text, Some("2026-01-03")).unwrap_err(), ended);
    }

    #[test]
    fn names_and_lists_of_rules_are_fine() {
        let text = "// orch: allow(outcome-catch-all, ORC002) why\nfn f() {}";
        let exception = first(text, None).unwrap();
        assert_eq!(exception.rules.len(), 2);
    }
}
