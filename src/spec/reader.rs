//! Strict reading of TOML tables: every value is asked for by name, and what is left is an error.

use crate::error::{Code, Error, Result};
use crate::naming;
use toml_edit::{Document, Item, Table, TableLike};

/// A document with the name of its file, so that errors can name the line.
#[derive(Debug)]
pub(super) struct Source<'a> {
    file: &'a str,
    text: &'a str,
}

impl<'a> Source<'a> {
    pub(super) const fn new(file: &'a str, text: &'a str) -> Self {
        Self { file, text }
    }

    pub(super) fn parse(&self) -> Result<Document<&'a str>> {
        Document::parse(self.text).map_err(|error| {
            let place = error
                .span()
                .map_or_else(|| self.file.to_owned(), |span| self.line(span.start));
            Error::new(
                Code::SpecSyntax,
                format!("{} is not TOML: {}", self.file, one_line(error.message())),
            )
            .at(place)
            .help("correct the line; nothing was changed")
        })
    }

    /// `file:line` of a byte offset.
    pub(super) fn line(&self, offset: usize) -> String {
        let before = self.text.get(..offset).unwrap_or(self.text);
        format!("{}:{}", self.file, before.matches('\n').count() + 1)
    }

    pub(super) fn place(&self, item: &Item) -> String {
        item.span()
            .map_or_else(|| self.file.to_owned(), |span| self.line(span.start))
    }

    /// Refuses keys that nothing reads.
    pub(super) fn known(&self, table: &dyn TableLike, name: &str, keys: &[&str]) -> Result<()> {
        for (key, item) in table.iter() {
            if keys.contains(&key) {
                continue;
            }
            let span = table
                .key(key)
                .and_then(toml_edit::Key::span)
                .or_else(|| item.span());
            let place = span.map_or_else(|| self.file.to_owned(), |span| self.line(span.start));
            let help = match naming::nearest(key, keys.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("{name} has the keys {}", keys.join(", ")),
            };
            let what = format!("unknown key `{}` in {name}", key.escape_debug());
            return Err(Error::new(Code::SpecKey, what).at(place).help(help));
        }
        Ok(())
    }

    pub(super) fn table<'t>(
        &self,
        parent: &'t Table,
        key: &str,
    ) -> Result<Option<&'t dyn TableLike>> {
        match parent.get(key) {
            None => Ok(None),
            Some(item) => item.as_table_like().map(Some).ok_or_else(|| {
                self.wrong(item, key, "a table")
                    .help(format!("write a section `[{key}]`"))
            }),
        }
    }

    /// The tables of `[[key]]`.
    pub(super) fn tables<'t>(
        &self,
        parent: &'t dyn TableLike,
        key: &str,
    ) -> Result<Vec<&'t Table>> {
        match parent.get(key) {
            None => Ok(Vec::new()),
            Some(item) => item
                .as_array_of_tables()
                .map(|tables| tables.iter().collect())
                .ok_or_else(|| {
                    self.wrong(item, key, "a list of tables")
                        .help(format!("write sections `[[{key}]]`"))
                }),
        }
    }

    pub(super) fn text<'t>(
        &self,
        table: &'t dyn TableLike,
        key: &str,
    ) -> Result<Option<(&'t str, String)>> {
        match table.get(key) {
            None => Ok(None),
            Some(item) => match item.as_str() {
                Some(text) => Ok(Some((text, self.place(item)))),
                None => Err(self
                    .wrong(item, key, "a text")
                    .help(format!("write `{key} = \"…\"`"))),
            },
        }
    }

    /// `true` or `false`, which is what a missing key says.
    pub(super) fn flag(&self, table: &dyn TableLike, key: &str) -> Result<bool> {
        match table.get(key) {
            None => Ok(false),
            Some(item) => item.as_bool().ok_or_else(|| {
                self.wrong(item, key, "true or false")
                    .help(format!("write `{key} = true`"))
            }),
        }
    }

    pub(super) fn required<'t>(
        &self,
        table: &'t dyn TableLike,
        place: &str,
        key: &str,
    ) -> Result<(&'t str, String)> {
        self.text(table, key)?.ok_or_else(|| {
            Error::new(Code::SpecValue, format!("`{key}` is missing"))
                .at(place)
                .help(format!("add `{key} = \"…\"`"))
        })
    }

    pub(super) fn wrong(&self, item: &Item, key: &str, wanted: &str) -> Error {
        let found = match item.type_name() {
            found @ ("integer" | "array" | "array of tables" | "inline table") => {
                format!("an {found}")
            }
            found => format!("a {found}"),
        };
        let what = format!("`{key}` is {found}, and has to be {wanted}");
        Error::new(Code::SpecValue, what).at(self.place(item))
    }
}

fn one_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().to_owned()
}
