//! What a check says, where it says which texts a column may hold.
//!
//! `state IN ('A', 'B')`, `state = 'A' OR state = 'B'`, `state = ANY (ARRAY['A', 'B'])`, also within
//! brackets, with casts, and beside other conditions. `state <> ''` alone allows every text but one. Anything else
//! allows what is not known.

use crate::sql::reader::{Reader, names, split_commas, text_of};
use crate::sql::schema::fold;
use crate::sql::table::{Allowed, CheckRule};
use crate::sql::tokens::{Kind, Token};

impl<'t> Reader<'_, 't> {
    /// The check between these brackets.
    pub(super) fn check(&self, name: &str, at: &Token<'t>, body: &[Token<'t>]) -> CheckRule {
        let parts = split_at(bare(body), "and");
        CheckRule {
            name: fold(name),
            mentions: names(body),
            allowed: allowed(body),
            is_open: parts.iter().all(|part| is_unequal(part)),
            not_null: parts.into_iter().find_map(not_null),
            place: self.place(at),
        }
    }

    /// That columns hold what is in another table.
    pub(super) fn reference(
        &self,
        table: &str,
        columns: Vec<String>,
        given: Option<&Token<'t>>,
        at: &Token<'t>,
    ) -> CheckRule {
        let implied = format!("{table}_{}_fkey", columns.join("_"));
        CheckRule {
            name: fold(given.map_or(&implied, |given| given.text)),
            mentions: columns,
            allowed: None,
            is_open: false,
            not_null: None,
            place: self.place(given.unwrap_or(at)),
        }
    }
}

/// The texts a condition allows in one column.
fn allowed(condition: &[Token<'_>]) -> Option<Allowed> {
    let condition = bare(condition);
    let any = split_at(condition, "or");
    if any.len() > 1 {
        let mut all: Option<Allowed> = None;
        for part in any.into_iter().filter(|part| !is_null(part)) {
            let found = allowed(part)?;
            match &mut all {
                None => all = Some(found),
                Some(of) if of.column == found.column => of.values.extend(found.values),
                Some(_) => return None,
            }
        }
        return all;
    }
    let each = split_at(condition, "and");
    if each.len() > 1 {
        return each.into_iter().find_map(allowed);
    }
    let found = one_of(condition).or_else(|| equal(condition))?;
    Some(Allowed {
        column: found.0,
        values: found.1,
    })
}

/// `x IN ('a', 'b')`.
fn one_of(condition: &[Token<'_>]) -> Option<(String, Vec<String>)> {
    let at = top_level(condition, |token| token.is("in"))?;
    let list = condition.get(at + 1..)?;
    let whole = list.first()?.is_punct('(') && bare(list).len() + 2 <= list.len();
    whole.then_some(())?;
    Some((column(&condition[..at])?, texts(bare(list))?))
}

/// `x = 'a'`, `x = ANY (ARRAY['a', 'b'])`.
fn equal(condition: &[Token<'_>]) -> Option<(String, Vec<String>)> {
    let at = top_level(condition, |token| token.is_punct('='))?;
    let column = column(&condition[..at])?;
    let value = &condition[at + 1..];
    if !value.first()?.is("any") {
        return Some((column, texts(bare(value)).filter(|of| of.len() == 1)?));
    }
    let [first, open, inner @ .., close] = bare(&value[1..]) else {
        return None;
    };
    let is_array = first.is("array") && open.is_punct('[') && close.is_punct(']');
    is_array.then_some(())?;
    Some((column, texts(inner)?))
}

/// `x <> 'a'`, `x != 'a'`.
fn is_unequal(condition: &[Token<'_>]) -> bool {
    let condition = bare(condition);
    let is_sign = |token: &Token<'_>| token.is_punct('<') || token.is_punct('!');
    let Some(at) = top_level(condition, is_sign) else {
        return false;
    };
    let [first, second, value @ ..] = &condition[at..] else {
        return false;
    };
    let is_sign = match first.is_punct('<') {
        true => second.is_punct('>'),
        false => second.is_punct('='),
    };
    let text = texts(bare(value)).filter(|texts| texts.len() == 1);
    is_sign && column(&condition[..at]).is_some() && text.is_some()
}

/// `x IS NOT NULL`.
fn not_null(condition: &[Token<'_>]) -> Option<String> {
    let [name @ .., is, not, null] = bare(condition) else {
        return None;
    };
    let fits = is.is("is") && not.is("not") && null.is("null");
    fits.then(|| column(name)).flatten()
}

fn is_null(condition: &[Token<'_>]) -> bool {
    matches!(bare(condition), [_, is, null] if is.is("is") && null.is("null"))
}

/// The name that an operand is, apart from brackets and casts.
fn column(operand: &[Token<'_>]) -> Option<String> {
    match bare(operand) {
        [only] if only.is_name() => Some(fold(only.text)),
        _ => None,
    }
}

/// Texts between commas, each perhaps with a cast.
fn texts(list: &[Token<'_>]) -> Option<Vec<String>> {
    let text = |part: &[Token<'_>]| match bare(part) {
        [only] if only.kind == Kind::Text => text_of(only),
        _ => None,
    };
    split_commas(list).into_iter().map(text).collect()
}

/// Without brackets around the whole and casts behind it.
fn bare<'s, 't>(mut all: &'s [Token<'t>]) -> &'s [Token<'t>] {
    loop {
        let inner = without_cast(without_brackets(all));
        if inner.len() == all.len() {
            return all;
        }
        all = inner;
    }
}

fn without_brackets<'s, 't>(all: &'s [Token<'t>]) -> &'s [Token<'t>] {
    let [open, inner @ .., close] = all else {
        return all;
    };
    let closes_early = || {
        let mut depth = 1_usize;
        inner.iter().any(|token| {
            depth += usize::from(token.is_punct('('));
            depth -= usize::from(token.is_punct(')') && depth > 0);
            depth == 0
        })
    };
    let fits = open.is_punct('(') && close.is_punct(')') && !closes_early();
    if fits { inner } else { all }
}

/// Without `::text`, `::character varying(20)`, `::text[]` at the end.
fn without_cast<'s, 't>(all: &'s [Token<'t>]) -> &'s [Token<'t>] {
    let Some(at) = top_level(all, |token| token.is_punct(':')) else {
        return all;
    };
    let is_of_type = |token: &Token<'t>| {
        token.kind == Kind::Word && !token.is("or") && !token.is("and")
            || token.kind == Kind::Quoted
            || [':', '(', ')', '[', ']']
                .iter()
                .any(|of| token.is_punct(*of))
            || token.text.starts_with(|c: char| c.is_ascii_digit())
    };
    if all[at..].iter().all(is_of_type) {
        &all[..at]
    } else {
        all
    }
}

fn top_level<'t>(all: &[Token<'t>], fits: impl Fn(&Token<'t>) -> bool) -> Option<usize> {
    let mut depth = 0_usize;
    all.iter().position(|token| {
        depth += usize::from(token.is_punct('(') || token.is_punct('['));
        let closes = token.is_punct(')') || token.is_punct(']');
        depth = depth.saturating_sub(usize::from(closes));
        depth == 0 && fits(token)
    })
}

/// Splits at a word outside brackets.
fn split_at<'s, 't>(mut all: &'s [Token<'t>], word: &str) -> Vec<&'s [Token<'t>]> {
    let mut parts = Vec::new();
    while let Some(at) = top_level(all, |token| token.is(word)) {
        parts.push(&all[..at]);
        all = &all[at + 1..];
    }
    parts.push(all);
    parts
}
