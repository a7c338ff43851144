//! What a statement writes to: statements of migrations, and those in strings of Rust code.

use super::reader::split;
use super::schema::fold;
use super::tokens::{Kind, Token, tokens};
use crate::known;

/// One statement as its words, in lower case; strings keep theirs, and their quotes.
#[derive(Debug, Clone, Default)]
pub(crate) struct Query {
    /// The words, strings and punctuation.
    pub(crate) words: Vec<String>,
    /// What it writes, also in its parts.
    pub(crate) writes: Vec<Write>,
}

/// One write in a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Write {
    /// What it does.
    pub(crate) verb: Verb,
    /// To which table.
    pub(crate) table: String,
    /// The columns that an update sets.
    pub(crate) sets: Vec<String>,
    /// The word behind the table.
    pub(crate) end: usize,
}

/// What a write does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verb {
    /// `INSERT INTO`, `REPLACE INTO`.
    Insert,
    /// `UPDATE … SET`.
    Update,
    /// `DELETE FROM`.
    Delete,
    /// `TRUNCATE`.
    Truncate,
}

/// The statements of a text.
pub(crate) fn queries(text: &str) -> Vec<Query> {
    let all: Vec<Token<'_>> = tokens(text)
        .into_iter()
        .filter(|token| token.kind != Kind::Comment)
        .collect();
    let statements = split(&all).into_iter().filter(|of| !of.is_empty());
    statements.map(Query::of).collect()
}

impl Query {
    /// Reads a statement.
    pub(super) fn of(statement: &[Token<'_>]) -> Self {
        let word = |token: &Token<'_>| match token.kind {
            Kind::Text => token.text.to_owned(),
            _ => fold(token.text),
        };
        let words: Vec<String> = statement.iter().map(word).collect();
        let writes = (0..words.len()).filter_map(|at| write_at(&words, at));
        Query {
            writes: writes.collect(),
            words,
        }
    }

    /// Whether these words follow each other somewhere.
    pub(crate) fn has(&self, wanted: &[&str]) -> bool {
        has(&self.words, wanted)
    }

    /// Whether something is put in, in Rust, that may be a clause: `… {suffix}`, and not `LIMIT {count}`.
    pub(crate) fn may_say_more(&self) -> bool {
        const BEFORE_OTHERS: &str =
            "limit offset = < > , . ( from into update table join set where and or by";
        let pairs = self.words.windows(2);
        let mut holes = pairs.filter(|pair| pair[1] == "{");
        holes.any(|pair| !known::has(BEFORE_OTHERS, &pair[0]))
    }
}

/// Whether words follow each other somewhere in a list.
pub(crate) fn has(words: &[impl AsRef<str>], wanted: &[&str]) -> bool {
    words.windows(wanted.len()).any(|window| {
        let mut pairs = window.iter().zip(wanted);
        pairs.all(|(word, of)| word.as_ref() == *of)
    })
}

fn write_at(words: &[String], at: usize) -> Option<Write> {
    let word = |at: usize| words.get(at).map(String::as_str).unwrap_or_default();
    let before = at.checked_sub(1).map(word).unwrap_or_default();
    let (verb, mut next) = match word(at) {
        "insert" if word(at + 1) == "or" => (Verb::Insert, at + 3),
        "insert" | "replace" => (Verb::Insert, at + 1),
        "update" if matches!(before, "for" | "key" | "do" | "on" | "of") => return None,
        "update" if word(at + 1) == "or" => (Verb::Update, at + 3),
        "update" => (Verb::Update, at + 1),
        "delete" if before != "on" => (Verb::Delete, at + 1),
        "truncate" => (Verb::Truncate, at + 1),
        _ => return None,
    };
    let is_led = match verb {
        Verb::Insert => word(next) == "into",
        Verb::Delete => word(next) == "from",
        Verb::Truncate => word(next) == "table",
        Verb::Update => false,
    };
    if !is_led && matches!(verb, Verb::Insert | Verb::Delete) {
        return None;
    }
    next += usize::from(is_led);
    next += usize::from(word(next) == "only");
    while word(next + 1) == "." {
        next += 2;
    }
    let table = word(next).to_owned();
    let end = next + 1;
    let is_name = table.starts_with(|c: char| c.is_alphabetic() || c == '_');
    let sets = match verb {
        Verb::Update => sets(words, end)?,
        _ => Vec::new(),
    };
    is_name.then_some(Write {
        verb,
        table,
        sets,
        end,
    })
}

/// The columns between `SET` and `WHERE`; none when there is no `SET` behind the table.
fn sets(words: &[String], from: usize) -> Option<Vec<String>> {
    let near = words.iter().skip(from).take(3);
    let set = from + near.into_iter().position(|word| word == "set")?;
    let (mut depth, mut found, mut expects_name) = (0_usize, Vec::new(), true);
    for word in &words[set + 1..] {
        match word.as_str() {
            "(" => depth += usize::from(!expects_name),
            ")" => depth = depth.saturating_sub(1),
            "where" | "from" | "returning" if depth == 0 => break,
            "," if depth == 0 => expects_name = true,
            "=" if depth == 0 => expects_name = false,
            name if depth == 0 && expects_name => found.push(name.to_owned()),
            _ => {}
        }
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn writes(sql: &str) -> Vec<(Verb, String, Vec<String>)> {
        let found = queries(sql).into_iter().flat_map(|of| of.writes);
        found.map(|of| (of.verb, of.table, of.sets)).collect()
    }

    #[test]
    fn writes_are_found_in_every_part() {
        let sql = "WITH gone AS (DELETE FROM ONLY public.a WHERE x = 'insert into z' RETURNING *)
            INSERT INTO b SELECT * FROM gone ON CONFLICT (k) DO UPDATE SET x = 1; TRUNCATE TABLE c";
        let names: Vec<(Verb, String)> = writes(sql).into_iter().map(|of| (of.0, of.1)).collect();
        assert_eq!(
            names,
            [
                (Verb::Delete, "a".into()),
                (Verb::Insert, "b".into()),
                (Verb::Truncate, "c".into())
            ]
        );
    }

    #[test]
    fn reading_for_update_is_no_write() {
        assert_eq!(writes("select 1 from a for update skip locked"), []);
        assert_eq!(writes("select 1 from a for no key update of a"), []);
    }

    #[test]
    fn the_columns_that_are_set_are_known() {
        let sql =
            "update t as o set a = coalesce(b, c), d = (select e from f where g = 1) where h = 2";
        assert_eq!(
            writes(sql),
            [(Verb::Update, "t".into(), vec!["a".into(), "d".into()])]
        );
    }
}
