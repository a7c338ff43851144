//! `CREATE INDEX`.

use super::Read;
use crate::sql::reader::{Reader, columns, names, text_of};
use crate::sql::schema::{Schema, fold};
use crate::sql::table::{Index, Unique};
use crate::sql::tokens::Token;

impl Reader<'_, '_> {
    /// Behind `CREATE [UNIQUE] INDEX`.
    pub(super) fn create_index(&mut self, schema: &mut Schema, is_unique: bool) -> Read {
        self.eat("concurrently");
        self.eat_all(&["if", "not", "exists"]);
        let given = if self.eat("on") {
            None
        } else {
            Some(self.name()?)
        };
        if given.is_some() && !self.eat("on") {
            return None;
        }
        self.eat("only");
        let on = self.name()?;
        if self.eat("using") {
            self.next();
        }
        if !self.eat_punct('(') {
            return None;
        }
        let body = self.until_close();
        let (columns, is_expression) = columns(&body);
        let rest = &self.tokens[self.at..];
        let condition = rest.iter().position(|token| token.is("where"));
        let implied = format!("{}_{}_idx", on.text, columns.join("_"));
        let name = fold(given.as_ref().map_or(&implied, |given| given.text));
        let covers_null = self.eat_all(&["nulls", "not", "distinct"]);
        let place = self.place(given.as_ref().unwrap_or(&on));
        let condition = condition.map(|at| &rest[at + 1..]);
        let present = condition.map(present);
        let condition_names = condition.map(names).unwrap_or_default();
        let condition_texts = condition.into_iter().flatten().filter_map(text_of);
        let condition_texts: Vec<String> = condition_texts.collect();
        let Some(table) = schema.table_mut(on.text) else {
            return Some(());
        };
        let is_taken = table.uniques.iter().any(|of| of.name == name)
            || table.indexes.iter().any(|of| of.name == name);
        if is_taken {
            return Some(());
        }
        if is_unique {
            let unique = Unique {
                name,
                columns,
                partial: is_expression || present == Some(None),
                present: present.flatten().unwrap_or_default(),
                covers_null,
                place,
            };
            table.add_unique(unique, false);
        } else {
            table.indexes.push(Index {
                name,
                columns,
                condition: condition_names,
                condition_texts,
            });
        }
        Some(())
    }
}

/// The columns of `a IS NOT NULL AND b IS NOT NULL`, where a condition asks nothing else.
fn present(condition: &[Token<'_>]) -> Option<Vec<String>> {
    let bare = condition
        .iter()
        .filter(|of| !of.is_punct('(') && !of.is_punct(')'));
    let bare: Vec<&Token<'_>> = bare.collect();
    let mut asked = bare.split(|token| token.is("and"));
    let column = |part: &[&Token<'_>]| match part {
        [name, is, not, null] => {
            let is_it = name.is_name() && is.is("is") && not.is("not") && null.is("null");
            is_it.then(|| fold(name.text))
        }
        _ => None,
    };
    asked.try_fold(Vec::new(), |mut names, part| {
        names.push(column(part)?);
        Some(names)
    })
}
